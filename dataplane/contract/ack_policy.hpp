// SPDX-License-Identifier: Apache-2.0
// How one end of a tunnel acknowledges GRE packets. RFC 2637 §4.3 leaves it open, and implementations differ.
// Value; any thread.
#pragma once

#include <cstdint>

namespace adit::contract {

struct AckPolicy {
  /// False: never, neither alone nor with data (as Android).
  bool acknowledges = true;
  /// A bare acknowledgement is sent this long after the first unacknowledged packet. RFC 2637 §4.3 wants one
  /// "within a reasonable time"; Windows waits 100 ms, and the loop and the wire need some of that.
  std::uint16_t bare_after_ms = 80;
  /// ... or at once after this many packets: a peer that does hold back for acknowledgements starts with a
  /// window of 16 (ng_pptpgre) or half of the 64 that we advertise. At most 255.
  std::uint8_t bare_after_packets = 8;
};

}  // namespace adit::contract
