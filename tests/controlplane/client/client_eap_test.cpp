// SPDX-License-Identifier: Apache-2.0
// Both ends of EAP-MSCHAPv2 against each other, also where packets get lost, come twice or late; and a peer that is told
// what only the true server could prove.
#include "controlplane/client/client_eap.hpp"

#include <gtest/gtest.h>

#include <random>

#include "tests/controlplane/client/eap_ends.hpp"

namespace adit::control {
namespace {

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

TEST_F(EapEnds, ANakNamesAllOfOurMethods) {
  caller_settings.eap_methods = {EapLocalMethod::kTls, EapLocalMethod::kMsChapV2};
  dial();
  peer->on_packet(Octets{1, 9, 0, 6, 25, 0x20});
  ASSERT_FALSE(to_server.empty());
  EXPECT_EQ(to_server.back(), (Octets{0xFF, 3, 0xC2, 0x27, 2, 9, 0, 7, 3, 13, 26}));
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
