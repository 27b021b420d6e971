// SPDX-License-Identifier: Apache-2.0
// The TCP stream of a control connection as messages (RFC 2637 §1.4): octets in, split or coalesced anywhere, whole
// messages out. Holds at most one incomplete message. Both ends of a connection read with it.
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
  /// Takes octets off the front of `octets` until a message is whole, and returns it; none: it took all of them, and the
  /// message is still incomplete. An error is reported at the first octet that shows it. Message boundaries are lost then:
  /// the connection must be closed, and the stream not be read any further.
  [[nodiscard]] std::expected<std::optional<Message>, ParseError> next(wire::Bytes& octets);

 private:
  std::uint16_t filled_ = 0;
  std::array<std::uint8_t, kMaxMessageOctets> message_;
};

}  // namespace adit::control::pptp
