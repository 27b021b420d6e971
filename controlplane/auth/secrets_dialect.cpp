// SPDX-License-Identifier: Apache-2.0
#include "controlplane/auth/secrets_dialect.hpp"

#include <algorithm>
#include <array>

namespace adit::control {
namespace {

constexpr std::array<std::string_view, 6> kColumns = {"user name", "server", "password",
                                                      "address",   "rate",   "networks"};

/// The first column that differs, or the number of them.
std::size_t first_difference(const SecretLine& pppd, const SecretLine& accel) {
  const std::size_t both = std::min({pppd.words.size(), accel.words.size(), kColumns.size()});
  for (std::size_t column = 0; column < both; ++column) {
    if (pppd.words[column].view() != accel.words[column].view()) {
      return column;
    }
  }
  const bool same = pppd.words.size() == accel.words.size() && pppd.open_quote == accel.open_quote;
  return same ? kColumns.size() : both;
}

/// What accel-ppp takes for the word of that column, quotes included.
std::string_view as_it_stands(std::string_view text, const SecretLine& accel, std::size_t column) {
  if (column >= accel.words.size()) {
    return {};
  }
  const SecretWord& word = accel.words[column];
  return text.substr(word.begin, word.end - word.begin);
}

}  // namespace

DialectDifference difference(SecretsDialect dialect, std::string_view what, std::string_view instead) {
  const bool accel = dialect == SecretsDialect::kAccelPpp;
  const std::string other = std::string("set auth.chap-secrets-dialect = \"") +
                            (accel ? "pppd" : "accel-ppp") + "\" if the file is for that";
  return {.wrong = std::string(what) + (accel ? "; here as accel-ppp" : "; here as pppd"),
          .remedy = instead.empty() ? other : std::string(instead) + ", or " + other};
}

std::optional<DialectDifference> difference_of_words(std::string_view text, const SecretLine& pppd,
                                                     const SecretLine& accel, SecretsDialect dialect) {
  const std::size_t column = first_difference(pppd, accel);
  if (column >= kColumns.size()) {
    return std::nullopt;
  }
  const std::string name(kColumns[column]);
  const std::string_view word = as_it_stands(text, accel, column);
  const bool quoted = word.starts_with('"') || word.starts_with('\'');
  const std::size_t special = word.find_first_of(quoted ? "\\" : "\\'\"#");
  const bool as_pppd = dialect != SecretsDialect::kAccelPpp;
  if (special == std::string_view::npos) {
    return difference(dialect, "pppd and accel-ppp do not end the " + name + " at the same place");
  }
  switch (word[special]) {
    case '\\':
      return difference(dialect,
                        "pppd reads the backslash in the " + name + " as an escape, accel-ppp " +
                            (quoted ? "takes the next letter as it is" : "as a letter"),
                        as_pppd && !quoted ? "write two for a backslash itself" : "");
    case '#':
      return difference(
          dialect, "pppd reads the # in the " + name + " as the start of a comment, accel-ppp as a letter",
          as_pppd ? "quote the word if the # belongs to it" : "");
    default:
      return difference(
          dialect,
          "pppd reads the quote in the " + name + " as the start of quoted text, accel-ppp as a letter",
          as_pppd ? "put the word in quotes of the other kind if it belongs to it" : "");
  }
}

}  // namespace adit::control
