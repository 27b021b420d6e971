// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "app/aditd/config/section.hpp"

namespace adit::app {
namespace {

using contract::ReorderMode;
using control::SetLinkInfoPolicy;
using namespace std::chrono_literals;

constexpr std::uint64_t kIdsPerAddress = 65'535;  // a call ID is 16 bits and never 0
const DurationKind kDeadline{100ms, 1h};

}  // namespace

Section pptp_section() {
  return {
      .name = "pptp",
      .help = "Control connections and calls (RFC 2637).",
      .keys = {
          ADIT_KEY(kNextStart, "bind", "[\"192.0.2.1\"]", bind,
                   (ListKind<Ipv4Kind>{{}, "write [\"192.0.2.1\"]"}),
                   "Addresses of this machine that clients dial. Each has 65,535 call IDs of its own."),
          ADIT_KEY(kNextStart, "port", "", tcp_port, (NumberKind<std::uint16_t>{1, 65'535}),
                   "TCP port of the control connection."),
          ADIT_KEY(kNewCalls, "echo-interval", "", control.pptp.echo_interval, (DurationKind{1s, 24h}),
                   "Silence on a control connection before our Echo-Request (RFC 2637: 60 s)."),
          ADIT_KEY(kNewCalls, "echo-timeout", "", control.pptp.echo_timeout, (DurationKind{1s, 24h}),
                   "How long its Echo-Reply may take; then the connection and its calls end."),
          ADIT_KEY(kNewCalls, "start-timeout", "", control.pptp.start_timeout, kDeadline,
                   "From TCP accept to Start-Control-Connection-Request."),
          ADIT_KEY(kNewCalls, "call-timeout", "", control.pptp.call_timeout, kDeadline,
                   "How long a connection may be without a call, and a call that is brought in without its "
                   "caller."),
          ADIT_KEY(kNewCalls, "login-timeout", "", control.pptp.login_timeout, kDeadline,
                   "From TCP accept to a successful login, whatever happens in between."),
          ADIT_KEY(kNewCalls, "stop-timeout", "", control.pptp.stop_timeout, kDeadline,
                   "How long we wait for Stop-Control-Connection-Reply before we close."),
          ADIT_KEY(
              kNewCalls, "set-link-info", "", control.pptp.set_link_info,
              (ChoiceKind<SetLinkInfoPolicy>{{{"mirror", SetLinkInfoPolicy::kMirror},
                                              {"never", SetLinkInfoPolicy::kNever},
                                              {"always", SetLinkInfoPolicy::kAlways}}}),
              "Set-Link-Info after LCP opens: \"mirror\" to clients that sent one, \"never\" or \"always\".\n"
              "\"never\" helps with pass-through routers that dislike it."),
          ADIT_KEY(
              kNewCalls, "incoming-calls", "", control.pptp.incoming_calls, kAllowDeny,
              "Calls that the other side brings in, as an access concentrator (RFC 2637's PAC) does for its "
              "callers:\n"
              "\"allow\" or \"deny\". RADIUS is told their numbers (Calling-Station-Id, "
              "Called-Station-Id)."),
          ADIT_KEY(
              kNextStart, "reorder", "", data_plane.reorder.mode,
              (ChoiceKind<ReorderMode>{{{"off", ReorderMode::kOff},
                                        {"fixed", ReorderMode::kFixed},
                                        {"adaptive", ReorderMode::kAdaptive}}}),
              "GRE packets that overtook others: \"off\" discards the late ones, \"fixed\" waits for them\n"
              "at every gap, \"adaptive\" in calls that have been seen to receive packets late, as long as "
              "waiting pays."),
          ADIT_KEY(kNextStart, "reorder-timeout", "", data_plane.reorder.timeout_ms,
                   (NumberKind<std::uint16_t>{1, 1000}),
                   "How many milliseconds a packet waits at most for an earlier one."),
          ADIT_KEY(kNewCalls, "receive-window", "", control.pptp.receive_window,
                   (NumberKind<std::uint16_t>{1, 65'535}),
                   "Packet Receive Window Size that we announce, in packets."),
          ADIT_KEY(kNewCalls, "max-calls-per-connection", "", control.pptp.max_calls_per_connection,
                   (NumberKind<std::uint32_t>{1, 65'535}),
                   "Calls on one control connection; clients make one."),
          ADIT_KEY(kNow, "max-connections", "", control.pptp.max_connections, kCount,
                   "Control connections, together."),
          ADIT_KEY(
              kNow, "max-connections-per-address", "", control.pptp.max_connections_per_address,
              (NumberKind<std::uint32_t>{0, 10'000'000}),
              "And from one client address, 0: any number. Many subscribers may share one behind NAT, and\n"
              "when something is scarce, the address that holds most without a login gives way anyway."),
          ADIT_KEY(kNow, "accept-rate", "", accept_rate, (NumberKind<std::uint32_t>{0, 1'000'000}),
                   "New control connections per second; more wait, and client addresses are served in turn,\n"
                   "so that a redial storm takes nothing from the calls that are up. 0: no limit."),
          ADIT_KEY(kNow, "max-output-octets", "", control.pptp.max_output_octets,
                   (NumberKind<std::uint32_t>{1024, 16'777'216}),
                   "Unsent octets at which a client that does not read its connection is closed."),
          ADIT_KEY(kNewCalls, "max-messages-per-second", "", control.pptp.max_messages_per_second,
                   (NumberKind<std::uint32_t>{1, 1'000'000}),
                   "Control messages of one connection; a faster one is closed."),
          ADIT_KEY(kNewCalls, "host-name", "", control.pptp.host_name, kPptpName,
                   "Host Name in Start-Control-Connection-Reply; clients show or log it."),
          ADIT_KEY(kNewCalls, "vendor-name", "", control.pptp.vendor_name, kPptpName,
                   "Vendor String beside it."),
      }};
}

void check_bind(const Config& config, const Places& places, Problems& problems) {
  if (!places.usable("pptp") || !places.usable("pptp.bind")) {
    return;
  }
  if (config.bind.empty()) {
    problems.error(position(places, "pptp.bind"), "pptp.bind", "", "missing or empty",
                   "list the addresses that clients dial: bind = [\"192.0.2.1\"]");
  }
  for (std::size_t i = 0; i < config.bind.size(); ++i) {
    const auto end = config.bind.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(config.bind.begin(), end, config.bind[i]) != end) {
      problems.error(element_position(places, "pptp.bind", i), "pptp.bind", in_quotes(config.bind[i]),
                     "is there twice", "list each address once");
    }
  }
  const std::uint64_t ids = config.bind.size() * kIdsPerAddress;
  if (ids != 0 && config.data_plane.max_calls > ids && places.usable("common.max-sessions")) {
    problems.warning(position(places, "common.max-sessions"), "common.max-sessions",
                     std::to_string(config.data_plane.max_calls),
                     "is more than the " + std::to_string(ids) + " call IDs of the bound addresses",
                     "add addresses to pptp.bind: each has 65,535");
  }
}

/// Each call needs a connection, of which a client has one for itself.
void check_connections(const Config& config, const Places& places, Problems& problems) {
  const control::PptpSettings& pptp = config.control.pptp;
  const std::uint64_t calls = std::uint64_t{pptp.max_connections} * pptp.max_calls_per_connection;
  if (calls >= config.data_plane.max_calls || !places.usable("pptp.max-connections") ||
      !places.usable("pptp.max-calls-per-connection") || !places.usable("common.max-sessions")) {
    return;
  }
  const bool is_set = places.find("pptp.max-connections") != nullptr;
  const std::string sessions = std::to_string(config.data_plane.max_calls);
  const std::string connections = std::to_string(pptp.max_connections);
  problems.warning(position(places, is_set ? "pptp.max-connections" : "common.max-sessions"),
                   is_set ? "pptp.max-connections" : "common.max-sessions", is_set ? connections : sessions,
                   is_set ? "is less than common.max-sessions = " + sessions
                          : "is more than pptp.max-connections = " + connections,
                   "each call has a connection: raise max-connections, or lower max-sessions");
}

}  // namespace adit::app
