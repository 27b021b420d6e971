// SPDX-License-Identifier: Apache-2.0
// What a call has in IPv6: the prefixes that it has leased, and the data plane's index entries for them and for the
// networks behind the subscriber. Thread: control. Owner: CallRecord.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/auth/auth_backend.hpp"
#include "controlplane/concentrator/resources/prefix_claims.hpp"
#include "controlplane/ppp/data_path.hpp"
#include "controlplane/ppp/session.hpp"
#include "dataplane/contract/messages.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::control {

class CallRecord;
class ConcentratorCore;
struct CarriedPrefixes;

class CallPrefixes {
 public:
  CallPrefixes(ConcentratorCore& core, CallRecord& call) : core_(core), call_(call) {}

  /// What is leased later comes from these.
  void set_terms(const Ipv6Terms& terms) { terms_ = terms; }
  /// Instead of the terms'; what has been mapped is to be mapped anew.
  void set_routes(const std::vector<wire::Ipv6Prefix>& routes) { terms_.routes = routes; }
  /// By the user's own terms.
  [[nodiscard]] bool denied() const { return terms_.denied; }

  /// The user's own, or without it one from the pool; or why there is none, and who has it. The same each time.
  [[nodiscard]] std::expected<wire::Ipv6Prefix, SessionHost::NoAddress> lease(Ipv6Use use);
  [[nodiscard]] CarriedPrefixes carried() const;
  /// Another process had leased them for this call. False: somebody else has one of them by now, and this call none.
  [[nodiscard]] bool adopt(const CarriedPrefixes& from);
  /// What it has leased so far, by use.
  [[nodiscard]] const std::array<std::optional<wire::Ipv6Prefix>, 3>& leases() const { return leased_; }
  /// Another call has taken over the prefix: there is nothing to release.
  void forget_lease(const wire::Ipv6Prefix& prefix);
  /// The worker has removed the call.
  void release();

  /// Routes packets to what is in `binding`, and to the networks behind the subscriber, to this call, until unmap().
  /// What was mapped before and still is stays mapped throughout.
  void map(const Ipv6Binding& binding);
  void unmap();
  [[nodiscard]] bool mapped() const { return mapped_; }

  /// What the worker is to know of it; the rest is the call's.
  [[nodiscard]] contract::EnableIpv6 message(const Ipv6Binding& binding) const;
  /// As CallAddresses::routes_it_has().
  [[nodiscard]] std::vector<wire::Ipv6Prefix> routes_it_has() const;

 private:
  using Lease = std::optional<wire::Ipv6Prefix>;
  [[nodiscard]] Lease own(Ipv6Use use) const;
  [[nodiscard]] const std::string& pool_for(Ipv6Use use) const;
  [[nodiscard]] Lease lease_any(Ipv6Use use);
  [[nodiscard]] bool lease_fixed(const wire::Ipv6Prefix& prefix);
  [[nodiscard]] bool take_over(const wire::Ipv6Prefix& prefix);
  [[nodiscard]] std::string holder_of(const wire::Ipv6Prefix& prefix);
  void warn_of_overlap(const wire::Ipv6Prefix& prefix) const;

  ConcentratorCore& core_;
  CallRecord& call_;
  Ipv6Terms terms_;
  std::array<Lease, 3> leased_;  // by use; held until the worker has removed the call
  std::vector<PrefixClaims6::Handle> claims_;
  bool mapped_ = false;
  bool used_ = false;  // it has been mapped
};

}  // namespace adit::control
