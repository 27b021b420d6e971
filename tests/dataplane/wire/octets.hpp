// SPDX-License-Identifier: Apache-2.0
// What every codec test needs: octets from hex, every truncation, every bit flip, seeded random octets.
// Each variant lives in an allocation of exactly its size, so that AddressSanitizer sees a read past its end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string_view>
#include <vector>

namespace adit::wire::test {

using Octets = std::vector<std::uint8_t>;

/// Hex digits; spaces are for the reader.
inline Octets hex(std::string_view text) {
  Octets octets;
  int high = -1;
  for (const char c : text) {
    if (c == ' ') {
      continue;
    }
    const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    if (high < 0) {
      high = digit;
    } else {
      octets.push_back(static_cast<std::uint8_t>(high * 16 + digit));
      high = -1;
    }
  }
  return octets;
}

inline Octets copy(std::span<const std::uint8_t> octets) {
  return {octets.begin(), octets.end()};
}

/// Calls `check` with the first 0, 1, ... size-1 octets.
template <typename Check>
void each_truncation(const Octets& whole, Check check) {
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Octets exact(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    check(std::span<const std::uint8_t>(exact));
  }
}

/// Calls `check` with each variant that differs in one bit, and the index of that bit.
template <typename Check>
void each_bit_flip(const Octets& whole, Check check) {
  Octets exact(whole);
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    const auto mask = static_cast<std::uint8_t>(0x80 >> (bit % 8));
    exact[bit / 8] = static_cast<std::uint8_t>(exact[bit / 8] ^ mask);
    check(std::span<const std::uint8_t>(exact), bit);
    exact[bit / 8] = static_cast<std::uint8_t>(exact[bit / 8] ^ mask);
  }
}

/// The same numbers in every run.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
  std::uint8_t octet() { return static_cast<std::uint8_t>(engine_()); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(engine_()); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(engine_()); }
  std::uint64_t u64() { return engine_(); }
  Octets octets(std::size_t size) {
    Octets result(size);
    for (auto& octet : result) {
      octet = this->octet();
    }
    return result;
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace adit::wire::test
