// SPDX-License-Identifier: Apache-2.0
// EAP-TLS' own fragments (RFC 5216 §2.1.5, §3.1): TLS messages of up to 64 KiB in EAP packets of a link's size. Either
// side: a packet carries a fragment or acknowledges one, ours are Requests and theirs Responses, or the other way round, and
// each answers the last. No TLS in here, only octets that a stranger chose. Sans-I/O. Thread: control. Owner: either
// EAP-TLS method.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>
#include <vector>

#include "dataplane/wire/bytes.hpp"

namespace adit::control {

/// RFC 5216 §3.1. The other bits are reserved: 0 when sent, ignored when received.
namespace tls_flags {
inline constexpr std::uint8_t kLength = 0x80;  ///< four octets follow: the length of the whole message
inline constexpr std::uint8_t kMore = 0x40;
inline constexpr std::uint8_t kStart = 0x20;  ///< only the authenticator's: begins the method
}  // namespace tls_flags

/// As pppd refuses more: the longest chain of certificates that anybody uses has a tenth of it.
inline constexpr std::size_t kMaxTlsMessage = 65'536;
/// Packets of theirs in one exchange. A chain of 4 KiB at an MRU of 296 takes 15 of them each way.
inline constexpr unsigned kMaxTlsRounds = 64;
/// A peer whose MRU is smaller has its fragments lost: RFC 1661 §6.1 lets it be made to take 1,500, if need be.
inline constexpr std::size_t kLeastTlsFragment = 64;

enum class TlsFragmentFault : std::uint8_t {
  kTruncated,      ///< no flags, or fewer than four octets of length
  kNoLength,       ///< the first fragment of several does not say how much will come
  kTooLong,        ///< the message would be longer than kMaxTlsMessage
  kLengthChanged,  ///< a later fragment says another length than the first
  kOverrun,        ///< more octets than the length said
  kUnderrun,       ///< the last fragment came, and octets are missing
  kEmpty,          ///< more is to come, but this brings nothing
  kNotAck,         ///< a fragment of ours is to be acknowledged, and something else came
  kTooManyRounds,
};
/// What is wrong, for the log.
[[nodiscard]] std::string_view to_text(TlsFragmentFault fault);

/// Theirs, behind its Type octet.
struct TlsFragment {
  std::uint8_t flags = 0;
  std::uint32_t total = 0;  ///< if `flags` has kLength
  wire::Bytes octets;

  [[nodiscard]] bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
  /// Acknowledges a fragment, or the end.
  [[nodiscard]] bool is_ack() const { return octets.empty() && !has(tls_flags::kMore | tls_flags::kLength); }
};
[[nodiscard]] std::expected<TlsFragment, TlsFragmentFault> parse_tls_fragment(wire::Bytes data);

class TlsFragments {
 public:
  enum class Next : std::uint8_t {
    kPacket,   ///< packet() is to be sent: our next fragment, or our acknowledgement of the peer's
    kMessage,  ///< the peer has sent take_message(), empty when it only acknowledged; ours is next
  };

  /// `octets`: what fits into a packet of ours behind its Type octet; a smaller number than kLeastTlsFragment counts as that.
  explicit TlsFragments(std::size_t octets);

  /// Our next message, not empty; packet() has its first fragment. Not before the last one was acknowledged or answered.
  void send(std::vector<std::uint8_t> message);
  /// The data of the packet that is due, without its Type octet: once after send() and after each kPacket.
  [[nodiscard]] std::vector<std::uint8_t> packet();
  /// The data of one of theirs, without its Type octet. A fault ends the exchange: nothing more may be passed in.
  [[nodiscard]] std::expected<Next, TlsFragmentFault> on_packet(wire::Bytes data);
  /// The peer's message, once after kMessage.
  [[nodiscard]] std::vector<std::uint8_t> take_message();

 private:
  [[nodiscard]] bool sending() const { return sent_ < out_.size(); }
  [[nodiscard]] std::expected<Next, TlsFragmentFault> add(const TlsFragment& fragment);

  std::size_t octets_;  // of a fragment, flags and length included
  std::vector<std::uint8_t> out_;
  std::size_t sent_ = 0;  // octets of out_
  // Grows with what has come, never by what the peer says will come.
  std::vector<std::uint8_t> in_;
  std::uint32_t expected_ = 0;  // octets of the message that in_ begins; 0: none has begun
  unsigned rounds_ = 0;
};

}  // namespace adit::control
