// SPDX-License-Identifier: Apache-2.0
// PAP, RFC 1334 §2.2: name and password, each with a length octet; a reply carries a text in the same form.
// Pure; any thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/ppp.hpp"
#include "dataplane/wire/ppp_packet.hpp"

namespace adit::wire {

enum class PapCode : std::uint8_t { kAuthenticateRequest = 1, kAuthenticateAck = 2, kAuthenticateNak = 3 };

/// Both are sent by the peer and may be empty; the password is secret.
struct PapRequest {
  Bytes peer_id;
  Bytes password;
};

/// Parses the data of an Authenticate-Request. None: a length points past the packet. Octets after the
/// password are ignored.
[[nodiscard]] inline std::optional<PapRequest> parse_pap_request(Bytes data) noexcept {
  if (data.empty() || data[0] > data.size() - 1) {
    return std::nullopt;
  }
  const Bytes peer_id = data.subspan(1, data[0]);
  const Bytes rest = data.subspan(1 + peer_id.size());
  if (rest.empty() || rest[0] > rest.size() - 1) {
    return std::nullopt;
  }
  return PapRequest{peer_id, rest.subspan(1, rest[0])};
}

/// Name and password may have up to 255 octets each; longer ones make the writer fail.
inline void write_pap_request(PppFrameWriter& to, const PapRequest& request) noexcept {
  for (const Bytes field : {request.peer_id, request.password}) {
    if (field.size() > 255) {
      to.fail();
      return;
    }
    to.u8(static_cast<std::uint8_t>(field.size())).octets(field);
  }
}

/// The text of an Ack or Nak. Some implementations omit the length octet of an empty text, so no data is an
/// empty text. A length past the packet's end is cut there (the text is only logged).
[[nodiscard]] inline Bytes parse_pap_message(Bytes data) noexcept {
  return data.empty() ? data : data.subspan(1, std::min<std::size_t>(data[0], data.size() - 1));
}

/// Texts longer than 255 octets are cut.
inline void write_pap_message(PppFrameWriter& to, Bytes message) noexcept {
  const Bytes text = message.first(std::min<std::size_t>(message.size(), 255));
  to.u8(static_cast<std::uint8_t>(text.size())).octets(text);
}

}  // namespace adit::wire
