// SPDX-License-Identifier: Apache-2.0
// Inner IPv4 packets on their way out: to another subscriber, or through the kernel's routes. And the ICMP errors that a
// router owes. Thread: worker.
#pragma once

#include <optional>

#include "dataplane/path/worker_context.hpp"
#include "dataplane/wire/icmp.hpp"

namespace adit::dataplane {

/// RFC 1812 §5.3.7, RFC 3927 §7, RFC 1122 §3.2.1.3: addresses that no router forwards from or to: "this" network,
/// loopback, link-local, multicast, reserved, limited broadcast.
[[nodiscard]] constexpr bool is_martian(wire::Ipv4Address address) noexcept {
  return !wire::is_host(address) || (address.value >> 16) == 0xa9fe;
}

/// Which side's routes lead to a destination: the core side's, or the access side's, where tunnels come from.
enum class Towards : std::uint8_t { kCore, kPeers };

/// The next hop to `destination`, or nullptr and why. Asks control to resolve the neighbour, as often as the rate allows.
/// `flow` chooses among equal-cost paths: the same value for all packets that must keep their order.
[[nodiscard]] const NextHop* find_next_hop(WorkerContext& context, Towards side,
                                           wire::Ipv4Address destination, std::uint32_t flow,
                                           DropReason& why) noexcept;

/// Forwards the IPv4 packet that `mbuf` begins with, or keeps it while its next hop is being resolved. Takes the mbuf in any
/// case; returns why it was dropped, if it was.
std::optional<DropReason> forward_inner(WorkerContext& context, rte_mbuf* mbuf, wire::Ipv4Address destination,
                                        bool to_subscribers = true) noexcept;

/// Once per loop: sends packets whose next hop has been resolved, and drops those that have waited long enough.
void forward_waiting(WorkerContext& context) noexcept;

/// Sends `error` from the gateway address to the source of `packet` (parsed as `header`), if RFC 1812 §4.3.2.7 and the rate
/// limit allow.
void send_icmp_error(WorkerContext& context, wire::IcmpError error, const wire::Ipv4Header& header,
                     wire::Bytes packet) noexcept;

}  // namespace adit::dataplane
