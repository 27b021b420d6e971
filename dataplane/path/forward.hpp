// SPDX-License-Identifier: Apache-2.0
// Forwards inner IP packets, to another subscriber or through the kernel's routes, and sends the ICMP
// errors that RFC 1812 and RFC 4443 ask of a router. Thread: worker.
#pragma once

#include <optional>

#include "dataplane/path/inner_ip.hpp"
#include "dataplane/path/worker_context.hpp"

namespace adit::dataplane {

/// Which side's routes to use: the core side's, or the access side's, where the tunnels come from.
enum class Towards : std::uint8_t { kCore, kPeers };

/// The next hop to `destination`, or nullptr with the reason. Asks control to resolve the neighbour, as often
/// as `budget` and the worker's rate allow. `flow` chooses among equal-cost paths: use the same value for all packets whose order
/// matters.
[[nodiscard]] const NextHop* find_next_hop(WorkerContext& context, CallBudget& budget, Towards side,
                                           wire::Ipv4Address destination, std::uint32_t flow,
                                           DropReason& why) noexcept;
/// The same; IPv6 has routes on the core side alone.
[[nodiscard]] const NextHop* find_next_hop(WorkerContext& context, CallBudget& budget, Towards side,
                                           const wire::Ipv6Address& destination, std::uint32_t flow,
                                           DropReason& why) noexcept;

/// Forwards the packet in `mbuf`, of that family, or holds it while its next hop is being resolved. Takes the mbuf in
/// any case; returns the reason if it was dropped. `budget`: of whoever sent the packet.
template <typename Inner>
std::optional<DropReason> forward_inner(WorkerContext& context, CallBudget& budget, rte_mbuf* mbuf,
                                        bool to_subscribers = true) noexcept;

/// Once per loop: sends held packets whose next hop has been resolved, and drops those that have waited too
/// long.
void forward_waiting(WorkerContext& context) noexcept;

/// RFC 1812 §4.3.2.8: takes one ICMP message from `budget` and from the worker's. Ask last, when it is known
/// that there is something to send.
[[nodiscard]] bool may_send_icmp(WorkerContext& context, CallBudget& budget) noexcept;

/// Sends `error` from the gateway address to the source of `packet`, which has been checked, if RFC 1812 §4.3.2.7 and
/// may_send_icmp() allow it. `budget`: of whoever sent the packet. `call`: the one that it came from or goes to; nullptr:
/// the one that its source belongs to.
void send_icmp_error(WorkerContext& context, CallBudget& budget, wire::IcmpError error, wire::Bytes packet,
                     const Call* call = nullptr) noexcept;
/// The same, RFC 4443 §2.4, from our address on the call's link. A call without a /64 hears it from fe80::, and for it
/// nobody else does.
void send_icmp_error(WorkerContext& context, CallBudget& budget, wire::Icmpv6Error error, wire::Bytes packet,
                     const Call* call = nullptr) noexcept;

/// has(), of an address that is most likely a stranger's, which the call index tells without the call's line of IPv6.
template <typename Inner>
[[nodiscard]] bool is_subscribers(const WorkerContext& context, const Call& call,
                                  const typename Inner::Address& address) noexcept {
  return context.index.may_lead(address) && Inner::has(call, address);
}

/// The call of this worker that the index leads the address to, if there is one.
template <typename Address>
[[nodiscard]] Call* own_call_of(WorkerContext& context, const Address& address) noexcept {
  const CallOwner owner = context.index.find_subscriber(address);
  return owner.known && owner.worker == context.id ? context.calls.at(owner.slot) : nullptr;
}

/// Our address in the call's /64; without one, the one on its link.
[[nodiscard]] inline wire::Ipv6Address gateway_of(const WorkerContext& context, const Call& call) noexcept {
  return call.link_prefix != 0 ? wire::Ipv6Address{call.link_prefix, context.gateway_id}
                               : wire::link_local(context.gateway_id);
}
/// Whether the address is our end's of the call's link: what we send ourselves is from there, be it an address that
/// nobody else may send from, as 169.254.0.1 is.
[[nodiscard]] inline bool is_our_end(const WorkerContext& context, const Call&,
                                     wire::Ipv4Address address) noexcept {
  return address == context.gateway && !address.is_none();
}
[[nodiscard]] inline bool is_our_end(const WorkerContext& context, const Call& call,
                                     const wire::Ipv6Address& address) noexcept {
  return address == wire::link_local(context.gateway_id) || address == gateway_of(context, call);
}

}  // namespace adit::dataplane
