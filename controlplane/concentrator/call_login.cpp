// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/call_login.hpp"

#include <utility>
#include <variant>

#include "controlplane/concentrator/call_record.hpp"
#include "controlplane/concentrator/concentrator_core.hpp"
#include "controlplane/concentrator/user_limits.hpp"

namespace adit::control {
namespace {

constexpr std::size_t kLongestUser = 253;  // RFC 2865 §5: no request and no record could tell of a longer one

}  // namespace

void CallLogin::authenticate(AuthRequest request, AuthClient& session) {
  if (request.user.size() > kLongestUser) {
    ++core_.stats.auth_rejected;
    session.on_verdict(AuthRejected{});
    return;
  }
  session_ = &session;
  claimed_user_ = request.user;
  core_.auth.authenticate(std::move(request), *this);
}

void CallLogin::cancel(AuthClient&) {
  session_ = nullptr;
  core_.auth.cancel(*this);
}

void CallLogin::on_verdict(const AuthVerdict& verdict) {
  if (call_.finished() || session_ == nullptr) {
    return;
  }
  const auto* accepted = std::get_if<AuthAccepted>(&verdict);
  const std::string claimed = std::exchange(claimed_user_, {});
  core_.stats.auth_accepted += accepted != nullptr ? 1 : 0;
  const bool rejected =
      std::holds_alternative<AuthRejected>(verdict) || std::holds_alternative<AuthUnusable>(verdict);
  core_.stats.auth_rejected += rejected ? 1 : 0;
  if (accepted != nullptr) {
    const std::string user = subscriber_name(*accepted, claimed);
    if (!may_add_call(core_, call_, user, accepted->port_limit)) {
      session_->on_verdict(AuthRejected{});
      return;
    }
    call_.admit(user, *accepted);
  }
  session_->on_verdict(verdict);
}

}  // namespace adit::control
