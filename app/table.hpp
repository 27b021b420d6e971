// SPDX-License-Identifier: Apache-2.0
// Text tables for terminals, and numbers for people. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace adit::app {

enum class Align : std::uint8_t { kLeft, kRight };

inline constexpr std::size_t kAnyWidth = std::numeric_limits<std::size_t>::max();
/// Of a column of names, which may be long, in a table that does not know how wide its terminal is.
inline constexpr std::size_t kNameWidth = 32;

struct Column {
  std::string_view title;
  Align align = Align::kLeft;
  std::size_t most = kAnyWidth;  ///< terminal columns; a cell that needs more ends in "..."
};

/// Title, rule, rows, as accel-cmd draws them; every cell is escaped, columns fit their widest cell.
/// No rows: `empty` alone on its line.
[[nodiscard]] std::string draw_table(const std::vector<Column>& columns,
                                     const std::vector<std::vector<std::string>>& rows,
                                     std::string_view empty);

/// 1024-based: "0 B", "1023 B", "1.5 KiB", "12 MiB".
[[nodiscard]] std::string human_bytes(std::uint64_t bytes);

/// "1234", with blanks between thousands from 5 digits on: "12 345".
[[nodiscard]] std::string human_count(std::uint64_t count);

/// "00:00:07", "3.04:05:06" from a day on, as accel-ppp writes uptimes.
[[nodiscard]] std::string human_uptime(std::uint64_t seconds);

}  // namespace adit::app
