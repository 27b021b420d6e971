// SPDX-License-Identifier: Apache-2.0
// A line of chap-secrets taken apart into words, in the two ways of the programs that the file was made for.
// Thread: any. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "crypto/secret.hpp"

namespace adit::control {

struct SecretWord {
  crypto::SecretText text;  ///< any word may be a password, so its octets are wiped
  std::size_t begin = 0;    ///< where it stands in the file, quotes included
  std::size_t end = 0;

  [[nodiscard]] std::string_view view() const;
};

struct SecretLine {
  std::vector<SecretWord> words;  ///< none: the line is empty or a comment
  char open_quote = 0;            ///< the word behind `words` begins with it, and the line does not close it
  std::size_t end = 0;            ///< where the next line begins
};

class SecretLines {
 public:
  explicit SecretLines(std::string_view text);
  ~SecretLines();
  SecretLines(const SecretLines&) = delete;
  SecretLines& operator=(const SecretLines&) = delete;

  /// As pppd 2.4 and 2.5, and poptop, whose calls pppd answers: blanks separate words; "..." and '...' quote, also
  /// within a word; a backslash escapes as in C (\n \t \\ \ooo \xhh, \s a blank; any other character stands for
  /// itself, and a line end joins two lines); # outside of quotes begins a comment, also within a word. Unlike
  /// pppd's, a quote ends with its line: one that is left open costs that line alone.
  [[nodiscard]] SecretLine pppd_line(std::size_t at);

  /// As accel-ppp: blanks and tabs separate words, and a word is what stands there, unless its first character is a
  /// quote: then it ends at the next one, and within it a backslash gives the next character. A line that begins
  /// with # is a comment; so is what begins with # from the fourth word on, which accel-ppp takes for a pool or a
  /// rate that does not exist, and does without. Blanks before the first word do not count, nor a CR at the end.
  [[nodiscard]] SecretLine accel_line(std::size_t at);

 private:
  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  void skip_pppd_blanks();
  char read_pppd_word();
  void read_escape();
  std::uint8_t read_number(unsigned base, int max_digits);
  bool read_accel_word(std::size_t end);
  void append(char octet);
  void end_word(SecretLine& line, std::size_t begin);

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<std::uint8_t> word_;  ///< the one being read; wiped
};

}  // namespace adit::control
