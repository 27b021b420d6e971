// SPDX-License-Identifier: Apache-2.0
// What follows `adit show sessions`: [COLUMN,...] [match COLUMN REGEX] [order COLUMN] [limit N] and, behind --watch,
// [SECONDS]. Pure; any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "app/adit/shown_columns.hpp"

namespace adit::app {

struct SessionWords {
  ShownColumns columns{};  ///< empty: those that fit
  struct Match {
    const ShownColumn* column = nullptr;
    std::string regex;  ///< UTF-8
  };
  std::optional<Match> match{};
  const ShownColumn* order = nullptr;
  std::size_t limit = 0;                        ///< 0: all
  std::optional<std::chrono::seconds> watch{};  ///< how often
};

/// The error is a usage error.
[[nodiscard]] std::expected<SessionWords, std::string> read_session_words(
    const std::vector<std::string>& words, bool watch);

}  // namespace adit::app
