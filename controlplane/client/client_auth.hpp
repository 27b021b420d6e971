// SPDX-License-Identifier: Apache-2.0
// Authenticates us to a server: PAP (RFC 1334), CHAP with MD5 (RFC 1994), MS-CHAPv1 (RFC 2433) and v2 (RFC
// 2759), which also authenticates the server; one response, repeated until the server has answered it. EAP is client_eap's.
// Thread: control. Owner: the client's link.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controlplane/base/entropy.hpp"
#include "controlplane/client/client_eap.hpp"
#include "controlplane/client/client_end.hpp"
#include "controlplane/client/client_ms_chap.hpp"
#include "controlplane/client/client_settings.hpp"
#include "crypto/mppe_keys.hpp"
#include "dataplane/wire/chap.hpp"

namespace adit::control {

/// None of these may destroy the exchange; authenticated() and auth_failed() may stop() it.
class ClientAuthHost {
 public:
  virtual void send_auth_frame(wire::Bytes frame) = 0;
  [[nodiscard]] virtual std::uint16_t peer_mru() const = 0;
  /// The server accepts us, and is authenticated if the method does that. `keys`: none when the method makes
  /// none; we encrypt with `send`.
  virtual void authenticated(const std::optional<crypto::MppeStartKeys>& keys) = 0;
  /// `detail`: the server's text, untrusted octets.
  virtual void auth_failed(ClientEnd end, std::string_view detail) = 0;

 protected:
  ~ClientAuthHost() = default;
};

class ClientAuth {
 public:
  ClientAuth(const ClientSettings& settings, TimerWheel& wheel, Entropy& entropy, ClientAuthHost& host);

  /// Logs in as `user` instead of the settings' user.
  void log_in_as(std::string user) { user_ = std::move(user); }
  /// LCP opened with `method`: PAP sends its request, CHAP and EAP wait for the Challenge or Request.
  void start(AuthMethod method);
  /// LCP went down.
  void stop();
  /// One packet from its Code octet on, of any of the protocols; those of another method are ignored.
  void on_packet(wire::PppProtocol protocol, wire::Bytes packet);
  /// A packet of the network phase has come, and we are not in it yet.
  void network_begins();

 private:
  enum class State : std::uint8_t { kOff, kWaiting, kProving, kDone };
  /// What MS-CHAP's keys, and v2's Success, go by.
  struct MsChap {
    std::array<std::uint8_t, 8> challenge;  ///< v1's
    ClientMsChapV2 v2;
  };

  void on_pap(const wire::PppPacket& packet);
  void on_challenge(const wire::PppPacket& packet);
  void on_success(const wire::PppPacket& packet);
  void on_failure(std::string_view text);
  void send_pap_request();
  void send_response();
  void on_repeat();
  void write_value(wire::PppFrameWriter& response, wire::Bytes challenge);
  [[nodiscard]] std::optional<crypto::MppeStartKeys> keys(const MsChap& proof) const;
  [[nodiscard]] const std::string& user_name() const { return user_.empty() ? settings_.user : user_; }
  [[nodiscard]] wire::Bytes user() const { return wire::octets_of(user_name()); }

  const ClientSettings& settings_;
  Entropy& entropy_;
  ClientAuthHost& host_;
  Timer repeat_;
  std::string user_;  // empty: the settings'
  State state_ = State::kOff;
  AuthMethod method_ = AuthMethod::kPap;
  std::uint8_t identifier_ = 0;  // PAP: of the last request; CHAP: of the Challenge that was answered
  std::uint8_t pap_requests_ = 0;
  bool answered_ = false;            // identifier_ is from a Challenge since start()
  bool authenticated_ = false;       // since start(): the keys of a re-challenge are not taken
  std::unique_ptr<MsChap> ms_chap_;  // while a Response of its has no answer
  std::unique_ptr<ClientEap> eap_;
  std::vector<std::uint8_t> response_;  // the frame, kept while it may have to be repeated
};

}  // namespace adit::control
