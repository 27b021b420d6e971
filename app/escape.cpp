// SPDX-License-Identifier: Apache-2.0
#include "app/escape.hpp"

#include <locale.h>
#include <wchar.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

namespace adit::app {
namespace {

struct CodePoint {
  char32_t value = 0;
  std::size_t octets = 0;
};

std::uint8_t octet_at(std::string_view text, std::size_t at) {
  return static_cast<std::uint8_t>(text[at]);
}

// RFC 3629 §4: shortest form only, no surrogates, nothing above 10FFFF.
std::optional<CodePoint> decode_utf8(std::string_view text) {
  const std::uint8_t lead = octet_at(text, 0);
  if (lead < 0x80) {
    return CodePoint{lead, 1};
  }
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) {
    return std::nullopt;
  }
  char32_t value = lead & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const std::uint8_t next = octet_at(text, i);
    if ((next & 0xC0) != 0x80) {
      return std::nullopt;
    }
    value = value << 6 | (next & 0x3Fu);
  }
  const char32_t least = length == 4 ? 0x10000 : length == 3 ? 0x800 : 0x80;
  if (value < least || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) {
    return std::nullopt;
  }
  return CodePoint{value, length};
}

bool is_between(char32_t value, char32_t first, char32_t last) {
  return value >= first && value <= last;
}

// Valid code points that can hide or reorder the text around them, or control a terminal.
bool is_dangerous(char32_t value) {
  return is_between(value, 0x7F, 0x9F) || value == 0xAD || value == 0x61C ||
         is_between(value, 0x200B, 0x200F) || is_between(value, 0x2028, 0x202E) ||
         is_between(value, 0x2060, 0x206F) || value == 0xFEFF || is_between(value, 0xFFF9, 0xFFFB) ||
         is_between(value, 0xE0000, 0xE007F);
}

void append_hex(std::string& out, std::uint32_t value, int digits) {
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
    out += "0123456789abcdef"[(value >> shift) & 15];
  }
}

void append_octet(std::string& out, std::uint8_t octet) {
  out += "\\x";
  append_hex(out, octet, 2);
}

/// What the text is to stand within.
enum class Within : std::uint8_t { kQuotes, kLine, kText };

void append_ascii(std::string& out, char c, Within within) {
  switch (c) {
    case '\\':
    case '"':
      out += within == Within::kQuotes ? "\\" : "";
      out += c;
      break;
    case '\n':
      out += within == Within::kText ? "\n" : "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    default:
      if (c < ' ' || c == 0x7F) {
        append_octet(out, static_cast<std::uint8_t>(c));
      } else {
        out += c;
      }
  }
}

bool is_bare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("._:/@+,-%").find(c) != std::string_view::npos;
}

std::string escape(std::string_view octets, std::size_t max_octets, Within within) {
  const std::string_view shown = octets.substr(0, max_octets);
  std::string out;
  out.reserve(shown.size() + 8);
  for (std::size_t at = 0; at < shown.size();) {
    const std::optional<CodePoint> point = decode_utf8(shown.substr(at));
    if (!point) {
      append_octet(out, octet_at(shown, at++));
      continue;
    }
    if (point->octets == 1) {
      append_ascii(out, shown[at], within);
    } else if (is_dangerous(point->value)) {
      out += "\\u{";
      append_hex(out, point->value, point->value > 0xFFFF ? 5 : 4);
      out += "}";
    } else {
      out += shown.substr(at, point->octets);
    }
    at += point->octets;
  }
  if (shown.size() < octets.size()) {
    out += "...";
  }
  return out;
}

}  // namespace

std::string escape_octets(std::string_view octets, std::size_t max_octets) {
  return escape(octets, max_octets, Within::kQuotes);
}

std::string escape_text(std::string_view octets, std::size_t max_octets) {
  return escape(octets, max_octets, Within::kLine);
}

std::string printable(std::string_view text) {
  constexpr std::size_t kMost = 65'536;
  return escape(text, kMost, Within::kText);
}

namespace {

void append_utf8(std::string& out, char32_t value) {
  const auto put = [&out](char32_t octet) { out += static_cast<char>(static_cast<std::uint8_t>(octet)); };
  if (value < 0x80) {
    put(value);
  } else if (value < 0x800) {
    put(0xC0 | value >> 6);
    put(0x80 | (value & 0x3F));
  } else if (value < 0x10000) {
    put(0xE0 | value >> 12);
    put(0x80 | (value >> 6 & 0x3F));
    put(0x80 | (value & 0x3F));
  } else {
    put(0xF0 | value >> 18);
    put(0x80 | (value >> 12 & 0x3F));
    put(0x80 | (value >> 6 & 0x3F));
    put(0x80 | (value & 0x3F));
  }
}

/// All of `digits`, in base 16.
std::optional<std::uint32_t> read_hex(std::string_view digits) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  const bool whole = !digits.empty() && error == std::errc{} && end == digits.data() + digits.size();
  return whole ? std::optional(value) : std::nullopt;
}

/// Reads the escape that `text` begins with, without its backslash. Returns its length; 0: it is none.
std::size_t read_escape(std::string_view text, std::string& out) {
  constexpr std::string_view kLetters = "\\\"nrt";
  constexpr std::string_view kMeant = "\\\"\n\r\t";
  if (text.empty()) {
    return 0;
  }
  if (const std::size_t at = kLetters.find(text.front()); at != std::string_view::npos) {
    out += kMeant[at];
    return 1;
  }
  if (text.front() == 'x' && text.size() >= 3) {
    const auto octet = read_hex(text.substr(1, 2));
    if (octet) {
      out += static_cast<char>(static_cast<std::uint8_t>(*octet));
    }
    return octet ? 3 : 0;
  }
  const std::size_t end = text.starts_with("u{") ? text.find('}') : std::string_view::npos;
  const auto point =
      end != std::string_view::npos && end <= 8 ? read_hex(text.substr(2, end - 2)) : std::nullopt;
  if (!point || *point > 0x10FFFF) {
    return 0;
  }
  append_utf8(out, *point);
  return end + 1;
}

}  // namespace

std::string unescape_octets(std::string_view shown) {
  std::string out;
  out.reserve(shown.size());
  for (std::size_t at = 0; at < shown.size();) {
    const char c = shown[at++];
    const std::size_t length = c == '\\' ? read_escape(shown.substr(at), out) : 0;
    if (length == 0) {
      out += c;
    }
    at += length;
  }
  return out;
}

std::vector<std::string> meanings_of(const std::string& written) {
  std::vector<std::string> names{unescape_octets(written)};
  if (names.front() != written) {
    names.push_back(written);
  }
  return names;
}

std::string written_name(const std::string& octets) {
  return is_utf8(octets) ? octets : escape_octets(octets);
}

bool is_utf8(std::string_view octets) {
  while (!octets.empty()) {
    const std::optional<CodePoint> point = decode_utf8(octets);
    if (!point) {
      return false;
    }
    octets.remove_prefix(point->octets);
  }
  return true;
}

std::string as_utf8(std::string_view octets) {
  std::string out;
  out.reserve(octets.size());
  while (!octets.empty()) {
    const std::optional<CodePoint> point = decode_utf8(octets);
    const std::size_t length = point ? point->octets : 1;
    if (point) {
      out += octets.substr(0, length);
    } else {
      append_octet(out, octet_at(octets, 0));
    }
    octets.remove_prefix(length);
  }
  return out;
}

std::string quote_if_needed(std::string_view octets, std::size_t max_octets) {
  if (!octets.empty() && octets.size() <= max_octets && std::all_of(octets.begin(), octets.end(), is_bare)) {
    return std::string(octets);
  }
  return '"' + escape_octets(octets, max_octets) + '"';
}

namespace {

/// How wide terminals draw code points, by glibc's tables. wcwidth() goes by the thread's locale, and by that of a cron job or
/// a container nothing but ASCII has a width; so it is C.UTF-8 while one of these lives, which Debian always has (libc-bin).
/// Without it, each code point counts as 1.
class Widths {
 public:
  Widths() : before_(::uselocale(utf8())) {}
  ~Widths() { ::uselocale(before_); }
  Widths(const Widths&) = delete;
  Widths& operator=(const Widths&) = delete;

  /// 0: it is drawn over the one before it.
  [[nodiscard]] std::size_t of(char32_t value) const {
    const int width = ::wcwidth(static_cast<wchar_t>(value));
    return width < 0 ? 1 : static_cast<std::size_t>(width);  // -1: not assigned yet
  }

 private:
  static locale_t utf8() {
    static const locale_t made = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return made;  // none: uselocale() then changes nothing
  }

  locale_t before_;
};

}  // namespace

std::size_t display_width(std::string_view escaped) {
  const Widths widths;
  std::size_t width = 0;
  while (!escaped.empty()) {
    const CodePoint point = decode_utf8(escaped).value_or(CodePoint{'?', 1});
    width += widths.of(point.value);
    escaped.remove_prefix(point.octets);
  }
  return width;
}

std::string cut_to_width(std::string_view escaped, std::size_t width) {
  constexpr std::string_view kCut = "...";
  if (display_width(escaped) <= width) {
    return std::string(escaped);
  }
  const Widths widths;
  std::size_t room = width - std::min(width, kCut.size());
  std::size_t end = 0;
  while (true) {  // ends, because not all of it fits
    const std::string_view rest = escaped.substr(end);
    const CodePoint point = decode_utf8(rest).value_or(CodePoint{'?', 1});
    std::string meant;
    const std::size_t escape = point.value == '\\' ? read_escape(rest.substr(1), meant) : 0;
    const std::size_t wide = escape != 0 ? 1 + escape : widths.of(point.value);
    if (wide > room) {
      break;
    }
    room -= wide;
    end += escape != 0 ? 1 + escape : point.octets;
  }
  return std::string(escaped.substr(0, end)) + std::string(kCut.substr(0, width));
}

}  // namespace adit::app
