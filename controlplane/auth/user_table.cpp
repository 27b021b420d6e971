// SPDX-License-Identifier: Apache-2.0
#include "controlplane/auth/user_table.hpp"

#include <algorithm>
#include <utility>

#include "crypto/mschap.hpp"

namespace adit::control {
namespace {

template <typename Value>
void make_set(std::vector<Value>& values) {
  std::ranges::sort(values);
  const auto repeated = std::ranges::unique(values);
  values.erase(repeated.begin(), repeated.end());
}

}  // namespace

std::optional<UserTable::Duplicate> UserTable::add(ChapSecret&& secret) {
  LocalUser user{.line = secret.line,
                 .any_server = secret.any_server,
                 .hash_only = secret.nt_hash.has_value(),
                 .password = std::move(secret.password),
                 .nt_hash = {},
                 .address = secret.address,
                 .pool = std::move(secret.pool),
                 .rate = secret.rate,
                 .routes = std::move(secret.routes),
                 .routes6 = std::move(secret.routes6),
                 .link = secret.link};
  user.nt_hash = secret.nt_hash ? *secret.nt_hash : crypto::nt_password_hash(user.password.bytes());
  const auto [known, fresh] = users_.try_emplace(std::move(secret.user), std::move(user));
  if (fresh) {
    return std::nullopt;
  }
  const bool better = known->second.any_server && !user.any_server;
  const std::size_t ignored = better ? known->second.line : user.line;
  if (better) {
    known->second = std::move(user);
  }
  return Duplicate{.ignored = ignored,
                   .counts = known->second.line,
                   .names_server = !known->second.any_server && (better || user.any_server)};
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

const LocalUser* UserTable::find_exactly(std::string_view name) const {
  for (const std::string_view form : {name, kAnyone}) {
    if (const auto found = users_.find(form); found != users_.end()) {
      return &found->second;
    }
  }
  return nullptr;
}

std::vector<const UserTable::Entry*> UserTable::with_addresses() const {
  std::vector<const Entry*> found;
  for (const Entry& entry : users_) {
    const LocalUser& user = entry.second;
    if (user.address || user.link || !user.routes.empty() || !user.routes6.empty()) {
      found.push_back(&entry);
    }
  }
  std::ranges::sort(found, {}, [](const Entry* entry) { return entry->second.line; });
  return found;
}

std::vector<wire::Ipv4Address> UserTable::fixed_addresses() const {
  std::vector<wire::Ipv4Address> addresses;
  for (const auto& [name, user] : users_) {
    if (user.address) {
      addresses.push_back(*user.address);
    }
  }
  make_set(addresses);
  return addresses;
}

std::vector<wire::Ipv6Prefix> UserTable::fixed_prefixes() const {
  std::vector<wire::Ipv6Prefix> prefixes;
  for (const auto& [name, user] : users_) {
    prefixes.insert(prefixes.end(), user.routes6.begin(), user.routes6.end());
    if (user.link) {
      prefixes.push_back(*user.link);
    }
  }
  make_set(prefixes);
  return prefixes;
}

ParsedUsers parse_users(std::string_view text, const SecretsReading& reading) {
  ParsedUsers parsed;
  SecretNotes notes;
  read_chap_secrets(text, reading, notes, [&](ChapSecret&& secret) {
    const std::string user = secret.user;
    if (const auto twice = parsed.users.add(std::move(secret))) {
      notes.add(SecretNoteKind::kDuplicate, twice->ignored, user,
                "is on line " + std::to_string(twice->counts) + ", too, which counts, as " +
                    (twice->names_server ? "it names this server" : "it comes first") +
                    "; this line is ignored",
                "remove one of them");
    }
  });
  parsed.notes = notes.take();
  parsed.fixed_addresses = parsed.users.fixed_addresses();
  parsed.fixed_prefixes = parsed.users.fixed_prefixes();
  return parsed;
}

}  // namespace adit::control
