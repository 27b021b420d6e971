// SPDX-License-Identifier: Apache-2.0
// LCP, the concentrator's end: RFC 1661 §6 options, loop detection and the order of authentication methods.
// Thread: control. Owner: the session.
#pragma once

#include <cstdint>
#include <optional>

#include "controlplane/base/settings.hpp"
#include "controlplane/ppp/lcp_endpoint.hpp"
#include "controlplane/ppp/session_details.hpp"

namespace adit::control {

/// The Authentication-Protocol option's value for `method`.
[[nodiscard]] wire::LcpAuthentication on_the_wire(AuthMethod method);

struct CarriedLcp;

class Lcp final : public LcpEndpoint {
 public:
  Lcp(const Settings& settings, TimerWheel& wheel, Entropy& entropy, ControlProtocolHost& host,
      LcpEvents& events);
  ~Lcp() = default;

  /// The method that the peer agreed to. Valid once opened.
  [[nodiscard]] AuthMethod method() const { return auth_.methods[method_]; }
  [[nodiscard]] LcpDetails details() const;

  [[nodiscard]] CarriedLcp carried() const;
  /// Instead of open() and up(). False: it is not in Opened, and has to begin anew.
  [[nodiscard]] bool adopt(const CarriedLcp& from);

 private:
  void write_request(wire::PppFrameWriter& request) override;
  void judge(const wire::PppOptions& wishes, ConfigureReply& reply) override;
  void about_to_ack() override { peer_ = wished_; }
  bool on_nak(const wire::PppOptions& hints, bool insist_no_more) override;
  bool on_reject(const wire::PppOptions& refused) override;
  void forget() override;
  bool on_extra_code(const wire::PppPacket& packet) override;
  EndReason failure() const override { return EndReason::kLcpFailed; }
  std::uint32_t own_magic() const override { return ask_magic_ ? magic_ : 0; }
  void this_layer_up() override;

  void judge_option(const wire::PppOption& option, ConfigureReply& reply);
  void judge_mru(const wire::PppOption& option, ConfigureReply& reply);
  void judge_magic(const wire::PppOption& option, ConfigureReply& reply);
  [[nodiscard]] bool choose_method(std::optional<wire::LcpAuthentication> hint);
  void suspect_loop();

  const AuthSettings& auth_;
  std::uint32_t magic_ = 0;
  std::uint32_t refused_methods_ = 0;  // bit per index of auth_.methods
  std::uint8_t method_ = 0;            // index into auth_.methods
  std::uint8_t own_magic_seen_ = 0;
  bool ask_mru_ = true;
  bool ask_magic_ = true;
  bool ask_pfc_ = false;
  bool ask_acfc_ = false;
};

}  // namespace adit::control
