// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/operator/session_columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>

#include "app/aditd/operator/handlers.hpp"
#include "app/escape.hpp"

namespace adit::app {
namespace {

using Kind = SessionColumn::Kind;

std::string_view phase_of(control::SessionStatus::Phase phase) {
  using Phase = control::SessionStatus::Phase;
  switch (phase) {
    case Phase::kEstablish:
      return "establish";
    case Phase::kAuthenticate:
      return "authenticate";
    case Phase::kNetwork:
      return "network";
    case Phase::kUp:
      return "up";
    case Phase::kTerminate:
      return "terminate";
  }
  return "unknown";
}

void number(std::uint64_t value, std::string& out) {
  out += fmt::format_int(value).str();
}

void address(wire::Ipv4Address value, std::string& out) {
  out += value.is_none() ? "" : wire::to_string(value);
}

void routes(const SessionRow& row, std::string& out) {
  bool first = true;
  for (const wire::Ipv4Prefix& route : row.call.routes) {
    out += (std::exchange(first, false) ? "" : ",") + to_string(route);
  }
}

std::string ip6_of(const control::SessionStatus& session) {
  return session.ipv6 && session.ipv6->address ? wire::to_string(*session.ipv6->address) : "";
}

std::string link_of(const control::SessionStatus& session) {
  return session.ipv6 && session.ipv6->link ? wire::to_string(*session.ipv6->link) : "";
}

std::string delegated_to(const control::SessionStatus& session) {
  return session.ipv6 && session.ipv6->delegated ? wire::to_string(*session.ipv6->delegated) : "";
}

void routes6(const SessionRow& row, std::string& out) {
  bool first = true;
  for (const wire::Ipv6Prefix& route : row.call.routes6) {
    out += (std::exchange(first, false) ? "" : ",") + wire::to_string(route);
  }
}

/// As the column of that name in accel-ppp: "mppe-128"; empty: in clear.
void comp(const SessionRow& row, std::string& out) {
  if (row.call.session.mppe != "none") {
    out += "mppe-" + row.call.session.mppe;
  }
}

// Once released, names do not change, nor does the order of those that are usual.
constexpr SessionColumn kColumns[] = {
    {"sid", Kind::kText, [](const SessionRow& row, std::string& out) { out += row.call.session_id; }},
    {"username", Kind::kPeers,
     [](const SessionRow& row, std::string& out) { out += escape_octets(row.call.session.user); },
     /*usual=*/true, [](const SessionRow& row) -> std::string_view { return row.call.session.user; }},
    {"calling_sid", Kind::kText,
     [](const SessionRow& row, std::string& out) { address(row.call.peer, out); }},
    {"called_sid", Kind::kText,
     [](const SessionRow& row, std::string& out) { address(row.call.local, out); }},
    {"ip", Kind::kText,
     [](const SessionRow& row, std::string& out) { address(row.call.session.address, out); }},
    {"type", Kind::kText, [](const SessionRow&, std::string& out) { out += "pptp"; }},
    {"auth", Kind::kText,
     [](const SessionRow& row, std::string& out) { out += row.call.session.auth_method; }},
    {"mppe", Kind::kPlain,
     [](const SessionRow& row, std::string& out) {
       out += row.call.session.mppe != "none" ? "true" : "false";
     }},
    {"mppe_mode", Kind::kText, [](const SessionRow& row, std::string& out) { out += row.call.session.mppe; }},
    {"state", Kind::kText, [](const SessionRow& row, std::string& out) { out += state_of(row.call); }},
    {"phase", Kind::kText,
     [](const SessionRow& row, std::string& out) { out += phase_of(row.call.session.phase); }},
    {"uptime_seconds", Kind::kPlain,
     [](const SessionRow& row, std::string& out) {
       number(static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(row.uptime).count()), out);
     }},
    {"rx_bytes", Kind::kPlain,
     [](const SessionRow& row, std::string& out) { number(row.totals.uplink_octets, out); }},
    {"tx_bytes", Kind::kPlain,
     [](const SessionRow& row, std::string& out) { number(row.totals.downlink_octets, out); }},
    {"rx_packets", Kind::kPlain,
     [](const SessionRow& row, std::string& out) { number(row.totals.uplink_packets, out); }},
    {"tx_packets", Kind::kPlain,
     [](const SessionRow& row, std::string& out) { number(row.totals.downlink_packets, out); }},
    {"drops", Kind::kPlain, [](const SessionRow& row, std::string& out) { number(row.totals.drops, out); }},
    {"mru", Kind::kPlain,
     [](const SessionRow& row, std::string& out) { number(row.call.session.peer_mru, out); }},
    {"worker", Kind::kPlain,
     [](const SessionRow& row, std::string& out) { number(row.call.call.worker.value, out); }},
    {"call_id", Kind::kPlain,
     [](const SessionRow& row, std::string& out) { number(row.call.local_id.value, out); }},
    {"peer_call_id", Kind::kPlain,
     [](const SessionRow& row, std::string& out) { number(row.call.peer_id.value, out); }},
    {"rate_limit", Kind::kText,
     [](const SessionRow& row, std::string& out) { out += control::to_string(row.call.rate); }},
    {"routes", Kind::kText, &routes},
    {"comp", Kind::kText, &comp, /*usual=*/false},
    {"ip6", Kind::kText, [](const SessionRow& row, std::string& out) { out += ip6_of(row.call.session); },
     /*usual=*/false},
    {"prefix", Kind::kText, [](const SessionRow& row, std::string& out) { out += link_of(row.call.session); },
     /*usual=*/false},
    {"delegated", Kind::kText,
     [](const SessionRow& row, std::string& out) { out += delegated_to(row.call.session); },
     /*usual=*/false},
    {"routes6", Kind::kText, &routes6, /*usual=*/false},
};

}  // namespace

std::string_view state_of(const control::CallStatus& call) {
  using Phase = control::SessionStatus::Phase;
  if (call.ending || call.session.phase == Phase::kTerminate) {
    return "finish";
  }
  return call.session.phase == Phase::kUp ? "active" : "start";
}

std::span<const SessionColumn> session_columns() {
  return kColumns;
}

const SessionColumn* find_session_column(std::string_view name) {
  const auto* found = std::ranges::find(kColumns, name, &SessionColumn::name);
  return found == std::end(kColumns) ? nullptr : found;
}

std::string session_column_names() {
  std::string names;
  for (const SessionColumn& column : kColumns) {
    const char* before = names.empty() ? "" : &column == std::end(kColumns) - 1 ? " and " : ", ";
    names += before + std::string(column.name);
  }
  return names;
}

void write_member(const SessionColumn& column, const SessionRow& row, std::string& out) {
  (out += '"').append(column.name) += "\":";
  switch (column.kind) {
    case Kind::kPlain:
      column.write(row, out);
      break;
    case Kind::kText:
      out += '"';
      column.write(row, out);
      out += '"';
      break;
    case Kind::kPeers: {
      std::string text;
      column.write(row, text);
      out += dump(text);
      break;
    }
  }
}

}  // namespace adit::app
