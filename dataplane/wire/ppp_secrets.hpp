// SPDX-License-Identifier: Apache-2.0
// Overwrites what a copy of a PPP frame must not show: PAP's password (RFC 1334 §2.2), what CHAP, MS-CHAP and EAP answer
// a challenge with, from which passwords can be guessed, and either within what LCP rejects. In doubt more is overwritten
// than less, up to the end of the copy. Keys of MPPE are in no frame. Pure; any thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/chap.hpp"
#include "dataplane/wire/gre.hpp"
#include "dataplane/wire/ipv4.hpp"
#include "dataplane/wire/pap.hpp"
#include "dataplane/wire/ppp.hpp"
#include "dataplane/wire/ppp_packet.hpp"

namespace adit::wire {

inline constexpr std::uint8_t kMask = '*';

inline void mask(MutableBytes octets) noexcept {
  std::ranges::fill(octets, kMask);
}

/// A name and its length stay readable; so does the length of the password.
inline void mask_pap_request(MutableBytes data) noexcept {
  const std::size_t password = std::size_t{2} + data[0];
  mask(password < data.size() ? data.subspan(password) : data);
}

/// Not of the size that MD5 and MS-CHAP have: not even the name can be told.
inline void mask_chap_response(MutableBytes data) noexcept {
  const std::size_t size = data[0];
  const bool known = size == kChapMd5Size || size == kMsChapResponseSize;
  mask(known && size < data.size() ? data.subspan(1, size) : data);
}

/// `packet`: what follows the protocol field, or the beginning of it.
inline void mask_ppp_secrets(PppProtocol protocol, MutableBytes packet, int depth = 0) noexcept {
  constexpr int kMostNested = 2;
  constexpr std::uint8_t kEapResponse = 2;
  if (packet.size() <= kPppPacketHeaderSize) {
    return;
  }
  const std::uint8_t code = packet[0];
  const MutableBytes data = packet.subspan(kPppPacketHeaderSize);
  if (protocol == PppProtocol::kPap && code == static_cast<std::uint8_t>(PapCode::kAuthenticateRequest)) {
    mask_pap_request(data);
  } else if (protocol == PppProtocol::kChap && code == static_cast<std::uint8_t>(ChapCode::kResponse)) {
    mask_chap_response(data);
  } else if (protocol == PppProtocol::kChap && code != static_cast<std::uint8_t>(ChapCode::kChallenge) &&
             code != static_cast<std::uint8_t>(ChapCode::kFailure)) {
    mask(data);  // MS-CHAP: a Success proves that the server knows the password, 5 to 7 change it
  } else if (protocol == PppProtocol::kEap && code == kEapResponse) {
    mask(data);
  } else if (protocol == PppProtocol::kLcp && code == static_cast<std::uint8_t>(PppCode::kCodeReject)) {
    mask(data);
  } else if (protocol == PppProtocol::kLcp && code == static_cast<std::uint8_t>(PppCode::kProtocolReject)) {
    if (depth == kMostNested || data.size() < 2) {
      mask(data);
    } else {
      mask_ppp_secrets(PppProtocol{load_be<std::uint16_t>(data.data())}, data.subspan(2), depth + 1);
    }
  }
}

/// `frame`: a PPP frame with its header.
inline void mask_frame_secrets(MutableBytes frame) noexcept {
  const PppHeader header = peek_ppp(frame);
  if (header.header_length != 0) {
    mask_ppp_secrets(header.protocol, frame.subspan(header.header_length));
  }
}

/// `packet`: an IPv4 packet with GRE whose headers have been checked, or the beginning of it.
inline void mask_packet_secrets(MutableBytes packet) noexcept {
  if (packet.size() < kIpv4Size) {
    return;
  }
  const MutableBytes gre =
      packet.subspan(std::min<std::size_t>(Ipv4View(packet.data()).header_length(), packet.size()));
  const GreError error = check_gre(gre);
  if (error == GreError::kNone || error == GreError::kPayloadLength) {
    mask_frame_secrets(gre.subspan(GreView(gre.data()).header_length()));
  } else {
    mask(gre);
  }
}

}  // namespace adit::wire
