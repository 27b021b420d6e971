// SPDX-License-Identifier: Apache-2.0
// The time of day, for dates that leave the process; everything else uses the wheel's clock.
#pragma once

#include <cstdint>
#include <functional>

namespace adit::control {

/// Seconds since 1970 by this machine's clock, which may be set forwards and back.
using UnixClock = std::function<std::uint64_t()>;

}  // namespace adit::control
