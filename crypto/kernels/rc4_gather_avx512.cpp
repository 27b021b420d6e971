// SPDX-License-Identifier: Apache-2.0
// Keys into the lanes of rc4_gather_avx512.S, and its key stream out of them into the packets. The assembly has
// a dword of every lane in one vector, packets have their octets in a row: both ways are a transposition.
// Compiled for AVX-512 F, BW and VL: see sha1_lanes.hpp for what must not be used here.
#include <immintrin.h>

#include "crypto/kernels/rc4_kernel.hpp"

namespace adit::crypto {
namespace {

constexpr std::size_t kBlock = 16;  // octets of key stream: 16 steps of the generator
constexpr std::size_t kChunk = 64;  // octets of a packet that are encrypted at once

/// The assembly knows this layout.
template <std::size_t kLanes>
struct alignas(64) Table {
  std::uint32_t rows[256 + 4][kLanes];  ///< S[i] of every lane
  std::uint32_t j[kLanes];
  std::uint64_t row;
};

// A vector is a row of quarters of 128 bits. In the packets' order quarter q of vector m has 16 octets of lane
// 4 * q + m; in the assembly's order vector w has dword w of all lanes.
// Shuffles are the compilers' own: GCC 12 warns of its intrinsics, which read a vector that nobody has set.

typedef std::uint32_t Quarter __attribute__((vector_size(16)));
typedef std::uint32_t Half __attribute__((vector_size(32)));
typedef std::uint32_t Whole __attribute__((vector_size(64)));

extern "C" {
void rc4_gather16_schedule(Table<16>* table, const Whole* key_words);
void rc4_gather16_generate(Table<16>* table, Whole* stream, std::size_t blocks);
void rc4_gather8_schedule(Table<8>* table, const Half* key_words);
void rc4_gather8_generate(Table<8>* table, Half* stream, std::size_t blocks);
}

struct Lanes16 {
  static constexpr std::size_t kLanes = 16;
  typedef Whole Vector;
  static constexpr auto schedule = rc4_gather16_schedule;
  static constexpr auto generate = rc4_gather16_generate;

  static inline Vector low32(Vector a, Vector b) {
    return __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
  }
  static inline Vector high32(Vector a, Vector b) {
    return __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
  }
  static inline Vector low64(Vector a, Vector b) {
    return __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
  }
  static inline Vector high64(Vector a, Vector b) {
    return __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
  }
  /// Quarter q of the four side by side, for each q.
  static inline void regroup(Whole* to, Vector a, Vector b, Vector c, Vector d) {
    const Whole even_ab = even_quarters(a, b);
    const Whole even_cd = even_quarters(c, d);
    const Whole odd_ab = odd_quarters(a, b);
    const Whole odd_cd = odd_quarters(c, d);
    to[0] = even_quarters(even_ab, even_cd);
    to[4] = even_quarters(odd_ab, odd_cd);
    to[8] = odd_quarters(even_ab, even_cd);
    to[12] = odd_quarters(odd_ab, odd_cd);
  }
  static inline Whole even_quarters(Whole a, Whole b) {
    return __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
  }
  static inline Whole odd_quarters(Whole a, Whole b) {
    return __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
  }
};

struct Lanes8 {
  static constexpr std::size_t kLanes = 8;
  typedef Half Vector;
  static constexpr auto schedule = rc4_gather8_schedule;
  static constexpr auto generate = rc4_gather8_generate;

  static inline Vector low32(Vector a, Vector b) {
    return __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13);
  }
  static inline Vector high32(Vector a, Vector b) {
    return __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15);
  }
  static inline Vector low64(Vector a, Vector b) {
    return __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13);
  }
  static inline Vector high64(Vector a, Vector b) {
    return __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
  }
  static inline void regroup(Whole* to, Vector a, Vector b, Vector c, Vector d) {
    const Whole ab = __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const Whole cd = __builtin_shufflevector(c, d, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    to[0] = Lanes16::even_quarters(ab, cd);
    to[4] = Lanes16::odd_quarters(ab, cd);
  }
};

/// From one order to the other.
template <typename Isa>
inline void transpose(typename Isa::Vector (&v)[4]) {
  const auto a = Isa::low32(v[0], v[1]);
  const auto b = Isa::low32(v[2], v[3]);
  const auto c = Isa::high32(v[0], v[1]);
  const auto d = Isa::high32(v[2], v[3]);
  v[0] = Isa::low64(a, b);
  v[1] = Isa::high64(a, b);
  v[2] = Isa::low64(c, d);
  v[3] = Isa::high64(c, d);
}

/// 16 octets; a narrow key twice.
inline __m128i key_of(const Rc4Packet& packet) {
  return packet.wide ? _mm_loadu_si128(reinterpret_cast<const __m128i*>(packet.key))
                     : _mm_castpd_si128(_mm_loaddup_pd(reinterpret_cast<const double*>(packet.key)));
}

template <typename Isa>
Table<Isa::kLanes>& table_in(Rc4Scratch& scratch) {
  static_assert(sizeof(Table<Isa::kLanes>) <= sizeof scratch.octets);
  return *reinterpret_cast<Table<Isa::kLanes>*>(scratch.octets);
}

template <typename Isa>
void schedule(Rc4Scratch& scratch, const Rc4Packet* packets, std::size_t count) {
  typename Isa::Vector keys[4];
  for (std::size_t lane = 0; lane < Isa::kLanes; ++lane) {
    const __m128i key = key_of(packets[lane < count ? lane : count - 1]);
    __builtin_memcpy(reinterpret_cast<char*>(&keys[lane % 4]) + 16 * (lane / 4), &key, sizeof key);
  }
  transpose<Isa>(keys);
  Isa::schedule(&table_in<Isa>(scratch), keys);
}

/// One block of all lanes, and packets of which no more is left: a key change is this alone.
template <typename Isa>
void apply_last_block(const typename Isa::Vector (&stream)[kChunk / 4], std::size_t at,
                      const Rc4Packet* packets, std::size_t count) {
  typename Isa::Vector octets[4] = {stream[0], stream[1], stream[2], stream[3]};
  transpose<Isa>(octets);
  for (std::size_t lane = 0; lane < count; ++lane) {
    if (packets[lane].size > at) {
      const std::size_t left = packets[lane].size - at;
      __m128i key;
      __builtin_memcpy(&key, reinterpret_cast<const char*>(&octets[lane % 4]) + 16 * (lane / 4), sizeof key);
      const __mmask16 mask = static_cast<__mmask16>(left < 16 ? (1U << left) - 1 : 0xFFFF);
      std::uint8_t* const to = packets[lane].data + at;
      _mm_mask_storeu_epi8(to, mask, _mm_xor_si128(_mm_maskz_loadu_epi8(mask, to), key));
    }
  }
}

template <typename Isa>
void apply_chunk(const typename Isa::Vector (&stream)[kChunk / 4], std::size_t at, const Rc4Packet* packets,
                 std::size_t count) {
  typename Isa::Vector blocks[4][4];
  for (std::size_t block = 0; block < 4; ++block) {
    __builtin_memcpy(blocks[block], stream + 4 * block, sizeof blocks[block]);
    transpose<Isa>(blocks[block]);
  }
  Whole octets[Isa::kLanes];
  for (std::size_t m = 0; m < 4; ++m) {
    Isa::regroup(octets + m, blocks[0][m], blocks[1][m], blocks[2][m], blocks[3][m]);
  }
  for (std::size_t lane = 0; lane < count; ++lane) {
    if (packets[lane].size > at) {
      const std::size_t left = packets[lane].size - at;
      const __mmask64 mask = left < kChunk ? (std::uint64_t{1} << left) - 1 : ~std::uint64_t{0};
      std::uint8_t* const to = packets[lane].data + at;
      _mm512_mask_storeu_epi8(
          to, mask,
          _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, to), reinterpret_cast<__m512i>(octets[lane])));
    }
  }
}

template <typename Isa>
void apply(Rc4Scratch& scratch, const Rc4Packet* packets, std::size_t count) {
  std::size_t longest = 0;
  for (std::size_t lane = 0; lane < count; ++lane) {
    longest = packets[lane].size > longest ? packets[lane].size : longest;
  }
  typename Isa::Vector stream[kChunk / 4];
  for (std::size_t at = 0; at < longest; at += kChunk) {
    const std::size_t blocks = longest - at < kChunk ? (longest - at + kBlock - 1) / kBlock : kChunk / kBlock;
    Isa::generate(&table_in<Isa>(scratch), stream, blocks);
    blocks == 1 ? apply_last_block<Isa>(stream, at, packets, count)
                : apply_chunk<Isa>(stream, at, packets, count);
  }
}

}  // namespace

const Rc4Kernel kRc4Gather16 = {"gather16", 16, 1, schedule<Lanes16>, apply<Lanes16>};
const Rc4Kernel kRc4Gather8 = {"gather8", 8, 1, schedule<Lanes8>, apply<Lanes8>};

}  // namespace adit::crypto
