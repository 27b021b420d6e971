// SPDX-License-Identifier: Apache-2.0
// LCP's numbers and data layouts: options (RFC 1661 §6 and others), Echo, Protocol-Reject, and the reason
// that Windows puts into a Terminate-Request. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/ppp.hpp"
#include "dataplane/wire/ppp_packet.hpp"

namespace adit::wire {

enum class LcpOption : std::uint8_t {
  kMru = 1,
  kAccm = 2,
  kAuthentication = 3,
  kQuality = 4,
  kMagic = 5,
  kProtocolCompression = 7,
  kAddressCompression = 8,
  kCallback = 13,               ///< RFC 1570 §2.3
  kMrru = 17,                   ///< RFC 1990 §5.1
  kShortSequence = 18,          ///< RFC 1990 §5.1
  kEndpointDiscriminator = 19,  ///< RFC 1990 §5.1
  kLinkDiscriminator = 23,      ///< RFC 2125
};

inline constexpr std::uint16_t kDefaultMru = 1500;

/// RFC 1994 §3 and the numbers assigned later.
enum class ChapAlgorithm : std::uint8_t { kMd5 = 0x05, kMsChapV1 = 0x80, kMsChapV2 = 0x81 };

/// The value of Authentication-Protocol: PAP or EAP alone, or CHAP with an algorithm.
struct LcpAuthentication {
  PppProtocol protocol{};
  std::uint8_t algorithm = 0;  ///< a ChapAlgorithm (or an unknown value) if the protocol is CHAP, else 0
  friend constexpr bool operator==(const LcpAuthentication&, const LcpAuthentication&) = default;
};

/// None: too short, PAP or EAP with data (RFC 1334 §2.1, RFC 2284 §2.1: length 4), CHAP without exactly one algorithm (RFC 1994 §3).
[[nodiscard]] inline std::optional<LcpAuthentication> parse_lcp_authentication(Bytes value) noexcept {
  if (value.size() < 2) {
    return std::nullopt;
  }
  const PppProtocol protocol{load_be<std::uint16_t>(value.data())};
  if (protocol == PppProtocol::kChap) {
    return value.size() == 3 ? std::optional(LcpAuthentication{protocol, value[2]}) : std::nullopt;
  }
  if ((protocol == PppProtocol::kPap || protocol == PppProtocol::kEap) && value.size() != 2) {
    return std::nullopt;
  }
  return LcpAuthentication{protocol, 0};
}

inline void write_lcp_authentication(PppFrameWriter& to, LcpAuthentication authentication) noexcept {
  std::uint8_t value[3];
  store_be(value, static_cast<std::uint16_t>(authentication.protocol));
  value[2] = authentication.algorithm;
  const std::size_t size = authentication.protocol == PppProtocol::kChap ? 3 : 2;
  to.option(static_cast<std::uint8_t>(LcpOption::kAuthentication), Bytes(value, size));
}

/// Echo-Request, Echo-Reply, Discard-Request, Identification and Time-Remaining begin with the *sender's*
/// magic number.
[[nodiscard]] inline std::optional<std::uint32_t> parse_lcp_magic(Bytes data) noexcept {
  return data.size() >= 4 ? std::optional(load_be<std::uint32_t>(data.data())) : std::nullopt;
}

/// The protocol that a Protocol-Reject rejects (RFC 1661 §5.7). None: too short.
[[nodiscard]] inline std::optional<PppProtocol> parse_protocol_reject(Bytes data) noexcept {
  return data.size() >= 2 ? std::optional(PppProtocol{load_be<std::uint16_t>(data.data())}) : std::nullopt;
}

/// Windows ends a link with `magic | 00 3C CD 74 | RAS error`: 0 is normal, 778 "mutual authentication
/// failed", 742 "no encryption". None: other data (a text, or nothing).
[[nodiscard]] inline std::optional<std::uint32_t> parse_ras_error(Bytes terminate_data) noexcept {
  constexpr std::uint32_t kSignature = 0x003CCD74;
  if (terminate_data.size() != 12 || load_be<std::uint32_t>(terminate_data.data() + 4) != kSignature) {
    return std::nullopt;
  }
  return load_be<std::uint32_t>(terminate_data.data() + 8);
}

}  // namespace adit::wire
