// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/traffic/traffic_worker.hpp"

#include <rte_cycles.h>
#include <rte_ethdev.h>

#include <algorithm>
#include <utility>

#include "dataplane/path/forward.hpp"
#include "dataplane/worker/idle_nap.hpp"

namespace adit::app::blast {

using dataplane::DropReason;
using dataplane::kBurst;

namespace {

constexpr std::size_t kCommandsPerTurn = 256;

}  // namespace

std::expected<std::unique_ptr<TrafficWorker>, std::string> TrafficWorker::create(
    TrafficWorkerSettings settings, const dataplane::CallIndex& index, contract::Mailbox& mailbox,
    TrafficCommands& commands, const dataplane::NextHopsCell& next_hops,
    const dataplane::HandoffRings& rings) {
  const std::uint32_t slots = settings.slots;
  if (!rings.valid()) {
    return std::unexpected(
        "no DPDK memory for rings; reserve more hugepages, or give more with `-- -m MEGABYTES`");
  }
  std::unique_ptr<TrafficWorker> worker(
      new TrafficWorker(std::move(settings), index, mailbox, commands, next_hops, rings));
  if (worker->calls_.capacity() != slots || !worker->reassembly_.valid()) {
    return std::unexpected("no DPDK memory for " + std::to_string(slots) +
                           " calls; reserve more hugepages, or give more with `-- -m MEGABYTES`");
  }
  return worker;
}

TrafficWorker::TrafficWorker(TrafficWorkerSettings settings, const dataplane::CallIndex& index,
                             contract::Mailbox& mailbox, TrafficCommands& commands,
                             const dataplane::NextHopsCell& next_hops, const dataplane::HandoffRings& rings)
    : settings_(std::move(settings)),
      next_hops_(next_hops),
      commands_(commands),
      tsc_hz_(static_cast<double>(rte_get_tsc_hz())),
      calls_(settings_.slots, -1, false),
      acks_(settings_.slots),
      reorder_(contract::ReorderPolicy{}),
      reassembly_(-1, counters_),
      control_(mailbox, settings_.control_wake_fd),
      punt_(nullptr, counters_, control_),
      handoff_(rings, contract::WorkerId{0}, counters_),
      transmit_(settings_.ports, handoff_, counters_),
      context_{.id = contract::WorkerId{0},
               .gateway = {},
               .ack_policy = settings_.acks,
               .pool = settings_.pool,
               .calls = calls_,
               .index = index,
               .counters = counters_,
               .control = control_,
               .handoff = handoff_,
               .transmit = transmit_,
               .acks = acks_,
               .reorder = reorder_,
               .reassembly = reassembly_,
               .punt = punt_},
      table_(settings_.slots),
      codec_(static_cast<std::uint32_t>(settings_.seed ^ rte_rdtsc())),
      verifier_(codec_, table_, tsc_hz_),
      link_up_(settings_.impairment, settings_.slots, settings_.seed, settings_.pool),
      link_down_(settings_.impairment, settings_.slots, settings_.seed + 1, settings_.pool),
      sender_(context_, link_up_),
      receiver_(context_, sender_, link_down_, verifier_),
      call_control_(context_, mailbox, sender_) {
  for (const dataplane::WorkerPort& port : settings_.ports) {
    inlets_.push_back(std::make_unique<dataplane::Inlet>(port.port.id, settings_.ports));
    for (const std::uint16_t queue : port.rx_queues) {
      queues_.push_back({inlets_.back().get(), queue});
    }
  }
}

int TrafficWorker::run() noexcept {
  dataplane::IdleNap nap(counters_);
  while (!stopping_.load(std::memory_order_relaxed)) {
    if (poll_once(rte_rdtsc())) {
      nap.on_work();
    } else {
      nap.on_idle();
    }
  }
  return 0;
}

bool TrafficWorker::poll_once(std::uint64_t tsc) noexcept {
  context_.begin_turn(tsc, static_cast<std::uint64_t>(tsc_hz_) / 1000, next_hops_);
  verifier_.begin_turn(tsc);
  std::size_t work = call_control_.read();
  work += read_commands(tsc);
  for (const Queue& queue : queues_) {
    work += poll_queue(queue);
  }
  work += send_up(tsc) + send_down(tsc);
  work += sender_.pay_acks();
  transmit_.flush();
  control_.wake_control();
  counters_.loops.add();
  counters_.busy_loops.add(work > 0 ? 1 : 0);
  turns_.store(turns_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  return work > 0;
}

// ---- what control asks ---------------------------------------------------------------------------------------------

std::size_t TrafficWorker::read_commands(std::uint64_t tsc) noexcept {
  std::size_t count = 0;
  for (; count < kCommandsPerTurn; ++count) {
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

// ---- what the ports bring ------------------------------------------------------------------------------------------

std::size_t TrafficWorker::poll_queue(const Queue& queue) noexcept {
  const std::uint16_t count = rte_eth_rx_burst(queue.inlet->device(), queue.queue, received_.data(), kBurst);
  counters_.rx_packets.add(count);
  if (count > 0) {
    call_control_
        .read();  // as dataplane::Worker does: what arrived may be of a call that this turn has not read of
  }
  std::size_t for_clients = 0;
  for (std::uint16_t i = 0; i < count; ++i) {
    rte_mbuf* mbuf = received_[i];
    DropReason why{};
    switch (classify(*mbuf, *queue.inlet, context_.index, why)) {
      case dataplane::Way::kUp:
        received_[for_clients++] = mbuf;
        break;
      case dataplane::Way::kDown:
        receive_at_core(mbuf);
        break;
      case dataplane::Way::kKernel:
      case dataplane::Way::kNeither:
        context_.drop(mbuf, why);
        break;
    }
  }
  receiver_.run({received_.data(), for_clients});
  return count;
}

void TrafficWorker::receive_at_core(rte_mbuf* mbuf) noexcept {
  const wire::Bytes packet = dataplane::octets_of(mbuf);
  if (wire::check_ipv4(packet) != wire::Ipv4Error::kNone) {
    return context_.drop(mbuf, DropReason::kInnerHeader);
  }
  if (wire::Ipv4View(packet.data()).destination() != settings_.core) {
    return context_.drop(mbuf, DropReason::kNotForUs);
  }
  verifier_.from_core(packet);
  rte_pktmbuf_free(mbuf);
}

// ---- what the offered load wants sent: call after call, packets of all of them together at the rate ------------------

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
      continue;  // on its way out, or its address has not arrived here yet
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
    const dataplane::NextHop* hop = find_next_hop(context_, dataplane::Towards::kCore, flow->own, 0, why);
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
