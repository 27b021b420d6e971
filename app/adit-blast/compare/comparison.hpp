// SPDX-License-Identifier: Apache-2.0
// Two results of one scenario, quantity by quantity: better, worse, the same, or noise. Pure; any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/adit-blast/results/quantities.hpp"

namespace adit::app::blast {

/// What a file of --json holds.
struct Measured {
  std::string name;  ///< the file's
  nlohmann::ordered_json document;
  std::vector<Quantity> quantities;
  std::size_t runs = 1;                 ///< that its quantities are of
  std::vector<std::string> complaints;  ///< why it is no success
};
/// The error says why `text` is not a result that can be compared; one that was interrupted cannot.
[[nodiscard]] std::expected<Measured, std::string> read_results(std::string name, std::string_view text);

enum class Change : std::uint8_t {
  kSame,   ///< within the threshold
  kNoise,  ///< beyond it, but within the spread of the repeats of either
  kBetter,
  kWorse,
  kMissing,  ///< one of them does not have it
};
[[nodiscard]] std::string_view to_text(Change change);

struct ComparedQuantity {
  std::optional<Quantity> before, after;  ///< at least one
  double change_percent = 0;              ///< of the medians; infinite from 0
  Change change = Change::kMissing;

  [[nodiscard]] const Quantity& either() const { return before ? *before : *after; }
};

struct Comparison {
  double threshold_percent = 0;
  /// Why the two cannot be compared: other scenarios (then there are no rows), or what one of them lacks.
  std::vector<std::string> obstacles;
  std::vector<ComparedQuantity> rows;

  [[nodiscard]] bool any_worse() const;
};
[[nodiscard]] Comparison compare(const Measured& before, const Measured& after, double threshold_percent);

/// 0: nothing is worse by more than the threshold; 1: something is; 2: they cannot be compared.
[[nodiscard]] int exit_code(const Comparison& comparison);

}  // namespace adit::app::blast
