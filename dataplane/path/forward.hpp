// SPDX-License-Identifier: Apache-2.0
// Forwards inner IPv4 packets, to another subscriber or through the kernel's routes, and sends the ICMP
// errors that RFC 1812 asks of a router. Thread: worker.
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

/// Which side's routes to use: the core side's, or the access side's, where the tunnels come from.
enum class Towards : std::uint8_t { kCore, kPeers };

/// The next hop to `destination`, or nullptr with the reason. Asks control to resolve the neighbour, as often
/// as `budget` and the worker's rate allow. `flow` chooses among equal-cost paths: use the same value for all packets whose order
/// matters.
[[nodiscard]] const NextHop* find_next_hop(WorkerContext& context, CallBudget& budget, Towards side,
                                           wire::Ipv4Address destination, std::uint32_t flow,
                                           DropReason& why) noexcept;

/// Forwards the IPv4 packet in `mbuf`, or holds it while its next hop is being resolved. Takes the mbuf in
/// any case; returns the reason if it was dropped. `budget`: of whoever sent the packet.
std::optional<DropReason> forward_inner(WorkerContext& context, CallBudget& budget, rte_mbuf* mbuf,
                                        wire::Ipv4Address destination, bool to_subscribers = true) noexcept;

/// Once per loop: sends held packets whose next hop has been resolved, and drops those that have waited too
/// long.
void forward_waiting(WorkerContext& context) noexcept;

/// RFC 1812 §4.3.2.8: takes one ICMP message from `budget` and from the worker's. Ask last, when it is known
/// that there is something to send.
[[nodiscard]] bool may_send_icmp(WorkerContext& context, CallBudget& budget) noexcept;

/// Sends `error` from the gateway address to the source of `packet` (parsed as `header`), if RFC 1812
/// §4.3.2.7 and may_send_icmp() allow it. `budget`: of whoever sent the packet.
void send_icmp_error(WorkerContext& context, CallBudget& budget, wire::IcmpError error,
                     const wire::Ipv4Header& header, wire::Bytes packet) noexcept;

}  // namespace adit::dataplane
