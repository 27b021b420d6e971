// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/traffic/traffic_worker.hpp"

#include <rte_cycles.h>

#include <algorithm>
#include <type_traits>
#include <utility>

#include "dataplane/path/forward.hpp"

template class adit::dataplane::PollLoop<adit::app::blast::TrafficWorker>;

namespace adit::app::blast {

using dataplane::DropReason;
using dataplane::kBurst;

namespace {

constexpr std::size_t kCommandsAtOnce = 256;

/// The data plane's view of a probe's family.
template <typename Family>
using InnerOf =
    std::conditional_t<std::is_same_v<Family, Ipv6Probe>, dataplane::InnerIpv6, dataplane::InnerIpv4>;

template <typename Family>
std::uint16_t size_of(const OfferedLoad::Turn& turn) noexcept {
  return std::max(turn.size, kLeastProbePacket<Family>);
}

}  // namespace

std::expected<std::unique_ptr<TrafficWorker>, std::string> TrafficWorker::create(
    dataplane::WorkerSettings settings, const dataplane::WorkerShares& shares, const TrafficSettings& traffic,
    TrafficCommands& commands) {
  const std::uint32_t slots = settings.slots;
  std::unique_ptr<TrafficWorker> worker(new TrafficWorker(std::move(settings), shares, traffic, commands));
  switch (worker->shortage()) {
    case Shortage::kNone:
      return worker;
    case Shortage::kRings:
      return std::unexpected(
          "no DPDK memory for rings; reserve more hugepages, or give more with `-- -m MEGABYTES`");
    case Shortage::kCalls:
    case Shortage::kReassembly:
      break;
  }
  return std::unexpected("no DPDK memory for " + std::to_string(slots) +
                         " calls; reserve more hugepages, or give more with `-- -m MEGABYTES`");
}

TrafficWorker::TrafficWorker(dataplane::WorkerSettings settings, const dataplane::WorkerShares& shares,
                             const TrafficSettings& traffic, TrafficCommands& commands)
    : PollLoop(std::move(settings), shares),
      traffic_(traffic),
      commands_(commands),
      tsc_hz_(static_cast<double>(rte_get_tsc_hz())),
      ipv4_(settings_.slots),
      ipv6_(traffic.has_ipv6 ? settings_.slots : 0),
      codec_(static_cast<std::uint32_t>(traffic.seed ^ rte_rdtsc()), traffic.payload),
      verifier_(codec_, tsc_hz_),
      link_up_(traffic.impairment, settings_.slots, traffic.seed, settings_.pool),
      link_down_(traffic.impairment, settings_.slots, traffic.seed + 1, settings_.pool),
      sender_(context_, link_up_),
      receiver_(context_, sender_, link_down_, verifier_, ipv4_.table, ipv6_.table),
      call_control_(context_, shares.mailbox, sender_) {}

// ---- the loop's stages ---------------------------------------------------------------------------------------------

std::size_t TrafficWorker::read_rings(std::uint64_t tsc) noexcept {
  verifier_.begin_iteration(tsc);
  return read_commands(tsc);
}

void TrafficWorker::on_burst(std::span<rte_mbuf* const> up, std::span<rte_mbuf* const> down) noexcept {
  for (rte_mbuf* mbuf : down) {
    dataplane::is_ipv6(dataplane::octets_of(mbuf)) ? receive_at_core(mbuf, ipv6_, traffic_.core6)
                                                   : receive_at_core(mbuf, ipv4_, traffic_.core);
  }
  receiver_.run(up);
}

std::size_t TrafficWorker::finish_iteration(std::uint64_t tsc) noexcept {
  reassembly_.tidy(context_.now);
  std::size_t work = send_up(tsc);
  work += send_down(tsc);
  work += sender_.pay_acks();
  return work;
}

// ---- commands from control --------------------------------------------------------------------------------

std::size_t TrafficWorker::read_commands(std::uint64_t tsc) noexcept {
  std::size_t count = 0;
  for (; count < kCommandsAtOnce; ++count) {
    const TrafficCommand* command = commands_.front();
    if (command == nullptr) {
      break;
    }
    carry_out(*command, tsc);
    commands_.release();
  }
  return count;
}

void TrafficWorker::carry_out(const TrafficCommand& command, std::uint64_t tsc) noexcept {
  switch (command.kind) {
    case TrafficCommand::Kind::kJoin:
      if (const auto* ipv6 = std::get_if<Ends<Ipv6Probe>>(&command.ends)) {
        return join(command, *ipv6, ipv6_);
      }
      return join(command, std::get<Ends<Ipv4Probe>>(command.ends), ipv4_);
    case TrafficCommand::Kind::kQuiet:
      ipv4_.table.quiet(command.slot);
      ipv6_.table.quiet(command.slot);
      sender_.release(command.slot);
      return receiver_.release(command.slot);
    case TrafficCommand::Kind::kLeave:
      ipv4_.table.leave(command.slot);
      return ipv6_.table.leave(command.slot);
    case TrafficCommand::Kind::kReset:
      ipv4_.table.reset();
      return ipv6_.table.reset();
    case TrafficCommand::Kind::kLoad:
      load_ = command.load;
      pace_up_.start(load_ != nullptr ? load_->up : Rate{}, tsc, tsc_hz_);
      pace_down_.start(load_ != nullptr && load_->mode == TrafficMode::kCore ? load_->down : Rate{}, tsc,
                       tsc_hz_);
      turns_up_ = turns_down_ = 0;
      for (const TrafficTable* table : {&ipv4_.table, &ipv6_.table}) {
        for (const std::uint32_t slot : table->senders) {
          sender_.release(slot);
          receiver_.release(slot);
        }
      }
      return;
    case TrafficCommand::Kind::kSync:
      synced_.store(command.number, std::memory_order_release);
      return;
  }
}

template <typename Family>
void TrafficWorker::join(const TrafficCommand& command, const Ends<Family>& ends,
                         FamilyTraffic<Family>& traffic) noexcept {
  traffic.table.join(command.slot, command.incarnation);
  traffic.ends[command.slot] = ends;
}

// ---- input from the ports ---------------------------------------------------------------------------------

template <typename Family>
void TrafficWorker::receive_at_core(rte_mbuf* mbuf, FamilyTraffic<Family>& traffic,
                                    const typename Family::Address& core) noexcept {
  const wire::Bytes packet = dataplane::octets_of(mbuf);
  if (!Family::is_valid(packet)) {
    return context_.drop(mbuf, DropReason::kInnerHeader);
  }
  if (typename Family::View(packet.data()).destination() != core) {
    return context_.drop(mbuf, DropReason::kNotForUs);
  }
  verifier_.from_core<Family>(traffic.table, packet);
  rte_pktmbuf_free(mbuf);
}

// ---- the offered load: call after call, at the rate for all of them together ------------------------------

template <typename Family>
rte_mbuf* TrafficWorker::make_probe(ProbeKind kind, const Flow& flow, const Ends<Family>& ends,
                                    std::uint32_t slot, std::uint32_t sequence, std::uint16_t size,
                                    std::uint64_t tsc) noexcept {
  rte_mbuf* mbuf = rte_pktmbuf_alloc(settings_.pool);
  if (mbuf == nullptr) {
    counters_.drop(DropReason::kNoBuffer);
    return nullptr;
  }
  auto* at = reinterpret_cast<std::uint8_t*>(rte_pktmbuf_append(mbuf, size));
  const auto& client = ends.client(sequence);
  const bool down = kind == ProbeKind::kDown;
  codec_.write<Family>(at, size, kind, down ? ends.other : client, down ? client : ends.other,
                       {.call = slot, .incarnation = flow.incarnation, .sequence = sequence, .sent = tsc});
  return mbuf;
}

/// No mbuf: there is no sender, or it cannot send now.
template <typename Family>
ClientSender::Outgoing TrafficWorker::next_up(FamilyTraffic<Family>& traffic, std::uint16_t size,
                                              std::uint64_t tsc) noexcept {
  using Inner = InnerOf<Family>;
  std::uint32_t slot = 0;
  Flow* flow = traffic.next_sender(traffic.cursor_up, slot);
  if (flow == nullptr) {
    return {};
  }
  const Ends<Family>& ends = traffic.ends[slot];
  dataplane::Call* call = calls_.at(slot);
  if (!Inner::is_up(call->identity) || !Inner::has(*call, ends.client(flow->up_sent))) {
    return {};  // hanging up, or its address has not arrived here yet
  }
  const ProbeKind kind = load_->mode == TrafficMode::kEcho ? ProbeKind::kEcho : ProbeKind::kUp;
  rte_mbuf* mbuf = make_probe(kind, *flow, ends, slot, flow->up_sent, size, tsc);
  if (mbuf == nullptr) {
    return {};
  }
  ++flow->up_sent;
  traffic.table.up.sent.add();
  traffic.table.up.sent_octets.add(size);
  return {mbuf, call, Inner::kProtocol};
}

std::size_t TrafficWorker::send_up(std::uint64_t tsc) noexcept {
  if (!anyone_sends()) {
    return 0;
  }
  std::array<ClientSender::Outgoing, kBurst> burst;
  std::size_t count = 0;
  std::size_t looked_at = 0;
  for (; looked_at < kBurst && pace_up_.is_due(tsc); ++looked_at) {
    const OfferedLoad::Turn turn = load_->at(turns_up_++);
    const std::uint16_t size = turn.ipv6 ? size_of<Ipv6Probe>(turn) : size_of<Ipv4Probe>(turn);
    pace_up_.on_sent(size);
    burst[count] = turn.ipv6 ? next_up(ipv6_, size, tsc) : next_up(ipv4_, size, tsc);
    count += burst[count].mbuf != nullptr ? 1 : 0;
  }
  if (count > 0) {
    sender_.run({burst.data(), count});
  }
  return looked_at;
}

template <typename Family>
void TrafficWorker::send_next_down(FamilyTraffic<Family>& traffic, std::uint16_t size,
                                   std::uint64_t tsc) noexcept {
  std::uint32_t slot = 0;
  Flow* flow = traffic.next_sender(traffic.cursor_down, slot);
  if (flow == nullptr) {
    return;
  }
  const Ends<Family>& ends = traffic.ends[slot];
  DropReason why{};
  const dataplane::NextHop* hop = find_next_hop(context_, context_.others, dataplane::Towards::kCore,
                                                ends.client(flow->down_sent), 0, why);
  if (hop == nullptr) {
    return counters_.drop(why);
  }
  rte_mbuf* mbuf = make_probe(ProbeKind::kDown, *flow, ends, slot, flow->down_sent, size, tsc);
  if (mbuf == nullptr) {
    return;
  }
  ++flow->down_sent;
  traffic.table.down.sent.add();
  traffic.table.down.sent_octets.add(size);
  hop->link.write_before(dataplane::data_of(mbuf));
  rte_pktmbuf_prepend(mbuf, hop->link.size());
  transmit_.send(mbuf, hop->port);
}

std::size_t TrafficWorker::send_down(std::uint64_t tsc) noexcept {
  if (!anyone_sends()) {
    return 0;
  }
  std::size_t looked_at = 0;
  for (; looked_at < kBurst && pace_down_.is_due(tsc); ++looked_at) {
    const OfferedLoad::Turn turn = load_->at(turns_down_++);
    const std::uint16_t size = turn.ipv6 ? size_of<Ipv6Probe>(turn) : size_of<Ipv4Probe>(turn);
    pace_down_.on_sent(size);
    turn.ipv6 ? send_next_down(ipv6_, size, tsc) : send_next_down(ipv4_, size, tsc);
  }
  return looked_at;
}

}  // namespace adit::app::blast
