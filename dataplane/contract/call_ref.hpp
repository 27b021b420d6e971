// SPDX-License-Identifier: Apache-2.0
// How control names a call that lives in a worker. A value, never a pointer; a stale one is told by its generation.
// Control allocates slots and generations; the worker that owns the slot is the only one to touch what is in it.
#pragma once

#include <cstdint>

namespace adit::contract {

/// Index of a worker, 0-based, dense. Not an lcore ID.
struct WorkerId {
  std::uint16_t value = 0;
  friend constexpr bool operator==(WorkerId, WorkerId) = default;
};

struct CallRef {
  WorkerId worker;
  std::uint32_t slot = 0;        ///< index into that worker's call table
  std::uint32_t generation = 0;  ///< 0 is never valid; grows with each reuse of the slot
  friend constexpr bool operator==(const CallRef&, const CallRef&) = default;
};

}  // namespace adit::contract
