// SPDX-License-Identifier: Apache-2.0
// Checks inner packets where they arrive, in a tunnel or at the core, and records them in the traffic table.
// Thread: worker. Owner: TrafficWorker.
#pragma once

#include "app/adit-blast/traffic/probe.hpp"
#include "app/adit-blast/traffic/traffic_table.hpp"

namespace adit::app::blast {

class Verifier {
 public:
  Verifier(const ProbeCodec& codec, TrafficTable& table, double tsc_hz) noexcept
      : codec_(codec), table_(table), ns_per_cycle_(1e9 / tsc_hz) {}

  /// The time of this iteration, taken as the arrival time of its packets.
  void begin_iteration(std::uint64_t tsc) noexcept { now_ = tsc; }

  /// A whole IPv4 packet with a validated header that came through a tunnel: from the core, or an echo.
  void from_tunnel(wire::Bytes packet) noexcept {
    const bool echo = wire::Ipv4View(packet.data()).protocol() == wire::kIpProtocolIcmp;
    echo ? verify(packet, ProbeKind::kEcho, table_.up, &Flow::up)
         : verify(packet, ProbeKind::kDown, table_.down, &Flow::down);
  }
  /// ... that came out at the core.
  void from_core(wire::Bytes packet) noexcept { verify(packet, ProbeKind::kUp, table_.up, &Flow::up); }

 private:
  void verify(wire::Bytes packet, ProbeKind kind, DirectionTotals& direction,
              FlowReceiver Flow::* receiver) noexcept {
    Probe probe;
    switch (codec_.read(packet, kind, probe)) {
      case ProbeCodec::Verdict::kForeign:
        table_.foreign.add();
        return;
      case ProbeCodec::Verdict::kCorrupted:
        direction.corrupted.add();
        return;
      case ProbeCodec::Verdict::kIntact:
        break;
    }
    const double cycles = now_ > probe.sent ? static_cast<double>(now_ - probe.sent) : 0;
    table_.on_probe(direction, receiver, probe, wire::Ipv4View(packet.data()).total_length(),
                    static_cast<std::uint64_t>(cycles * ns_per_cycle_));
  }

  const ProbeCodec& codec_;
  TrafficTable& table_;
  const double ns_per_cycle_;
  std::uint64_t now_ = 0;
};

}  // namespace adit::app::blast
