// SPDX-License-Identifier: Apache-2.0
// RC4 of up to four keys side by side (vectors: RFC 6229), for MPPE, which sets a new key for every packet. A
// single stream waits for its own additions and stores; four independent ones keep a core busy.
// A kernel makes tables and key stream; rc4_crypt() applies them in the same way for all kernels.
// Scratch (tables, key stream) stays on the stack unwiped: a call's keys lie in memory for as long as it
// lives, and wiping 5 KiB for every four packets would cost each of them about 40 cycles.
// Thread: any; no shared state, no allocation. Owner: the caller owns keys and octets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace adit::crypto {

inline constexpr std::size_t kRc4Lanes = 4;
inline constexpr std::size_t kRc4Block = 16;    ///< octets of key stream: a kernel's smallest step
inline constexpr std::size_t kRc4Stream = 256;  ///< octets of key stream a lane may be asked for at once

/// The state of four generators. The assembly knows these offsets.
struct alignas(64) Rc4Lanes {
  std::uint32_t table[2][256][2];    ///< [lane / 2][i][lane % 2], each 0..255
  std::uint8_t keys[kRc4Lanes][16];  ///< in; a key of 8 octets is repeated
  std::uint32_t j[kRc4Lanes];
  std::uint32_t row;  ///< 8 * i
};
static_assert(offsetof(Rc4Lanes, keys) == 4096 && offsetof(Rc4Lanes, j) == 4160 &&
              offsetof(Rc4Lanes, row) == 4176);

struct alignas(64) Rc4Stream {
  std::uint8_t octets[kRc4Lanes][kRc4Stream];
};

struct Rc4Kernel {
  void (*schedule)(Rc4Lanes* lanes);      ///< from `keys`, all lanes
  void (*schedule_one)(Rc4Lanes* lanes);  ///< lane 0 alone
  /// The next `blocks` (1 to kRc4Stream / kRc4Block) of key stream of all lanes, to the front of each lane of
  /// `stream`.
  void (*generate)(Rc4Lanes* lanes, std::uint8_t* stream, std::size_t blocks);
};

struct Rc4Packet {
  const std::uint8_t* key;
  std::uint8_t* data;  ///< in place
  std::size_t size;
  bool wide;  ///< a key of 16 octets, not 8
};

/// Up to four packets, preferably of similar size. `lanes` is scratch.
void rc4_crypt(const Rc4Kernel& kernel, Rc4Lanes& lanes, std::span<const Rc4Packet> packets) noexcept;

extern const Rc4Kernel kRc4Portable;  ///< C++, any CPU
#if defined(__x86_64__)
extern const Rc4Kernel kRc4X8664;  ///< assembly; needs AVX
#endif

}  // namespace adit::crypto
