// SPDX-License-Identifier: Apache-2.0
// Decompresses MPPC packets (RFC 2118 §4). Input is untrusted: whatever it contains, nothing outside of the spans is
// touched, the work is bounded by `out`, and what is wrong has a name.
// Trial, then commit: decompressing changes nothing but `out`, and the caller who is satisfied with the plaintext
// commits it. A packet that nobody commits has never been there.
// Where peers differ we read what any of them sends: A and B on any packet; references to octets that have not been
// written since the start, which are 0; references to what the previous lap left above the front.
// Thread: any; no allocation, no exception. Owner: the caller owns histories and octets; `packet` and `out` must not overlap.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <span>

#include "crypto/mppc/mppc.hpp"

namespace adit::crypto {

enum class MppcFault : std::uint8_t {
  kEmpty,                ///< no octets at all
  kTruncated,            ///< the last token is longer than the packet
  kOffsetZero,           ///< a copy of what is not yet there
  kOffsetBeyondHistory,  ///< 8,192 or more: the code has room for it, the history has not
  kLengthCode,           ///< twelve or more ones: no length begins so
  kTooLong,              ///< decompresses to more than `out` holds
  kBeyondEnd,            ///< goes on over the end of the history, where a sender has to begin at the front
};

/// Copies are of 32 octets, whatever they need: so many are read behind the history's end, and not used.
inline constexpr std::size_t kMppcHistorySlack = 32;
using MppcHistoryOctets = std::array<std::uint8_t, kMppcHistoryOctets + kMppcHistorySlack>;

/// The receiver's history of one direction of a call that keeps one: 8,192 octets, and where the next packet begins.
class MppcHistory {
 public:
  /// Accepts a packet: `flags` first (A clears the history, A and B lead to its front), then its octets are appended.
  /// `plain` is what the last mppc_decompress() with the same flags and this history gave, and nothing was committed
  /// since. Of a packet that came without C only the flags count: `plain` is empty.
  void commit(MppcFlags flags, std::span<const std::uint8_t> plain) noexcept;

 private:
  friend std::expected<std::size_t, MppcFault> mppc_decompress(const MppcHistory&, MppcFlags,
                                                               std::span<const std::uint8_t>,
                                                               std::span<std::uint8_t>) noexcept;

  MppcHistoryOctets octets_{};
  std::uint16_t position_ = 0;
  std::uint16_t used_ = 0;  ///< nothing was written from here on since the last A, which need not clear it
};

/// Decompresses a packet of a call without history (stateless: A on every packet). Returns the octets written to `out`, at least
/// one; `out` bounds them: the MRU and 2 for the protocol field, at most 8,192. What follows them in `out` is undefined.
[[nodiscard]] std::expected<std::size_t, MppcFault> mppc_decompress(std::span<const std::uint8_t> packet,
                                                                    std::span<std::uint8_t> out) noexcept;

/// The same for a call with history, which is only read. The next packet of the call cannot be tried before this one is committed.
[[nodiscard]] std::expected<std::size_t, MppcFault> mppc_decompress(const MppcHistory& history,
                                                                    MppcFlags flags,
                                                                    std::span<const std::uint8_t> packet,
                                                                    std::span<std::uint8_t> out) noexcept;

}  // namespace adit::crypto
