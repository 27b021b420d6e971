// SPDX-License-Identifier: Apache-2.0
// The only CCP option we need: MPPE/MPPC, RFC 3078 §2 (type 18, six octets, 32 supported bits).
// Pure; any thread.
#pragma once

#include <cstdint>

#include "dataplane/wire/ppp_packet.hpp"

namespace adit::wire {

enum class CcpOption : std::uint8_t {
  kStac = 17,
  kMppe = 18,
  kBsd = 21,
  kDeflate = 26,
};

/// RFC 3078 §2.1. A value is a bitwise OR of these; PppOption::u32() reads it, PppFrameWriter::option_u32() writes it.
namespace mppe_bits {
inline constexpr std::uint32_t kStateless = 0x01000000;  ///< H
inline constexpr std::uint32_t k56 = 0x00000080;         ///< M
inline constexpr std::uint32_t k128 = 0x00000040;        ///< S
inline constexpr std::uint32_t k40 = 0x00000020;         ///< L
inline constexpr std::uint32_t kObsolete = 0x00000010;   ///< D: never accepted
inline constexpr std::uint32_t kMppc = 0x00000001;       ///< C: MPPC, RFC 2118
inline constexpr std::uint32_t kStrengths = k40 | k56 | k128;
}  // namespace mppe_bits

}  // namespace adit::wire
