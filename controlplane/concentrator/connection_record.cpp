// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/connection_record.hpp"

#include <utility>

#include "controlplane/concentrator/concentrator_core.hpp"

namespace adit::control {

ConnectionRecord::ConnectionRecord(ConcentratorCore& the_core, ConnectionId the_id,
                                   wire::Ipv4Address the_peer, wire::Ipv4Address the_local, Instant accepted)
    : core(the_core),
      id(the_id),
      peer(the_peer),
      local(the_local),
      since(accepted),
      settings(the_core.settings),
      claim(*this),
      protocol(settings->pptp, the_core.wheel, *this),
      login_deadline_(the_core.wheel, on_timer<&ConnectionRecord::on_login_deadline>, this) {
  login_deadline_.arm(settings->pptp.login_timeout);
}

std::optional<CarriedConnection> ConnectionRecord::carried() const {
  auto pptp = protocol.carried();
  if (!pptp || tcp_closed) {
    return std::nullopt;
  }
  CarriedConnection carried{.id = id,
                            .peer = peer,
                            .local = local,
                            .since = since,
                            .started = started,
                            .calls = calls,
                            .pptp = std::move(*pptp),
                            .calls_now = {},
                            .unsent = {}};
  for (const PptpCall* call : protocol.calls()) {
    carried.calls_now.push_back({.local_id = call->local_id, .incoming = call->incoming != nullptr});
  }
  const auto unsent = core.actions.unsent(id);
  carried.unsent.assign(unsent.begin(), unsent.end());
  return carried;
}

bool ConnectionRecord::adopt(const CarriedConnection& from) {
  started = from.started;
  calls = from.calls;
  login_deadline_.cancel();
  return protocol.adopt(from.pptp);
}

void ConnectionRecord::call_began() {
  ++calls;
  ++live_calls_;
  core.records.mark(*this);
}

void ConnectionRecord::call_changed(PptpCall& call) {
  core.records.mark(static_cast<CallRecord&>(call).ref);
}

void ConnectionRecord::call_logged_in() {
  ever_logged_in = true;
  if (logged_in_calls_++ == 0) {
    login_deadline_.cancel();
    core.connection_shares.set_logged_in(claim, true);
  }
}

void ConnectionRecord::call_over(bool was_logged_in, EndReason reason) {
  last_call_ended_by_ = reason;
  --live_calls_;
  core.records.mark(*this);
  if (was_logged_in && --logged_in_calls_ == 0 &&
      (live_calls_ != 0 || protocol.outlives_calls())) {  // the others have yet to log in
    core.connection_shares.set_logged_in(claim, false);
    login_deadline_.arm(settings->pptp.login_timeout);
  }
}

void ConnectionRecord::on_login_deadline() {
  protocol.stop(EndReason::kSetupTimeout, "no login within pptp.login-timeout");
}

void ConnectionRecord::send(wire::Bytes message) {
  if (!tcp_closed) {
    core.actions.send(id, message);
  }
}

void ConnectionRecord::connection_established(const pptp::StartControlConnectionRequest& request) {
  started = core.wheel.now();
  core.log.event(Severity::kDebug, "connection_established",
                 {{"peer", wire::to_string(peer)},
                  {"local", wire::to_string(local)},
                  {"host", std::string(request.host_name.text())},
                  {"vendor", std::string(request.vendor_string.text())},
                  {"firmware", std::to_string(request.firmware_revision)}});
}

std::expected<PptpCall*, EndReason> ConnectionRecord::install_call(const CallRequest& request) {
  return core.install(*this, request.peer_id);
}

void ConnectionRecord::call_answered(PptpCall& call) {
  auto& answered = static_cast<CallRecord&>(call);
  core.log.event(Severity::kDebug, "call_dialled",
                 {{"sid", answered.session_id()},
                  {"peer", wire::to_string(peer)},
                  {"local", wire::to_string(local)},
                  {"peer_call_id", std::to_string(answered.peer_id.value)},
                  {"worker", std::to_string(answered.ref.worker.value)},
                  {"calling", calling_station(answered.stations(), peer)},
                  {"called", called_station(answered.stations(), local)}});
  answered.start_ppp();
}

void ConnectionRecord::call_refused(wire::PeerCallId peer_id, EndReason reason, std::string_view why) {
  last_call_ended_by_ = reason;
  const std::string_view ours = std::exchange(lacks, {});
  core.count_end(reason);
  core.log.event(Severity::kFailure, "call_refused",
                 {{"peer", wire::to_string(peer)},
                  {"local", wire::to_string(local)},
                  {"peer_call_id", std::to_string(peer_id.value)},
                  {"reason", std::string(to_text(reason))},
                  {"why", std::string(why.empty() ? ours : why)}});
  StoryRow row = told();
  row.peer_id = peer_id;
  row.reason = reason;
  row.session.why = why.empty() ? ours : why;
  row.story.pass(Gate::kCall, core.wheel.now());
  row.story.pass(Gate::kEnd, core.wheel.now());
  core.stories.add(std::move(row), {.user = {}, .peer = peer});
}

StoryRow ConnectionRecord::told() const {
  StoryRow row{.story = CallStory(since), .age = core.wheel.now() - since, .peer = peer, .local = local};
  if (started) {
    row.story.pass(Gate::kStart, *started);
  }
  return row;
}

void ConnectionRecord::call_cleared(PptpCall& call, EndReason reason, std::string_view why) {
  static_cast<CallRecord&>(call).cleared(reason, why);
}

void ConnectionRecord::wan_errors_told(std::uint64_t more) {
  ++core.stats.wan_error_notifies;
  core.stats.wan_errors += more;
}

void ConnectionRecord::message_ignored(pptp::ControlType type, std::string_view why) {
  core.log.event(Severity::kDebug, "control_message_ignored",
                 {{"peer", wire::to_string(peer)},
                  {"local", wire::to_string(local)},
                  {"type", std::to_string(static_cast<unsigned>(type))},
                  {"why", std::string(why)}});
}

void ConnectionRecord::connection_ended(EndReason reason, std::string_view detail) {
  login_deadline_.cancel();
  core.connection_over(*this, reason, detail);
}

}  // namespace adit::control
