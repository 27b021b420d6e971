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

inline constexpr std::size_t kComparedOctets = 16;

/// How many of the first 16 octets agree.
[[nodiscard]] inline std::size_t equal_octets(const std::uint8_t* one, const std::uint8_t* other) noexcept {
#if defined(__x86_64__)
  const __m128i same = _mm_cmpeq_epi8(load<__m128i>(one), load<__m128i>(other));
  const auto differing = ~static_cast<unsigned>(_mm_movemask_epi8(same));
  return static_cast<std::size_t>(
      __builtin_ctz(differing));  // never 0: std::countr_zero() would ask, and guess
#else
  const std::uint64_t low = load<std::uint64_t>(one) ^ load<std::uint64_t>(other);
  const std::uint64_t high = load<std::uint64_t>(one + 8) ^ load<std::uint64_t>(other + 8);
  return static_cast<std::size_t>(low != 0 ? std::countr_zero(low) : 64 + std::countr_zero(high)) / 8;
#endif
}

/// A bit for each of 16 octets below 128, the first one lowest: it is at least `least`, and not less than the one behind it.
[[nodiscard]] inline std::uint32_t octets_of_use(const std::uint8_t* octets, std::uint8_t least) noexcept {
#if defined(__x86_64__)
  const auto these = load<__m128i>(octets);
  const auto next = load<__m128i>(octets + 1);
  const __m128i useless = _mm_or_si128(_mm_cmpgt_epi8(_mm_set1_epi8(static_cast<char>(least)), these),
                                       _mm_cmpgt_epi8(next, these));
  return static_cast<std::uint32_t>(_mm_movemask_epi8(useless)) ^ 0xFFFF;
#else
  std::uint32_t bits = 0;
  for (unsigned i = 0; i < 16; ++i) {
    bits |= static_cast<std::uint32_t>(octets[i] >= least && octets[i] >= octets[i + 1]) << i;
  }
  return bits;
#endif
}

}  // namespace adit::crypto
