// SPDX-License-Identifier: Apache-2.0
// Packets as subscribers send them, made from a seed, for tests and benchmarks of compression: the same on every machine.
// An inner PPP packet of `text`, `html`, `json` and `tls` is the protocol field, IPv4 and TCP headers of one connection,
// and the next octets of its stream; `zeros` and `random` are those alone.
#pragma once

#include <array>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace adit::crypto::test {

inline constexpr std::string_view kCorpora[] = {"text", "html", "json", "tls", "zeros", "random"};

class Corpus {
 public:
  /// `kind`: one of kCorpora.
  explicit Corpus(std::string_view kind, std::uint32_t seed = 1) : kind_(kind), random_(seed) {
    for (std::string& word : words_) {
      word = std::string(syllable());
      for (std::uint32_t more = below(3); more > 0; --more) {
        word += syllable();
      }
    }
  }

  std::vector<std::uint8_t> packet(std::size_t size) {
    std::vector<std::uint8_t> octets;
    if (kind_ == "zeros") {
      octets.resize(size);
      return octets;
    }
    if (kind_ == "random") {
      while (octets.size() < size) {
        octets.push_back(static_cast<std::uint8_t>(random_()));
      }
      return octets;
    }
    octets = headers(size);
    while (stream_.size() < size) {
      more();
    }
    const std::size_t payload = size - std::min(size, octets.size());
    octets.resize(size - payload);
    octets.insert(octets.end(), stream_.begin(), stream_.begin() + static_cast<std::ptrdiff_t>(payload));
    stream_.erase(0, payload);
    sequence_ += static_cast<std::uint32_t>(payload);
    return octets;
  }

 private:
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(random_() % bound); }

  std::string_view syllable() {
    static constexpr std::string_view kSyllables[] = {
        "a",   "be", "con", "de",  "en", "for", "ing", "li", "ment", "ne",  "o",   "per", "re",  "sion",
        "ter", "u",  "ver", "wa",  "ly", "th",  "s",   "st", "ra",   "mi",  "is",  "al",  "com", "in",
        "pro", "an", "tra", "ble", "to", "ent", "est", "le", "mo",   "cal", "ful", "har", "day", "ous"};
    return kSyllables[below(std::size(kSyllables))];
  }
  /// Few words often, most of them seldom, as in any language.
  const std::string& word() {
    return words_[below(1 + below(1 + below(static_cast<std::uint32_t>(words_.size()))))];
  }
  std::string number(std::uint32_t bound) { return std::to_string(below(bound)); }

  std::string sentence() {
    std::string out = word();
    out[0] = static_cast<char>(out[0] - 'a' + 'A');
    for (std::uint32_t words = 4 + below(14); words > 0; --words) {
      out += below(9) == 0 ? ", " : " ";
      out += word();
    }
    return out + (below(8) == 0 ? "? " : ". ");
  }

  void more() {
    if (kind_ == "text") {
      stream_ += sentence();
      stream_ += below(6) == 0 ? "\n\n" : "";
    } else if (kind_ == "html") {
      stream_ += "<div class=\"" + word() + "-" + word() + "\" id=\"" + word() + number(1000) +
                 "\">\n  <a href=\"/" + word() + "/" + number(100000) +
                 ".html\"><img src=\"https://static.example.net/" + word() + "/" + number(10000) +
                 ".png\" alt=\"" + word() + "\"></a>\n  <p>" + sentence() + "</p>\n</div>\n";
    } else if (kind_ == "json") {
      stream_ += "{\"id\":" + number(1000000) + ",\"name\":\"" + word() + " " + word() +
                 "\",\"active\":" + (below(2) == 0 ? "true" : "false") + ",\"balance\":" + number(100000) +
                 "." + number(100) + ",\"created\":\"2026-0" + std::to_string(1 + below(9)) + "-" +
                 std::to_string(10 + below(18)) + "T0" + number(10) + ":" + std::to_string(10 + below(50)) +
                 ":00Z\",\"tags\":[\"" + word() + "\",\"" + word() + "\"]},\n";
    } else {
      const std::uint32_t size = 200 + below(4000);
      stream_ += {0x17, 0x03, 0x03, static_cast<char>(size >> 8), static_cast<char>(size)};
      for (std::uint32_t left = size; left > 0; --left) {
        stream_ += static_cast<char>(random_());
      }
    }
  }

  std::vector<std::uint8_t> headers(std::size_t size) {
    ++identification_;
    const auto at = [](std::uint32_t value, int shift) { return static_cast<std::uint8_t>(value >> shift); };
    const auto total = static_cast<std::uint32_t>(size - 2);
    const std::uint32_t checksums = static_cast<std::uint32_t>(random_());
    const std::uint32_t acknowledged = 0x51A2B3C4 + sequence_ / 40;
    return {0x00, 0x21,
            // IPv4
            0x45, 0x00, at(total, 8), at(total, 0), at(identification_, 8), at(identification_, 0), 0x40,
            0x00, 0x40, 0x06, at(checksums, 24), at(checksums, 16), 10, 64, 3, 17, 198, 51, 100, 7,
            // TCP
            0xC0, 0x1A, 0x00, 0x50, at(sequence_, 24), at(sequence_, 16), at(sequence_, 8), at(sequence_, 0),
            at(acknowledged, 24), at(acknowledged, 16), at(acknowledged, 8), at(acknowledged, 0), 0x50, 0x18,
            0x01, 0xF5, at(checksums, 8), at(checksums, 0), 0x00, 0x00};
  }

  std::string_view kind_;
  std::mt19937 random_;
  std::array<std::string, 600> words_;
  std::string stream_;
  std::uint32_t sequence_ = 0x7D31A005;
  std::uint32_t identification_ = 0x3B00;
};

}  // namespace adit::crypto::test
