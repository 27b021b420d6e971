// SPDX-License-Identifier: Apache-2.0
// Both ends of EAP against each other, over a link that a test may have lose what it likes; the user is "alice".
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/auth/authenticator.hpp"
#include "controlplane/auth/chap_secrets.hpp"
#include "controlplane/auth/eap_tls.hpp"
#include "controlplane/auth/local_users.hpp"
#include "controlplane/client/client_auth.hpp"
#include "controlplane/client/client_eap.hpp"
#include "crypto/library.hpp"
#include "tests/kit/seeded_entropy.hpp"
#include "tests/kit/stepped_background.hpp"

namespace adit::control {

class EapEnds : public testing::Test {
 protected:
  using Octets = std::vector<std::uint8_t>;

  static void SetUpTestSuite() { ASSERT_TRUE(crypto::initialise().has_value()); }

  struct Server final : AuthenticatorHost {
    explicit Server(std::deque<Octets>& to_peer) : out(to_peer) {}
    void send_auth_frame(std::span<const std::uint8_t> frame) override {
      out.emplace_back(frame.begin(), frame.end());
    }
    void auth_accepted(const AuthAccepted& verdict, std::string_view) override { accepted = verdict; }
    bool doubts_proof(std::string_view, std::string_view) override { return false; }
    std::uint32_t auth_rejected(std::string_view, std::string_view, bool) override { return 1; }
    void auth_failed(EndReason why, std::string_view, std::string_view) override { reason = why; }
    std::deque<Octets>& out;
    std::optional<AuthAccepted> accepted;
    EndReason reason = EndReason::kNone;
  };
  struct Caller final : ClientAuthHost {
    explicit Caller(std::deque<Octets>& to_server) : out(to_server) {}
    void send_auth_frame(wire::Bytes frame) override { out.emplace_back(frame.begin(), frame.end()); }
    std::uint16_t peer_mru() const override { return mru; }
    void authenticated(const std::optional<crypto::MppeStartKeys>& made) override {
      EXPECT_FALSE(keys) << "once";
      keys = made;
    }
    void auth_failed(ClientEnd why, std::string_view text) override {
      end = why;
      said = text;
    }
    std::deque<Octets>& out;
    std::optional<crypto::MppeStartKeys> keys;
    std::optional<ClientEnd> end;
    std::string said;
    std::uint16_t mru = wire::kDefaultMru;  // the server's
  };

  void dial(const std::string& password = "secret") {
    static_cast<void>(users.use(parse_users("alice * secret\n", {}).users));
    caller_settings.user = "alice";
    set_password(caller_settings, password);
    settings.auth.methods = {AuthMethod::kEap};
    AuthOrigin origin;
    origin.mru = mru;
    authenticator = make_authenticator(AuthMethod::kEap, settings, wheel, entropy, users, server, origin);
    peer.emplace(caller_settings, caller_settings.user, entropy, caller);
    authenticator->start();
  }
  /// A tenth of a second: everything under way arrives, unless `lost()` says otherwise.
  template <typename Lost>
  void step(const Lost& lost) {
    const auto down = std::exchange(to_peer, {}), up = std::exchange(to_server, {});
    for (const Octets& frame : down) {
      if (!lost()) {
        peer->on_packet(wire::Bytes(frame).subspan(4));
      }
    }
    for (const Octets& frame : up) {
      if (!lost()) {
        authenticator->on_packet(wire::Bytes(frame).subspan(4));
      }
    }
    while (background.turn()) {
    }
    wheel.advance(wheel.now() + Duration{100});
  }
  void expect_same_keys() {
    ASSERT_TRUE(server.accepted && server.accepted->mppe && caller.keys);
    EXPECT_TRUE(
        crypto::equal_constant_time(server.accepted->mppe->send.bytes(), caller.keys->receive.bytes()));
    EXPECT_TRUE(
        crypto::equal_constant_time(server.accepted->mppe->receive.bytes(), caller.keys->send.bytes()));
  }

  Settings settings;
  ClientSettings caller_settings;
  std::uint16_t mru = wire::kDefaultMru;  // the caller's
  TimerWheel wheel;
  adit::test::SeededEntropy entropy;
  adit::test::SteppedBackground background;
  TlsLogins logins{background};
  LocalUsers users;
  std::deque<Octets> to_peer, to_server;
  Server server{to_peer};
  Caller caller{to_server};
  std::unique_ptr<Authenticator> authenticator;
  std::optional<ClientEap> peer;
};

}  // namespace adit::control
