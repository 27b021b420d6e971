// SPDX-License-Identifier: Apache-2.0
// A subscriber's address and the networks behind it: what the call has leased, and the data plane's index
// entries for it. Thread: control. Owner: CallRecord.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/concentrator/resources/prefix_claims.hpp"
#include "controlplane/ppp/session.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::control {

class CallRecord;
class ConcentratorCore;

class CallAddresses {
 public:
  CallAddresses(ConcentratorCore& core, CallRecord& call) : core_(core), call_(call) {}

  /// `fixed`, or without it any address from `pool`; or why there is none, and who has it. Once.
  [[nodiscard]] std::expected<wire::Ipv4Address, SessionHost::NoAddress> lease(
      std::optional<wire::Ipv4Address> fixed, std::string_view pool);
  /// Another call has taken over the address: there is nothing to release.
  void forget_lease() { leased_ = {}; }

  /// Another process had leased it for this call. False: somebody else has it by now.
  [[nodiscard]] bool adopt(wire::Ipv4Address leased);

  /// Routes packets to `subscriber` and to the networks behind it to this call, until unmap().
  void map(wire::Ipv4Address subscriber);
  void unmap();
  /// Replaces the networks. Those in both sets stay mapped throughout.
  void set_routes(const std::vector<wire::Ipv4Prefix>& routes);

  /// Held until the worker has removed the call.
  [[nodiscard]] wire::Ipv4Address leased() const { return leased_; }
  [[nodiscard]] wire::Ipv4Address mapped() const { return mapped_; }
  [[nodiscard]] const std::vector<wire::Ipv4Prefix>& routes() const { return routes_; }
  /// Those networks that packets are routed to this call for: not where a later session, or the machine itself,
  /// has the same. All of them while nothing is mapped.
  [[nodiscard]] std::vector<wire::Ipv4Prefix> routes_it_has() const;

 private:
  [[nodiscard]] std::optional<wire::Ipv4Address> lease_any(std::string_view pool);
  [[nodiscard]] bool lease_fixed(wire::Ipv4Address address);
  [[nodiscard]] bool take_over(wire::Ipv4Address address);
  [[nodiscard]] std::string holder_of(wire::Ipv4Address address) const;
  void warn_of_overlap(const wire::Ipv4Prefix& prefix) const;
  void claim_routes();

  ConcentratorCore& core_;
  CallRecord& call_;
  wire::Ipv4Address leased_;
  wire::Ipv4Address mapped_;  // routes_ are claimed along with it
  std::vector<wire::Ipv4Prefix> routes_;
  PrefixClaims::Handle mapped_claim_{};             // while mapped
  std::vector<PrefixClaims::Handle> route_claims_;  // while mapped: of routes_, in their order
};

}  // namespace adit::control
