// SPDX-License-Identifier: Apache-2.0
#include "controlplane/auth/user_table.hpp"

#include <utility>

#include "crypto/mschap.hpp"

namespace adit::control {

std::optional<std::string> UserTable::add(ChapSecret&& secret) {
  LocalUser user{.line = secret.line,
                 .any_server = secret.server == "*",
                 .password = std::move(secret.password),
                 .nt_hash = {},
                 .address = secret.address,
                 .rate = secret.rate,
                 .routes = std::move(secret.routes)};
  user.nt_hash = crypto::nt_password_hash(user.password.bytes());
  const auto [known, fresh] = users_.try_emplace(std::move(secret.user), std::move(user));
  if (fresh) {
    return std::nullopt;
  }
  const bool better = known->second.any_server && !user.any_server;
  const std::size_t ignored = better ? known->second.line : user.line;
  if (better) {
    known->second = std::move(user);
  }
  return "line " + std::to_string(ignored) + ": the same user stands on line " +
         std::to_string(known->second.line) + ", which counts; this one is ignored";
}

std::optional<UserTable::Match> UserTable::find(std::string_view name) const {
  const std::string_view bare = crypto::without_domain(name);
  for (const std::string_view form : {name, bare, kAnyone}) {
    if (const auto found = users_.find(form); found != users_.end()) {
      return Match{form == kAnyone ? bare : form, found->second};
    }
  }
  return std::nullopt;
}

std::expected<ParsedUsers, std::string> parse_users(std::string_view text, std::string_view server_name) {
  auto secrets = parse_chap_secrets(text);
  if (!secrets) {
    return std::unexpected(std::move(secrets.error()));
  }
  ParsedUsers parsed{.users = {}, .notes = std::move(secrets->notes)};
  parsed.users.reserve(secrets->entries.size());
  for (ChapSecret& secret : secrets->entries) {
    if (secret.server != "*" && secret.server != server_name) {
      parsed.notes.push_back("line " + std::to_string(secret.line) + ": is for the server '" + secret.server +
                             "', and this one is '" + std::string(server_name) + "': ignored");
    } else if (auto note = parsed.users.add(std::move(secret))) {
      parsed.notes.push_back(std::move(*note));
    }
  }
  return parsed;
}

}  // namespace adit::control
