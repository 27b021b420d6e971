// SPDX-License-Identifier: Apache-2.0
#include "app/kernel_cost.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace adit::app {

std::string to_text(const KernelCost& cost) {
  const std::uint64_t lanes = std::max<std::uint64_t>(cost.lanes, 1);
  std::string text = fmt::format("{} by {}: {} cycles a key", cost.work, cost.kernel, cost.cycles / lanes);
  if (cost.cycles_256_octets != 0) {
    text += fmt::format(", {} for 256 octets", cost.cycles_256_octets / lanes);
  }
  return cost.takes.empty() ? text : text + fmt::format("; used for {} calls at once", cost.takes);
}

}  // namespace adit::app
