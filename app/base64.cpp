// SPDX-License-Identifier: Apache-2.0
#include "app/base64.hpp"

#include <algorithm>

namespace adit::app {
namespace {

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string to_base64(std::span<const std::uint8_t> octets) {
  std::string text;
  text.reserve((octets.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < octets.size(); at += 3) {
    const std::size_t size = std::min<std::size_t>(3, octets.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = group << 8 | (i < size ? octets[at + i] : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      text += i <= size ? kDigits[group >> (18 - 6 * i) & 63] : '=';
    }
  }
  return text;
}

std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) {
    return std::nullopt;
  }
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  std::vector<std::uint8_t> octets;
  octets.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool pad = at >= text.size() - padding;
    const std::size_t digit = pad ? 0 : kDigits.find(text[at]);
    if (digit == std::string_view::npos) {
      return std::nullopt;
    }
    group = group << 6 | static_cast<std::uint32_t>(digit);
    if (at % 4 == 3) {
      for (const int shift : {16, 8, 0}) {
        octets.push_back(static_cast<std::uint8_t>(group >> shift));
      }
      group = 0;
    }
  }
  octets.resize(octets.size() - padding);
  return octets;
}

}  // namespace adit::app
