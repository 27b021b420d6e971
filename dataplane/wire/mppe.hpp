// SPDX-License-Identifier: Apache-2.0
// The MPPE header, RFC 3078 §3: A B C D and a 12-bit coherency count, then RC4(protocol, payload).
//   A 0x8000 flushed: the key stream restarts with this packet        D 0x1000 encrypted
//   B 0x4000, C 0x2000: MPPC history and compression, which we never negotiate
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
  friend constexpr bool operator==(MppeHeader, MppeHeader) = default;
};

enum class MppeError : std::uint8_t {
  kTruncated,     ///< nothing follows the header
  kNotEncrypted,  ///< D clear
  kCompressed,    ///< B or C set
};

/// `octets` begin after protocol 00FD. At least one octet must follow the header, and there is no padding.
[[nodiscard]] inline std::expected<MppeHeader, MppeError> parse_mppe(Bytes octets) noexcept {
  if (octets.size() <= kMppeHeaderSize) {
    return std::unexpected(MppeError::kTruncated);
  }
  const std::uint16_t header = load_be<std::uint16_t>(octets.data());
  if ((header & 0x1000) == 0) {
    return std::unexpected(MppeError::kNotEncrypted);
  }
  if ((header & 0x6000) != 0) {
    return std::unexpected(MppeError::kCompressed);
  }
  return MppeHeader{.count = CoherencyCount(header), .flushed = (header & 0x8000) != 0};
}

/// Writes kMppeHeaderSize octets at `at`: D set, A when `flushed`.
inline void write_mppe(std::uint8_t* at, MppeHeader header) noexcept {
  store_be<std::uint16_t>(
      at, static_cast<std::uint16_t>((header.flushed ? 0x9000 : 0x1000) | header.count.value));
}

/// For stateless mode: A and D set.
inline void write_mppe_stateless(std::uint8_t* at, CoherencyCount count) noexcept {
  write_mppe(at, {.count = count, .flushed = true});
}

}  // namespace adit::wire
