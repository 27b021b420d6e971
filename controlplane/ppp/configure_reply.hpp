// SPDX-License-Identifier: Apache-2.0
// The answer to one Configure-Request, RFC 1661 §5.2 to §5.4, while it is being judged. Thread: control. Owner: the
// control protocol, while it handles the request.
#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/wire/ppp.hpp"
#include "dataplane/wire/ppp_packet.hpp"

namespace adit::control {

/// Collects the answer to one Configure-Request. Nothing collected: Ack. RFC 1661 §5.4: one Reject displaces
/// all Naks.
class ConfigureReply {
 public:
  /// Without `may_nak` (Max-Failure reached, §4.6) what would be a Nak becomes a Reject, and nothing is asked
  /// for.
  ConfigureReply(wire::PppProtocol protocol, std::uint8_t identifier, bool may_nak)
      : protocol_(protocol), identifier_(identifier), may_nak_(may_nak) {}

  void reject(const wire::PppOption& option);
  void nak_u16(const wire::PppOption& option, std::uint16_t wanted);
  void nak_u32(const wire::PppOption& option, std::uint32_t wanted);
  void nak(const wire::PppOption& option, wire::Bytes wanted);
  /// Naks with an option that the peer left out.
  void ask_u32(std::uint8_t type, std::uint32_t wanted);

  [[nodiscard]] wire::PppCode code() const { return code_; }
  [[nodiscard]] bool may_nak() const { return may_nak_; }
  /// The Nak or Reject; not for an Ack.
  [[nodiscard]] wire::Bytes frame() { return writer_->frame(); }

 private:
  [[nodiscard]] bool start(wire::PppCode code);

  wire::PppProtocol protocol_;
  std::uint8_t identifier_;
  bool may_nak_;
  wire::PppCode code_ = wire::PppCode::kConfigureAck;
  std::optional<wire::PppFrameWriter> writer_;
};

}  // namespace adit::control
