// SPDX-License-Identifier: Apache-2.0
// The users of a chap-secrets file, as an AuthBackend that answers at once.
// Thread: control. Owner: aditd.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "controlplane/auth/auth_backend.hpp"
#include "controlplane/auth/user_table.hpp"

namespace adit::control {

class LocalUsers final : public AuthBackend {
 public:
  explicit LocalUsers(UserTable users = {});

  /// Replaces all users and returns the previous ones, so that the caller may destroy them on another thread.
  UserTable use(UserTable users) { return std::exchange(users_, std::move(users)); }

  [[nodiscard]] std::size_t size() const { return users_.size(); }
  [[nodiscard]] std::vector<wire::Ipv4Address> fixed_addresses() const { return users_.fixed_addresses(); }
  [[nodiscard]] std::vector<wire::Ipv6Prefix> fixed_prefixes() const { return users_.fixed_prefixes(); }

  /// An unknown user costs as much as a wrong password. Both are rejections, and differ in `fault`: whoever passes one of
  /// them on must answer both alike.
  void authenticate(AuthRequest request, AuthClient& client) override;
  void cancel(AuthClient& /*client*/) override {}  // authenticate() has always answered when it returns

 private:
  UserTable users_;
  LocalUser nobody_;  // stands in for unknown users; no proof matches it
};

}  // namespace adit::control
