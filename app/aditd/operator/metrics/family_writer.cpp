// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/operator/metrics/family_writer.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "app/aditd/operator/handlers.hpp"
#include "app/escape.hpp"

namespace adit::app {
namespace {

std::string_view to_text(MetricType type) {
  switch (type) {
    case MetricType::kGauge:
      return "gauge";
    case MetricType::kCounter:
      return "counter";
    case MetricType::kInfo:
      return "info";
    case MetricType::kHistogram:
      return "histogram";
  }
  return "unknown";
}

/// Prometheus' base units, of those that we have.
std::string_view unit_of(std::string_view name) {
  for (const std::string_view unit : {"seconds", "bytes"}) {
    if (name.ends_with(unit)) {
      return unit;
    }
  }
  return "";
}

/// Most values are words of ours.
void append_quoted(std::string& to, std::string_view text) {
  const bool plain = std::ranges::all_of(text, [](unsigned char octet) {
    return octet >= ' ' && octet < 0x7f && octet != '"' && octet != '\\';
  });
  if (plain) {
    fmt::format_to(std::back_inserter(to), "\"{}\"", text);
  } else {
    to += dump(Json(escape_octets(text)));
  }
}

}  // namespace

void FamilyWriter::begin(std::string_view name, MetricType type, std::string_view help) {
  end();
  family_ =
      fmt::format(R"({{"name":"{}","type":"{}","unit":"{}","help":)", name, to_text(type), unit_of(name));
  append_quoted(family_, help);
  family_ += R"(,"samples":[)";
  has_samples_ = false;
}

void FamilyWriter::end() {
  if (!family_.empty()) {
    ended_.push_back(std::exchange(family_, {}) + "]}");
  }
}

std::vector<std::string> FamilyWriter::take() {
  return std::exchange(ended_, {});
}

void FamilyWriter::begin_sample(Labels labels) {
  family_ += std::exchange(has_samples_, true) ? R"(,{"labels":{)" : R"({"labels":{)";
  for (const Label& label : labels) {
    fmt::format_to(std::back_inserter(family_), R"({}"{}":)", &label == labels.begin() ? "" : ",",
                   label.name);
    append_quoted(family_, label.value);
  }
}

void FamilyWriter::sample(Labels labels, std::uint64_t value) {
  begin_sample(labels);
  fmt::format_to(std::back_inserter(family_), R"(}},"value":{}}})", value);
}

void FamilyWriter::sample(Labels labels, double value) {
  begin_sample(labels);
  fmt::format_to(std::back_inserter(family_), R"(}},"value":{}}})", value);
}

void FamilyWriter::sample(Labels labels, const contract::HistogramValues& values) {
  begin_sample(labels);
  family_ += R"(},"buckets":[)";
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < values.upper.size(); ++i) {
    below += values.counts[i];
    // Of nanoseconds, a double's noise is not shown.
    fmt::format_to(std::back_inserter(family_), "{}[{:.9g},{}]", i == 0 ? "" : ",",
                   static_cast<double>(values.upper[i]) * values.unit, below);
  }
  fmt::format_to(std::back_inserter(family_), R"(],"count":{},"sum":{:.15g}}})", values.count(),
                 static_cast<double>(values.sum) * values.unit);
}

}  // namespace adit::app
