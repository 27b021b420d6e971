// SPDX-License-Identifier: Apache-2.0
// The users of a chap-secrets file, ready for lookup: which entry applies to a name on this server, and its
// NT hash. A value that one thread may build and another use. Any thread, once crypto::initialise() has
// succeeded.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "controlplane/auth/chap_secrets.hpp"
#include "controlplane/base/settings.hpp"
#include "crypto/secret.hpp"
#include "dataplane/wire/ids.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::control {

struct LocalUser {
  std::size_t line = 0;
  bool any_server = true;
  bool hash_only = false;  ///< the password itself is not known
  crypto::SecretText password;
  crypto::Secret<16> nt_hash;
  std::optional<wire::Ipv4Address> address;
  std::string pool{};  ///< empty: the usual one
  std::optional<SubscriberRate> rate;
  std::vector<wire::Ipv4Prefix> routes{};
  std::vector<wire::Ipv6Prefix> routes6{};
  std::optional<wire::Ipv6Prefix> link{};
};

class UserTable {
 public:
  struct Match {
    std::string_view
        name;  ///< the entry's, or of `*` the one asked for without its domain; lives as long as that
    const LocalUser& user;
  };
  /// Looks up the user as sent, then without the domain, then `*`; nothing: none of these.
  [[nodiscard]] std::optional<Match> find(std::string_view name) const;
  /// Looks up this very name, then `*`: of two certificates, "a@x" and "a@y", one must not get what is the other's. Null:
  /// neither.
  [[nodiscard]] const LocalUser* find_exactly(std::string_view name) const;
  [[nodiscard]] std::size_t size() const { return users_.size(); }
  /// A name and its user.
  using Entry = std::pair<const std::string, LocalUser>;
  /// Those with an address, a link or networks of their own, of either family, in the file's order. Visits all users.
  [[nodiscard]] std::vector<const Entry*> with_addresses() const;
  /// Their addresses, ascending, each once. Visits all users.
  [[nodiscard]] std::vector<wire::Ipv4Address> fixed_addresses() const;
  /// Their links' prefixes and networks of IPv6, likewise: no pool may delegate these to another.
  [[nodiscard]] std::vector<wire::Ipv6Prefix> fixed_prefixes() const;

  /// Two lines of one user.
  struct Duplicate {
    std::size_t ignored = 0;
    std::size_t counts = 0;
    bool names_server = false;  ///< that is why it counts; else because it is the first
  };
  /// As in pppd, an entry for this server takes precedence over one for any server, and the first of equals
  /// applies.
  [[nodiscard]] std::optional<Duplicate> add(ChapSecret&& secret);

 private:
  static constexpr std::string_view kAnyone = "*";
  struct TextHash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::unordered_map<std::string, LocalUser, TextHash, std::equal_to<>> users_;
};

struct ParsedUsers {
  UserTable users;                                   ///< who can log in
  std::vector<wire::Ipv4Address> fixed_addresses{};  ///< users.fixed_addresses()
  std::vector<wire::Ipv6Prefix> fixed_prefixes{};    ///< users.fixed_prefixes()
  std::vector<SecretNote> notes;
};

/// Reads a chap-secrets file; see read_chap_secrets().
[[nodiscard]] ParsedUsers parse_users(std::string_view text, const SecretsReading& reading);

}  // namespace adit::control
