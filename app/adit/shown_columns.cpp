// SPDX-License-Identifier: Apache-2.0
#include "app/adit/shown_columns.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <ranges>
#include <sstream>

#include "app/adit/fields.hpp"
#include "app/escape.hpp"
#include "app/table.hpp"

namespace adit::app {
namespace {

using Shown = ShownColumn::Kind;

constexpr ShownColumn kSessionColumns[] = {
    {"sid", "sid", Shown::kText, "session ID"},
    {"username", "username", Shown::kUser, "user, by the name that the client sent"},
    {"calling-sid", "calling_sid", Shown::kAddress, "the client's address, outside the tunnel"},
    {"called-sid", "called_sid", Shown::kAddress, "our address that it dialled"},
    {"ip", "ip", Shown::kAddress, "the subscriber's address"},
    {"ip6", "ip6", Shown::kText, "its IPv6 address, by DHCPv6"},
    {"prefix", "prefix", Shown::kText, "the IPv6 prefix of its link"},
    {"delegated", "delegated", Shown::kText, "the IPv6 prefix delegated to it"},
    {"type", "type", Shown::kText, "pptp"},
    {"auth", "auth", Shown::kText, "authentication method"},
    {"rate-limit", "rate_limit", Shown::kText, "down/up in kbit/s"},
    {"comp", "comp", Shown::kText, "encryption: mppe-128"},
    {"state", "state", Shown::kText, "start, active or finish"},
    {"phase", "phase", Shown::kText, "establish, authenticate, network, up or terminate"},
    {"uptime", "uptime_seconds", Shown::kUptime, "since IP came up"},
    {"uptime-raw", "uptime_seconds", Shown::kNumber, "in seconds"},
    {"rx-bytes", "rx_bytes", Shown::kBytes, "from the subscriber"},
    {"tx-bytes", "tx_bytes", Shown::kBytes, "to the subscriber"},
    {"rx-bytes-raw", "rx_bytes", Shown::kNumber, "as a plain number"},
    {"tx-bytes-raw", "tx_bytes", Shown::kNumber, "as a plain number"},
    {"rx-pkts", "rx_packets", Shown::kCount, "packets from the subscriber"},
    {"tx-pkts", "tx_packets", Shown::kCount, "packets to the subscriber"},
    {"rx-rate", "rx_bits_per_second", Shown::kRate, "bit/s from the subscriber, now"},
    {"tx-rate", "tx_bits_per_second", Shown::kRate, "bit/s to the subscriber, now"},
    {"rate", "bits_per_second", Shown::kRate, "bit/s both ways, now"},
    {"rx-pps", "rx_packets_per_second", Shown::kRate, "packets a second from the subscriber, now"},
    {"tx-pps", "tx_packets_per_second", Shown::kRate, "packets a second to the subscriber, now"},
    {"drops", "drops", Shown::kCount, "packets dropped, both ways"},
    {"mru", "mru", Shown::kNumber, "the largest PPP packet that the client takes"},
    {"worker", "worker", Shown::kNumber, "the worker that has the call"},
    {"call-id", "call_id", Shown::kNumber, "in GRE packets to us"},
    {"peer-call-id", "peer_call_id", Shown::kNumber, "in GRE packets to the client"},
    {"routes", "routes", Shown::kText, "networks behind the subscriber"},
    {"routes6", "routes6", Shown::kText, "the same of IPv6"},
};

bool is_left(const ShownColumn& column) {
  return column.kind == Shown::kText || column.kind == Shown::kUser || column.kind == Shown::kAddress;
}

std::string cell(const ShownColumn& column, const Json& row) {
  switch (column.kind) {
    case Shown::kText:
    case Shown::kAddress:
      return text(row, column.key);
    case Shown::kUser:
      return user_name(row, column.key);
    case Shown::kNumber:
      return std::to_string(number(row, column.key));
    case Shown::kCount:
      return count(row, column.key);
    case Shown::kBytes:
      return human_bytes(number(row, column.key));
    case Shown::kUptime:
      return human_uptime(number(row, column.key));
    case Shown::kRate:
      return member(row, column.key).is_number() ? human_rate(number(row, column.key)) : "-";
  }
  return "";
}

/// An address's octets as one number; what is none comes first.
std::uint64_t address_of(const std::string& text) {
  std::istringstream octets(text);
  std::uint64_t value = 0;
  for (std::string octet; std::getline(octets, octet, '.');) {
    value = value * 256 + static_cast<std::uint64_t>(std::max(0, std::atoi(octet.c_str()))) % 256;
  }
  return text.empty() ? 0 : value + 1;
}

constexpr std::size_t kLeastOfName = 16;  // columns of the terminal, however little room there is
constexpr std::size_t kBetween = 3;       // two columns of the table
constexpr std::size_t kAround = 2;        // all of them: a blank on each side

bool is_name(const ShownColumn* column) {
  return column->kind == Shown::kUser;
}

std::size_t width_of(const std::vector<Json>& rows, const ShownColumn& column) {
  std::size_t width = column.name.size();
  for (const Json& row : rows) {
    width = std::max(width, display_width(escape_octets(cell(column, row))));
  }
  return width;
}

/// What the other columns leave of a line of `width` to those of names.
std::size_t room_for_names(std::size_t width, const std::vector<Json>& rows, const ShownColumns& columns) {
  const auto names = static_cast<std::size_t>(std::ranges::count_if(columns, &is_name));
  if (names == 0 || width == kAnyWidth) {
    return kAnyWidth;
  }
  std::size_t used = kAround + (columns.size() - 1) * kBetween;
  for (const ShownColumn* column : columns) {
    used += is_name(column) ? 0 : width_of(rows, *column);
  }
  return std::max(kLeastOfName, (width - std::min(width, used)) / names);
}

}  // namespace

std::span<const ShownColumn> shown_columns() {
  return kSessionColumns;
}

const ShownColumn* find_shown_column(std::string_view name) {
  std::string hyphened(name);
  std::ranges::replace(hyphened, '_', '-');
  const auto* found = std::ranges::find(kSessionColumns, hyphened, &ShownColumn::name);
  return found == std::end(kSessionColumns) ? nullptr : found;
}

std::expected<ShownColumns, std::string> read_shown_columns(std::string_view names) {
  ShownColumns columns;
  for (const auto part : names | std::views::split(',')) {
    const std::string_view name(part.begin(), part.end());
    const ShownColumn* column = find_shown_column(name);
    if (column == nullptr) {
      return std::unexpected(no_such_column(name));
    }
    columns.push_back(column);
  }
  return columns;
}

std::string no_such_column(std::string_view name) {
  std::string text = "there is no column \"" + escape_octets(name, 40) + "\"; there are ";
  for (const ShownColumn& column : kSessionColumns) {
    text += &column == kSessionColumns ? "" : &column == std::end(kSessionColumns) - 1 ? " and " : ", ";
    text += column.name;
  }
  return text;
}

std::string shown_columns_help() {
  std::string text;
  for (const ShownColumn& column : kSessionColumns) {
    text += fmt::format("  {:<14}{}\n", column.name, column.help);
  }
  return text;
}

bool comes_first(const ShownColumn& column, const Json& row, const Json& other) {
  switch (column.kind) {
    case Shown::kText:
    case Shown::kUser:
      return text(row, column.key) < text(other, column.key);
    case Shown::kAddress:
      return address_of(text(row, column.key)) < address_of(text(other, column.key));
    default:
      return number(row, column.key) > number(other, column.key);
  }
}

std::string draw_sessions(const std::vector<Json>& rows, const ShownColumns& columns, std::size_t width) {
  const std::size_t names = room_for_names(width, rows, columns);
  std::vector<Column> titles;
  for (const ShownColumn* column : columns) {
    titles.push_back(
        {column->name, is_left(*column) ? Align::kLeft : Align::kRight, is_name(column) ? names : kAnyWidth});
  }
  Rows cells;
  for (const Json& row : rows) {
    std::vector<std::string>& line = cells.emplace_back();
    for (const ShownColumn* column : columns) {
      line.push_back(cell(*column, row));
    }
  }
  return draw_table(titles, cells, "no sessions");
}

std::string draw_sessions_within(std::size_t width, const std::vector<Json>& rows,
                                 const ShownColumns& by_importance) {
  constexpr std::size_t kAlways = 2;
  ShownColumns shown;
  std::size_t used = kAround;
  for (const ShownColumn* column : by_importance) {
    const std::size_t wide = width_of(rows, *column);
    used += (is_name(column) ? std::min(wide, kNameWidth) : wide) + (shown.empty() ? 0 : kBetween);
    if (shown.size() >= kAlways && used > width) {
      break;
    }
    shown.push_back(column);
  }
  std::ranges::sort(shown);  // they point into one array
  return draw_sessions(rows, shown, width);
}

std::string human_rate(std::uint64_t value, std::string_view unit) {
  if (value < 1000) {
    return fmt::format("{}{}{}", value, unit.empty() ? "" : " ", unit);
  }
  constexpr std::string_view kPrefixes = "kMGTPE";
  double scaled = static_cast<double>(value) / 1000;
  std::size_t prefix = 0;
  while (scaled >= 999.5 && prefix + 1 < kPrefixes.size()) {
    scaled /= 1000;
    ++prefix;
  }
  return scaled < 9.95 ? fmt::format("{:.1f} {}{}", scaled, kPrefixes[prefix], unit)
                       : fmt::format("{:.0f} {}{}", scaled, kPrefixes[prefix], unit);
}

}  // namespace adit::app
