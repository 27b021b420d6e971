// SPDX-License-Identifier: Apache-2.0
// A subscriber's address and the networks behind it: what the call has leased, and what the data plane's index leads to it.
// Thread: control. Owner: CallRecord.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "dataplane/wire/ids.hpp"

namespace adit::control {

class CallRecord;
class ConcentratorCore;

class CallAddresses {
 public:
  CallAddresses(ConcentratorCore& core, CallRecord& call) : core_(core), call_(call) {}

  /// `fixed`, or without it any address of `pool`. None: exhausted, another's, or this call has one already.
  [[nodiscard]] std::optional<wire::Ipv4Address> lease(std::optional<wire::Ipv4Address> fixed,
                                                       std::string_view pool);
  /// The address is another call's now: nothing is to be released.
  void forget_lease() { leased_ = {}; }

  /// Packets to `subscriber` and to the routes lead to this call, until unmap().
  void map(wire::Ipv4Address subscriber);
  void unmap();
  /// Other networks from now on. Those that stay are mapped throughout.
  void set_routes(const std::vector<wire::Ipv4Prefix>& routes);

  /// The call's until its worker has forgotten it.
  [[nodiscard]] wire::Ipv4Address leased() const { return leased_; }
  [[nodiscard]] wire::Ipv4Address mapped() const { return mapped_; }
  [[nodiscard]] const std::vector<wire::Ipv4Prefix>& routes() const { return routes_; }

 private:
  [[nodiscard]] bool take_over(wire::Ipv4Address address);

  ConcentratorCore& core_;
  CallRecord& call_;
  wire::Ipv4Address leased_;
  wire::Ipv4Address mapped_;  // and routes_ with it
  std::vector<wire::Ipv4Prefix> routes_;
};

}  // namespace adit::control
