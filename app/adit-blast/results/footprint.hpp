// SPDX-License-Identifier: Apache-2.0
// What a server on this machine uses: its resident memory and descriptors, and the kernel's memory for TCP
// sockets. Reads /proc; a figure that cannot be read is 0. Thread: control.
#pragma once

#include <cstdint>
#include <optional>

#include "app/adit-blast/results/results.hpp"

namespace adit::app::blast {

/// Empty if there is no such process.
[[nodiscard]] std::optional<Footprint> footprint_of(std::uint32_t pid, std::uint64_t calls);

}  // namespace adit::app::blast
