// SPDX-License-Identifier: Apache-2.0
// What to do with GRE packets that overtook others, RFC 2637 §4.3: discard the late ones, or wait for them.
// Value; any thread.
#pragma once

#include <cstdint>

namespace adit::contract {

enum class ReorderMode : std::uint8_t {
  kOff,       ///< a gap is a loss; late packets are discarded (as Windows does)
  kFixed,     ///< every gap is waited for
  kAdaptive,  ///< as kFixed, in calls that have lately received packets late, while waiting pays off
};

struct ReorderPolicy {
  ReorderMode mode = ReorderMode::kOff;
  std::uint16_t timeout_ms = 20;  ///< how long a packet is held at most
};

}  // namespace adit::contract
