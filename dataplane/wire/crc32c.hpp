// SPDX-License-Identifier: Apache-2.0
// CRC-32C (Castagnoli, RFC 3720 appendix B.4): tells a record that was half written from a whole one. No defence against
// tampering. Pure; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/wire/bytes.hpp"

namespace adit::wire {
namespace detail {

/// Row n: what an octet contributes when n more octets follow it, so that eight octets cost eight lookups that do not
/// wait for each other.
consteval std::array<std::array<std::uint32_t, 256>, 8> crc32c_tables() {
  constexpr std::uint32_t kReversedPolynomial = 0x82F6'3B78;
  std::array<std::array<std::uint32_t, 256>, 8> tables{};
  for (std::uint32_t octet = 0; octet < 256; ++octet) {
    std::uint32_t crc = octet;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? kReversedPolynomial : 0);
    }
    tables[0][octet] = crc;
  }
  for (std::size_t row = 1; row < 8; ++row) {
    for (std::size_t octet = 0; octet < 256; ++octet) {
      const std::uint32_t before = tables[row - 1][octet];
      tables[row][octet] = (before >> 8) ^ tables[0][before & 255];
    }
  }
  return tables;
}
inline constexpr auto kCrc32c = crc32c_tables();

}  // namespace detail

/// Of `octets`; `before`: the sum of what comes before them, if they are the rest of something.
[[nodiscard]] constexpr std::uint32_t crc32c(Bytes octets, std::uint32_t before = 0) noexcept {
  const auto& tables = detail::kCrc32c;
  std::uint32_t crc = ~before;
  std::size_t at = 0;
  for (; octets.size() - at >= 8; at += 8) {
    const std::uint32_t low =
        crc ^ (octets[at] | std::uint32_t{octets[at + 1]} << 8 | std::uint32_t{octets[at + 2]} << 16 |
               std::uint32_t{octets[at + 3]} << 24);
    crc = tables[7][low & 255] ^ tables[6][low >> 8 & 255] ^ tables[5][low >> 16 & 255] ^
          tables[4][low >> 24] ^ tables[3][octets[at + 4]] ^ tables[2][octets[at + 5]] ^
          tables[1][octets[at + 6]] ^ tables[0][octets[at + 7]];
  }
  for (; at < octets.size(); ++at) {
    crc = (crc >> 8) ^ tables[0][(crc ^ octets[at]) & 255];
  }
  return ~crc;
}

}  // namespace adit::wire
