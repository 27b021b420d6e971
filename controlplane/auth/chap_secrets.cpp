// SPDX-License-Identifier: Apache-2.0
#include "controlplane/auth/chap_secrets.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "controlplane/base/subscriber_network.hpp"

namespace adit::control {
namespace {

std::string at_line(std::size_t line, const std::string& what) {
  return "line " + std::to_string(line) + ": " + what;
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/// A word of the file; it may be a password, so its octets are wiped.
using Word = crypto::SecretText;

std::string_view view(const Word& word) {
  return {reinterpret_cast<const char*>(word.bytes().data()), word.bytes().size()};
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    at_ = text_.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  }

  [[nodiscard]] std::size_t line() const { return line_; }
  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }

  /// The words up to the end of the line (or of the joined lines); none for an empty one.
  std::expected<std::vector<Word>, std::string> read_line(std::vector<std::string>& notes) {
    std::vector<Word> words;
    for (;;) {
      skip_blanks();
      if (at_end()) {
        return words;
      }
      if (text_[at_] == '\n') {
        advance();
        return words;
      }
      auto word = read_word();
      if (!word) {
        return std::unexpected(std::move(word.error()));
      }
      words.push_back(std::move(*word));
      if (!at_end() && text_[at_] == '#') {
        notes.push_back(at_line(
            line_, "the # right after a word begins a comment; quote the word if the # is part of it"));
      }
    }
  }

 private:
  void advance() { line_ += text_[at_++] == '\n'; }

  void skip_blanks() {
    while (!at_end()) {
      if (text_[at_] == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (text_.substr(at_).starts_with("\\\n")) {
        advance();
        advance();
      } else if (is_blank(text_[at_])) {
        advance();
      } else {
        return;
      }
    }
  }

  std::expected<Word, std::string> read_word() {
    std::vector<std::uint8_t> octets;
    octets.reserve(text_.size() - at_ < 512 ? text_.size() - at_
                                            : 512);  // never grows: that would leave copies behind
    char quote = 0;
    const std::size_t first_line = line_;
    while (!at_end()) {
      const char c = text_[at_];
      if (c == '\\') {
        advance();
        read_escape(octets);
        continue;
      }
      if (quote == 0 && (is_blank(c) || c == '\n' || c == '#')) {
        break;
      }
      if (c == '\n') {
        break;
      }
      advance();
      if (c == quote) {
        quote = 0;
      } else if (quote == 0 && (c == '"' || c == '\'')) {
        quote = c;
      } else {
        octets.push_back(static_cast<std::uint8_t>(c));
      }
    }
    Word word = Word::adopt(std::move(octets));
    if (quote != 0) {
      return std::unexpected(at_line(first_line, std::string("a ") + quote +
                                                     " is never closed; add one, or write \\" + quote +
                                                     " for the character itself"));
    }
    return word;
  }

  /// After the backslash.
  void read_escape(std::vector<std::uint8_t>& octets) {
    if (at_end()) {
      return;
    }
    const char c = text_[at_];
    if (c >= '0' && c <= '7') {
      octets.push_back(read_number(8, 3));
      return;
    }
    advance();
    constexpr std::string_view kLetters = "abfnrst";
    constexpr std::string_view kValues = "\a\b\f\n\r \t";
    if (c == 'x') {
      octets.push_back(read_number(16, 2));
    } else if (const std::size_t letter = kLetters.find(c); letter != std::string_view::npos) {
      octets.push_back(static_cast<std::uint8_t>(kValues[letter]));
    } else if (c != '\n') {
      octets.push_back(static_cast<std::uint8_t>(c));
    }
  }

  std::uint8_t read_number(unsigned base, int max_digits) {
    unsigned value = 0;
    for (int digits = 0; digits < max_digits && !at_end(); ++digits) {
      const std::size_t digit =
          std::string_view("0123456789abcdef")
              .find(static_cast<char>(text_[at_] >= 'A' && text_[at_] <= 'F' ? text_[at_] - 'A' + 'a'
                                                                             : text_[at_]));
      if (digit >= base) {  // digit may be npos
        break;
      }
      value = value * base + static_cast<unsigned>(digit);
      advance();
    }
    return static_cast<std::uint8_t>(value);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

/// The address column. "-" is handled by the caller.
std::expected<std::optional<wire::Ipv4Address>, std::string> read_address(std::string_view word) {
  if (word == "*") {
    return std::nullopt;
  }
  const auto address = wire::parse_ipv4(word);
  if (!address || !wire::is_host(*address)) {
    return std::unexpected(
        "'" + std::string(word.substr(0, 64)) +
        "' is not an address that a subscriber can have; write one IPv4 address, or * for the pool");
  }
  return address;
}

/// "10.20.0.0/24,10.30.0.0/16".
std::optional<std::vector<wire::Ipv4Prefix>> read_networks(std::string_view word) {
  std::vector<wire::Ipv4Prefix> networks;
  for (bool more = !word.empty(); more;) {
    const std::size_t comma = word.find(',');
    const auto network = wire::parse_prefix(word.substr(0, comma));
    if (!network || !can_be_behind_a_subscriber(*network)) {
      return std::nullopt;
    }
    networks.push_back(*network);
    more = comma != std::string_view::npos;
    word = more ? word.substr(comma + 1) : "";
  }
  return networks;
}

}  // namespace

std::expected<ChapSecrets, std::string> parse_chap_secrets(std::string_view text) {
  ChapSecrets secrets;
  Reader reader(text);
  while (!reader.at_end()) {
    const std::size_t line = reader.line();
    auto words = reader.read_line(secrets.notes);
    if (!words) {
      return std::unexpected(std::move(words.error()));
    }
    if (words->empty()) {
      continue;
    }
    if (words->size() < 3) {
      return std::unexpected(
          at_line(line, "has " + std::to_string(words->size()) +
                            " of the columns: user server password [address]; write * for any "
                            "server and \"\" for an empty password"));
    }
    if (words->size() > 3 && view((*words)[3]) == "-") {
      secrets.notes.push_back(at_line(line, "'-' allows this user no address, so the line is ignored"));
      continue;
    }
    std::optional<SubscriberRate> rate;
    if (words->size() > 4 && view((*words)[4]) != "*") {
      rate = parse_rate(view((*words)[4]));
      if (!rate) {
        return std::unexpected(at_line(line,
                                       "the fifth column is no rate; write kbit/s as 10240, or 10240/2048 "
                                       "for down and up, or * for the configured one"));
      }
    }
    const auto networks = read_networks(words->size() > 5 ? view((*words)[5]) : "");
    if (!networks) {
      return std::unexpected(at_line(line,
                                     "the sixth column lists no networks; write them as "
                                     "10.20.0.0/24,10.30.0.0/16, a /16 or longer each"));
    }
    if (words->size() > 6) {
      secrets.notes.push_back(at_line(line, "columns after the networks are ignored"));
    }
    const auto address = read_address(words->size() > 3 ? view((*words)[3]) : "*");
    if (!address) {
      return std::unexpected(at_line(line, address.error()));
    }
    secrets.entries.push_back({.line = line,
                               .user = std::string(view((*words)[0])),
                               .server = std::string(view((*words)[1])),
                               .password = std::move((*words)[2]),
                               .address = *address,
                               .rate = rate,
                               .routes = *networks});
  }
  return secrets;
}

}  // namespace adit::control
