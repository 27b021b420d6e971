// SPDX-License-Identifier: Apache-2.0
#include "app/config_problems.hpp"

#include <algorithm>
#include <tuple>

#include "app/escape.hpp"

namespace adit::app {

Problems::Problems(std::string_view file) : file_(escape_octets(file)) {}

void Problems::error(toml::source_position at, std::string_view key, std::string_view value,
                     std::string_view wrong, std::string_view remedy) {
  add(false, at, key, value, wrong, remedy);
}

void Problems::warning(toml::source_position at, std::string_view key, std::string_view value,
                       std::string_view wrong, std::string_view remedy) {
  add(true, at, key, value, wrong, remedy);
}

void Problems::add(bool is_warning, toml::source_position at, std::string_view key, std::string_view value,
                   std::string_view wrong, std::string_view remedy) {
  std::string line = file_ + ':';
  if (at) {
    line += std::to_string(at.line) + ':' + std::to_string(at.column) + ':';
  }
  line += is_warning ? " warning: " : " ";
  line += std::string(key) + ": ";
  if (!value.empty()) {
    line += "value " + std::string(value) + ": ";
  }
  line += std::string(wrong) + (remedy.empty() ? "" : "; ") + std::string(remedy);
  entries_.push_back({at, {is_warning, std::move(line)}});
}

bool Problems::any_error() const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [](const Entry& entry) { return !entry.problem.warning; });
}

Problems Problems::none() const {
  Problems same_file("");
  same_file.file_ = file_;
  return same_file;
}

void Problems::add_errors(Problems others, std::string_view remark) {
  for (Entry& entry : others.entries_) {
    if (!entry.problem.warning) {
      entry.problem.line += remark;
      entries_.push_back(std::move(entry));
    }
  }
}

std::vector<ConfigProblem> Problems::take() {
  const auto rank = [](const Entry& e) { return std::tuple(!e.at, e.at.line, e.at.column); };
  std::stable_sort(entries_.begin(), entries_.end(),
                   [&](const Entry& a, const Entry& b) { return rank(a) < rank(b); });
  std::vector<ConfigProblem> problems;
  for (Entry& entry : entries_) {
    problems.push_back(std::move(entry.problem));
  }
  return problems;
}

toml::source_position position(const Places& places, const std::string& key) {
  const toml::node* node = places.find(key);
  return node == nullptr ? toml::source_position{0, 0} : node->source().begin;
}

toml::source_position element_position(const Places& places, const std::string& key, std::size_t index) {
  const toml::node* node = places.find(key);
  const toml::array* list = node == nullptr ? nullptr : node->as_array();
  const toml::node* element = list == nullptr ? nullptr : list->get(index);
  return element == nullptr ? toml::source_position{0, 0} : element->source().begin;
}

}  // namespace adit::app
