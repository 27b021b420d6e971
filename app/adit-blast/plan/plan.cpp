// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/plan/plan.hpp"

namespace adit::app::blast {

std::string_view to_text(PhaseKind kind) {
  switch (kind) {
    case PhaseKind::kSetUp:
      return "set-up";
    case PhaseKind::kHold:
      return "hold";
    case PhaseKind::kTraffic:
      return "traffic";
    case PhaseKind::kChurn:
      return "churn";
    case PhaseKind::kStorm:
      return "storm";
    case PhaseKind::kThroughput:
      return "throughput";
    case PhaseKind::kTearDown:
      return "tear-down";
  }
  return "unknown";
}

std::string_view to_text(TrafficMode mode) {
  return mode == TrafficMode::kCore ? "core" : "echo";
}

}  // namespace adit::app::blast
