// SPDX-License-Identifier: Apache-2.0
// What `adit explain` says of IPv6, for each way in which a call gets it, gets less, or does without.
#include <gtest/gtest.h>

#include <vector>

#include "app/aditd/operator/story_text.hpp"
#include "dataplane/wire/router_discovery.hpp"

namespace adit::app {
namespace {

using control::CallStory;
using control::EndReason;
using control::Gate;
using control::Instant;
using control::Ipv6Story;
using control::Ipv6Use;
using control::StoryRow;
using Octets = std::vector<std::uint8_t>;

constexpr std::uint8_t kRequest = 1, kAck = 2, kNak = 3, kProtocolReject = 8;

/// The protocol first.
Octets frame(std::uint16_t protocol, std::uint8_t code, const Octets& data) {
  Octets octets{static_cast<std::uint8_t>(protocol >> 8),  static_cast<std::uint8_t>(protocol), code, 1, 0,
                static_cast<std::uint8_t>(4 + data.size())};
  octets.insert(octets.end(), data.begin(), data.end());
  return octets;
}

Octets identifier(std::uint8_t last) {
  return {1, 10, 0, 0, 0, 0, 0, 0, 0, last};
}

class StoryIpv6 : public testing::Test {
 protected:
  StoryIpv6() {
    for (const Gate gate : {Gate::kStart, Gate::kCall, Gate::kGre, Gate::kLcp, Gate::kAuthentication,
                            Gate::kCcp, Gate::kIpcp}) {
      row_.story.pass(gate, Instant{});
    }
    row_.story.ipv6.terms = Ipv6Story::Terms::kAllowed;
  }
  void received(std::uint16_t protocol, std::uint8_t code, const Octets& data) {
    row_.story.received(frame(protocol, code, data), Instant{});
  }
  void sent(std::uint16_t protocol, std::uint8_t code, const Octets& data) {
    Octets octets = frame(protocol, code, data);
    octets.insert(octets.begin(), {0xff, 0x03});
    row_.story.sent(octets, Instant{});
  }
  /// The client asks for `asked`, and gets `given`.
  void agree(std::uint8_t asked, std::uint8_t given) {
    received(0x8057, kRequest, identifier(asked));
    sent(0x8057, kRequest, identifier(1));
    if (asked != given) {
      sent(0x8057, kNak, identifier(given));
      received(0x8057, kRequest, identifier(given));
    }
    sent(0x8057, kAck, identifier(given));
    received(0x8057, kAck, identifier(1));
  }
  void lease(Ipv6Use use, std::string_view prefix) {
    row_.leases6[static_cast<std::size_t>(use)] = wire::parse_ipv6_prefix(prefix).value();
  }
  void refuse(Ipv6Use use, EndReason why) { row_.story.ipv6.refused[static_cast<std::size_t>(use)] = why; }
  /// IPv6CP's, or of that name.
  [[nodiscard]] std::optional<GateText> gate(std::string_view name = "ipv6cp") const {
    for (const GateText& gate : gates_of(row_)) {
      if (gate.name == name) {
        return gate;
      }
    }
    return std::nullopt;
  }
  [[nodiscard]] std::string told() const {
    const auto found = gate();
    return found ? std::string(to_text(found->state)) + ": " + found->text : "nothing";
  }

  StoryRow row_{.story = CallStory({})};
};

TEST_F(StoryIpv6, OpenWithAllThatThereIs) {
  agree(0x77, 0x77);
  lease(Ipv6Use::kLink, "2001:db8:64::/64");
  lease(Ipv6Use::kAddress, "2001:db8:65::7/128");
  lease(Ipv6Use::kDelegate, "2001:db8:100::/56");
  row_.story.ipv6.took_delegated = true;
  Octets advertisement(wire::kRouterAdvertisementMaxSize);
  advertisement.resize(
      wire::write_router_advertisement(advertisement.data(), wire::link_local(1), wire::kAllNodes, {}));
  row_.story.sent_ipv6(advertisement);
  row_.story.sent_ipv6(Octets(60, 0x60));
  EXPECT_EQ(
      told(),
      "passed: open; fe80::1 here, fe80::77 there; prefix 2001:db8:64::/64; 1 router advertisement sent; "
      "address 2001:db8:65::7, not taken by DHCPv6; 2001:db8:100::/56 delegated by DHCPv6");
  EXPECT_TRUE(row_.story.passed(Gate::kIpv6cp));
}

TEST_F(StoryIpv6, WhatItAskedForAndWhatItGot) {
  agree(0x1, 0x99);
  EXPECT_EQ(told().substr(0, 62), "passed: open; fe80::1 here, fe80::99 there, fe80::1 asked for;");
}

TEST_F(StoryIpv6, APrefixThatThereIsNoneOfIsToldWithItsPool) {
  agree(0, 0x99);
  refuse(Ipv6Use::kLink, EndReason::kPoolEmpty);
  refuse(Ipv6Use::kAddress, EndReason::kPoolUnknown);
  refuse(Ipv6Use::kDelegate, EndReason::kPoolUnknown);
  EXPECT_EQ(told(),
            "passed: open; fe80::1 here, fe80::99 there, any asked for; no prefix: its [[ipv6-pool]] of use "
            "link is empty; 0 router advertisements sent; no delegated prefix: there is no [[ipv6-pool]] of "
            "use delegate for it");
  refuse(Ipv6Use::kLink, EndReason::kAddressInUse);
  EXPECT_NE(told().find("no prefix: its own is taken"), std::string::npos);
}

TEST_F(StoryIpv6, WhoIsDeniedItIsToldSo) {
  row_.story.ipv6.terms = Ipv6Story::Terms::kDeniedToUser;
  EXPECT_EQ(told(), "without: denied to this user; the client has not asked for it");
  row_.story.ipv6.terms = Ipv6Story::Terms::kDenied;
  EXPECT_EQ(told(), "nothing") << "nobody has it, and nobody asks";
  received(0x8057, kRequest, identifier(7));
  EXPECT_EQ(told(),
            "without: refused: [ipv6] mode is deny, or there is no [[ipv6-pool]]; the client asked for it");
}

TEST_F(StoryIpv6, ALinkThatIsTooSmallSaysHowSmall) {
  row_.story.ipv6.room = 1276;
  EXPECT_EQ(told(),
            "without: packets of 1276 octets reach the client, and IPv6 needs 1280; the client has not asked "
            "for it");
}

TEST_F(StoryIpv6, AClientThatDoesNotSpeakItOrIsSilent) {
  EXPECT_EQ(told(), "without: not negotiated: the client has not asked for it");
  sent(0x8057, kRequest, identifier(1));
  EXPECT_EQ(told(), "without: 1 request of ours, no answer, none of its own");
  received(0xc021, kProtocolReject, {0x80, 0x57, 1, 1, 0, 4});
  EXPECT_EQ(told(), "without: the client does not speak the protocol");
  EXPECT_EQ(stopped_at(row_), Gate::kEnd) << "the call is up";
}

TEST_F(StoryIpv6, NothingElseIsNotedAfterTheDial) {
  received(0x8021, kRequest, {3, 6, 10, 0, 0, 9});
  received(0xc021, kProtocolReject, {0x80, 0xfd, 1, 1, 0, 4});
  EXPECT_EQ(row_.story.link().ipcp.peer_asked, 0);
  EXPECT_FALSE(row_.story.link().ccp.rejected);
  agree(0x77, 0x77);
  received(0x8057, kRequest, identifier(0x78));
  EXPECT_EQ(row_.story.link().ipv6cp.peer_asked, 1) << "nor of IPv6CP, once it is open";
}

TEST_F(StoryIpv6, WhereItIsRequiredTheCallStopsThere) {
  row_.story.ipv6.terms = Ipv6Story::Terms::kRequired;
  sent(0x8057, kRequest, identifier(1));
  EXPECT_EQ(stopped_at(row_), Gate::kIpv6cp);
  EXPECT_EQ(gate()->state, GateText::State::kWaiting);
  EXPECT_EQ(advice_of(row_).cause, "logged in, and IP has yet to come up");
  row_.reason = EndReason::kIpv6Failed;
  EXPECT_EQ(gate()->state, GateText::State::kFailed);
}

TEST_F(StoryIpv6, IPCPIsNotToBlameWhereIpv6EndsTheCall) {
  StoryRow row{.story = CallStory({}), .reason = EndReason::kIpv6Failed};
  for (const Gate gate : {Gate::kStart, Gate::kCall, Gate::kGre, Gate::kLcp, Gate::kAuthentication}) {
    row.story.pass(gate, Instant{});
  }
  row.story.ipv6.terms = Ipv6Story::Terms::kRequired;
  EXPECT_EQ(stopped_at(row), Gate::kIpv6cp);
}

TEST_F(StoryIpv6, MalformedFramesAreNoStory) {
  for (const Octets& octets : {Octets{}, Octets{0x80}, Octets{0x80, 0x57},
                               Octets{0x80, 0x57, 1, 1, 0, 200, 1}, Octets{0xc0, 0x21, 8, 1, 0, 5, 0x80}}) {
    row_.story.received(octets, Instant{});
    row_.story.sent(octets, Instant{});
  }
  row_.story.sent_ipv6(Octets(40, 0x60));
  received(0x8057, kRequest, {1, 3, 0});
  EXPECT_EQ(row_.story.link().peer_interface_id_asked, 0U);
  EXPECT_EQ(row_.story.ipv6.advertisements, 0);
}

}  // namespace
}  // namespace adit::app
