// SPDX-License-Identifier: Apache-2.0
// Octets as words, from and to any address, for coder and decoder of MPPC.
#pragma once

#include <emmintrin.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace adit::crypto {

// Every machine that DPDK runs on. The patterns of the decoder and the comparisons of the coder count octets from the
// low end of a word.
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

inline constexpr std::size_t kComparedOctets = 16;

/// A bit for each of 16 octets, the first one lowest: the octets differ. The last bit is always set.
[[nodiscard]] inline std::uint32_t differing_octets(const std::uint8_t* one, const std::uint8_t* other) noexcept {
  const __m128i same = _mm_cmpeq_epi8(load<__m128i>(one), load<__m128i>(other));
  return ~static_cast<std::uint32_t>(_mm_movemask_epi8(same));
}

template <std::size_t kSize>
inline void copy_octets(std::uint8_t* to, const std::uint8_t* from) noexcept {
  std::memcpy(to, from, kSize);
}

}  // namespace adit::crypto
