// SPDX-License-Identifier: Apache-2.0
// /adit/... in DPDK's telemetry (dpdk-telemetry.py), beside DPDK's own commands: what control has published last, at most
// a second ago. DPDK calls back on a thread of its own, at any time until the process ends, so it sees nothing but copies.
// Thread: control. Owner: the process.
#pragma once

#include <vector>

#include "app/aditd/operator/backend.hpp"

namespace adit::app {

struct TelemetrySnapshot {
  control::ConcentratorStats stats{};
  std::vector<WorkerRow> workers{};
  std::vector<control::WorkerSeats> seats{};
  std::vector<PortRow> ports{};
};

/// Once, after EAL has started. False: DPDK has no room for more commands.
[[nodiscard]] bool register_telemetry();

/// Control never waits: while somebody is being answered, the answer stays the one of a second ago.
void publish_telemetry(const OperatorBackend& backend);

}  // namespace adit::app
