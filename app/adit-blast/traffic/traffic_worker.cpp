// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/traffic/traffic_worker.hpp"

#include <rte_cycles.h>

#include <utility>

#include "dataplane/path/forward.hpp"

template class adit::dataplane::PollLoop<adit::app::blast::TrafficWorker>;

namespace adit::app::blast {

using dataplane::DropReason;
using dataplane::kBurst;

namespace {

constexpr std::size_t kCommandsAtOnce = 256;

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
      table_(settings_.slots),
      codec_(static_cast<std::uint32_t>(traffic.seed ^ rte_rdtsc()), traffic.payload),
      verifier_(codec_, table_, tsc_hz_),
      link_up_(traffic.impairment, settings_.slots, traffic.seed, settings_.pool),
      link_down_(traffic.impairment, settings_.slots, traffic.seed + 1, settings_.pool),
      sender_(context_, link_up_),
      receiver_(context_, sender_, link_down_, verifier_),
      call_control_(context_, shares.mailbox, sender_) {}

// ---- the loop's stages ---------------------------------------------------------------------------------------------

std::size_t TrafficWorker::read_rings(std::uint64_t tsc) noexcept {
  verifier_.begin_iteration(tsc);
  return read_commands(tsc);
}

void TrafficWorker::on_burst(std::span<rte_mbuf* const> up, std::span<rte_mbuf* const> down) noexcept {
  for (rte_mbuf* mbuf : down) {
    receive_at_core(mbuf);
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
      return table_.join(command.slot, command.incarnation, command.own, command.other);
    case TrafficCommand::Kind::kQuiet:
      table_.quiet(command.slot);
      sender_.release(command.slot);
      return receiver_.release(command.slot);
    case TrafficCommand::Kind::kLeave:
      return table_.leave(command.slot);
    case TrafficCommand::Kind::kReset:
      return table_.reset();
    case TrafficCommand::Kind::kLoad:
      load_ = command.load;
      pace_up_.start(load_ != nullptr ? load_->up : Rate{}, tsc, tsc_hz_);
      pace_down_.start(load_ != nullptr && load_->mode == TrafficMode::kCore ? load_->down : Rate{}, tsc,
                       tsc_hz_);
      for (const std::uint32_t slot : table_.senders) {
        sender_.release(slot);
        receiver_.release(slot);
      }
      return;
    case TrafficCommand::Kind::kSync:
      synced_.store(command.number, std::memory_order_release);
      return;
  }
}

// ---- input from the ports ---------------------------------------------------------------------------------

void TrafficWorker::receive_at_core(rte_mbuf* mbuf) noexcept {
  const wire::Bytes packet = dataplane::octets_of(mbuf);
  if (wire::check_ipv4(packet) != wire::Ipv4Error::kNone) {
    return context_.drop(mbuf, DropReason::kInnerHeader);
  }
  if (wire::Ipv4View(packet.data()).destination() != traffic_.core) {
    return context_.drop(mbuf, DropReason::kNotForUs);
  }
  verifier_.from_core(packet);
  rte_pktmbuf_free(mbuf);
}

// ---- the offered load: call after call, at the rate for all of them together ------------------------------

Flow* TrafficWorker::next_sender(std::size_t& cursor, std::uint32_t& slot) noexcept {
  if (table_.senders.empty()) {
    return nullptr;
  }
  cursor = cursor + 1 < table_.senders.size() ? cursor + 1 : 0;
  slot = table_.senders[cursor];
  return &table_.flows[slot];
}

std::uint16_t TrafficWorker::next_size(std::uint32_t& cursor) noexcept {
  cursor = cursor + 1 < load_->size_count ? cursor + 1 : 0;
  return load_->sizes[cursor];
}

rte_mbuf* TrafficWorker::make_probe(ProbeKind kind, const Flow& flow, std::uint32_t slot,
                                    std::uint32_t sequence, std::uint16_t size, std::uint64_t tsc) noexcept {
  rte_mbuf* mbuf = rte_pktmbuf_alloc(settings_.pool);
  if (mbuf == nullptr) {
    counters_.drop(DropReason::kNoBuffer);
    return nullptr;
  }
  auto* at = reinterpret_cast<std::uint8_t*>(rte_pktmbuf_append(mbuf, size));
  const bool down = kind == ProbeKind::kDown;
  codec_.write(at, size, kind, down ? flow.other : flow.own, down ? flow.own : flow.other,
               {.call = slot, .incarnation = flow.incarnation, .sequence = sequence, .sent = tsc});
  return mbuf;
}

std::size_t TrafficWorker::send_up(std::uint64_t tsc) noexcept {
  std::array<ClientSender::Outgoing, kBurst> burst;
  std::size_t count = 0;
  std::size_t looked_at = 0;
  for (; looked_at < kBurst && pace_up_.is_due(tsc); ++looked_at) {
    std::uint32_t slot = 0;
    Flow* flow = next_sender(cursor_up_, slot);
    if (flow == nullptr) {
      break;
    }
    const std::uint16_t size = next_size(size_up_);
    pace_up_.on_sent(size);
    dataplane::Call* call = calls_.at(slot);
    if (!call->identity.ip_up || call->identity.subscriber != flow->own) {
      continue;  // hanging up, or its address has not arrived here yet
    }
    const ProbeKind kind = load_->mode == TrafficMode::kEcho ? ProbeKind::kEcho : ProbeKind::kUp;
    rte_mbuf* mbuf = make_probe(kind, *flow, slot, flow->up_sent, size, tsc);
    if (mbuf == nullptr) {
      break;
    }
    ++flow->up_sent;
    table_.up.sent.add();
    table_.up.sent_octets.add(size);
    burst[count++] = {mbuf, call};
  }
  if (count > 0) {
    sender_.run({burst.data(), count});
  }
  return looked_at;
}

std::size_t TrafficWorker::send_down(std::uint64_t tsc) noexcept {
  std::size_t looked_at = 0;
  for (; looked_at < kBurst && pace_down_.is_due(tsc); ++looked_at) {
    std::uint32_t slot = 0;
    Flow* flow = next_sender(cursor_down_, slot);
    if (flow == nullptr) {
      break;
    }
    const std::uint16_t size = next_size(size_down_);
    pace_down_.on_sent(size);
    DropReason why{};
    const dataplane::NextHop* hop =
        find_next_hop(context_, context_.others, dataplane::Towards::kCore, flow->own, 0, why);
    if (hop == nullptr) {
      counters_.drop(why);
      continue;
    }
    rte_mbuf* mbuf = make_probe(ProbeKind::kDown, *flow, slot, flow->down_sent, size, tsc);
    if (mbuf == nullptr) {
      break;
    }
    ++flow->down_sent;
    table_.down.sent.add();
    table_.down.sent_octets.add(size);
    hop->link.write_before(dataplane::data_of(mbuf));
    rte_pktmbuf_prepend(mbuf, hop->link.size());
    transmit_.send(mbuf, hop->port);
  }
  return looked_at;
}

}  // namespace adit::app::blast
