// SPDX-License-Identifier: Apache-2.0
// The x86 SHA extensions: one to three chains interleaved, as SHA1RNDS4 has a latency of 4 cycles and a
// throughput of 2. Compiled for SHA and SSE4.1: see sha1_lanes.hpp for what must not be used here.
#include <immintrin.h>

#include "crypto/kernels/sha1_lanes.hpp"

namespace adit::crypto {
namespace {

// A register holds four words of the message, the first in the highest lane: the octets reversed.
inline __m128i reverse(__m128i octets) {
  return _mm_shuffle_epi8(octets, _mm_set_epi64x(0x0001020304050607, 0x08090A0B0C0D0E0F));
}

template <int kChains>
struct Chains {
  __m128i abcd[kChains];
  __m128i e[kChains];
  __m128i message[kChains][4];

  template <int kFunction>
  inline void five_groups() {
#pragma GCC unroll 5
    for (int group = 5 * kFunction; group < 5 * kFunction + 5; ++group) {
#pragma GCC unroll 3
      for (int chain = 0; chain < kChains; ++chain) {
        __m128i* const m = message[chain];
        if (group >= 4) {  // words 4*group .. 4*group + 3, over those 16 before
          m[group % 4] = _mm_sha1msg2_epu32(
              _mm_xor_si128(_mm_sha1msg1_epu32(m[group % 4], m[(group + 1) % 4]), m[(group + 2) % 4]),
              m[(group + 3) % 4]);
        }
        const __m128i before = abcd[chain];
        // e is what abcd was four rounds ago, not yet rotated; only the first group finds a real E, in the
        // highest word.
        const __m128i with_e =
            group == 0 ? _mm_add_epi32(e[chain], m[0]) : _mm_sha1nexte_epu32(e[chain], m[group % 4]);
        abcd[chain] = _mm_sha1rnds4_epu32(abcd[chain], with_e, kFunction);
        e[chain] = before;
      }
    }
  }

  inline void compress() {
    __m128i abcd_before[kChains];
    __m128i e_before[kChains];
    for (int chain = 0; chain < kChains; ++chain) {
      abcd_before[chain] = abcd[chain];
      e_before[chain] = e[chain];
    }
    five_groups<0>();
    five_groups<1>();
    five_groups<2>();
    five_groups<3>();
    for (int chain = 0; chain < kChains; ++chain) {
      e[chain] = _mm_sha1nexte_epu32(e[chain], e_before[chain]);
      abcd[chain] = _mm_add_epi32(abcd[chain], abcd_before[chain]);
    }
  }

  inline void rekey(const RekeyLane* lanes, bool wide) {
    const __m128i pad2 = _mm_set1_epi32(static_cast<int>(0xF2F2F2F2));
    const __m128i zero = _mm_setzero_si128();
    __m128i session[kChains];
    for (int chain = 0; chain < kChains; ++chain) {
      abcd[chain] =
          _mm_set_epi32(0x67452301, static_cast<int>(0xEFCDAB89), static_cast<int>(0x98BADCFE), 0x10325476);
      e[chain] = _mm_set_epi32(static_cast<int>(0xC3D2E1F0), 0, 0, 0);
      session[chain] = reverse(_mm_loadu_si128(reinterpret_cast<const __m128i*>(lanes[chain].session)));
      const __m128i start = reverse(_mm_loadu_si128(reinterpret_cast<const __m128i*>(lanes[chain].start)));
      message[chain][0] = wide ? start : _mm_unpackhi_epi64(zero, start);
      message[chain][1] = zero;
      message[chain][2] = zero;
      message[chain][3] = wide ? _mm_srli_si128(session[chain], 8) : _mm_unpackhi_epi64(pad2, session[chain]);
    }
    compress();
    for (int chain = 0; chain < kChains; ++chain) {
      message[chain][0] = wide ? _mm_unpacklo_epi64(pad2, session[chain]) : pad2;
      message[chain][1] = pad2;
      message[chain][2] = wide ? pad2 : _mm_set_epi32(static_cast<int>(0x80000000), 0, 0, 0);
      message[chain][3] =
          wide ? _mm_set_epi32(static_cast<int>(0x80000000), 0, 0, 8 * 112) : _mm_set_epi32(0, 0, 0, 8 * 96);
    }
    compress();
    for (int chain = 0; chain < kChains; ++chain) {
      const __m128i digest = reverse(abcd[chain]);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(lanes[chain].session),
                       wide ? digest : _mm_move_epi64(digest));
    }
  }
};

template <int kChains>
void rekey(const RekeyLane* lanes, bool wide) {
  Chains<kChains> chains;
  chains.rekey(lanes, wide);
}

}  // namespace

void rekey_sha1_shani(const RekeyLane* lanes, std::size_t count, bool wide) {
  for (; count >= 3; lanes += 3, count -= 3) {
    rekey<3>(lanes, wide);
  }
  if (count == 2) {
    rekey<2>(lanes, wide);
  } else if (count == 1) {
    rekey<1>(lanes, wide);
  }
}

}  // namespace adit::crypto
