// SPDX-License-Identifier: Apache-2.0
// What Router Advertisements and DHCPv6 on one PPP link are told, and what they need of their session.
// Thread: control.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "controlplane/base/entropy.hpp"
#include "controlplane/base/settings.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "controlplane/ipv6/ipv6_counters.hpp"
#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::control {

/// RFC 8415 §21.6, §21.22, RFC 4861 §4.6.2: how long an address or prefix is preferred, and valid. Whoever has it keeps
/// it as long as the call is up; these say how soon hosts let go of it after a call that ended without a word
/// (RFC 9096 §3).
inline constexpr Duration kPreferredLifetime = 3600s;
inline constexpr Duration kValidLifetime = 7200s;

/// So many fit into the longest answer of DHCPv6, and into an advertisement: more servers are not told, longer lists of
/// domains (as wire::write_domain_name() encodes them, octets in sum) are for the configuration to refuse.
inline constexpr std::size_t kMaxNameServers = 8;
inline constexpr std::size_t kMaxDomainOctets = 256;

/// As both protocols write a lifetime.
[[nodiscard]] constexpr std::uint32_t in_seconds(Duration duration) {
  return static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(duration).count());
}

/// What the subscriber holds of DHCPv6.
struct Ipv6Lease {
  std::optional<wire::Ipv6Address> address{};
  std::optional<wire::Ipv6Prefix> delegated{};
  friend bool operator==(const Ipv6Lease&, const Ipv6Lease&) = default;
};

/// What IPv6CP has agreed on and the session has leased.
struct Ipv6LinkTerms {
  std::uint64_t interface_id = 1;          ///< of our end
  std::optional<wire::Ipv6Prefix> link{};  ///< its /64
  std::uint16_t mtu = 1280;                ///< of IPv6 packets, both ways
  bool has_address = false;                ///< DHCPv6 has an address to assign: RFC 4861 §4.2, M
  std::vector<wire::Ipv6Address> dns{};    ///< the subscriber's own; none: the configured ones
  Ipv6Lease lease{};                       ///< of before, when IPv6CP was up earlier in the session
};

/// None of its functions ends the link before it returns.
class Ipv6LinkHost {
 public:
  virtual ~Ipv6LinkHost() = default;
  /// One IPv6 packet to the subscriber.
  virtual void send_ipv6(wire::Bytes packet) = 0;
  /// A Router Advertisement may be sent now; false: too many have been, by all links.
  [[nodiscard]] virtual bool may_advertise() = 0;
  /// For Ipv6Use::kAddress a /128. The same each time while the link is up; none: there is nothing to have.
  [[nodiscard]] virtual std::optional<wire::Ipv6Prefix> lease_ipv6(Ipv6Use use) = 0;
  /// The subscriber now holds this. Said again, unchanged, whenever its client renews or rebinds: what forwards to it is
  /// to be asserted anew.
  virtual void binding_changed(const Ipv6Lease& lease) = 0;
};

/// What the parts of one link share. All references outlive it.
struct Ipv6LinkContext {
  const Ipv6Settings& settings;
  TimerWheel& wheel;
  Entropy& entropy;
  Ipv6Counters& counters;
  Ipv6LinkHost& host;
  Ipv6LinkTerms terms{};

  [[nodiscard]] std::span<const wire::Ipv6Address> name_servers() const {
    const auto& all = terms.dns.empty() ? settings.dns : terms.dns;
    return std::span(all).first(std::min(all.size(), kMaxNameServers));
  }
};

}  // namespace adit::control
