// SPDX-License-Identifier: Apache-2.0
// `adit show metrics`: what an exporter gets, as a table that fits 80 columns. Counters that count nothing yet are left
// out, and workers are summed up but for what is a state of each.
#include <fmt/core.h>

#include <cmath>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "app/adit/fields.hpp"
#include "app/adit/render.hpp"
#include "app/escape.hpp"
#include "app/table.hpp"

namespace adit::app {
namespace {

constexpr std::size_t kLongestLabels = 24;

std::string number_text(double value) {
  const bool whole = value == std::floor(value) && value >= 0 && value < 1e15;
  return whole ? human_count(static_cast<std::uint64_t>(value)) : fmt::format("{:.6g}", value);
}

/// "server=aaa1 kind=auth"
std::string labels_of(const Json& sample, bool by_worker) {
  std::string text;
  for (const auto& [name, value] : member(sample, "labels").items()) {
    if ((by_worker || name != "worker") && value.is_string()) {
      text += (text.empty() ? "" : " ") + name + '=' + value.get<std::string>();
    }
  }
  return text;
}

std::string cut(std::string text, std::size_t longest) {
  if (text.size() > longest) {
    text = escape_text(text, longest - 3);
  }
  return text;
}

/// Sums of the samples whose labels are the same, in their order.
struct Sum {
  std::string labels;
  double value = 0;
  double count = 0;
  std::map<double, double> buckets{};  // how many are at most so large
};

std::vector<Sum> sums_of(const Json& family) {
  std::vector<Sum> sums;
  for (const Json& sample : list(family, "samples")) {
    const std::string labels = labels_of(sample, text(family, "type") == "gauge");
    auto found = std::find_if(sums.begin(), sums.end(), [&](const Sum& sum) { return sum.labels == labels; });
    Sum& sum = found != sums.end() ? *found : sums.emplace_back(Sum{.labels = labels});
    sum.value += real(sample, "value");
    sum.count += real(sample, "count");
    for (const Json& bucket : list(sample, "buckets")) {
      if (bucket.is_array() && bucket.size() == 2 && bucket[0].is_number() && bucket[1].is_number()) {
        sum.buckets[bucket[0].get<double>()] += bucket[1].get<double>();
      }
    }
  }
  return sums;
}

/// "<= 0.05", "> 10": where so much of all values lies.
std::string percentile(const Sum& sum, double part) {
  for (const auto& [upper, below] : sum.buckets) {
    if (below >= part * sum.count) {
      return fmt::format("<= {:g}", upper);
    }
  }
  return sum.buckets.empty() ? "" : fmt::format("> {:g}", sum.buckets.rbegin()->first);
}

}  // namespace

std::string render_metrics(const Json& result) {
  Rows rows;
  for (const Json& family : list(result, "families")) {
    const std::string name = text(family, "name");
    const std::string type = text(family, "type");
    for (const Sum& sum : sums_of(family)) {
      const std::string labels = cut(sum.labels, kLongestLabels);
      if (type == "histogram") {
        if (sum.count > 0) {
          rows.push_back({name, labels, number_text(sum.count)});
          rows.push_back({"", "half", percentile(sum, 0.5)});
          rows.push_back({"", "99 of 100", percentile(sum, 0.99)});
        }
      } else if (type != "counter" || sum.value != 0) {
        rows.push_back({name, labels, number_text(sum.value)});
      }
    }
  }
  return draw_table({{"metric"}, {"of"}, {"value", Align::kRight}}, rows, "no metrics");
}

}  // namespace adit::app
