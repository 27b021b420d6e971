// SPDX-License-Identifier: Apache-2.0
// What coder and decoder of MPPC (RFC 2118) share: the history's size and the two bits of the packet's header that
// move it. A packet is the octets behind the 2-octet header of RFC 3078 §3; the header itself, the coherency count
// and encryption are the caller's.
#pragma once

#include <cstddef>

namespace adit::crypto {

/// RFC 2118 §4: octets of one direction's history. Also the most that one packet can decompress to.
inline constexpr std::size_t kMppcHistoryOctets = 8192;

/// Two bits of the header. The third, C (compressed), says whether the coder or decoder is asked at all.
struct MppcFlags {
  bool flushed = false;   ///< A: the history was re-initialised before this packet
  bool at_front = false;  ///< B: this packet's octets begin at the front of the history
};

}  // namespace adit::crypto
