// SPDX-License-Identifier: Apache-2.0
// EAP's packets, RFC 3748 §4: code, identifier, length, and in Requests and Responses a type; and what EAP-MSCHAPv2
// (draft-kamath-pppext-eap-mschapv2) puts behind its type. No state and no secrets: who may say what, and when, is
// the exchange's. Pure; any thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/chap.hpp"
#include "dataplane/wire/lcp.hpp"
#include "dataplane/wire/ppp_packet.hpp"

namespace adit::wire {

enum class EapCode : std::uint8_t { kRequest = 1, kResponse = 2, kSuccess = 3, kFailure = 4 };

/// RFC 3748 §5, and the methods that have names here. Any other octet may occur.
enum class EapType : std::uint8_t {
  kIdentity = 1,
  kNotification = 2,
  kNak = 3,
  kMd5Challenge = 4,
  kGenericTokenCard = 6,
  kTls = 13,
  kTtls = 21,
  kPeap = 25,
  kMsChapV2 = 26,
  kFast = 43,
  kPwd = 52,
  kExpanded = 254,  ///< also an expanded Nak
};

/// The names in logs and `adit show sessions`. Of what has none here: "eap".
[[nodiscard]] constexpr std::string_view to_text(EapType type) noexcept {
  switch (type) {
    case EapType::kMd5Challenge:
      return "eap-md5";
    case EapType::kGenericTokenCard:
      return "eap-gtc";
    case EapType::kTls:
      return "eap-tls";
    case EapType::kTtls:
      return "eap-ttls";
    case EapType::kPeap:
      return "peap";
    case EapType::kMsChapV2:
      return "eap-mschapv2";
    case EapType::kFast:
      return "eap-fast";
    case EapType::kPwd:
      return "eap-pwd";
    default:
      return "eap";
  }
}

/// RFC 3748 §5: the first types are the protocol's own, and no methods.
[[nodiscard]] constexpr bool is_method(EapType type) noexcept {
  return type > EapType::kNak;
}

inline constexpr std::size_t kEapHeaderSize = 4;

/// Octets behind the type of a Request or Response, for a peer with this MRU (64 and more); RFC 3748 §3.1 asks for no more
/// than PPP's default.
[[nodiscard]] constexpr std::size_t eap_room(std::uint16_t mru) noexcept {
  return std::min(mru, kDefaultMru) - kEapHeaderSize - 1;
}

enum class EapError : std::uint8_t {
  kTruncated,       ///< fewer than four octets
  kLengthTooSmall,  ///< Length below four, or no type where there must be one
  kLengthTooLarge,  ///< Length beyond what arrived
  kCode,            ///< none of the four
  kNotEmpty,        ///< a Success or Failure of more than four octets
};

struct EapPacket {
  EapCode code{};
  std::uint8_t identifier = 0;
  EapType type{};  ///< of a Request or Response, else 0
  Bytes data;      ///< behind the type, padding stripped
  Bytes whole;     ///< from the code on, without padding
};

/// `octets` begin after the PPP protocol field. RFC 3748 §4: octets beyond Length are the link's padding; a packet
/// whose Length does not fit is discarded, and so is one of another code (§4.1).
[[nodiscard]] inline std::expected<EapPacket, EapError> parse_eap(Bytes octets) noexcept {
  if (octets.size() < kEapHeaderSize) {
    return std::unexpected(EapError::kTruncated);
  }
  const std::size_t length = load_be<std::uint16_t>(octets.data() + 2);
  if (length < kEapHeaderSize) {
    return std::unexpected(EapError::kLengthTooSmall);
  }
  if (length > octets.size()) {
    return std::unexpected(EapError::kLengthTooLarge);
  }
  EapPacket packet{
      .code = EapCode{octets[0]}, .identifier = octets[1], .data = {}, .whole = octets.first(length)};
  switch (packet.code) {
    case EapCode::kRequest:
    case EapCode::kResponse:
      if (length == kEapHeaderSize) {
        return std::unexpected(EapError::kLengthTooSmall);
      }
      packet.type = EapType{octets[kEapHeaderSize]};
      packet.data = packet.whole.subspan(kEapHeaderSize + 1);
      return packet;
    case EapCode::kSuccess:
    case EapCode::kFailure:
      if (length != kEapHeaderSize) {
        return std::unexpected(EapError::kNotEmpty);
      }
      return packet;
  }
  return std::unexpected(EapError::kCode);
}

// ---- EAP-MSCHAPv2 -----------------------------------------------------------------------------------------

enum class EapMsChapV2Code : std::uint8_t {
  kChallenge = 1,
  kResponse = 2,
  kSuccess = 3,
  kFailure = 4,
  kChangePassword = 7,
};

inline constexpr std::size_t kEapMsChapV2HeaderSize =
    4;  ///< OpCode, MS-CHAPv2-ID, MS-Length; MS-Length counts them

/// What follows the type octet. A peer answers a Success or a Failure with the OpCode alone.
struct EapMsChapV2 {
  EapMsChapV2Code code{};
  std::uint8_t identifier = 0;  ///< 0 where there is only the OpCode
  Bytes data;                   ///< as in CHAP: a value and a name, or a message
};

/// None: empty; a challenge or response that is not whole; an MS-Length that is not what there is. `data` behind the
/// EAP type. A Success or Failure may have any rest, which says nothing: clients add their own.
[[nodiscard]] inline std::optional<EapMsChapV2> parse_eap_ms_chap_v2(Bytes data) noexcept {
  if (data.empty()) {
    return std::nullopt;
  }
  const EapMsChapV2Code code{data[0]};
  if (data.size() < kEapMsChapV2HeaderSize) {
    const bool bare = code == EapMsChapV2Code::kSuccess || code == EapMsChapV2Code::kFailure;
    return bare ? std::optional(EapMsChapV2{code, 0, {}}) : std::nullopt;
  }
  const std::size_t length = load_be<std::uint16_t>(data.data() + 2);
  if (length != data.size()) {
    return std::nullopt;
  }
  return EapMsChapV2{code, data[1], data.subspan(kEapMsChapV2HeaderSize)};
}

/// OpCode, MS-CHAPv2-ID and MS-Length for `size` octets that the caller adds behind them.
inline void write_eap_ms_chap_v2(std::uint8_t* at, EapMsChapV2Code code, std::uint8_t identifier,
                                 std::size_t size) noexcept {
  at[0] = static_cast<std::uint8_t>(code);
  at[1] = identifier;
  store_be(at + 2, static_cast<std::uint16_t>(size + kEapMsChapV2HeaderSize));
}

}  // namespace adit::wire
