// SPDX-License-Identifier: Apache-2.0
// Octets for tests of crypto/: from hexadecimal, from text, and back.
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/library.hpp"

namespace adit::crypto::test {

using Octets = std::vector<std::uint8_t>;

inline Octets text(std::string_view s) {
  return {s.begin(), s.end()};
}

/// Spaces are ignored.
inline Octets unhex(std::string_view digits) {
  Octets out;
  int high = -1;
  for (const char c : digits) {
    if (c == ' ') {
      continue;
    }
    const int value = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    if (high < 0) {
      high = value;
    } else {
      out.push_back(static_cast<std::uint8_t>(high << 4 | value));
      high = -1;
    }
  }
  return out;
}

template <std::size_t kSize>
std::array<std::uint8_t, kSize> unhex_array(std::string_view digits) {
  const Octets octets = unhex(digits);
  std::array<std::uint8_t, kSize> out{};
  for (std::size_t i = 0; i < kSize; ++i) {
    out[i] = octets.at(i);
  }
  return out;
}

/// Upper case, as the RFCs print it.
inline std::string hex(std::span<const std::uint8_t> octets) {
  std::string out;
  for (const std::uint8_t octet : octets) {
    out += "0123456789ABCDEF"[octet >> 4];
    out += "0123456789ABCDEF"[octet & 15];
  }
  return out;
}

inline Octets random_octets(std::mt19937& random, std::size_t size) {
  Octets out(size);
  for (std::uint8_t& octet : out) {
    octet = static_cast<std::uint8_t>(random());
  }
  return out;
}

/// Sanitizer builds are unoptimised as well: a test of many rounds makes do with fewer there.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

/// Each test executable opens the library before its first test.
inline const bool kLibraryReady = initialise().has_value();

}  // namespace adit::crypto::test
