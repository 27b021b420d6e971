// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/results/numbers.hpp"

#include <fmt/core.h>

#include <cmath>

#include "app/table.hpp"

namespace adit::app::blast {
namespace {

constexpr double kMostExact = 9e15;  // doubles represent every integer up to 2^53

}  // namespace

std::string with_commas(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string with_commas(double value) {
  const bool is_sane = std::isfinite(value) && value > 0;
  return with_commas(is_sane ? static_cast<std::uint64_t>(std::llround(std::fmin(value, kMostExact))) : 0);
}

std::string decimal(double value) {
  if (!std::isfinite(value) || value <= 0) {
    return "0";
  }
  return value < 9.995   ? fmt::format("{:.2f}", value)
         : value < 99.95 ? fmt::format("{:.1f}", value)
                         : with_commas(value);
}

std::string milliseconds(double ms) {
  return ms <= 0 || !std::isfinite(ms) ? "-" : ms < 0.01 ? fmt::format("{:.4f} ms", ms) : decimal(ms) + " ms";
}

std::string percentage(double part, double whole) {
  if (part <= 0 || whole <= 0) {
    return "0 %";
  }
  return fmt::format("{:.3g} %", std::fmin(100 * part / whole, 1e6));
}

std::string signed_octets(double octets) {
  const auto magnitude = static_cast<std::uint64_t>(std::llround(std::fmin(std::fabs(octets), kMostExact)));
  return (octets < 0 && magnitude != 0 ? "-" : "+") + human_bytes(magnitude);
}

}  // namespace adit::app::blast
