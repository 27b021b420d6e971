// SPDX-License-Identifier: Apache-2.0
// The header of protocol 00FD, RFC 3078 §3 and RFC 2118 §4.1: A B C D and a 12-bit coherency count, then protocol and
// payload: compressed if C, and then encrypted if D.
//   A 0x8000 flushed: key stream and history restart with this packet    B 0x4000 its octets begin at the history's front
//   C 0x2000 compressed (MPPC)                                           D 0x1000 encrypted (MPPE)
// Stateless mode sets A in every packet; stateful mode in flag packets and after a Reset-Request.
// Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>

#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::wire {

inline constexpr std::size_t kMppeHeaderSize = 2;

struct MppeHeader {
  CoherencyCount count{};
  bool flushed = false;
  bool at_front = false;
  bool compressed = false;
  friend constexpr bool operator==(MppeHeader, MppeHeader) = default;
};

/// What CCP has agreed on for the direction.
struct MppeAgreed {
  bool encrypted = true;
  bool compressed = false;
};

enum class MppeError : std::uint8_t {
  kTruncated,     ///< nothing follows the header
  kNotEncrypted,  ///< D clear, though encryption is agreed on
  kEncrypted,     ///< D set, and it is not
  kCompressed,    ///< B or C set, and compression is not agreed on
};

/// `octets` begin after protocol 00FD. At least one octet must follow the header, and there is no padding.
[[nodiscard]] inline std::expected<MppeHeader, MppeError> parse_mppe(Bytes octets,
                                                                     MppeAgreed agreed = {}) noexcept {
  if (octets.size() <= kMppeHeaderSize) {
    return std::unexpected(MppeError::kTruncated);
  }
  const std::uint16_t header = load_be<std::uint16_t>(octets.data());
  if (((header & 0x1000) != 0) != agreed.encrypted) {
    return std::unexpected(agreed.encrypted ? MppeError::kNotEncrypted : MppeError::kEncrypted);
  }
  if ((header & 0x6000) != 0 && !agreed.compressed) {
    return std::unexpected(MppeError::kCompressed);
  }
  return MppeHeader{.count = CoherencyCount(header),
                    .flushed = (header & 0x8000) != 0,
                    .at_front = (header & 0x4000) != 0,
                    .compressed = (header & 0x2000) != 0};
}

/// Writes kMppeHeaderSize octets at `at`: D when `encrypted`, A, B and C as in `header`.
inline void write_mppe(std::uint8_t* at, MppeHeader header, bool encrypted = true) noexcept {
  const unsigned bits = (header.flushed ? 0x8000U : 0) | (header.at_front ? 0x4000U : 0) |
                        (header.compressed ? 0x2000U : 0) | (encrypted ? 0x1000U : 0);
  store_be<std::uint16_t>(at, static_cast<std::uint16_t>(bits | header.count.value));
}

}  // namespace adit::wire
