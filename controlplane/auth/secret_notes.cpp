// SPDX-License-Identifier: Apache-2.0
#include "controlplane/auth/secret_notes.hpp"

#include <utility>

namespace adit::control {
namespace {

constexpr std::size_t kMaxShownName = 64;

constexpr std::array<std::string_view, 6> kFurther = {
    "further lines that are skipped: ",           "further lines for other servers: ",
    "further lines that repeat a user: ",         "further lines that pppd and accel-ppp read differently: ",
    "further lines with a part without effect: ", "further lines that grant what is the machine's: ",
};

}  // namespace

void SecretNotes::add(SecretNoteKind kind, std::size_t line, std::string_view user, std::string_view wrong,
                      std::string remedy) {
  if (++counts_[static_cast<std::size_t>(kind)] > kOfAKind) {
    return;
  }
  std::string text = "line " + std::to_string(line) + ": ";
  if (!user.empty()) {
    text += "user '" + std::string(user.substr(0, kMaxShownName)) +
            (user.size() > kMaxShownName ? "...': " : "': ");
  }
  notes_.push_back({.wrong = text + std::string(wrong), .remedy = std::move(remedy)});
}

std::vector<SecretNote> SecretNotes::take() {
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    if (counts_[kind] > kOfAKind) {
      notes_.push_back(
          {.wrong = std::string(kFurther[kind]) + std::to_string(counts_[kind] - kOfAKind), .remedy = {}});
    }
  }
  counts_ = {};
  return std::exchange(notes_, {});
}

}  // namespace adit::control
