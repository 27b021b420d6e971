// SPDX-License-Identifier: Apache-2.0
// What a PPP link needs from its call's data path, at either end: frames out, framing, keys, IP.
// Thread: control. Implemented by the owner of the call.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "crypto/secret.hpp"
#include "dataplane/contract/messages.hpp"
#include "dataplane/wire/ids.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::control {

/// What a subscriber has in IPv6.
struct Ipv6Binding {
  std::uint64_t interface_id = 0;               ///< agreed by IPv6CP: fe80::/64 and this
  std::optional<wire::Ipv6Prefix> link{};       ///< the /64 of the link, told by Router Advertisements
  std::optional<wire::Ipv6Address> address{};   ///< by DHCPv6, IA_NA
  std::optional<wire::Ipv6Prefix> delegated{};  ///< by DHCPv6, IA_PD
  friend bool operator==(const Ipv6Binding&, const Ipv6Binding&) = default;
};

/// A longer delegated prefix is among the routes: the worker compares upper halves of addresses alone.
inline constexpr std::uint8_t kLongestDelegated = 64;

/// As the worker is told. `has_routes`: there is more than the call has room for, which is for the call index.
[[nodiscard]] inline contract::EnableIpv6 ipv6_message(const contract::CallRef& call,
                                                       const Ipv6Binding& binding) {
  contract::EnableIpv6 message{
      .call = call, .has_routes = binding.address.has_value(), .interface_id = binding.interface_id};
  if (binding.link) {
    message.link_prefix = binding.link->address.high;
  }
  if (binding.delegated && binding.delegated->length <= kLongestDelegated) {
    message.delegated = binding.delegated->address.high;
    message.delegated_length = binding.delegated->length;
  } else if (binding.delegated) {
    message.has_routes = true;
  }
  return message;
}

class PppDataPath {
 public:
  virtual ~PppDataPath() = default;

  /// One PPP frame to the peer, FF 03 first. Stays in order with the calls below (one ring).
  virtual void send_ppp_frame(std::span<const std::uint8_t> frame) = 0;
  virtual void set_ppp_compression(bool send_acfc, bool send_pfc) = 0;
  /// See contract::EnableMppe. With a mode that does not encrypt the keys are not read.
  virtual void enable_mppe(contract::Direction direction, contract::MppeMode mode,
                           const crypto::Secret<16>& start_key, const crypto::Secret<16>& session_key) = 0;
  /// The keys are gone, and so is compression. No data passes until there are new ones: once encrypted, a call is never
  /// in clear.
  virtual void disable_mppe() = 0;
  /// The call has, or gets for as long as it lives, the memory that stateful MPPC takes. False: there is none left.
  [[nodiscard]] virtual bool reserve_mppc_history() { return false; }
  /// `subscriber`: the address assigned to the caller's end. `peer_mru`: the largest IP packet to send to the
  /// peer.
  virtual void enable_ip(wire::Ipv4Address subscriber, std::uint16_t peer_mru, bool require_mppe) = 0;
  virtual void disable_ip() = 0;

  /// IPv6CP is about to open, or `binding` has changed. As enable_ip(), of which it is independent.
  virtual void enable_ipv6(const Ipv6Binding& /*binding*/, std::uint16_t /*peer_mru*/,
                           bool /*require_mppe*/) {}
  virtual void disable_ipv6() {}
  /// One IPv6 packet of ours to the peer, in order with the calls above; see contract::SendIpv6.
  virtual void send_ipv6(std::span<const std::uint8_t> /*packet*/) {}
};

}  // namespace adit::control
