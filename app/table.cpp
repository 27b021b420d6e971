// SPDX-License-Identifier: Apache-2.0
#include "app/table.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "app/escape.hpp"

namespace adit::app {
namespace {

std::string padded(const std::string& cell, std::size_t width, Align align) {
  const std::string space(width - display_width(cell), ' ');
  return align == Align::kRight ? space + cell : cell + space;
}

std::string joined(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths,
                   const std::vector<Column>& columns) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    line += (i == 0 ? " " : " | ") + padded(cells[i], widths[i], columns[i].align);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + '\n';
}

}  // namespace

std::string draw_table(const std::vector<Column>& columns, const std::vector<std::vector<std::string>>& rows,
                       std::string_view empty) {
  if (rows.empty()) {
    return std::string(empty) + '\n';
  }
  std::vector<std::string> titles;
  std::vector<std::size_t> widths;
  for (const Column& column : columns) {
    titles.emplace_back(column.title);
    widths.push_back(column.title.size());
  }
  std::vector<std::vector<std::string>> shown;
  for (const std::vector<std::string>& row : rows) {
    std::vector<std::string>& cells = shown.emplace_back();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      cells.push_back(cut_to_width(escape_octets(row[i]), columns[i].most));
      widths[i] = std::max(widths[i], display_width(cells[i]));
    }
  }
  std::string rule;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    rule += (i == 0 ? "" : "+") + std::string(widths[i] + 2, '-');
  }
  std::string text = joined(titles, widths, columns) + rule + '\n';
  for (const std::vector<std::string>& cells : shown) {
    text += joined(cells, widths, columns);
  }
  return text;
}

std::string human_bytes(std::uint64_t bytes) {
  if (bytes < 1024) {
    return fmt::format("{} B", bytes);
  }
  constexpr std::string_view kUnits[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 1023.95 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  return value < 9.95 ? fmt::format("{:.1f} {}", value, kUnits[unit])
                      : fmt::format("{:.0f} {}", value, kUnits[unit]);
}

std::string human_count(std::uint64_t count) {
  std::string digits = std::to_string(count);
  if (digits.size() > 4) {
    for (std::size_t at = digits.size(); at > 3;) {
      at -= 3;
      digits.insert(at, " ");
    }
  }
  return digits;
}

std::string human_uptime(std::uint64_t seconds) {
  const std::uint64_t days = seconds / 86'400;
  const std::string clock =
      fmt::format("{:02}:{:02}:{:02}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
  return days == 0 ? clock : fmt::format("{}.{}", days, clock);
}

}  // namespace adit::app
