// SPDX-License-Identifier: Apache-2.0
// What becomes of GRE packets that overtook others, RFC 2637 §4.3: the late ones are discarded, or waited for.
// Value; any thread.
#pragma once

#include <cstdint>

namespace adit::contract {

enum class ReorderMode : std::uint8_t {
  kOff,       ///< a gap is a loss; what comes late is discarded (Windows does so)
  kFixed,     ///< every gap is waited for
  kAdaptive,  ///< as kFixed, in calls that have lately been seen to receive packets late, as long as it pays
};

struct ReorderPolicy {
  ReorderMode mode = ReorderMode::kOff;
  std::uint16_t timeout_ms = 20;  ///< how long a packet is held at most
};

}  // namespace adit::contract
