// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/user_limits.hpp"

#include "controlplane/concentrator/call_record.hpp"
#include "controlplane/concentrator/concentrator_core.hpp"

namespace adit::control {
namespace {

/// False: denied, because the user already has a call.
bool is_single(ConcentratorCore& core, const CallRecord& call, const std::string& user) {
  if (core.settings.single_session == SingleSession::kOff) {
    return true;
  }
  const bool deny = core.settings.single_session == SingleSession::kDeny;
  for (CallRecord* other : core.directory.of_user(user)) {
    if (other == &call || other->finished()) {
      continue;
    }
    core.log.event(Severity::kWarning, deny ? "second_session_denied" : "session_replaced",
                   {{"user", user},
                    {"peer", wire::to_string(call.peer())},
                    {"sid", deny ? call.session_id() : other->session_id()},
                    {"other_sid", deny ? other->session_id() : call.session_id()}});
    if (deny) {
      return false;
    }
    other->end(EndReason::kReplaced);
  }
  return true;
}

bool is_within(ConcentratorCore& core, const CallRecord& call, const std::string& user,
               std::optional<std::uint32_t> port_limit) {
  if (!port_limit) {
    return true;
  }
  const bool is_listed = call.user_links.user != nullptr && *call.user_links.user == core.directory.key_of(user);
  if (core.directory.count_of(user) - (is_listed ? 1 : 0) < *port_limit) {  // ended calls are not listed
    return true;
  }
  core.log.event(Severity::kWarning, "port_limit_reached",
                 {{"user", user},
                  {"peer", wire::to_string(call.peer())},
                  {"sid", call.session_id()},
                  {"limit", std::to_string(*port_limit)}});
  return false;
}

}  // namespace

bool may_add_call(ConcentratorCore& core, const CallRecord& call, const std::string& user,
                  std::optional<std::uint32_t> port_limit) {
  return is_single(core, call, user) && is_within(core, call, user, port_limit);
}

}  // namespace adit::control
