// SPDX-License-Identifier: Apache-2.0
// RC4 (vectors: RFC 6229) of one key or several side by side, for MPPE, which sets a new key for every packet:
// the kernels' interface. A single stream waits for its own additions and stores; independent ones keep a core
// busy. How many pay depends on the core (crypto/mppe_calibration.hpp).
// Scratch (tables, key stream) stays on the stack unwiped: a call's keys lie in memory for as long as it
// lives, and wiping 5 KiB for every four packets would cost each of them about 40 cycles.
// Thread: any; no shared state, no allocation. Owner: the caller owns keys, octets and scratch.
#pragma once

#include <cstddef>
#include <cstdint>

namespace adit::crypto {

struct Rc4Packet {
  const std::uint8_t* key;
  std::uint8_t* data;  ///< in place; may be the key itself
  std::size_t size;
  bool wide;  ///< a key of 16 octets, not 8
};

/// Room for the tables of any kernel, which means nothing outside of it. Not aligned to a page: with that a packet of
/// 64 octets took 150 cycles longer by four lanes on an AMD Zen 5, nobody knows why.
struct alignas(64) Rc4Scratch {
  std::uint8_t octets[5 * 4096];
};

struct Rc4Kernel {
  const char* name;
  std::size_t lanes;   ///< packets side by side, preferably of similar size
  std::size_t groups;  ///< of `lanes`, that it takes in one call: all schedules, then all streams
  /// Key schedules of 1 to `lanes * groups` packets, into the scratch. Lanes without a packet repeat the last one's key.
  void (*schedule)(Rc4Scratch& scratch, const Rc4Packet* packets, std::size_t count);
  /// Encrypts those packets, once.
  void (*apply)(Rc4Scratch& scratch, const Rc4Packet* packets, std::size_t count);
};

/// The packets that a call takes.
[[nodiscard]] constexpr std::size_t rc4_most(const Rc4Kernel& kernel) noexcept {
  return kernel.lanes * kernel.groups;
}

inline void rc4_crypt(const Rc4Kernel& kernel, Rc4Scratch& scratch, const Rc4Packet* packets,
                      std::size_t count) {
  kernel.schedule(scratch, packets, count);
  kernel.apply(scratch, packets, count);
}

extern const Rc4Kernel kRc4Portable;  ///< C++, any CPU
#if defined(__x86_64__)
extern const Rc4Kernel kRc4One;       ///< assembly, each step after the other
extern const Rc4Kernel kRc4Ahead;     ///< assembly, one key, S[i] loaded four steps ahead
extern const Rc4Kernel kRc4Four;      ///< assembly; needs AVX
extern const Rc4Kernel kRc4Gather8;   ///< assembly; needs AVX-512 F, BW and VL
extern const Rc4Kernel kRc4Gather16;  ///< the same
#endif

}  // namespace adit::crypto
