// SPDX-License-Identifier: Apache-2.0
// Enhanced GRE, RFC 2637 §4.1, which carries PPP between the two ends of a call.
//
//    0: C R K S s Recur(3) | A Flags(4) Ver(3) | Protocol 0x880B
//    4: Payload Length     | Call ID (the *receiver's*: ours on receive, the peer's on send)
//    8: [Sequence if S] [Acknowledgement if A]       8, 12 or 16 octets; the ack stands at 8 when S = 0
//
// Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>

#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::wire {

/// TCP port of the control connection, RFC 2637 §3.1.
inline constexpr std::uint16_t kPptpPort = 1723;

inline constexpr std::uint8_t kIpProtocolGre = 47;
inline constexpr std::uint16_t kGreProtocolPpp = 0x880B;
inline constexpr std::size_t kGreMinSize = 8;
inline constexpr std::size_t kGreMaxSize = 16;

inline constexpr std::uint16_t kGreFlagSequence = 0x1000;
inline constexpr std::uint16_t kGreFlagAck = 0x0080;
/// K = 1, Ver = 1, all else 0: a header with neither sequence nor acknowledgement, a legal no-op.
inline constexpr std::uint16_t kGreFlagsNone = 0x2001;

enum class GreError : std::uint8_t {
  kNone,
  kTruncated,      ///< shorter than its flags require
  kNotEnhanced,    ///< another GRE version or protocol: not PPTP
  kBadFlags,       ///< C, R, s, Recur or Flags set, or K clear
  kPayloadLength,  ///< Payload Length exceeds what arrived
};

struct GreHeader {
  LocalCallId call_id;
  std::optional<GreSeq> sequence;
  std::optional<GreSeq> ack;
  std::uint8_t header_length = 0;    ///< 8, 12 or 16: where the payload begins
  std::uint16_t payload_length = 0;  ///< octets of PPP; 0 without a sequence number, whatever the field says
};

/// The fields of a header that check_gre() has accepted, read in place (see Ipv4View for why).
class GreView {
 public:
  explicit GreView(const std::uint8_t* at) noexcept : at_(at) {}
  [[nodiscard]] LocalCallId call_id() const noexcept { return LocalCallId(load_be<std::uint16_t>(at_ + 6)); }
  [[nodiscard]] bool has_sequence() const noexcept { return (at_[0] & (kGreFlagSequence >> 8)) != 0; }
  [[nodiscard]] bool has_ack() const noexcept { return (at_[1] & kGreFlagAck) != 0; }
  [[nodiscard]] std::uint8_t header_length() const noexcept {
    return static_cast<std::uint8_t>(kGreMinSize + (has_sequence() ? 4U : 0U) + (has_ack() ? 4U : 0U));
  }
  /// RFC 2637 §4.1: S is set iff there is a payload; without it the field is ignored.
  [[nodiscard]] std::uint16_t payload_length() const noexcept {
    return has_sequence() ? load_be<std::uint16_t>(at_ + 4) : std::uint16_t{0};
  }
  [[nodiscard]] GreSeq sequence() const noexcept { return GreSeq(load_be<std::uint32_t>(at_ + 8)); }
  [[nodiscard]] GreSeq ack() const noexcept {
    return GreSeq(load_be<std::uint32_t>(at_ + (has_sequence() ? 12 : 8)));
  }

 private:
  const std::uint8_t* at_;
};

/// Checks the header at the front of an IPv4 payload. `octets` may be longer than the GRE packet (Ethernet pads to
/// 60): only header_length + payload_length octets belong to it.
[[nodiscard]] inline GreError check_gre(Bytes octets) noexcept {
  if (octets.size() < kGreMinSize) {
    return GreError::kTruncated;
  }
  const std::uint32_t first_word = load_be<std::uint32_t>(octets.data());
  // RFC 2637 §4.1: C, R, s, Recur and Flags 0, K 1, Ver 1, protocol 0x880B; only S and A may vary.
  constexpr std::uint32_t kFree = (std::uint32_t{kGreFlagSequence} | kGreFlagAck) << 16;
  constexpr std::uint32_t kFixed = (std::uint32_t{kGreFlagsNone} << 16) | kGreProtocolPpp;
  if ((first_word & ~kFree) != kFixed) {
    const bool enhanced = ((first_word >> 16) & 7) == 1 && (first_word & 0xFFFF) == kGreProtocolPpp;
    return enhanced ? GreError::kBadFlags : GreError::kNotEnhanced;
  }
  const std::size_t header_length = GreView(octets.data()).header_length();
  if (octets.size() < header_length) {
    return GreError::kTruncated;
  }
  return load_be<std::uint16_t>(octets.data() + 4) > octets.size() - header_length ? GreError::kPayloadLength
                                                                                   : GreError::kNone;
}

[[nodiscard]] inline std::expected<GreHeader, GreError> parse_gre(Bytes octets) noexcept {
  if (const GreError error = check_gre(octets); error != GreError::kNone) {
    return std::unexpected(error);
  }
  const GreView view(octets.data());
  GreHeader header;
  header.call_id = view.call_id();
  header.header_length = view.header_length();
  header.payload_length = view.payload_length();
  if (view.has_sequence()) {
    header.sequence = view.sequence();
  }
  if (view.has_ack()) {
    header.ack = view.ack();
  }
  return header;
}

[[nodiscard]] constexpr std::size_t gre_header_size(bool has_sequence, bool has_ack) noexcept {
  return kGreMinSize + (has_sequence ? 4U : 0U) + (has_ack ? 4U : 0U);
}

/// Writes gre_header_size() octets at `at`, which must have room, and returns how many. A bare
/// acknowledgement has no sequence number and a payload length of 0.
inline std::size_t write_gre(std::uint8_t* at, PeerCallId call_id, std::uint16_t payload_length,
                             std::optional<GreSeq> sequence, std::optional<GreSeq> ack) noexcept {
  const auto flags =
      static_cast<std::uint16_t>(kGreFlagsNone | (sequence ? kGreFlagSequence : 0) | (ack ? kGreFlagAck : 0));
  store_be(at, std::uint64_t{flags} << 48 | std::uint64_t{kGreProtocolPpp} << 32 |
                   std::uint64_t{payload_length} << 16 | call_id.value);
  std::size_t size = kGreMinSize;
  if (sequence) {
    store_be<std::uint32_t>(at + size, sequence->value);
    size += 4;
  }
  if (ack) {
    store_be<std::uint32_t>(at + size, ack->value);
    size += 4;
  }
  return size;
}

}  // namespace adit::wire
