// SPDX-License-Identifier: Apache-2.0
// The time of day, for what leaves the process with a date on it; everything else runs on the wheel's clock.
#pragma once

#include <cstdint>
#include <functional>

namespace adit::control {

/// Seconds since 1970, as this machine has them now: it may be set, forwards and back.
using UnixClock = std::function<std::uint64_t()>;

}  // namespace adit::control
