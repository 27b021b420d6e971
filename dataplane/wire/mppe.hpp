// SPDX-License-Identifier: Apache-2.0
// The MPPE header, RFC 3078 §3, in stateless mode: A B C D and a 12-bit coherency count, then RC4(protocol, payload).
//   A 0x8000 flushed: the key was re-initialised (every packet of stateless mode)     D 0x1000 encrypted
//   B 0x4000, C 0x2000: MPPC history and compression, which we never negotiate
// Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>

#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::wire {

inline constexpr std::size_t kMppeHeaderSize = 2;

enum class MppeError : std::uint8_t {
  kTruncated,     ///< no octet after the header
  kNotEncrypted,  ///< D clear
  kNotFlushed,    ///< A clear: the sender believes in stateful mode
  kCompressed,    ///< B or C set
};

/// `octets` begin after protocol 00FD. What follows the header is a multiple of nothing and at least one octet.
[[nodiscard]] inline std::expected<CoherencyCount, MppeError> parse_mppe_stateless(Bytes octets) noexcept {
  if (octets.size() <= kMppeHeaderSize) {
    return std::unexpected(MppeError::kTruncated);
  }
  const std::uint16_t header = load_be<std::uint16_t>(octets.data());
  if ((header & 0x1000) == 0) {
    return std::unexpected(MppeError::kNotEncrypted);
  }
  if ((header & 0x8000) == 0) {
    return std::unexpected(MppeError::kNotFlushed);
  }
  if ((header & 0x6000) != 0) {
    return std::unexpected(MppeError::kCompressed);
  }
  return CoherencyCount(header);
}

/// Writes kMppeHeaderSize octets at `at`: A and D set.
inline void write_mppe_stateless(std::uint8_t* at, CoherencyCount count) noexcept {
  store_be<std::uint16_t>(at, static_cast<std::uint16_t>(0x9000 | count.value));
}

}  // namespace adit::wire
