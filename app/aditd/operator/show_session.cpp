// SPDX-License-Identifier: Apache-2.0
// show.session: one call in full, or a few of one user. Keys are never shown, only how strong they are.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "app/aditd/operator/handlers.hpp"
#include "app/aditd/operator/session_columns.hpp"
#include "app/escape.hpp"

namespace adit::app {
namespace {

std::string magic_text(std::uint32_t magic) {
  return magic == 0 ? "" : fmt::format("{:08x}", magic);
}

Json lcp_json(const control::LcpDetails& lcp) {
  return {{"state", to_text(lcp.state)},
          {"receive_mru", lcp.receive_mru},
          {"send_mru", lcp.send_mru},
          {"magic", magic_text(lcp.magic)},
          {"peer_magic", magic_text(lcp.peer_magic)},
          {"receive_acfc", lcp.receive_acfc},
          {"send_acfc", lcp.send_acfc},
          {"receive_pfc", lcp.receive_pfc},
          {"send_pfc", lcp.send_pfc},
          {"echoes_answered", lcp.echoes_answered}};
}

Json mode_json(const std::optional<contract::MppeMode>& mode) {
  return mode && mode->encrypted()
             ? Json{{"bits", static_cast<unsigned>(mode->strength)}, {"stateful", mode->stateful}}
             : Json();
}

/// `bytes` are of all packets of the direction, as inner IP; `line_bytes` what was left of them.
Json compression_json(const std::optional<contract::MppeMode>& mode, std::uint64_t bytes,
                      std::uint64_t saved) {
  return mode && mode->compressed ? Json{{"stateful", mode->stateful},
                                         {"bytes", bytes},
                                         {"line_bytes", bytes - std::min(bytes, saved)}}
                                  : Json();
}

Json ccp_json(const control::CcpDetails& ccp) {
  return {{"state", to_text(ccp.state)},
          {"mppe_required", ccp.required},
          {"receive", mode_json(ccp.receive)},
          {"send", mode_json(ccp.send)}};
}

Json ipcp_json(const control::IpcpDetails& ipcp) {
  return {{"state", to_text(ipcp.state)},
          {"address", address_text(ipcp.address)},
          {"gateway", address_text(ipcp.gateway)},
          {"dns1", address_text(ipcp.servers.dns1)},
          {"dns2", address_text(ipcp.servers.dns2)},
          {"wins1", address_text(ipcp.servers.wins1)},
          {"wins2", address_text(ipcp.servers.wins2)}};
}

template <typename Value>
std::string text_or_empty(const std::optional<Value>& value) {
  return value ? wire::to_string(*value) : "";
}

Json ipv6cp_json(const control::Ipv6cpDetails& ipv6cp) {
  const auto on_link = [](std::uint64_t identifier) {
    return identifier == 0 ? "" : wire::to_string(wire::link_local(identifier));
  };
  return {{"state", to_text(ipv6cp.state)},           {"link_local", on_link(ipv6cp.interface_id)},
          {"gateway", on_link(ipv6cp.gateway_id)},    {"prefix", text_or_empty(ipv6cp.link)},
          {"address", text_or_empty(ipv6cp.address)}, {"delegated", text_or_empty(ipv6cp.delegated)}};
}

Json seconds_json(const std::optional<control::Duration>& time) {
  return time ? Json(std::chrono::duration<double>(*time).count()) : Json();
}

Json timers_json(const control::CallDetails& details) {
  return {{"session_timeout_seconds", seconds_json(details.session_timeout.every)},
          {"session_left_seconds", seconds_json(details.session_timeout.left)},
          {"idle_timeout_seconds", seconds_json(details.idle_timeout.every)},
          {"idle_left_seconds", seconds_json(details.idle_timeout.left)},
          {"interim_seconds", seconds_json(details.interim.every)},
          {"interim_left_seconds", seconds_json(details.interim.left)}};
}

Json terms_json(const control::CallDetails& details) {
  Json classes = Json::array();
  for (const std::vector<std::uint8_t>& each : details.classes) {
    classes.push_back(escape_octets({reinterpret_cast<const char*>(each.data()), each.size()}));
  }
  return {{"by_radius", details.by_radius},
          {"classes", std::move(classes)},
          {"rate_limit", control::to_string(details.granted)}};
}

/// By reason; "other": reasons beyond the first few.
Json drops_json(const SessionInFull& session) {
  Json drops = Json::object();
  std::uint64_t other = session.row.totals.drops;
  for (const auto& [reason, packets] : session.drops) {
    drops[std::string(reason)] = packets;
    other -= std::min(other, packets);
  }
  if (other != 0) {
    drops["other"] = other;
  }
  return drops;
}

Json gre_json(const SessionInFull& session) {
  if (!session.state) {
    return {};
  }
  const contract::CallState& state = *session.state;
  // Everything before the next number that is not in flight has been acknowledged; at first nothing has.
  const bool peer_acknowledged = state.in_flight < state.next_sequence;
  return {{"next_sequence", state.next_sequence},
          {"in_flight", state.in_flight},
          {"peer_acknowledged", peer_acknowledged ? Json(state.next_sequence - state.in_flight - 1) : Json()},
          {"received", state.has_received ? Json(state.received) : Json()},
          {"acknowledged", state.has_acknowledged ? Json(state.acknowledged) : Json()},
          {"unacknowledged", state.unacknowledged},
          {"peer_window", session.details.peer_window},
          {"reorder_held", state.reorder_held},
          {"reorder_depth", state.reorder_depth},
          {"mppe_packets_received", state.receive_key},
          {"inner_mtu", state.inner_mtu}};
}

/// What the peer has told of the line behind it: numbers are its own octets.
Json line_json(const control::CallDetails& details) {
  const auto& stations = details.status.stations;
  const auto& errors = details.wan_errors.last;
  const auto accm = [&](std::uint32_t control::CallDetails::LinkInfo::* which) {
    return details.link_info ? Json(fmt::format("{:08x}", (*details.link_info).*which)) : Json();
  };
  return {{"brought_in", stations != nullptr},
          {"calling_number", stations ? escape_octets(stations->calling) : ""},
          {"called_number", stations ? escape_octets(stations->called) : ""},
          {"send_accm", accm(&control::CallDetails::LinkInfo::send_accm)},
          {"receive_accm", accm(&control::CallDetails::LinkInfo::receive_accm)},
          {"wan_error_notifies", details.wan_errors.notifies},
          {"crc_errors", errors.crc_errors},
          {"framing_errors", errors.framing_errors},
          {"hardware_overruns", errors.hardware_overruns},
          {"buffer_overruns", errors.buffer_overruns},
          {"time_out_errors", errors.time_out_errors},
          {"alignment_errors", errors.alignment_errors}};
}

Json in_full(const SessionInFull& session) {
  Json json = Json::object();
  for (const SessionColumn& column : session_columns()) {
    if (column.usual || column.name == "routes6") {
      std::string member = "{";
      write_member(column, session.row, member);
      json.update(Json::parse(member + '}'));
    }
  }
  const auto& protocols = session.details.session;
  json["lcp"] = protocols ? lcp_json(protocols->lcp) : Json();
  json["ccp"] = protocols ? ccp_json(protocols->ccp) : Json();
  json["compression"] =
      protocols ? Json{{"receive", compression_json(protocols->ccp.receive, session.row.totals.uplink_octets,
                                                    session.rx_saved)},
                       {"send", compression_json(protocols->ccp.send, session.row.totals.downlink_octets,
                                                 session.tx_saved)}}
                : Json();
  json["ipcp"] = protocols ? ipcp_json(protocols->ipcp) : Json();
  json["ipv6cp"] = protocols ? ipv6cp_json(protocols->ipv6cp) : Json();
  json["timers"] = timers_json(session.details);
  json["granted"] = terms_json(session.details);
  json["drops_by_reason"] = drops_json(session);
  json["gre"] = gre_json(session);
  json["line"] = line_json(session.details);
  return json;
}

}  // namespace

void show_session(const Json& params, OperatorBackend& backend, const Answer& answer) {
  auto selector = read_selector(params);
  if (!selector || params.size() != 2 || selector->by == control::SessionSelector::By::kAll) {
    answer(selector ? invalid_params(R"(show.session takes {"by": "username"|"ip"|"sid", "value": "..."})")
                    : std::unexpected(selector.error()));
    return;
  }
  const auto reply = [answer](const std::vector<SessionInFull>& sessions, std::size_t calls) {
    Json rows = Json::array();
    for (const SessionInFull& session : sessions) {
      rows.push_back(in_full(session));
    }
    answer(Json{{"calls", calls}, {"sessions", std::move(rows)}});
  };
  const auto meant = meanings_of(*selector);
  backend.inspect(meant.front(), [&backend, last = meant.back(), is_last = meant.size() == 1, reply](
                                     const std::vector<SessionInFull>& sessions, std::size_t calls) {
    if (sessions.empty() && !is_last) {
      backend.inspect(last, reply);
    } else {
      reply(sessions, calls);
    }
  });
}

}  // namespace adit::app
