// SPDX-License-Identifier: Apache-2.0
// What is read from a chap-secrets file, a line of text for each entry and each note.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/auth/chap_secrets.hpp"
#include "controlplane/auth/user_table.hpp"
#include "dataplane/wire/bytes.hpp"

namespace adit::control::test {

inline constexpr SecretsDialect kDialects[] = {SecretsDialect::kPppd, SecretsDialect::kPoptop,
                                               SecretsDialect::kAccelPpp};

/// The server "adit", the pools "gold" and "silver", and the files of `files` (path, text).
inline SecretsReading reading(SecretsDialect dialect, std::map<std::string, std::string> files = {}) {
  return {.dialect = dialect,
          .server = "adit",
          .pools = {"gold", "silver"},
          .read_file =
              [files = std::move(files)](const std::string& path) -> std::expected<std::string, std::string> {
            const auto found = files.find(path);
            if (found == files.end()) {
              return std::unexpected(std::string("No such file or directory"));
            }
            return found->second;
          }};
}

/// "alice secret 10.64.0.9 10240/2048": user, password or hash, address or pool, rate if there is one.
inline std::string text_of(const ChapSecret& secret) {
  std::string text = secret.user + ' ';
  if (secret.nt_hash) {
    for (const std::uint8_t octet : secret.nt_hash->bytes()) {
      text += "0123456789abcdef"[octet >> 4];
      text += "0123456789abcdef"[octet & 15];
    }
  } else {
    text += wire::text_of(secret.password.bytes());
  }
  text += ' ' + (secret.address        ? wire::to_string(*secret.address)
                 : secret.pool.empty() ? std::string("*")
                                       : "pool " + secret.pool);
  return text + (secret.rate ? ' ' + to_string(*secret.rate) : "");
}

inline std::vector<std::string> texts_of(const std::vector<SecretNote>& notes) {
  std::vector<std::string> texts;
  for (const SecretNote& note : notes) {
    texts.push_back(note.wrong + (note.remedy.empty() ? "" : "; ") + note.remedy);
  }
  return texts;
}

struct Read {
  std::vector<ChapSecret> entries;
  std::vector<std::string> notes;  ///< those of the lines; duplicates are UserTable's

  [[nodiscard]] std::vector<std::string> texts() const {
    std::vector<std::string> texts;
    for (const ChapSecret& entry : entries) {
      texts.push_back(text_of(entry));
    }
    return texts;
  }
};

inline Read read_secrets(std::string_view text, const SecretsReading& how) {
  Read read;
  SecretNotes notes;
  read_chap_secrets(text, how, notes,
                    [&](ChapSecret&& secret) { read.entries.push_back(std::move(secret)); });
  read.notes = texts_of(notes.take());
  return read;
}

// The ends of notes on lines that the dialects read differently.
inline const std::string kHereAsPppd = "; here as pppd; ";
inline const std::string kSetAccel = "set auth.chap-secrets-dialect = \"accel-ppp\" if the file is for that";
inline const std::string kHereAsAccel =
    "; here as accel-ppp; set auth.chap-secrets-dialect = \"pppd\" if the file is for that";

}  // namespace adit::control::test
