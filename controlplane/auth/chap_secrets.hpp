// SPDX-License-Identifier: Apache-2.0
// The chap-secrets file as pppd and accel-ppp read it: `user server password [address [rate [networks]]]`,
// one entry per line. Words are separated by blanks; "..." and '...' quote; backslash escapes as in C (\n \t
// \\ \ooo \xhh, \s a blank; any other character stands for itself, and a line end joins two lines); # begins
// a comment.
// Thread: any. Pure.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/base/settings.hpp"
#include "crypto/secret.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::control {

struct ChapSecret {
  std::size_t line = 0;  ///< where the entry begins, from 1
  std::string user;      ///< "*": anyone
  std::string server;    ///< "*": any
  crypto::SecretText password;
  std::optional<wire::Ipv4Address> address;  ///< none: one from the pool
  std::optional<SubscriberRate> rate{};      ///< none: the configured one
  std::vector<wire::Ipv4Prefix> routes{};    ///< networks behind the user
};

struct ChapSecrets {
  std::vector<ChapSecret> entries;  ///< in the file's order
  std::vector<std::string> notes;   ///< what was read but ignored, each with its line; no secrets
};

/// The error names the line, what is wrong, and what to write instead; it quotes no password.
[[nodiscard]] std::expected<ChapSecrets, std::string> parse_chap_secrets(std::string_view text);

}  // namespace adit::control
