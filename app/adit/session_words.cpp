// SPDX-License-Identifier: Apache-2.0
#include "app/adit/session_words.hpp"

#include <algorithm>
#include <charconv>
#include <span>
#include <utility>

#include "app/escape.hpp"

namespace adit::app {
namespace {

constexpr std::chrono::seconds kWatchEvery{2};
constexpr unsigned kMostSeconds = 3600;

template <typename Number>
std::optional<Number> number_in(const std::string& word) {
  Number value{};
  const auto read = std::from_chars(word.data(), word.data() + word.size(), value);
  return read.ec == std::errc{} && read.ptr == word.data() + word.size() ? std::optional(value)
                                                                         : std::nullopt;
}

using Done = std::expected<void, std::string>;

/// The words that follow a key; each is given once.
class Reader {
 public:
  Reader(std::span<const std::string> words, bool watch) : words_(words) {
    if (watch) {
      read_.watch = kWatchEvery;
    }
  }

  std::expected<SessionWords, std::string> all() {
    while (at_ < words_.size()) {
      if (const Done done = next(); !done) {
        return std::unexpected(done.error());
      }
    }
    return std::move(read_);
  }

 private:
  Done next() {
    const std::string& word = words_[at_++];
    if (word == "match") {
      return match();
    }
    if (word == "order") {
      return order();
    }
    if (word == "limit") {
      return limit();
    }
    if (const auto seconds = number_in<unsigned>(word); seconds && read_.watch) {
      if (*seconds == 0 || *seconds > kMostSeconds) {
        return std::unexpected("--watch takes 1 to " + std::to_string(kMostSeconds) + " seconds");
      }
      read_.watch = std::chrono::seconds(*seconds);
      return {};
    }
    if (at_ == 1 || (at_ == 2 && number_in<unsigned>(words_[0]))) {
      return columns(word);
    }
    return std::unexpected(
        "what is \"" + escape_octets(word, 40) +
        "\"? Write: show sessions [COLUMN,...] [match COLUMN REGEX] [order COLUMN] [limit N]");
  }

  Done columns(const std::string& names) {
    auto read = read_shown_columns(names);
    if (!read) {
      return std::unexpected(std::move(read.error()));
    }
    read_.columns = std::move(*read);
    return {};
  }

  Done match() {
    if (words_.size() - at_ < 2) {
      return std::unexpected("match is followed by a column and a regular expression: match username ^al");
    }
    const ShownColumn* column = find_shown_column(words_[at_]);
    if (column == nullptr) {
      return std::unexpected(no_such_column(words_[at_]));
    }
    if (column->kind == ShownColumn::Kind::kRate) {
      return std::unexpected("match cannot look at " + std::string(column->name) +
                             ", which aditd does not know; order " + std::string(column->name) + " can");
    }
    read_.match = SessionWords::Match{column, as_utf8(words_[at_ + 1])};
    at_ += 2;
    return {};
  }

  Done order() {
    if (at_ == words_.size()) {
      return std::unexpected("order is followed by a column: order rx-bytes");
    }
    read_.order = find_shown_column(words_[at_]);
    return read_.order == nullptr ? Done(std::unexpected(no_such_column(words_[at_]))) : (++at_, Done());
  }

  Done limit() {
    const auto most = at_ < words_.size() ? number_in<std::size_t>(words_[at_]) : std::nullopt;
    if (!most || *most == 0) {
      return std::unexpected("limit is followed by a number of sessions, 1 or more: limit 20");
    }
    read_.limit = *most;
    ++at_;
    return {};
  }

  std::span<const std::string> words_;
  std::size_t at_ = 0;
  SessionWords read_;
};

}  // namespace

std::expected<SessionWords, std::string> read_session_words(const std::vector<std::string>& words,
                                                            bool watch) {
  return Reader(words, watch).all();
}

}  // namespace adit::app
