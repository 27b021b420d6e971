// SPDX-License-Identifier: Apache-2.0
// The columns of `adit show sessions` and `adit top`: a row each, by the names that accel-ppp has where it has them.
// rx is what subscribers send, tx what they get. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/table.hpp"

namespace adit::app {

using Json = nlohmann::ordered_json;

struct ShownColumn {
  enum class Kind : std::uint8_t { kText, kUser, kAddress, kNumber, kCount, kBytes, kUptime, kRate };
  std::string_view name;
  std::string_view key;  ///< of a session's JSON: aditd's, or with kRate what SessionSampler adds
  Kind kind;
  std::string_view help;
};

using ShownColumns = std::vector<const ShownColumn*>;

[[nodiscard]] std::span<const ShownColumn> shown_columns();
/// nullptr: there is none of that name. Words may be joined by _ as well.
[[nodiscard]] const ShownColumn* find_shown_column(std::string_view name);
/// "username,ip,rx-bytes"; the error names what there is.
[[nodiscard]] std::expected<ShownColumns, std::string> read_shown_columns(std::string_view names);
/// "there is no column "foo"; there are sid, username ... and rate"
[[nodiscard]] std::string no_such_column(std::string_view name);
/// A line each, for the help.
[[nodiscard]] std::string shown_columns_help();

/// Whether the row comes first when ordered by the column: texts and addresses from the lowest, numbers from the highest.
[[nodiscard]] bool comes_first(const ShownColumn& column, const Json& row, const Json& other);

/// All of these columns. Where a line would take more than `width` terminal columns, names are cut, to 16 at the least.
[[nodiscard]] std::string draw_sessions(const std::vector<Json>& rows, const ShownColumns& columns,
                                        std::size_t width = kAnyWidth);
/// As many of these as `width` terminal columns take; the last one named gives way first, and never the first two. They
/// are shown in the order of shown_columns(). A name of up to kNameWidth is not cut in favour of other columns.
[[nodiscard]] std::string draw_sessions_within(std::size_t width, const std::vector<Json>& rows,
                                               const ShownColumns& by_importance);

/// 1000-based: "999 bit/s", "1.2 Mbit/s"; without a unit "999", "1.2 M".
[[nodiscard]] std::string human_rate(std::uint64_t value, std::string_view unit = "");

}  // namespace adit::app
