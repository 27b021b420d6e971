// SPDX-License-Identifier: Apache-2.0
#include "controlplane/auth/secret_words.hpp"

#include <algorithm>
#include <utility>

#include "dataplane/wire/bytes.hpp"

namespace adit::control {
namespace {

constexpr std::size_t kUsualWord = 256;

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

bool is_quote(char c) {
  return c == '"' || c == '\'';
}

}  // namespace

std::string_view SecretWord::view() const {
  return wire::text_of(text.bytes());
}

SecretLines::SecretLines(std::string_view text) : text_(text) {
  word_.reserve(kUsualWord);
}

SecretLines::~SecretLines() {
  crypto::wipe(word_.data(), word_.size());
}

/// A vector that grows by itself would leave copies behind.
void SecretLines::append(char octet) {
  if (word_.size() == word_.capacity()) {
    std::vector<std::uint8_t> wider;
    wider.reserve(2 * word_.capacity());
    wider.assign(word_.begin(), word_.end());
    crypto::wipe(word_.data(), word_.size());
    word_.swap(wider);
  }
  word_.push_back(static_cast<std::uint8_t>(octet));
}

void SecretLines::end_word(SecretLine& line, std::size_t begin) {
  line.words.push_back({.text = crypto::SecretText(wire::text_of(word_)), .begin = begin, .end = at_});
  crypto::wipe(word_.data(), word_.size());
  word_.clear();
}

SecretLine SecretLines::pppd_line(std::size_t at) {
  at_ = at;
  SecretLine line;
  for (skip_pppd_blanks(); !at_end() && text_[at_] != '\n'; skip_pppd_blanks()) {
    const std::size_t begin = at_;
    line.open_quote = read_pppd_word();
    if (line.open_quote != 0) {
      crypto::wipe(word_.data(), word_.size());
      word_.clear();
      break;  // at the line's end
    }
    end_word(line, begin);
  }
  line.end = std::min(at_ + 1, text_.size());
  return line;
}

void SecretLines::skip_pppd_blanks() {
  while (!at_end()) {
    if (text_[at_] == '#') {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (text_.substr(at_).starts_with("\\\n")) {
      at_ += 2;
    } else if (is_blank(text_[at_])) {
      ++at_;
    } else {
      return;
    }
  }
}

/// Returns the quote that the line does not close, or 0.
char SecretLines::read_pppd_word() {
  char quote = 0;
  while (!at_end() && text_[at_] != '\n') {
    const char c = text_[at_];
    if (quote == 0 && (is_blank(c) || c == '#')) {
      break;
    }
    ++at_;
    if (c == '\\') {
      read_escape();
    } else if (c == quote) {
      quote = 0;
    } else if (quote == 0 && is_quote(c)) {
      quote = c;
    } else {
      append(c);
    }
  }
  return quote;
}

/// After the backslash.
void SecretLines::read_escape() {
  if (at_end()) {
    return;
  }
  const char c = text_[at_];
  if (c >= '0' && c <= '7') {
    append(static_cast<char>(read_number(8, 3)));
    return;
  }
  ++at_;
  constexpr std::string_view kLetters = "abfnrst";
  constexpr std::string_view kValues = "\a\b\f\n\r \t";
  if (c == 'x') {
    append(static_cast<char>(read_number(16, 2)));
  } else if (const std::size_t letter = kLetters.find(c); letter != std::string_view::npos) {
    append(kValues[letter]);
  } else if (c != '\n') {
    append(c);
  }
}

std::uint8_t SecretLines::read_number(unsigned base, int max_digits) {
  unsigned value = 0;
  for (int digits = 0; digits < max_digits && !at_end(); ++digits, ++at_) {
    const char c = text_[at_];
    const char lower = static_cast<char>(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
    const std::size_t digit = std::string_view("0123456789abcdef").find(lower);
    if (digit >= base) {  // digit may be npos
      break;
    }
    value = value * base + static_cast<unsigned>(digit);
  }
  return static_cast<std::uint8_t>(value);
}

SecretLine SecretLines::accel_line(std::size_t at) {
  SecretLine line;
  std::size_t end = std::min(text_.find('\n', at), text_.size());
  line.end = std::min(end + 1, text_.size());
  end -= end > at && text_[end - 1] == '\r' ? 1U : 0U;
  for (at_ = at;;) {
    while (at_ < end && (text_[at_] == ' ' || text_[at_] == '\t')) {
      ++at_;
    }
    if (at_ >= end || (text_[at_] == '#' && (line.words.empty() || line.words.size() >= 3))) {
      return line;
    }
    const std::size_t begin = at_;
    if (!read_accel_word(end)) {
      line.open_quote = text_[begin];
      crypto::wipe(word_.data(), word_.size());
      word_.clear();
      return line;
    }
    end_word(line, begin);
  }
}

/// False: the line does not close the quote that the word begins with.
bool SecretLines::read_accel_word(std::size_t end) {
  if (!is_quote(text_[at_])) {
    for (; at_ < end && text_[at_] != ' ' && text_[at_] != '\t'; ++at_) {
      append(text_[at_]);
    }
    return true;
  }
  const char quote = text_[at_];
  for (++at_; at_ < end; ++at_) {
    if (text_[at_] == quote) {
      ++at_;
      return true;
    }
    at_ += text_[at_] == '\\' && at_ + 1 < end ? 1U : 0U;
    append(text_[at_]);
  }
  return false;
}

}  // namespace adit::control
