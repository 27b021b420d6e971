// SPDX-License-Identifier: Apache-2.0
// Compresses packets by MPPC (RFC 2118 §4), using only what every known peer reads: no reference to what has not been
// written, none over the end of the history to the previous lap, no packet over the end, and B wherever a packet begins
// at the front.
// A packet that does not shrink is sent as it is, without C. RFC 2118 §4.1: its octets enter neither history, the coder's is
// flushed, and the next packet says so by A.
// Compression before encryption tells lengths: who can put text of his own beside a secret can guess at the secret.
// Thread: any; no allocation, no exception. Owner: the caller owns histories and octets; `packet` and `out` must not overlap.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "crypto/mppc/mppc.hpp"

namespace adit::crypto {

/// The longest packet that is compressed; longer ones do not shrink. Some peers count the end of the history a few octets
/// early, so the last four are never used.
inline constexpr std::size_t kMppcLongestPacket = kMppcHistoryOctets - 4;

/// Where three octets were last seen, by their hash: small enough to stay in the first-level cache.
using MppcHeads = std::array<std::uint16_t, 4096>;

/// The octets since the front of the history, and what a comparison may read behind the last of them.
using MppcLap = std::array<std::uint8_t, kMppcHistoryOctets + 16>;

/// What compressing without history needs. One for a worker serves all its calls; what a packet compresses to depends on
/// that packet alone.
class MppcScratch {
 private:
  friend std::size_t mppc_compress(MppcScratch&, std::span<const std::uint8_t>,
                                   std::span<std::uint8_t>) noexcept;

  alignas(64) MppcHeads heads_{};
  MppcLap octets_{};
};

/// Compresses a packet of a call without history (stateless: A on every packet; B may be set too). Returns the octets written to
/// `out`, fewer than the packet has, or 0: it does not shrink, or not into all but the last 8 octets of `out`; it is sent
/// without C then. What follows the result in `out` is undefined.
[[nodiscard]] std::size_t mppc_compress(MppcScratch& scratch, std::span<const std::uint8_t> packet,
                                        std::span<std::uint8_t> out) noexcept;

struct MppcCompressed {
  std::size_t size = 0;  ///< octets in `out`; 0: the packet is sent as it is, without C
  MppcFlags flags;       ///< to be sent with the packet, be it compressed or not
};

/// The sender's history of one direction of a call that keeps one, with its index: 16 KiB.
class MppcSendHistory {
 public:
  /// Forgets everything; the next packet, whatever becomes of it, carries A. For a Reset-Request, and for a packet that was
  /// compressed but is not sent, or sent without C. (Stateful MPPE starts its key stream anew with A, too.)
  void flush() noexcept;

 private:
  friend MppcCompressed mppc_compress(MppcSendHistory&, std::span<const std::uint8_t>,
                                      std::span<std::uint8_t>) noexcept;
  void to_front() noexcept;

  MppcHeads heads_{};
  MppcLap octets_{};
  std::uint16_t position_ = 0;
  bool flushed_ = true;  ///< A is due; also on the first packet
};

/// The same for a call with history, which the packet enters if it shrinks.
[[nodiscard]] MppcCompressed mppc_compress(MppcSendHistory& history, std::span<const std::uint8_t> packet,
                                           std::span<std::uint8_t> out) noexcept;

}  // namespace adit::crypto
