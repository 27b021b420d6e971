// SPDX-License-Identifier: Apache-2.0
#include "crypto/utf16.hpp"

#include <vector>

namespace adit::crypto {
namespace {

void append_unit(std::vector<std::uint8_t>& out, std::uint32_t unit) {
  out.push_back(static_cast<std::uint8_t>(unit & 0xFF));
  out.push_back(static_cast<std::uint8_t>(unit >> 8));
}

struct Lead {
  std::size_t continuations;  // octets that follow
  std::uint32_t bits;         // payload of the first octet
  std::uint32_t least;        // smallest code point that needs this length
};

std::optional<Lead> read_lead(std::uint8_t octet) {
  if (octet < 0x80) {
    return Lead{0, octet, 0};
  }
  if ((octet & 0xE0) == 0xC0) {
    return Lead{1, octet & 0x1Fu, 0x80};
  }
  if ((octet & 0xF0) == 0xE0) {
    return Lead{2, octet & 0x0Fu, 0x800};
  }
  if ((octet & 0xF8) == 0xF0) {
    return Lead{3, octet & 0x07u, 0x10000};
  }
  return std::nullopt;
}

}  // namespace

std::optional<SecretText> utf16le_from_utf8(std::span<const std::uint8_t> text) {
  // Room for the largest result at once: a growing vector would leave unwiped copies of the password behind.
  std::vector<std::uint8_t> units;
  units.reserve(2 * text.size());
  bool good = true;
  for (std::size_t at = 0; good && at < text.size();) {
    const std::optional<Lead> lead = read_lead(text[at++]);
    if (!lead || text.size() - at < lead->continuations) {
      good = false;
      break;
    }
    std::uint32_t point = lead->bits;
    for (std::size_t i = 0; i < lead->continuations; ++i, ++at) {
      good = good && (text[at] & 0xC0) == 0x80;
      point = point << 6 | (text[at] & 0x3Fu);
    }
    good = good && point >= lead->least && point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);
    if (point < 0x10000) {
      append_unit(units, point);
    } else {
      append_unit(units, 0xD800 + ((point - 0x10000) >> 10 & 0x3FF));
      append_unit(units, 0xDC00 + ((point - 0x10000) & 0x3FF));
    }
  }
  std::optional<SecretText> out;
  if (good) {
    out.emplace(SecretText::adopt(std::move(units)));
  } else {
    wipe(units.data(), units.size());
  }
  return out;
}

SecretText utf16le_from_latin1(std::span<const std::uint8_t> text) {
  std::vector<std::uint8_t> units;
  units.reserve(2 * text.size());
  for (const std::uint8_t octet : text) {
    append_unit(units, octet);
  }
  return SecretText::adopt(std::move(units));
}

}  // namespace adit::crypto
