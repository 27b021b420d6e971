// SPDX-License-Identifier: Apache-2.0
// The figures of a run that are worth repeating and comparing, each with a name, a unit and a direction; and what
// repeats make of them: median, least, most, spread. Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/adit-blast/results/results.hpp"

namespace adit::app::blast {

enum class Better : std::uint8_t { kHigher, kLower };
[[nodiscard]] constexpr std::string_view to_text(Better better) {
  return better == Better::kHigher ? "higher" : "lower";
}

/// One quantity, and its value in each run that has it, in the order of the runs.
struct Quantity {
  std::string phase;  ///< "2 traffic"
  std::string name;   ///< "up lost"
  std::string unit;   ///< "calls/s", "pps", "ms", "%", "bytes", "calls"
  Better better = Better::kHigher;
  std::vector<double> values;  ///< never empty

  [[nodiscard]] double median() const;
  [[nodiscard]] double least() const;
  [[nodiscard]] double most() const;
  /// From the least to the most, in percent of the median; 0 for one value.
  [[nodiscard]] double spread_percent() const;
};

/// In the order of the phases. A run that was interrupted counts if all were.
[[nodiscard]] std::vector<Quantity> quantities_of(std::span<const RunResult> runs);

/// A rate whose repeats differ by more percent than this gets a remark.
inline constexpr double kRemarkableSpread = 10;
[[nodiscard]] std::vector<std::string> remarks_on_spread(std::span<const Quantity> quantities);

/// "166,000 pps", "38.3 ms", "0.0012 %".
[[nodiscard]] std::string shown(double value, std::string_view unit);

/// "2 traffic": the number tells phases of one kind apart.
[[nodiscard]] std::string phase_label(const RunResult& run, std::size_t index);

}  // namespace adit::app::blast
