// SPDX-License-Identifier: Apache-2.0
// The reply to one Configure-Request, RFC 1661 §5.2 to §5.4, while it is being judged. Thread: control.
// Owner: the control protocol, while it handles the request.
#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/wire/ppp.hpp"
#include "dataplane/wire/ppp_packet.hpp"

namespace adit::control {

/// Collects the reply to one Configure-Request; if nothing is collected, an Ack. RFC 1661 §5.4: a Reject
/// displaces all Naks.
class ConfigureReply {
 public:
  /// Without `may_nak` (Max-Failure reached, §4.6) Naks become Rejects, and no missing option is requested.
  ConfigureReply(wire::PppProtocol protocol, std::uint8_t identifier, bool may_nak)
      : protocol_(protocol), identifier_(identifier), may_nak_(may_nak) {}

  void reject(const wire::PppOption& option);
  void nak_u16(const wire::PppOption& option, std::uint16_t wanted);
  void nak_u32(const wire::PppOption& option, std::uint32_t wanted);
  void nak_u64(const wire::PppOption& option, std::uint64_t wanted);
  void nak(const wire::PppOption& option, wire::Bytes wanted);
  /// Naks with an option that the peer left out.
  void ask_u32(std::uint8_t type, std::uint32_t wanted);
  /// The same without regard to `may_nak`: what is left out cannot be rejected, and the request must not be acknowledged.
  void insist_u32(std::uint8_t type, std::uint32_t wanted);
  void ask_u64(std::uint8_t type, std::uint64_t wanted);

  [[nodiscard]] wire::PppCode code() const { return code_; }
  [[nodiscard]] bool may_nak() const { return may_nak_; }
  /// The Nak or Reject; not valid for an Ack.
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
