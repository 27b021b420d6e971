// SPDX-License-Identifier: Apache-2.0
// CHAP, RFC 1994 §4, and MS-CHAP's use of its fields: RFC 2433 §4-6 (v1), RFC 2759 §4-6 (v2).
// Responses are parsed here and verified elsewhere: this file has no secrets and no hashes. Pure; any thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/lcp.hpp"
#include "dataplane/wire/ppp_packet.hpp"

namespace adit::wire {

enum class ChapCode : std::uint8_t {
  kChallenge = 1,
  kResponse = 2,
  kSuccess = 3,
  kFailure = 4,
  kChangePassword = 7,  ///< RFC 2759 §7: the answer to a Failure with E=648
};

inline constexpr std::size_t kChapMd5Size = 16;
inline constexpr std::size_t kMsChapResponseSize = 49;  ///< both versions, flags included

/// Data of a Challenge or Response: Value-Size, Value, Name (to the end of the packet; may be empty).
struct ChapValue {
  Bytes value;
  Bytes name;
};

/// None: Value-Size is zero (RFC 1994 §4.1) or points past the packet.
[[nodiscard]] inline std::optional<ChapValue> parse_chap_value(Bytes data) noexcept {
  if (data.empty() || data[0] == 0 || data[0] > data.size() - 1) {
    return std::nullopt;
  }
  return ChapValue{data.subspan(1, data[0]), data.subspan(std::size_t{1} + data[0])};
}

/// A value may have 1 to 255 octets.
inline void write_chap_value(PppFrameWriter& to, const ChapValue& chap) noexcept {
  if (chap.value.empty() || chap.value.size() > 255) {
    to.fail();
    return;
  }
  to.u8(static_cast<std::uint8_t>(chap.value.size())).octets(chap.value).octets(chap.name);
}

/// RFC 2433 §5: LM response (24, ignored), NT response (24), flag "use the NT response".
struct MsChapV1Response {
  std::array<std::uint8_t, 24> nt_response{};
};

/// None: not 49 octets, or a response with only the LM half (RFC 2433 §5: flag 0), which is always refused.
[[nodiscard]] inline std::optional<MsChapV1Response> parse_ms_chap_v1(Bytes value) noexcept {
  if (value.size() != kMsChapResponseSize || value[48] != 1) {
    return std::nullopt;
  }
  MsChapV1Response response;
  std::copy_n(value.data() + 24, 24, response.nt_response.begin());
  return response;
}

[[nodiscard]] inline std::array<std::uint8_t, kMsChapResponseSize> ms_chap_v1_value(
    const MsChapV1Response& response) noexcept {
  std::array<std::uint8_t, kMsChapResponseSize> value{};
  std::copy_n(response.nt_response.begin(), 24, value.begin() + 24);
  value[48] = 1;
  return value;
}

/// RFC 2759 §4: peer challenge (16), reserved (8, zero), NT response (24), flags (zero).
struct MsChapV2Response {
  std::array<std::uint8_t, 16> peer_challenge{};
  std::array<std::uint8_t, 24> nt_response{};
};

/// None: not 49 octets, or non-zero reserved octets or flags (RFC 2759 §4: "must be zero").
[[nodiscard]] inline std::optional<MsChapV2Response> parse_ms_chap_v2(Bytes value) noexcept {
  if (value.size() != kMsChapResponseSize || value[48] != 0 ||
      load_be<std::uint64_t>(value.data() + 16) != 0) {
    return std::nullopt;
  }
  MsChapV2Response response;
  std::copy_n(value.data(), 16, response.peer_challenge.begin());
  std::copy_n(value.data() + 24, 24, response.nt_response.begin());
  return response;
}

[[nodiscard]] inline std::array<std::uint8_t, kMsChapResponseSize> ms_chap_v2_value(
    const MsChapV2Response& response) noexcept {
  std::array<std::uint8_t, kMsChapResponseSize> value{};
  std::copy(response.peer_challenge.begin(), response.peer_challenge.end(), value.begin());
  std::copy(response.nt_response.begin(), response.nt_response.end(), value.begin() + 24);
  return value;
}

/// RFC 2759 §7: the new password, and a response by it to the challenge of the Failure.
struct MsChapV2Change {
  Bytes encrypted_password;  ///< by the old password's hash
  std::array<std::uint8_t, 16> encrypted_hash{};
  MsChapV2Response response{};
};
inline constexpr std::size_t kEncryptedPasswordSize = 516;
inline constexpr std::size_t kMsChapChangeSize = kEncryptedPasswordSize + 16 + 16 + 8 + 24 + 2;

/// `data`: what follows the packet's Length. None: not 582 octets, or non-zero reserved octets or flags.
[[nodiscard]] inline std::optional<MsChapV2Change> parse_ms_chap_v2_change(Bytes data) noexcept {
  constexpr std::size_t kHash = kEncryptedPasswordSize, kPeerChallenge = kHash + 16,
                        kReserved = kPeerChallenge + 16, kNtResponse = kReserved + 8,
                        kFlags = kNtResponse + 24;
  if (data.size() != kMsChapChangeSize || load_be<std::uint64_t>(data.data() + kReserved) != 0 ||
      load_be<std::uint16_t>(data.data() + kFlags) != 0) {
    return std::nullopt;
  }
  MsChapV2Change change{.encrypted_password = data.first(kEncryptedPasswordSize)};
  std::copy_n(data.data() + kHash, 16, change.encrypted_hash.begin());
  std::copy_n(data.data() + kPeerChallenge, 16, change.response.peer_challenge.begin());
  std::copy_n(data.data() + kNtResponse, 24, change.response.nt_response.begin());
  return change;
}

/// The text of a Failure: "E=691 R=0 C=<upper-case hex of `challenge`> V=3 M=<message>". RFC 2759 §6 wants 32
/// hex digits and V=3, RFC 2433 §6 16 digits and V=2: `challenge` has 16 or 8 octets. `message` is our own
/// plain text.
[[nodiscard]] inline std::string ms_chap_failure(std::uint16_t error, bool retry, Bytes challenge,
                                                 std::string_view message) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string text = "E=" + std::to_string(error) + (retry ? " R=1 C=" : " R=0 C=");
  for (const std::uint8_t octet : challenge) {
    text += kHex[octet >> 4];
    text += kHex[octet & 15];
  }
  text += challenge.size() == 8 ? " V=2 M=" : " V=3 M=";
  return text.append(message);
}

/// The error number in a peer's Failure text, 1 to 4 digits after "E=". None: another format.
[[nodiscard]] inline std::optional<std::uint16_t> parse_ms_chap_error(Bytes message) noexcept {
  if (message.size() < 3 || message[0] != 'E' || message[1] != '=') {
    return std::nullopt;
  }
  std::uint16_t error = 0;
  std::size_t digits = 0;
  for (std::size_t at = 2; at < message.size() && message[at] >= '0' && message[at] <= '9'; ++at) {
    if (++digits > 4) {
      return std::nullopt;
    }
    error = static_cast<std::uint16_t>(error * 10 + (message[at] - '0'));
  }
  return digits > 0 ? std::optional(error) : std::nullopt;
}

}  // namespace adit::wire
