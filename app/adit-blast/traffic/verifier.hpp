// SPDX-License-Identifier: Apache-2.0
// Checks inner packets where they arrive, in a tunnel or at the core, and records them in the traffic table.
// Thread: worker. Owner: TrafficWorker.
#pragma once

#include "app/adit-blast/traffic/probe.hpp"
#include "app/adit-blast/traffic/traffic_table.hpp"

namespace adit::app::blast {

class Verifier {
 public:
  Verifier(const ProbeCodec& codec, double tsc_hz) noexcept : codec_(codec), ns_per_cycle_(1e9 / tsc_hz) {}

  /// The time of this iteration, taken as the arrival time of its packets.
  void begin_iteration(std::uint64_t tsc) noexcept { now_ = tsc; }

  /// A whole packet with a validated header that came through the tunnel of the call in `slot`: from the core, or an echo.
  /// `table`: of its family.
  template <typename Family>
  void from_tunnel(TrafficTable& table, std::uint32_t slot, wire::Bytes packet) noexcept {
    const bool echo = Family::protocol(typename Family::View(packet.data())) == Family::kEchoProtocol;
    echo ? verify<Family>(table, slot, packet, ProbeKind::kEcho, table.up, &Flow::up)
         : verify<Family>(table, slot, packet, ProbeKind::kDown, table.down, &Flow::down);
  }
  /// ... that came out at the core.
  template <typename Family>
  void from_core(TrafficTable& table, wire::Bytes packet) noexcept {
    verify<Family>(table, TrafficTable::kAtCore, packet, ProbeKind::kUp, table.up, &Flow::up);
  }

 private:
  template <typename Family>
  void verify(TrafficTable& table, std::uint32_t arrived_at, wire::Bytes packet, ProbeKind kind,
              DirectionTotals& direction, FlowReceiver Flow::* receiver) noexcept {
    Probe probe;
    switch (codec_.read<Family>(packet, kind, probe)) {
      case ProbeCodec::Verdict::kForeign:
        table.foreign.add();
        return;
      case ProbeCodec::Verdict::kCorrupted:
        direction.corrupted.add();
        return;
      case ProbeCodec::Verdict::kIntact:
        break;
    }
    const double cycles = now_ > probe.sent ? static_cast<double>(now_ - probe.sent) : 0;
    const auto octets = static_cast<std::uint16_t>(typename Family::View(packet.data()).total_length());
    table.on_probe(direction, receiver, probe, arrived_at, octets,
                   static_cast<std::uint64_t>(cycles * ns_per_cycle_));
  }

  const ProbeCodec& codec_;
  const double ns_per_cycle_;
  std::uint64_t now_ = 0;
};

}  // namespace adit::app::blast
