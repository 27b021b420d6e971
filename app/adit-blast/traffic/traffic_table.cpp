// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/traffic/traffic_table.hpp"

namespace adit::app::blast {

void TrafficTable::join(std::uint32_t slot, std::uint32_t incarnation) noexcept {
  Flow& flow = flows[slot];
  quiet(slot);
  flow = Flow{.incarnation = incarnation, .joined = true, .sending = true};
  flow.at = static_cast<std::uint32_t>(senders.size());
  senders.push_back(slot);  // reserved for all slots: never allocates
}

void TrafficTable::quiet(std::uint32_t slot) noexcept {
  if (slot >= flows.size() || !flows[slot].sending) {
    return;
  }
  Flow& flow = flows[slot];
  flow.sending = false;
  const std::uint32_t last = senders.back();
  senders[flow.at] = last;
  flows[last].at = flow.at;
  senders.pop_back();
}

void TrafficTable::leave(std::uint32_t slot) noexcept {
  quiet(slot);
  if (slot >= flows.size() || !flows[slot].joined) {
    return;
  }
  Flow& flow = flows[slot];
  flow.joined = false;
  count(left_up, flow.up_sent, flow.up);
  count(left_down, flow.down_sent, flow.down);
}

void TrafficTable::reset() noexcept {
  for (Flow& flow : flows) {
    flow.up_sent = flow.down_sent = 0;
    flow.up = flow.down = {};
  }
  up.reset();
  down.reset();
  left_up = left_down = {};
  foreign.reset();
  stale.reset();
}

void TrafficTable::on_probe(DirectionTotals& direction, FlowReceiver Flow::* receiver, const Probe& probe,
                            std::uint32_t arrived_at, std::uint16_t octets,
                            std::uint64_t latency_ns) noexcept {
  if (probe.call >= flows.size()) {
    stale.add();
    return;
  }
  Flow& flow = flows[probe.call];
  if (!flow.joined || flow.incarnation != probe.incarnation) {
    stale.add();
    return;
  }
  if (arrived_at != kAtCore && arrived_at != probe.call) {
    direction.corrupted.add();
    return;
  }
  const std::uint32_t missing = (flow.*receiver).missing();
  switch ((flow.*receiver).on(probe.sequence)) {
    case FlowReceiver::Verdict::kDuplicate:
      direction.duplicated.add();
      return;
    case FlowReceiver::Verdict::kTooLate:
      direction.reordered.add();
      return;
    case FlowReceiver::Verdict::kReordered:
      direction.reordered.add();
      direction.filled.add();
      break;
    case FlowReceiver::Verdict::kNext:
      direction.skipped.add((flow.*receiver).missing() - missing);
      break;
  }
  direction.received.add();
  direction.received_octets.add(octets);
  direction.latency.record(latency_ns);
}

void TrafficTable::count(CallsByOutcome& sum, std::uint32_t sent, const FlowReceiver& receiver) noexcept {
  sum.sent += sent > 0 ? 1 : 0;
  sum.silent += sent > 0 && receiver.received() == 0 ? 1 : 0;
  sum.lossy += receiver.received() < sent ? 1 : 0;
}

CallsByOutcome TrafficTable::calls(CallsByOutcome sum, std::uint32_t Flow::* sent,
                                   FlowReceiver Flow::* receiver) const noexcept {
  for (const Flow& flow : flows) {
    if (flow.joined) {
      count(sum, flow.*sent, flow.*receiver);
    }
  }
  return sum;
}

}  // namespace adit::app::blast
