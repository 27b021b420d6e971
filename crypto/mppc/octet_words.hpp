// SPDX-License-Identifier: Apache-2.0
// Octets as words, from and to any address, for coder and decoder of MPPC.
#pragma once

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace adit::crypto {

// As every machine that DPDK runs on. Patterns and comparisons count octets from the low end of a word.
static_assert(std::endian::native == std::endian::little);

template <typename Word>
[[nodiscard]] inline Word load(const std::uint8_t* from) noexcept {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

template <typename Word>
inline void store(std::uint8_t* to, Word word) noexcept {
  std::memcpy(to, &word, sizeof word);
}

/// The first octet in the highest bits, as RFC 2118 counts them.
[[nodiscard]] inline std::uint64_t load_bits(const std::uint8_t* from) noexcept {
  return std::byteswap(load<std::uint64_t>(from));
}

inline void store_bits(std::uint8_t* to, std::uint64_t bits) noexcept {
  store(to, std::byteswap(bits));
}

template <std::size_t kSize>
inline void copy_octets(std::uint8_t* to, const std::uint8_t* from) noexcept {
  std::memcpy(to, from, kSize);
}

/// Of a number that is not 0: std::countr_zero() would ask, and guess.
[[nodiscard]] inline std::size_t trailing_zeros(std::uint64_t bits) noexcept {
  return static_cast<unsigned>(__builtin_ctzll(bits));
}

inline constexpr std::size_t kComparedOctets = 16;

/// A bit for each of 16 octets that agrees, the first one lowest.
[[nodiscard]] inline std::uint16_t equal_bits(const std::uint8_t* one, const std::uint8_t* other) noexcept {
#if defined(__x86_64__)
  const __m128i same = _mm_cmpeq_epi8(load<__m128i>(one), load<__m128i>(other));
  return static_cast<std::uint16_t>(_mm_movemask_epi8(same));
#else
  unsigned bits = 0;
  for (unsigned i = 0; i < kComparedOctets; ++i) {
    bits |= static_cast<unsigned>(one[i] == other[i]) << i;
  }
  return static_cast<std::uint16_t>(bits);
#endif
}

/// How many of the first 16 octets agree.
[[nodiscard]] inline std::size_t equal_octets(const std::uint8_t* one, const std::uint8_t* other) noexcept {
  return trailing_zeros(~std::uint64_t{equal_bits(one, other)});
}

/// Of 64 equal_bits() and the one behind them, a bit for each, the first one lowest: at least three octets agree, and those of
/// the next are not more.
[[nodiscard]] inline std::uint64_t copies_of_use(const std::uint16_t* same) noexcept {
  std::uint64_t result = 0;
#if defined(__x86_64__)
  const auto eight = [](const std::uint16_t* these) {
    __m128i here;
    __m128i next;
    std::memcpy(&here, these, sizeof here);
    std::memcpy(&next, these + 1, sizeof next);
    // As many ones as octets agree, and one more, if there is room. If next has all of them, more of its octets agree; where 15 or
    // 16 agree, none are more.
    const __m128i ones = _mm_xor_si128(here, _mm_add_epi16(here, _mm_set1_epi16(1)));
    const __m128i in_next = _mm_and_si128(next, _mm_and_si128(ones, _mm_set1_epi16(0x7FFF)));
    return _mm_andnot_si128(_mm_cmpeq_epi16(in_next, ones), _mm_slli_epi16(ones, 12));  // the fourth one
  };
  for (unsigned i = 0; i < 64; i += 16) {
    const __m128i sixteen = _mm_packs_epi16(eight(same + i), eight(same + i + 8));
    result |= static_cast<std::uint64_t>(_mm_movemask_epi8(sixteen)) << i;
  }
#else
  for (unsigned i = 0; i < 64; ++i) {
    const unsigned here = same[i] & 0x7FFFU;
    const unsigned ones = here ^ (here + 1);
    result |= static_cast<std::uint64_t>((ones & 8) != 0 && (same[i + 1] & 0x7FFF & ones) != ones) << i;
  }
#endif
  return result;
}

}  // namespace adit::crypto
