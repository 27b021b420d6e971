// SPDX-License-Identifier: Apache-2.0
// How control names a call that lives in a worker. A value, never a pointer; its generation shows when it is
// stale. Control allocates slots and generations; only the worker that owns a slot touches its contents.
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
  std::uint32_t generation = 0;  ///< never 0 in a valid reference; grows each time the slot is reused
  friend constexpr bool operator==(const CallRef&, const CallRef&) = default;
};

}  // namespace adit::contract
