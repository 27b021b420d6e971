// SPDX-License-Identifier: Apache-2.0
// RC4's generator for one key, in C++, for the kernels that have a lane by itself. See rc4_kernel.hpp.
// Thread: any; pure but for the table and the data.
#pragma once

#include <cstddef>
#include <cstdint>

namespace adit::crypto {

/// Encrypts `size` octets in place. S[i] is table[kStride * i]; `i` and `j` are those of the step before the first. Moves
/// the table, and tells nobody where i and j have come to.
/// S[i + 1] is fetched before S[j] is stored, and corrected if it was the same element: replaying the load after an older
/// store costs more (7.1 cycles per octet instead of 6.4 on AMD Zen 3, branch or CMOV alike).
template <std::size_t kStride>
inline void rc4_apply_alone(std::uint32_t* table, std::uint32_t i, std::uint32_t j, std::uint8_t* data,
                            std::size_t size) noexcept {
  i = (i + 1) & 255;
  std::uint32_t a = table[kStride * i];
  for (std::size_t at = 0; at < size; ++at) {
    const std::uint32_t next_i = (i + 1) & 255;
    j = (j + a) & 255;
    const std::uint32_t next_a = table[kStride * next_i];
    const std::uint32_t b = table[kStride * j];
    table[kStride * j] = a;
    table[kStride * i] = b;
    data[at] = static_cast<std::uint8_t>(data[at] ^ table[kStride * ((a + b) & 255)]);
    a = j == next_i ? a : next_a;
    i = next_i;
  }
}

}  // namespace adit::crypto
