// SPDX-License-Identifier: Apache-2.0
// Writes metric families as `show.metrics` has them, a JSON object for each. By hand: a Json tree costs several times as
// much. Pure; thread: control.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/contract/histogram.hpp"

namespace adit::app {

enum class MetricType : std::uint8_t { kGauge, kCounter, kInfo, kHistogram };

struct Label {
  std::string_view name, value;
};
using Labels = std::initializer_list<Label>;

class FamilyWriter {
 public:
  /// A family begins, and the one before ends. `name`: with the unit as its last word, without _total and _info.
  void begin(std::string_view name, MetricType type, std::string_view help);
  void sample(Labels labels, std::uint64_t value);
  void sample(Labels labels, double value);
  void sample(Labels labels, const contract::HistogramValues& values);
  /// A family with one sample.
  template <typename Value>
  void one(std::string_view name, MetricType type, std::string_view help, const Value& value) {
    begin(name, type, help);
    sample({}, value);
  }
  void end();

  /// Those that have ended since the last time.
  [[nodiscard]] std::vector<std::string> take();

 private:
  void begin_sample(Labels labels);

  std::string family_;  // empty: none has begun
  bool has_samples_ = false;
  std::vector<std::string> ended_;
};

}  // namespace adit::app
