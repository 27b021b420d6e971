// SPDX-License-Identifier: Apache-2.0
// The users of a chap-secrets file, as an AuthBackend that answers at once.
// Thread: control. Owner: aditd.
#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "controlplane/auth/auth_backend.hpp"
#include "controlplane/auth/chap_secrets.hpp"
#include "crypto/secret.hpp"

namespace adit::control {

class LocalUsers final : public AuthBackend {
 public:
  /// Only entries whose server column is `*` or `server_name` count. crypto::initialise() has succeeded.
  explicit LocalUsers(std::string server_name);

  /// Replaces all users by those of `text`, or leaves them as they are and says why. The result has notes on what was
  /// not used.
  [[nodiscard]] std::expected<std::vector<std::string>, std::string> load(std::string_view text);

  [[nodiscard]] std::size_t size() const { return users_.size(); }

  /// The user as sent, then without a domain, then `*`. An unknown user costs what a wrong password costs and gets the
  /// same answer.
  void authenticate(AuthRequest request, AuthClient& client) override;
  void cancel(AuthClient& /*client*/) override {}  // every verdict is in before authenticate() returns

 private:
  struct User {
    std::size_t line = 0;
    bool any_server = true;
    crypto::SecretText password;
    crypto::Secret<16> nt_hash;
    std::optional<wire::Ipv4Address> address;
    std::optional<SubscriberRate> rate;
    std::vector<wire::Ipv4Prefix> routes{};
  };
  struct TextHash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using Users = std::unordered_map<std::string, User, TextHash, std::equal_to<>>;

  [[nodiscard]] const User* find(std::string_view name) const;
  static void add(Users& users, ChapSecret&& secret, std::vector<std::string>& notes);

  std::string server_name_;
  Users users_;
  User nobody_;  // stands in for unknown users; nothing verifies against it
};

}  // namespace adit::control
