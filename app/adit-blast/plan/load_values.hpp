// SPDX-License-Identifier: Apache-2.0
// The kinds of values that describe load: rates, sizes, shares, and impairments. Thread: control, at
// start-up.
#pragma once

#include <string>
#include <vector>

#include "app/adit-blast/plan/plan.hpp"
#include "app/config_values.hpp"

namespace adit::app::blast {

/// A number from 0 up, with or without a fraction.
struct RealKind {
  using Value = double;
  double most;
  [[nodiscard]] Read<double> read(const toml::node& node) const;
  [[nodiscard]] std::string show(double value) const;
};

/// "5%" as a fraction of 1.
struct PercentKind {
  using Value = double;
  double most_percent;
  [[nodiscard]] Read<double> read(const toml::node& node) const;
  [[nodiscard]] std::string show(double value) const;
};

/// "20kpps", "1.5Mpps", "100Mbps", "max"; 0: no traffic.
struct RateKind {
  using Value = Rate;
  [[nodiscard]] Read<Rate> read(const toml::node& node) const;
  [[nodiscard]] std::string show(const Rate& value) const;
};

/// 64, "imix", or several: "64,imix,1400".
struct SizesKind {
  using Value = std::vector<SizeMix>;
  [[nodiscard]] Read<std::vector<SizeMix>> read(const toml::node& node) const;
  [[nodiscard]] std::string show(const std::vector<SizeMix>& value) const;
};

/// "loss=1%,duplicate=0.5%,reorder=2%,reorder-by=3".
struct ImpairmentKind {
  using Value = Impairment;
  [[nodiscard]] Read<Impairment> read(const toml::node& node) const;
  [[nodiscard]] std::string show(const Impairment& value) const;
};

}  // namespace adit::app::blast
