// SPDX-License-Identifier: Apache-2.0
// The SHA-1 of sha1_lanes.hpp in Isa::kLanes lanes of a vector, for any ISA: each vector holds one 32-bit
// word of all lanes. For kernel files only: all of it has internal linkage, see sha1_lanes.hpp.
//
// An Isa has: kLanes; Vector (GCC vector of std::uint32_t, kLanes elements); and static functions
//   rotate<n>(x)      left
//   choose(b, c, d)   (b & c) | (~b & d)
//   parity(b, c, d)   b ^ c ^ d
//   majority(b, c, d) (b & c) | (b & d) | (c & d)
#pragma once

#include "crypto/kernels/sha1_lanes.hpp"

namespace adit::crypto {
namespace {

/// Plain vector operations: up to AVX2, compilers make them as good as intrinsics.
template <unsigned kLaneCount>
struct GenericIsa {
  static constexpr unsigned kLanes = kLaneCount;
  typedef std::uint32_t Vector
      __attribute__((vector_size(4 * kLaneCount)));  // an alias would lose the attribute

  template <int kBits>
  static inline void rotate(Vector& x) {
    x = (x << kBits) | (x >> (32 - kBits));
  }
  static inline void choose(Vector& f, const Vector& b, const Vector& c, const Vector& d) {
    f = d ^ (b & (c ^ d));
  }
  static inline void parity(Vector& f, const Vector& b, const Vector& c, const Vector& d) { f = b ^ c ^ d; }
  static inline void majority(Vector& f, const Vector& b, const Vector& c, const Vector& d) {
    f = (b & c) | (d & (b | c));
  }
};

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are swapped on the way in and out");

inline std::uint32_t load_word(const std::uint8_t* at) {
  std::uint32_t word;
  __builtin_memcpy(&word, at, sizeof word);
  return __builtin_bswap32(word);
}

inline void store_word(std::uint8_t* at, std::uint32_t word) {
  word = __builtin_bswap32(word);
  __builtin_memcpy(at, &word, sizeof word);
}

template <typename Isa>
class Sha1Lanes {
 public:
  static constexpr unsigned kLanes = Isa::kLanes;

  static void rekey_all(const RekeyLane* lanes, std::size_t count, bool wide) {
    for (; count > kLanes; lanes += kLanes, count -= kLanes) {
      rekey(lanes, kLanes, wide);
    }
    if (count > 0) {
      rekey(lanes, count, wide);
    }
  }

 private:
  /// 1 to kLanes lanes.
  static void rekey(const RekeyLane* lanes, std::size_t count, bool wide) {
    alignas(64) std::uint32_t start[4][kLanes];
    alignas(64) std::uint32_t session[4][kLanes];
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      const RekeyLane& from = lanes[lane < count ? lane : 0];  // idle lanes repeat the first
      for (unsigned word = 0; word < 4; ++word) {
        start[word][lane] = load_word(from.start + 4 * word);
        session[word][lane] = load_word(from.session + 4 * word);
      }
    }
    Sha1Lanes hash;
    wide ? hash.hash_wide(start, session) : hash.hash_narrow(start, session);
    for (unsigned lane = 0; lane < count; ++lane) {
      for (unsigned word = 0; word < 4; ++word) {
        store_word(lanes[lane].session + 4 * word, wide || word < 2 ? hash.state_[word][lane] : 0);
      }
    }
  }

  typedef typename Isa::Vector Vector;
  using Words = std::uint32_t[4][kLanes];

  void set(unsigned from, unsigned to, std::uint32_t value) {
    for (unsigned word = from; word < to; ++word) {
      words_[word] = Vector{} + value;
    }
  }

  void set(unsigned word, const std::uint32_t (&values)[kLanes]) {
    __builtin_memcpy(&words_[word], values, sizeof values);
  }

  // start 16, pad1 40, session 16, pad2 40 octets; the block boundary splits the session key.
  void hash_wide(const Words& start, const Words& session) {
    for (unsigned word = 0; word < 4; ++word) {
      set(word, start[word]);
    }
    set(4, 14, 0);
    set(14, session[0]);
    set(15, session[1]);
    compress();
    set(0, session[2]);
    set(1, session[3]);
    set(2, 12, 0xF2F2F2F2);
    finish(12, 8 * 112);
  }

  // start 8, pad1 40, session 8, pad2 40 octets; the block boundary splits pad2.
  void hash_narrow(const Words& start, const Words& session) {
    set(0, start[0]);
    set(1, start[1]);
    set(2, 12, 0);
    set(12, session[0]);
    set(13, session[1]);
    set(14, 16, 0xF2F2F2F2);
    compress();
    set(0, 8, 0xF2F2F2F2);
    finish(8, 8 * 96);
  }

  /// RFC 3174 §4: the padding from word `at` on, and the last block.
  void finish(unsigned at, std::uint32_t bits) {
    set(at, at + 1, 0x80000000);
    set(at + 1, 15, 0);
    set(15, 16, bits);
    compress();
  }

  /// RFC 3174 §6.2: word t of the schedule, stored over word t - 16.
  const Vector& schedule(unsigned t) {
    if (t >= 16) {
      Vector& word = words_[t % 16];
      Isa::parity(word, word ^ words_[(t - 3) % 16], words_[(t - 8) % 16], words_[(t - 14) % 16]);
      Isa::template rotate<1>(word);
    }
    return words_[t % 16];
  }

  void compress() {
    Vector a = state_[0], b = state_[1], c = state_[2], d = state_[3], e = state_[4];
    const auto round = [&](const Vector& f, std::uint32_t k, unsigned t) __attribute__((always_inline)) {
      Vector next = a;
      Isa::template rotate<5>(next);
      next += f + e + schedule(t) + k;
      e = d;
      d = c;
      c = b;
      Isa::template rotate<30>(c);
      b = a;
      a = next;
    };
    Vector f;
#pragma GCC unroll 20
    for (unsigned t = 0; t < 20; ++t) {
      Isa::choose(f, b, c, d);
      round(f, 0x5A827999, t);
    }
#pragma GCC unroll 20
    for (unsigned t = 20; t < 40; ++t) {
      Isa::parity(f, b, c, d);
      round(f, 0x6ED9EBA1, t);
    }
#pragma GCC unroll 20
    for (unsigned t = 40; t < 60; ++t) {
      Isa::majority(f, b, c, d);
      round(f, 0x8F1BBCDC, t);
    }
#pragma GCC unroll 20
    for (unsigned t = 60; t < 80; ++t) {
      Isa::parity(f, b, c, d);
      round(f, 0xCA62C1D6, t);
    }
    state_[0] += a;
    state_[1] += b;
    state_[2] += c;
    state_[3] += d;
    state_[4] += e;
  }

  Vector state_[5] = {Vector{} + 0x67452301, Vector{} + 0xEFCDAB89, Vector{} + 0x98BADCFE,
                      Vector{} + 0x10325476, Vector{} + 0xC3D2E1F0};
  Vector words_[16];
};

}  // namespace
}  // namespace adit::crypto
