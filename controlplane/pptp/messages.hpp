// SPDX-License-Identifier: Apache-2.0
// The fifteen control messages of PPTP, RFC 2637 §2, as values: parse and write, nothing else.
// Thread: any (pure functions). Owner: nobody.
//
// Messages differ in whose ID they carry; this is the table (client = PNS, we = PAC):
//
//   OCRQ  call_id = the client's                     ICRQ  call_id = the sender's
//   OCRP  call_id = ours, peer_call_id = client's    ICRP  call_id = the sender's, peer_call_id = the receiver's
//   CCRQ  call_id = the client's own                 ICCN  peer_call_id = the receiver's
//   CDN   call_id = ours (the sender's own)          WEN   peer_call_id = the receiver's (client's)
//   SLI   peer_call_id = the receiver's              GRE   key = the receiver's (RFC 2637 §4.1)
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>
#include <variant>

#include "dataplane/wire/bytes.hpp"

namespace adit::control::pptp {

inline constexpr std::uint16_t kVersion = 0x0100;  // 1.0, RFC 2637 §2.1
inline constexpr std::uint32_t kMagicCookie = 0x1A2B3C4D;
inline constexpr std::size_t kHeaderOctets = 12;  // Length, Message Type, Magic, Control Type, Reserved0
inline constexpr std::size_t kMaxMessageOctets = 220;

enum class ControlType : std::uint16_t {
  kStartControlConnectionRequest = 1,
  kStartControlConnectionReply = 2,
  kStopControlConnectionRequest = 3,
  kStopControlConnectionReply = 4,
  kEchoRequest = 5,
  kEchoReply = 6,
  kOutgoingCallRequest = 7,
  kOutgoingCallReply = 8,
  kIncomingCallRequest = 9,
  kIncomingCallReply = 10,
  kIncomingCallConnected = 11,
  kCallClearRequest = 12,
  kCallDisconnectNotify = 13,
  kWanErrorNotify = 14,
  kSetLinkInfo = 15,
};

/// RFC 2637 §2.16. Valid only with a "general error" result; otherwise 0.
enum class GeneralError : std::uint8_t {
  kNone = 0,
  kNotConnected = 1,
  kBadFormat = 2,
  kBadValue = 3,
  kNoResource = 4,
  kBadCallId = 5,
  kPacError = 6,
};

// Result codes are kept as received: a peer may send any octet.
enum class StartResult : std::uint8_t {
  kOk = 1,
  kGeneralError = 2,
  kChannelExists = 3,
  kNotAuthorised = 4,
  kVersionUnsupported = 5,
};
enum class StopReason : std::uint8_t { kNone = 1, kStopProtocol = 2, kLocalShutdown = 3 };
enum class SimpleResult : std::uint8_t { kOk = 1, kGeneralError = 2 };  // StopCCRP, Echo-Reply
enum class OutgoingResult : std::uint8_t {
  kConnected = 1,
  kGeneralError = 2,
  kNoCarrier = 3,
  kBusy = 4,
  kNoDialTone = 5,
  kTimeOut = 6,
  kDoNotAccept = 7,
};
enum class IncomingResult : std::uint8_t { kConnect = 1, kGeneralError = 2, kDoNotAccept = 3 };
enum class DisconnectResult : std::uint8_t {
  kLostCarrier = 1,
  kGeneralError = 2,
  kAdminShutdown = 3,
  kRequest = 4
};

/// A text field of fixed size; NUL-terminated only when shorter than the field. Untrusted octets.
template <std::size_t kSize>
struct FixedText {
  std::array<std::uint8_t, kSize> octets{};
  FixedText() = default;
  explicit FixedText(std::string_view text) { text.copy(reinterpret_cast<char*>(octets.data()), kSize); }
  [[nodiscard]] std::string_view text() const {
    const std::string_view all(reinterpret_cast<const char*>(octets.data()), kSize);
    return all.substr(0, all.find('\0'));
  }
  friend bool operator==(const FixedText&, const FixedText&) = default;
};

// ---- the messages; fields in the order of the RFC's figures, reserved ones left out (sent 0, not checked) -

struct StartControlConnectionRequest {  // §2.1
  static constexpr ControlType kType = ControlType::kStartControlConnectionRequest;
  static constexpr std::uint16_t kLength = 156;
  std::uint16_t version = kVersion;
  std::uint32_t framing_capabilities = 3;  ///< 1 asynchronous, 2 synchronous
  std::uint32_t bearer_capabilities = 3;   ///< 1 analogue, 2 digital
  std::uint16_t maximum_channels = 0;
  std::uint16_t firmware_revision = 0;
  FixedText<64> host_name;
  FixedText<64> vendor_string;
  friend bool operator==(const StartControlConnectionRequest&,
                         const StartControlConnectionRequest&) = default;
};

struct StartControlConnectionReply {  // §2.2
  static constexpr ControlType kType = ControlType::kStartControlConnectionReply;
  static constexpr std::uint16_t kLength = 156;
  std::uint16_t version = kVersion;
  StartResult result = StartResult::kOk;
  GeneralError error = GeneralError::kNone;
  std::uint32_t framing_capabilities = 3;
  std::uint32_t bearer_capabilities = 3;
  std::uint16_t maximum_channels = 0;
  std::uint16_t firmware_revision = 0;
  FixedText<64> host_name;
  FixedText<64> vendor_string;
  friend bool operator==(const StartControlConnectionReply&, const StartControlConnectionReply&) = default;
};

struct StopControlConnectionRequest {  // §2.3; clears every call of the connection
  static constexpr ControlType kType = ControlType::kStopControlConnectionRequest;
  static constexpr std::uint16_t kLength = 16;
  StopReason reason = StopReason::kNone;
  friend bool operator==(const StopControlConnectionRequest&, const StopControlConnectionRequest&) = default;
};

struct StopControlConnectionReply {  // §2.4
  static constexpr ControlType kType = ControlType::kStopControlConnectionReply;
  static constexpr std::uint16_t kLength = 16;
  SimpleResult result = SimpleResult::kOk;
  GeneralError error = GeneralError::kNone;
  friend bool operator==(const StopControlConnectionReply&, const StopControlConnectionReply&) = default;
};

struct EchoRequest {  // §2.5
  static constexpr ControlType kType = ControlType::kEchoRequest;
  static constexpr std::uint16_t kLength = 16;
  std::uint32_t identifier = 0;
  friend bool operator==(const EchoRequest&, const EchoRequest&) = default;
};

struct EchoReply {  // §2.6
  static constexpr ControlType kType = ControlType::kEchoReply;
  static constexpr std::uint16_t kLength = 20;
  std::uint32_t identifier = 0;
  SimpleResult result = SimpleResult::kOk;
  GeneralError error = GeneralError::kNone;
  friend bool operator==(const EchoReply&, const EchoReply&) = default;
};

struct OutgoingCallRequest {  // §2.7
  static constexpr ControlType kType = ControlType::kOutgoingCallRequest;
  static constexpr std::uint16_t kLength = 168;
  std::uint16_t call_id = 0;  ///< 0 is legal: Windows XP and old pptp-linux always send it
  std::uint16_t call_serial_number = 0;
  std::uint32_t minimum_bps = 0;
  std::uint32_t maximum_bps = 0;
  std::uint32_t bearer_type = 3;
  std::uint32_t framing_type = 3;
  std::uint16_t receive_window = 0;
  std::uint16_t processing_delay = 0;     ///< tenths of a second
  std::uint16_t phone_number_length = 0;  ///< may exceed 64 on the wire: never an index
  FixedText<64> phone_number;
  FixedText<64> subaddress;
  friend bool operator==(const OutgoingCallRequest&, const OutgoingCallRequest&) = default;
};

struct OutgoingCallReply {  // §2.8
  static constexpr ControlType kType = ControlType::kOutgoingCallReply;
  static constexpr std::uint16_t kLength = 32;
  std::uint16_t call_id = 0;
  std::uint16_t peer_call_id = 0;
  OutgoingResult result = OutgoingResult::kConnected;
  GeneralError error = GeneralError::kNone;
  std::uint16_t cause = 0;
  std::uint32_t connect_speed = 0;
  std::uint16_t receive_window = 0;
  std::uint16_t processing_delay = 0;
  std::uint32_t physical_channel = 0;
  friend bool operator==(const OutgoingCallReply&, const OutgoingCallReply&) = default;
};

struct IncomingCallRequest {  // §2.9
  static constexpr ControlType kType = ControlType::kIncomingCallRequest;
  static constexpr std::uint16_t kLength = 220;
  std::uint16_t call_id = 0;
  std::uint16_t call_serial_number = 0;
  std::uint32_t bearer_type = 0;
  std::uint32_t physical_channel = 0;
  std::uint16_t dialed_length = 0;
  std::uint16_t dialing_length = 0;
  FixedText<64> dialed_number;
  FixedText<64> dialing_number;
  FixedText<64> subaddress;
  friend bool operator==(const IncomingCallRequest&, const IncomingCallRequest&) = default;
};

struct IncomingCallReply {  // §2.10
  static constexpr ControlType kType = ControlType::kIncomingCallReply;
  static constexpr std::uint16_t kLength = 24;
  std::uint16_t call_id = 0;
  std::uint16_t peer_call_id = 0;
  IncomingResult result = IncomingResult::kConnect;
  GeneralError error = GeneralError::kNone;
  std::uint16_t receive_window = 0;
  std::uint16_t transmit_delay = 0;
  friend bool operator==(const IncomingCallReply&, const IncomingCallReply&) = default;
};

struct IncomingCallConnected {  // §2.11
  static constexpr ControlType kType = ControlType::kIncomingCallConnected;
  static constexpr std::uint16_t kLength = 28;
  std::uint16_t peer_call_id = 0;
  std::uint32_t connect_speed = 0;
  std::uint16_t receive_window = 0;
  std::uint16_t transmit_delay = 0;
  std::uint32_t framing_type = 0;
  friend bool operator==(const IncomingCallConnected&, const IncomingCallConnected&) = default;
};

struct CallClearRequest {  // §2.12
  static constexpr ControlType kType = ControlType::kCallClearRequest;
  static constexpr std::uint16_t kLength = 16;
  std::uint16_t call_id = 0;
  friend bool operator==(const CallClearRequest&, const CallClearRequest&) = default;
};

struct CallDisconnectNotify {  // §2.13
  static constexpr ControlType kType = ControlType::kCallDisconnectNotify;
  static constexpr std::uint16_t kLength = 148;
  std::uint16_t call_id = 0;
  DisconnectResult result = DisconnectResult::kGeneralError;
  GeneralError error = GeneralError::kNone;
  std::uint16_t cause = 0;
  FixedText<128> call_statistics;
  friend bool operator==(const CallDisconnectNotify&, const CallDisconnectNotify&) = default;
};

struct WanErrorNotify {  // §2.14
  static constexpr ControlType kType = ControlType::kWanErrorNotify;
  static constexpr std::uint16_t kLength = 40;
  std::uint16_t peer_call_id = 0;
  std::uint32_t crc_errors = 0;
  std::uint32_t framing_errors = 0;
  std::uint32_t hardware_overruns = 0;
  std::uint32_t buffer_overruns = 0;
  std::uint32_t time_out_errors = 0;
  std::uint32_t alignment_errors = 0;
  friend bool operator==(const WanErrorNotify&, const WanErrorNotify&) = default;
};

struct SetLinkInfo {  // §2.15
  static constexpr ControlType kType = ControlType::kSetLinkInfo;
  static constexpr std::uint16_t kLength = 24;
  std::uint16_t peer_call_id = 0;
  std::uint32_t send_accm = 0xFFFFFFFF;
  std::uint32_t receive_accm = 0xFFFFFFFF;
  friend bool operator==(const SetLinkInfo&, const SetLinkInfo&) = default;
};

/// Alternative i is control message type i + 1.
using Message =
    std::variant<StartControlConnectionRequest, StartControlConnectionReply, StopControlConnectionRequest,
                 StopControlConnectionReply, EchoRequest, EchoReply, OutgoingCallRequest, OutgoingCallReply,
                 IncomingCallRequest, IncomingCallReply, IncomingCallConnected, CallClearRequest,
                 CallDisconnectNotify, WanErrorNotify, SetLinkInfo>;

// ---- reading ----------------------------------------------------------------------------------------------

enum class ParseError : std::uint8_t {
  kBadLength,    ///< below 12, above 220, or not the length of its type
  kNotControl,   ///< PPTP Message Type is not 1 (2, management, is undefined in RFC 2637 §1.4)
  kBadMagic,     ///< synchronisation is lost: the connection must be closed (RFC 2637 §1.4)
  kUnknownType,  ///< Control Message Type outside 1..15
  kTruncated,    ///< parse() was given less than one whole message
};
[[nodiscard]] std::string_view to_text(ParseError error);

/// Octets needed so far, counted from the message's first: the header's while it is incomplete, then the
/// message's exact length. Every field is checked as soon as its octets are in, so that a wrong Length never
/// makes a reader wait for a body. The message is complete when the result is <= prefix.size().
[[nodiscard]] std::expected<std::size_t, ParseError> wanted_octets(wire::Bytes prefix);

/// One message from exactly its octets (more is kBadLength, less is kTruncated).
[[nodiscard]] std::expected<Message, ParseError> parse(wire::Bytes octets);

// ---- writing ----------------------------------------------------------------------------------------------

/// One message, ready for the wire.
class Encoded {
 public:
  [[nodiscard]] wire::Bytes octets() const { return {octets_.data(), size_}; }

 private:
  friend Encoded write(const Message& message);
  std::array<std::uint8_t, kMaxMessageOctets> octets_{};
  std::size_t size_ = 0;
};
[[nodiscard]] Encoded write(const Message& message);

}  // namespace adit::control::pptp
