// SPDX-License-Identifier: Apache-2.0
// Splits the TCP stream of a control connection into messages (RFC 2637 §1.4): octets in, split or coalesced
// anywhere, whole messages out. Holds at most one incomplete message. Used by both ends of a connection.
// Thread: control. Owner: the connection.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>

#include "controlplane/pptp/messages.hpp"
#include "dataplane/wire/bytes.hpp"

namespace adit::control::pptp {

class MessageStream {
 public:
  /// Consumes octets from the front of `octets` until a message is complete, and returns it; none: all were
  /// consumed and the message is still incomplete. An error is reported at the first octet that shows it.
  /// Message boundaries are lost then: close the connection, and do not read from the stream again.
  [[nodiscard]] std::expected<std::optional<Message>, ParseError> next(wire::Bytes& octets);

  /// Of the message that is incomplete.
  [[nodiscard]] wire::Bytes half_read() const { return {message_.data(), filled_}; }
  /// Before next(): the stream goes on behind these. False: they begin no message, or are a whole one.
  [[nodiscard]] bool resume(wire::Bytes half_read);

 private:
  std::uint16_t filled_ = 0;
  std::array<std::uint8_t, kMaxMessageOctets> message_;
};

}  // namespace adit::control::pptp
