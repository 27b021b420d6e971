// SPDX-License-Identifier: Apache-2.0
// chap-secrets has three dialects: the same line may be another password to each. Which one counts is the operator's
// word; a line that pppd and accel-ppp read differently is told. Thread: any. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "controlplane/auth/secret_words.hpp"

namespace adit::control {

enum class SecretsDialect : std::uint8_t {
  kPppd,
  kPoptop,   ///< as pppd; lines for the servers `pptpd` and `pptp-server` are ours, too
  kAccelPpp  ///< words as they stand; no server column, no user that stands for anyone
};

/// A sentence for the operator, and what to do. Neither quotes anything of the line.
struct DialectDifference {
  std::string wrong;
  std::string remedy;
};

/// `what`: how each reads it. `instead`: what to write under `dialect` if the other reading is meant; may be empty.
[[nodiscard]] DialectDifference difference(SecretsDialect dialect, std::string_view what,
                                           std::string_view instead = "");

/// The first column that is another word to pppd than to accel-ppp, and why. `text` is the file that both lines are of.
[[nodiscard]] std::optional<DialectDifference> difference_of_words(std::string_view text,
                                                                   const SecretLine& pppd,
                                                                   const SecretLine& accel,
                                                                   SecretsDialect dialect);

}  // namespace adit::control
