// SPDX-License-Identifier: Apache-2.0
// LCP, the caller's side: the options that the profile requests, which of the server's authentication methods
// we accept (RFC 1661 §6.2), echoes, Identification (RFC 1570). Thread: control. Owner: the client's link.
#pragma once

#include <cstdint>
#include <optional>

#include "controlplane/client/client_settings.hpp"
#include "controlplane/ppp/lcp.hpp"

namespace adit::control {

class ClientLcp final : public LcpEndpoint {
 public:
  ClientLcp(const ClientSettings& settings, TimerWheel& wheel, Entropy& entropy, ControlProtocolHost& host,
            LcpEvents& events);
  ~ClientLcp() = default;

  /// The authentication method agreed on; none: the server asked for none. Valid once opened.
  [[nodiscard]] std::optional<AuthMethod> method() const { return method_; }
  /// The server last asked for a method that we do not allow.
  [[nodiscard]] bool refuses_method() const { return refuses_method_; }

  void send_identifications();

 private:
  void write_request(wire::PppFrameWriter& request) override;
  void judge(const wire::PppOptions& wishes, ConfigureReply& reply) override;
  void about_to_ack() override;
  bool on_nak(const wire::PppOptions& hints, bool insist_no_more) override;
  bool on_reject(const wire::PppOptions& refused) override;
  void forget() override;
  void write_diagnosis(wire::PppFrameWriter& request) override;
  EndReason failure() const override {
    return refuses_method_ ? EndReason::kAuthRefused : EndReason::kLcpFailed;
  }
  std::uint32_t own_magic() const override { return asks(wire::LcpOption::kMagic) ? magic_ : 0; }

  void write_option(wire::PppFrameWriter& request, wire::LcpOption option) const;
  [[nodiscard]] bool judge_option(const wire::PppOption& option, ConfigureReply& reply);
  void judge_method(const wire::PppOption& option, ConfigureReply& reply);
  [[nodiscard]] bool asks(wire::LcpOption option) const {
    return (refused_ >> static_cast<unsigned>(option) & 1) == 0;
  }

  const ClientSettings& client_;
  const ClientProfile& profile_;
  std::optional<AuthMethod> method_;
  std::optional<AuthMethod> wished_method_;
  std::uint32_t magic_ = 0;
  std::uint32_t refused_ = 0;   // bit per option type
  std::uint8_t suggested_ = 0;  // Naks sent with a method of ours: a different method each time
  bool refuses_method_ = false;
};

}  // namespace adit::control
