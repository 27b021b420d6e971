// SPDX-License-Identifier: Apache-2.0
// The users of a chap-secrets file, as an AuthBackend that answers at once.
// Thread: control. Owner: aditd.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "controlplane/auth/auth_backend.hpp"
#include "controlplane/auth/eap_tls.hpp"
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
  /// them on must answer both alike. Whom a certificate names needs no entry; one of exactly that name, or that of `*`,
  /// says what the user may have, and its password is not asked for.
  void authenticate(AuthRequest request, AuthClient& client) override;
  void cancel(AuthClient& /*client*/) override {}  // authenticate() has always answered when it returns

  /// Lets users in by certificate (EAP-TLS), too. `logins` outlive this.
  void allow_certificates(TlsLogins& logins) { tls_ = &logins; }
  [[nodiscard]] std::unique_ptr<EapMethod> make_eap_method(wire::EapType type, EapMethodHost& host) override;

 private:
  UserTable users_;
  TlsLogins* tls_ = nullptr;
  LocalUser nobody_;  // stands in for unknown users; no proof matches it
};

}  // namespace adit::control
