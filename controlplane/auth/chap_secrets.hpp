// SPDX-License-Identifier: Apache-2.0
// The chap-secrets file, a user on each line: `user server password [address [rate [networks [link]]]]`, in one of
// three dialects. A line that cannot be used costs its user alone. Thread: any. Pure, but for the files that it names.
#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/auth/secret_notes.hpp"
#include "controlplane/auth/secrets_dialect.hpp"
#include "controlplane/base/settings.hpp"
#include "crypto/secret.hpp"
#include "dataplane/wire/ids.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::control {

/// How a file is read, and what its columns may name.
struct SecretsReading {
  SecretsDialect dialect = SecretsDialect::kPppd;
  bool encrypted = false;     ///< passwords are NT hashes, as accel-ppp's `encrypted` has them
  std::string_view server{};  ///< our name, for the second column
  std::set<std::string, std::less<>> pools{};  ///< for the fourth column
  /// The text of the file that a password `@/path` names (pppd, poptop), or why there is none. Unset: none is read.
  std::function<std::expected<std::string, std::string>(const std::string& path)> read_file{};
};

struct ChapSecret {
  std::size_t line = 0;    ///< where the entry begins, from 1
  std::string user;        ///< "*": anyone
  bool any_server = true;  ///< false: it names this one
  crypto::SecretText password{};
  std::optional<crypto::Secret<16>> nt_hash{};  ///< in place of the password
  std::optional<wire::Ipv4Address> address{};   ///< none: one from the pool
  std::string pool{};                           ///< empty: the usual one
  std::optional<SubscriberRate> rate{};         ///< none: the configured one
  std::vector<wire::Ipv4Prefix> routes{};       ///< networks behind the user
  std::vector<wire::Ipv6Prefix> routes6{};
  std::optional<wire::Ipv6Prefix> link{};  ///< the /64 of the user's link; none: one from the pool
};

/// Calls `use` with each entry of this server, in the file's order; what is skipped, ignored or ambiguous goes into
/// `notes`.
void read_chap_secrets(std::string_view text, const SecretsReading& reading, SecretNotes& notes,
                       const std::function<void(ChapSecret&&)>& use);

}  // namespace adit::control
