// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/user_limits.hpp"

#include "controlplane/concentrator/call_record.hpp"
#include "controlplane/concentrator/concentrator_core.hpp"

namespace adit::control {
namespace {

using Allowed = std::expected<void, std::string>;

/// Denied if the user already has a call.
Allowed is_single(ConcentratorCore& core, const CallRecord& call, const std::string& user) {
  if (core.settings->single_session == SingleSession::kOff) {
    return {};
  }
  const bool deny = core.settings->single_session == SingleSession::kDeny;
  for (CallRecord* other : core.directory.of_user(user)) {
    if (other == &call || other->finished()) {
      continue;
    }
    core.log.event(deny ? Severity::kFailure : Severity::kRecord,
                   deny ? "second_session_denied" : "session_replaced",
                   {{"sid", deny ? call.session_id() : other->session_id()},
                    {"peer", wire::to_string(call.peer())},
                    {"other_sid", deny ? other->session_id() : call.session_id()},
                    {"user", user}});
    if (deny) {
      return std::unexpected("has a call already, sid " + other->session_id() +
                             ", and single-session denies another");
    }
    other->end(EndReason::kReplaced, "by sid " + call.session_id() + ", peer " +
                                         wire::to_string(call.peer()) + ": single-session is replace");
  }
  return {};
}

Allowed is_within(ConcentratorCore& core, const CallRecord& call, const std::string& user,
                  std::optional<std::uint32_t> port_limit) {
  if (!port_limit) {
    return {};
  }
  const bool is_listed =
      call.user_links.user != nullptr && *call.user_links.user == core.directory.key_of(user);
  if (core.directory.count_of(user) - (is_listed ? 1 : 0) < *port_limit) {  // ended calls are not listed
    return {};
  }
  core.log.event(Severity::kFailure, "port_limit_reached",
                 {{"sid", call.session_id()},
                  {"peer", wire::to_string(call.peer())},
                  {"limit", std::to_string(*port_limit)},
                  {"user", user}});
  return std::unexpected("has as many calls as its Port-Limit allows, " + std::to_string(*port_limit));
}

}  // namespace

std::expected<void, std::string> may_add_call(ConcentratorCore& core, const CallRecord& call,
                                              const std::string& user,
                                              std::optional<std::uint32_t> port_limit) {
  const Allowed single = is_single(core, call, user);
  return single ? is_within(core, call, user, port_limit) : single;
}

}  // namespace adit::control
