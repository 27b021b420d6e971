// SPDX-License-Identifier: Apache-2.0
// Both ends of EAP-MSCHAPv2 against each other, also where packets get lost, come twice or late; and a peer that is told
// what only the true server could prove.
#include "controlplane/client/client_eap.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <random>

#include "controlplane/auth/authenticator.hpp"
#include "controlplane/auth/chap_secrets.hpp"
#include "controlplane/auth/local_users.hpp"
#include "controlplane/client/client_auth.hpp"
#include "crypto/library.hpp"
#include "tests/kit/seeded_entropy.hpp"

namespace adit::control {
namespace {

using Octets = std::vector<std::uint8_t>;

class EapEnds : public testing::Test {
 protected:
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
  };

  void dial(const std::string& password) {
    static_cast<void>(users.use(parse_users("alice * secret\n", {}).users));
    caller_settings.user = "alice";
    set_password(caller_settings, password);
    settings.auth.methods = {AuthMethod::kEap};
    authenticator = make_authenticator(AuthMethod::kEap, settings, wheel, entropy, users, server, {});
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
  TimerWheel wheel;
  adit::test::SeededEntropy entropy;
  LocalUsers users;
  std::deque<Octets> to_peer, to_server;
  Server server{to_peer};
  Caller caller{to_server};
  std::unique_ptr<Authenticator> authenticator;
  std::optional<ClientEap> peer;
};

TEST_F(EapEnds, AUT_15_BothEndsHaveTheSameKeys) {
  dial("secret");
  for (int i = 0; i < 20; ++i) {
    step([] { return false; });
  }
  expect_same_keys();
  EXPECT_FALSE(caller.end);
}

TEST_F(EapEnds, AWrongPasswordFailsAtBothEnds) {
  dial("wrong");
  for (int i = 0; i < 20; ++i) {
    step([] { return false; });
  }
  EXPECT_EQ(server.reason, EndReason::kAuthFailed);
  EXPECT_EQ(caller.end, ClientEnd::kAuthFailed);
  EXPECT_TRUE(caller.said.starts_with("E=691")) << caller.said;
}

TEST_F(EapEnds, ALinkThatLosesAFifthIsCarriedThrough) {
  std::mt19937 random(1);
  for (int run = 0; run < 200; ++run) {
    server.accepted.reset();
    caller.keys.reset();
    to_peer.clear();
    to_server.clear();
    dial("secret");
    const auto lost = [&] { return random() % 5 == 0; };
    for (int i = 0; i < 550 && !server.accepted; ++i) {
      step(lost);
    }
    ASSERT_TRUE(server.accepted) << run;
    step(lost);
    peer->network_begins();  // the server goes on; its Success may have been lost
    expect_same_keys();
  }
}

TEST_F(EapEnds, ASuccessBeforeTheServerHasProvenItselfIsNotBelieved) {
  dial("secret");
  peer->on_packet(Octets{3, 0, 0, 4});
  peer->network_begins();
  EXPECT_FALSE(caller.keys);
  step([] { return false; });
  peer->on_packet(Octets{3, 1, 0, 4});
  EXPECT_FALSE(caller.keys);
}

TEST_F(EapEnds, OtherMethodsAreRefusedByNak) {
  dial("secret");
  peer->on_packet(Octets{1, 9, 0, 6, 13, 0x20});
  ASSERT_FALSE(to_server.empty());
  EXPECT_EQ(to_server.back(), (Octets{0xFF, 3, 0xC2, 0x27, 2, 9, 0, 6, 3, 26}));
}

TEST_F(EapEnds, ARepeatedRequestGetsTheSameResponse) {
  dial("secret");
  step([] { return false; });
  step([] { return false; });
  ASSERT_EQ(to_peer.size(), 1U) << "the challenge";
  const wire::Bytes challenge = wire::Bytes(to_peer.front()).subspan(4);
  peer->on_packet(challenge);
  peer->on_packet(challenge);
  ASSERT_EQ(to_server.size(), 2U);
  EXPECT_EQ(to_server[0], to_server[1]);
}

}  // namespace
}  // namespace adit::control
