// SPDX-License-Identifier: Apache-2.0
#include "app/toml_syntax.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "app/escape.hpp"

namespace adit::app {
namespace {

constexpr std::size_t kMaxShownName = 60;

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  return begin == std::string_view::npos ? std::string_view()
                                         : text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin);
}

/// A line's parts, as far as they can be told without a parser.
struct Line {
  std::string_view text{};
  std::string_view header{};  ///< [header] or [[header]]
  std::string_view key{};     ///< what stands before = or :, else its first word
  std::string_view value{};   ///< what stands behind the =
  bool has_equals = false;
};

bool is_foreign_comment(std::string_view line) {
  return line.starts_with(';') || line.starts_with("//");
}

Line parts_of(std::string_view text) {
  Line line{.text = trimmed(text)};
  if (line.text.starts_with('#') || is_foreign_comment(line.text)) {
    return line;
  }
  if (line.text.starts_with('[')) {
    std::string_view name = line.text;
    name.remove_prefix(std::min(name.find_first_not_of('['), name.size()));  // "[[" may be all there is
    line.header = trimmed(name.substr(0, name.find(']')));
  } else {
    const std::size_t equals = line.text.find('=');
    line.has_equals = equals != std::string_view::npos;
    line.key = trimmed(line.text.substr(0, line.has_equals ? equals : line.text.find_first_of(": \t")));
    line.value = line.has_equals ? trimmed(line.text.substr(equals + 1)) : std::string_view();
  }
  return line;
}

/// Without their ends; of number n, from 1, is the one at n - 1.
using Lines = std::vector<std::string_view>;

Lines lines_of(std::string_view text) {
  Lines lines;
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  lines.push_back(text);
  return lines;
}

/// What the lines above one have to do with it. Numbers of lines; 0: there is none.
struct Above {
  std::string_view header;     ///< the nearest
  std::uint32_t same_key = 0;  ///< below that header
  std::uint32_t same_header = 0;
};

Above look_above(const Lines& lines, std::uint32_t number, const Line& line) {
  Above above;
  for (std::uint32_t at = 1; at < number; ++at) {
    const Line other = parts_of(lines[at - 1]);
    if (!other.header.empty()) {
      above.header = other.header;
      above.same_key = 0;
      above.same_header = above.same_header == 0 && other.header == line.header ? at : above.same_header;
    } else if (!line.key.empty() && other.key == line.key && above.same_key == 0) {
      above.same_key = at;
    }
  }
  return above;
}

/// A list may have begun many lines above the one that shows that it was not closed.
bool is_in_a_list(std::string_view description) {
  return description.starts_with("Error while parsing array");
}

/// The line that has the key.
std::uint32_t first_line(const Lines& lines, const toml::parse_error& error) {
  auto number =
      std::clamp<std::uint32_t>(error.source().begin.line, 1, static_cast<std::uint32_t>(lines.size()));
  while (is_in_a_list(error.description()) && number > 1 && !parts_of(lines[number - 1]).has_equals) {
    --number;
  }
  return number;
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

/// What a word processor or a web page makes of a quote.
bool has_curly_quote(std::string_view text) {
  constexpr std::array kQuotes = {"\xe2\x80\x98", "\xe2\x80\x99", "\xe2\x80\x9c", "\xe2\x80\x9d",
                                  "\xe2\x80\x9e", "\xc2\xab",     "\xc2\xbb"};
  return std::ranges::any_of(kQuotes, [&](const char* quote) { return text.contains(quote); });
}

std::string remedy_for_value(const Line& line) {
  const std::string key(escape_octets(line.key, kMaxShownName));
  const std::string_view value = line.value;
  const char first = value.empty() ? '\0' : value.front();
  if (value.empty()) {
    return "write a value behind the =";
  }
  if (has_curly_quote(value)) {
    return "use straight quotes: " + key + " = \"...\"";
  }
  if ((first == '"' || first == '\'') && value.find(first, 1) == std::string_view::npos) {
    return std::string("end the text with ") + first + ", on the same line";
  }
  if (is_one_of(value, {"yes", "no", "on", "off", "True", "False", "TRUE", "FALSE", "Yes", "No"})) {
    return "write true or false, or the word in quotes: " + key + " = \"...\"";
  }
  if (value.find_first_not_of("0123456789") == std::string_view::npos) {
    return "write a smaller number";
  }
  if (value.find_first_not_of("0123456789,'") == std::string_view::npos) {
    return "write the number without commas";
  }
  if (first != '"' && first != '\'' && first != '[' && first != '{') {
    return "write what is no number in quotes: " + key + " = \"...\"";
  }
  return "write one value: " + key + " = " + (first == '[' ? "[\"...\"]" : "\"...\"");
}

bool is_no_text(std::string_view description) {
  return description.contains("utf-8") || description.contains("\\u0000");
}

std::string remedy_for(std::string_view description, const Line& line, const Above& above) {
  const bool redefined = description.contains("redefine existing");
  if (is_no_text(description)) {
    return "save it as plain text in UTF-8";
  }
  if (redefined && above.same_key != 0) {
    return "line " + std::to_string(above.same_key) + " sets it; keep one of them";
  }
  if (redefined && above.same_header != 0) {
    return "line " + std::to_string(above.same_header) +
           " has it; put the keys together, or write both as [[" + escape_octets(line.header, kMaxShownName) +
           "]] if it may repeat";
  }
  if (is_in_a_list(description)) {
    return "write " + escape_octets(line.key, kMaxShownName) + " = [...], with a comma between values";
  }
  if (line.text.starts_with('[') && line.header.empty()) {
    return "write the section's name in the brackets";
  }
  if (!line.header.empty()) {
    return "write [" + escape_octets(line.header, kMaxShownName) + "] alone on its line";
  }
  if (is_foreign_comment(line.text)) {
    return "begin comments with #";
  }
  if (!line.has_equals) {
    return line.key.empty() ? "see https://toml.io"
                            : "write " + escape_octets(line.key, kMaxShownName) + " = and a value";
  }
  return remedy_for_value(line);
}

/// toml++'s sentences begin with what it was about to read.
std::string_view without_preamble(std::string_view description) {
  if (description.starts_with("Error while parsing ")) {
    if (const std::size_t colon = description.find(": "); colon != std::string_view::npos) {
      description.remove_prefix(colon + 2);
    }
  }
  return description;
}

}  // namespace

std::string SyntaxMistake::name() const {
  const std::string_view point = section.empty() || key.empty() ? "" : ".";
  const std::string name = section + std::string(point) + key;
  return name.empty() ? "TOML" : escape_octets(name, kMaxShownName);
}

SyntaxMistake explain(std::string_view text, const toml::parse_error& error) {
  SyntaxMistake mistake{.at = error.source().begin, .section = {}, .key = {}, .wrong = {}, .remedy = {}};
  const Lines lines = lines_of(text);
  const std::uint32_t number = first_line(lines, error);
  const Line line = is_no_text(error.description()) ? Line{} : parts_of(lines[number - 1]);
  const Above above = look_above(lines, number, line);
  mistake.section = line.header.empty() ? above.header : line.header;
  mistake.key = line.key;
  mistake.wrong = "is not TOML: " + escape_text(without_preamble(error.description()));
  mistake.remedy = remedy_for(error.description(), line, above);
  return mistake;
}

}  // namespace adit::app
