// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <chrono>

#include "app/aditd/operator/handlers.hpp"
#include "app/escape.hpp"

namespace adit::app {
namespace {

std::int64_t seconds_of(control::Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

// accel-ppp's terms.
std::string_view state_of(const control::CallStatus& call) {
  using Phase = control::SessionStatus::Phase;
  if (call.ending || call.session.phase == Phase::kTerminate) {
    return "finish";
  }
  return call.session.phase == Phase::kUp ? "active" : "start";
}

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

std::string routes_text(const std::vector<wire::Ipv4Prefix>& routes) {
  std::string text;
  for (const wire::Ipv4Prefix& route : routes) {
    text += (text.empty() ? "" : ",") + to_string(route);
  }
  return text;
}

std::string address_text(wire::Ipv4Address address) {
  return address.is_none() ? "" : wire::to_string(address);
}

// Built by hand: a Json tree costs several times as much. Only the user name comes from outside, in the form that
// logs have and commands take; all other text is ours and needs no escaping.
std::string session_json(const SessionRow& row) {
  const control::CallStatus& call = row.call;
  return fmt::format(
      R"({{"sid":"{}","username":{},"calling_sid":"{}","called_sid":"{}","ip":"{}","type":"pptp","auth":"{}",)"
      R"("mppe":{},"mppe_mode":"{}","state":"{}","phase":"{}","uptime_seconds":{},"rx_bytes":{},"tx_bytes":{},"rx_packets":{},)"
      R"("tx_packets":{},"drops":{},"mru":{},"worker":{},"call_id":{},"peer_call_id":{},"rate_limit":"{}","routes":"{}"}})",
      call.session_id, dump(escape_octets(call.session.user)), address_text(call.peer),
      address_text(call.local), address_text(call.session.address), call.session.auth_method,
      call.session.mppe != "none", call.session.mppe, state_of(call), phase_of(call.session.phase),
      seconds_of(row.uptime), row.totals.uplink_octets, row.totals.downlink_octets, row.totals.uplink_packets,
      row.totals.downlink_packets, row.totals.drops, call.session.peer_mru, call.call.worker.value,
      call.local_id.value, call.peer_id.value, control::to_string(call.rate), routes_text(call.routes));
}

}  // namespace

List show_sessions(const OperatorBackend& backend) {
  return {.head = R"({"sessions":[)",
          .next =
              [next = backend.sessions()](const List::Row& row) {
                return next([&](const SessionRow& session) { row(session_json(session)); });
              },
          .tail = "]}"};
}

}  // namespace adit::app
