// SPDX-License-Identifier: Apache-2.0
// GetNewKeyFromSHA (RFC 3079 §3.4) of many independent key chains at once: the SHA-1 kernels' interface.
// A kernel hashes start key | SHApad1 | session key | SHApad2, which are two SHA-1 blocks for keys of 16
// octets and of 8. Not done: caching the state after the words of block 1 that depend only on the start key.
// It would save 14 of 160 rounds (8 of the roughly 1,000 cycles per packet), and add 20 octets to each call.
// Kernels other than `portable` are compiled for their ISA. They must not use inline functions of the
// standard library: the linker keeps one copy for the whole program, which might be the one compiled for
// AVX-512.
// Thread: any; no shared state, no allocation. Owner: the caller owns the keys.
#pragma once

#include <cstddef>
#include <cstdint>

namespace adit::crypto {

/// One chain's step. Both keys have 16 octets, of which the last 8 of a narrow one are 0.
struct RekeyLane {
  const std::uint8_t* start;
  std::uint8_t* session;  ///< in: session key; out: interim key, i.e. the digest's first octets
};

/// `wide`: keys of 16 octets, else of 8. Lanes must differ in `session`.
using RekeySha1 = void (*)(const RekeyLane* lanes, std::size_t count, bool wide);

/// OpenSSL, one lane after the other: the quickest for a single lane on a CPU without the SHA extensions.
void rekey_sha1_openssl(const RekeyLane* lanes, std::size_t count, bool wide);
void rekey_sha1_portable(const RekeyLane* lanes, std::size_t count, bool wide);  ///< C++, any CPU
#if defined(__x86_64__)
void rekey_sha1_shani(const RekeyLane* lanes, std::size_t count, bool wide);     ///< needs SHA and SSE4.1
void rekey_sha1_avx2(const RekeyLane* lanes, std::size_t count, bool wide);      ///< needs AVX2
void rekey_sha1_ipsec_mb(const RekeyLane* lanes, std::size_t count, bool wide);  ///< where the build has it
void rekey_sha1_avx512(const RekeyLane* lanes, std::size_t count, bool wide);    ///< needs AVX-512 F
#endif

}  // namespace adit::crypto
