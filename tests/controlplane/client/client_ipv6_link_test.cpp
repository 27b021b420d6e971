// SPDX-License-Identifier: Apache-2.0
// The caller's IPv6 on a link: when it asks, what it takes, what it ignores; against the concentrator's end of the link, and
// against servers that behave otherwise.
#include <gtest/gtest.h>

#include "controlplane/client/client_ipv6_link.hpp"
#include "tests/kit/ipv6_kit.hpp"

namespace adit::control {
namespace {

using test::ip6;
using test::net6;
using Type = wire::Dhcpv6Type;
using enum wire::Dhcpv6Code;

constexpr std::uint64_t kOwnId = 0x0200'5eff'fe00'5301;

/// What the client sent, as its server reads it.
struct Asked {
  Instant at;
  Type type{};
  std::uint32_t transaction_id = 0;
  wire::Ipv6Address from, to;
  test::Packet client_id{}, server_id{};
  bool rapid = false;
  std::uint16_t elapsed = 0;
  std::optional<wire::Ipv6Prefix> wished{};
};

class ClientIpv6LinkTest : public testing::Test, public ClientIpv6Link::Host {
 protected:
  ClientIpv6LinkTest() { settings.delegation = true; }

  void send_ipv6(wire::Bytes packet) override {
    ASSERT_EQ(wire::check_ipv6(packet), wire::Ipv6Error::kNone);
    packets.emplace_back(packet.begin(), packet.end());
    if (wire::is_router_solicitation(packet)) {
      solicitations.push_back(wheel.now());
      EXPECT_EQ(wire::Ipv6View(packet.data()).source(), wire::link_local(kOwnId));
    } else {
      read(packet);
    }
    if (to_server) {
      to_server(packet);
    }
  }
  void binding_changed(const Ipv6Binding& binding) override { bindings.push_back(binding); }

  void read(wire::Bytes packet) {
    const auto udp = wire::parse_udp6(packet);
    ASSERT_TRUE(udp && udp->source_port == 546 && udp->destination_port == 547);
    const auto message = wire::parse_dhcpv6(udp->payload);
    ASSERT_TRUE(message);
    const wire::Ipv6View header(packet.data());
    Asked one{.at = wheel.now(),
              .type = static_cast<Type>(message->type),
              .transaction_id = message->transaction_id,
              .from = header.source(),
              .to = header.destination()};
    for (const wire::Dhcpv6Option option : message->options) {
      if (option.is(kClientId)) {
        one.client_id = {option.value.begin(), option.value.end()};
      } else if (option.is(kServerId)) {
        one.server_id = {option.value.begin(), option.value.end()};
      } else if (option.is(kRapidCommit)) {
        one.rapid = true;
      } else if (option.is(kElapsedTime)) {
        one.elapsed = wire::load_be<std::uint16_t>(option.value.data());
      } else if (option.is(kIaPd)) {
        const auto ia = wire::parse_ia(option.value);
        ASSERT_TRUE(ia);
        for (const wire::Dhcpv6Option inner : ia->options) {
          one.wished = wire::parse_ia_prefix(inner.value).value().prefix;
        }
      }
    }
    EXPECT_EQ(one.from, wire::link_local(kOwnId));
    EXPECT_EQ(one.to, wire::kAllDhcpAgents);
    EXPECT_TRUE(wire::is_duid(one.client_id));
    asked.push_back(one);
  }

  // ---- the server
  void advertise(const wire::RouterAdvertisement& advertisement,
                 const wire::Ipv6Address& from = wire::link_local(1)) {
    test::Packet packet(wire::kRouterAdvertisementMaxSize);
    packet.resize(wire::write_router_advertisement(packet.data(), from, wire::kAllNodes, advertisement));
    link.on_packet(packet);
  }
  static wire::RouterAdvertisement with_prefix(std::string_view prefix, std::uint32_t valid = 7200) {
    return {
        .router_lifetime = 1800,
        .prefix = wire::PrefixInformation{.prefix = net6(prefix), .valid = valid, .preferred = valid / 2}};
  }
  struct Lease {
    std::string_view prefix = "2001:db8:100::/56";
    std::uint32_t iaid = 1, t1 = 0, t2 = 0, preferred = 3600, valid = 7200;
  };
  /// An answer to what was asked last.
  void answer(Type type, const std::optional<Lease>& lease, bool rapid = false) {
    answer(type, asked.back().transaction_id, asked.back().client_id, lease, rapid);
  }
  void answer(Type type, std::uint32_t transaction_id, const test::Packet& client,
              const std::optional<Lease>& lease, bool rapid) {
    test::Packet packet(wire::kIpv6MinMtu);
    wire::Dhcpv6Writer writer(wire::MutableBytes(packet).subspan(48), type, transaction_id);
    writer.option(kServerId, server).option(kClientId, client);
    if (rapid) {
      writer.option(kRapidCommit, {});
    }
    const std::size_t ia = writer.begin(kIaPd);
    writer.u32(lease ? lease->iaid : 1).u32(lease ? lease->t1 : 0).u32(lease ? lease->t2 : 0);
    if (lease) {
      writer.ia_prefix({.prefix = net6(lease->prefix), .preferred = lease->preferred, .valid = lease->valid});
    } else {
      writer.status(wire::Dhcpv6Status::kNoPrefixAvail, "");
    }
    writer.end(ia);
    packet.resize(wire::write_udp6(
        packet.data(),
        {.source = wire::link_local(1), .destination = wire::link_local(kOwnId), .hop_limit = 64}, 547, 546,
        writer.message().size()));
    link.on_packet(packet);
  }
  void run(Duration by) { wheel.advance(wheel.now() + by); }
  void up() { link.up(kOwnId); }
  void up_and_solicit() {
    up();
    run(1s);
    ASSERT_EQ(asked.size(), 1U);
  }

  TimerWheel wheel;
  test::SeededEntropy entropy;
  ClientSettings settings;
  test::Packet server{0, 3, 0, 1, 2, 0, 0, 0, 0, 1};
  std::vector<test::Packet> packets;
  std::vector<Instant> solicitations;
  std::vector<Asked> asked;
  std::vector<Ipv6Binding> bindings;
  std::function<void(wire::Bytes)> to_server;
  ClientIpv6Link link{settings, wheel, entropy, *this};
};

// ---- Router Solicitations --------------------------------------------------------------------------------------

TEST_F(ClientIpv6LinkTest, SolicitsThreeTimesAndGivesUp) {
  settings.delegation = false;
  up();
  EXPECT_TRUE(link.waits());
  run(60s);
  ASSERT_EQ(solicitations.size(), 3U);
  EXPECT_LE(solicitations[0] - Instant{}, 1s);
  EXPECT_EQ(solicitations[1] - solicitations[0], 4s);
  EXPECT_EQ(solicitations[2] - solicitations[1], 4s);
  EXPECT_FALSE(link.waits());
  EXPECT_TRUE(asked.empty());
}

TEST_F(ClientIpv6LinkTest, AnAdvertisementEndsTheSearchAndGivesTheLinksPrefix) {
  settings.delegation = false;
  up();
  run(1s);
  advertise(with_prefix("2001:db8:64:7::/64"));
  EXPECT_FALSE(link.waits());
  EXPECT_EQ(link.binding(), (Ipv6Binding{.interface_id = kOwnId, .link = net6("2001:db8:64:7::/64")}));
  const std::size_t before = solicitations.size();
  run(60s);
  EXPECT_EQ(solicitations.size(), before);
  advertise(with_prefix("2001:db8:64:7::/64"));
  EXPECT_EQ(bindings.size(), 1U) << "nothing new";
  EXPECT_EQ(link.advertisements(), 2U);
}

TEST_F(ClientIpv6LinkTest, AnAdvertisementBeforeTheFirstSolicitationMakesThatNeedless) {
  up();
  advertise(with_prefix("2001:db8:64:7::/64"));
  run(60s);
  EXPECT_TRUE(solicitations.empty());
}

TEST_F(ClientIpv6LinkTest, NoPrefixIsTakenThatIsNoneForHosts) {
  up();
  advertise(with_prefix("2001:db8:64:7::/64", 0));
  advertise(with_prefix("2001:db8:64::/56"));  // no room for an identifier of 64 bits to be the rest
  advertise(with_prefix("fe80::/64"));
  advertise(with_prefix("2001:db8:64:7::/64"), ip6("2001:db8::1"));  // RFC 4861 §6.1.2
  wire::RouterAdvertisement farewell = with_prefix("2001:db8:64:7::/64");
  farewell.router_lifetime = 0;
  advertise(farewell);
  EXPECT_TRUE(bindings.empty());
  EXPECT_EQ(link.advertisements(), 4U) << "that from beyond the link is none";
}

TEST_F(ClientIpv6LinkTest, WhatIsDownAsksNothingAndTakesNothing) {
  up_and_solicit();
  link.down();
  run(60s);
  advertise(with_prefix("2001:db8:64:7::/64"));
  answer(Type::kReply, Lease{}, true);
  EXPECT_EQ(asked.size(), 1U);
  EXPECT_TRUE(bindings.empty());
  EXPECT_EQ(link.binding(), Ipv6Binding{});
  EXPECT_FALSE(link.waits());
}

// ---- DHCPv6 ----------------------------------------------------------------------------------------------------

TEST_F(ClientIpv6LinkTest, ARapidReplyBinds) {
  up_and_solicit();
  EXPECT_EQ(asked[0].type, Type::kSolicit);
  EXPECT_TRUE(asked[0].rapid && asked[0].server_id.empty() && !asked[0].wished);
  answer(Type::kReply, Lease{}, true);
  EXPECT_EQ(link.binding().delegated, net6("2001:db8:100::/56"));
  run(60s);
  EXPECT_EQ(asked.size(), 1U);
}

TEST_F(ClientIpv6LinkTest, AReplyWithoutRapidCommitIsNoAnswerToASolicit) {
  up_and_solicit();
  answer(Type::kReply, Lease{});
  EXPECT_FALSE(link.binding().delegated);
}

TEST_F(ClientIpv6LinkTest, AnOfferIsRequestedFromItsServer) {
  up_and_solicit();
  answer(Type::kAdvertise, Lease{});
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_EQ(asked[1].type, Type::kRequest);
  EXPECT_EQ(asked[1].server_id, server);
  EXPECT_EQ(asked[1].wished, net6("2001:db8:100::/56"));
  EXPECT_NE(asked[1].transaction_id, asked[0].transaction_id);
  EXPECT_FALSE(link.binding().delegated);
  answer(Type::kReply, Lease{});
  EXPECT_EQ(link.binding().delegated, net6("2001:db8:100::/56"));
}

/// RFC 8415 §15, §7.6: 1 s, twice as long each time, within a tenth.
TEST_F(ClientIpv6LinkTest, ASolicitIsRepeatedEverMoreRarely) {
  up();
  run(70s);
  ASSERT_GE(asked.size(), 6U);
  Duration before{0};
  for (std::size_t i = 1; i < asked.size(); ++i) {
    const Duration gap = asked[i].at - asked[i - 1].at;
    EXPECT_GE(gap, i == 1 ? 1s : before * 19 / 10 - 2 * TimerWheel::kTick);
    EXPECT_LE(gap, i == 1 ? Duration{1110} : before * 21 / 10 + 2 * TimerWheel::kTick);
    before = gap;
    EXPECT_EQ(asked[i].transaction_id, asked[0].transaction_id);
    EXPECT_NEAR(asked[i].elapsed, static_cast<double>((asked[i].at - asked[0].at).count()) / 10, 1);
  }
  EXPECT_EQ(asked[0].elapsed, 0);
  EXPECT_TRUE(link.waits()) << "the server may be about to start";
}

/// RFC 8415 §18.2.2: ten times, then it looks for another server.
TEST_F(ClientIpv6LinkTest, ARequestThatNobodyAnswersIsGivenUp) {
  up_and_solicit();
  answer(Type::kAdvertise, Lease{});
  run(300s);
  const auto requests = std::ranges::count(asked, Type::kRequest, &Asked::type);
  EXPECT_EQ(requests, 10);
  EXPECT_EQ(asked.back().type, Type::kSolicit);
  EXPECT_FALSE(asked.back().wished);
}

TEST_F(ClientIpv6LinkTest, AServerThatHasNoneIsAskedAgainButNotWaitedFor) {
  up_and_solicit();
  advertise(with_prefix("2001:db8:64:7::/64"));
  EXPECT_TRUE(link.waits());
  answer(Type::kAdvertise, std::nullopt);
  EXPECT_FALSE(link.waits());
  run(2s);
  EXPECT_GE(asked.size(), 2U);
  answer(Type::kAdvertise, Lease{});
  EXPECT_EQ(asked.back().type, Type::kRequest);
}

TEST_F(ClientIpv6LinkTest, APrefixThatIsGoneWhenItIsRequestedIsSolicitedAnew) {
  up_and_solicit();
  answer(Type::kAdvertise, Lease{});
  answer(Type::kReply, std::nullopt);
  EXPECT_FALSE(link.binding().delegated);
  run(2s);
  EXPECT_EQ(asked.back().type, Type::kSolicit);
}

TEST_F(ClientIpv6LinkTest, OthersAnswersAndWrongOnesAreIgnored) {
  up_and_solicit();
  const Asked mine = asked[0];
  answer(Type::kReply, mine.transaction_id ^ 1, mine.client_id, Lease{}, true);
  answer(Type::kReply, mine.transaction_id, {0, 3, 0, 1, 9, 9}, Lease{}, true);
  answer(Type::kReply, Lease{.iaid = 2}, true);
  answer(Type::kReply, Lease{.t1 = 900, .t2 = 300}, true);  // RFC 8415 §21.21
  answer(Type::kReply, Lease{.preferred = 7200, .valid = 3600}, true);
  answer(Type::kReply, Lease{.valid = 0}, true);
  answer(Type::kReply, Lease{.prefix = "fe80::/56"}, true);
  answer(Type::kRenew, Lease{}, true);
  server = {1};  // no DUID
  answer(Type::kReply, Lease{}, true);
  EXPECT_TRUE(bindings.empty());
}

/// RFC 8415 §18.2.4, §18.2.5, §18.2.10.1.
TEST_F(ClientIpv6LinkTest, ALeaseIsRenewedThenReboundAndThenLost) {
  up_and_solicit();
  answer(Type::kReply, Lease{.t1 = 100, .t2 = 200, .preferred = 300, .valid = 400}, true);
  asked.clear();
  run(101s);
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].type, Type::kRenew);
  EXPECT_EQ(asked[0].server_id, server);
  answer(Type::kReply, Lease{.t1 = 100, .t2 = 200, .preferred = 300, .valid = 400});
  EXPECT_EQ(bindings.size(), 1U) << "the same as before";
  asked.clear();
  run(401s);
  const auto first = [&](Type type) { return std::ranges::find(asked, type, &Asked::type); };
  ASSERT_NE(first(Type::kRebind), asked.end());
  EXPECT_TRUE(first(Type::kRebind)->server_id.empty());
  const Duration between = first(Type::kRebind)->at - first(Type::kRenew)->at;
  EXPECT_GE(between, 100s);
  EXPECT_LE(between, 100s + 2 * TimerWheel::kTick);
  EXPECT_EQ(asked.back().type, Type::kSolicit);
  EXPECT_FALSE(link.binding().delegated);
  EXPECT_EQ(bindings.size(), 2U);
}

/// RFC 8415 §7.7: all ones is for ever, which no timer is.
TEST_F(ClientIpv6LinkTest, ALeaseForEverIsRenewedDailyAndNotLost) {
  constexpr std::uint32_t kForEver = 0xFFFFFFFF;
  up_and_solicit();
  answer(Type::kReply, Lease{.t1 = kForEver, .t2 = kForEver, .preferred = kForEver, .valid = kForEver}, true);
  asked.clear();
  run(24h);
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].type, Type::kRenew);
  run(1h);
  EXPECT_EQ(asked.back().type, Type::kRenew);
  EXPECT_TRUE(link.binding().delegated);
}

/// RFC 8415 §14.2: a client that chooses its T1 itself must not cause a storm.
TEST_F(ClientIpv6LinkTest, ADeprecatedPrefixIsNotRenewedAllTheTime) {
  up_and_solicit();
  answer(Type::kReply, Lease{.preferred = 0, .valid = 60}, true);
  asked.clear();
  run(9s);
  EXPECT_TRUE(asked.empty());
}

/// RFC 8415 §18.2.10.1: a lifetime of 0 takes the prefix away.
TEST_F(ClientIpv6LinkTest, ALeaseThatIsNotProlongedHasEnded) {
  up_and_solicit();
  answer(Type::kReply, Lease{.t1 = 100, .t2 = 200, .preferred = 300, .valid = 400}, true);
  run(101s);
  ASSERT_EQ(asked.back().type, Type::kRenew);
  answer(Type::kReply, Lease{.preferred = 0, .valid = 0});
  EXPECT_FALSE(link.binding().delegated);
  run(1s);
  EXPECT_EQ(asked.back().type, Type::kSolicit);
  EXPECT_EQ(asked.back().elapsed, 0);
}

TEST_F(ClientIpv6LinkTest, TruncatedAnswersAreIgnored) {
  up_and_solicit();
  advertise(with_prefix("2001:db8:64:7::/64"));
  test::Packet packet(wire::kRouterAdvertisementMaxSize);
  packet.resize(wire::write_router_advertisement(packet.data(), wire::link_local(1), wire::kAllNodes,
                                                 with_prefix("2001:db8:64:8::/64")));
  for (std::size_t size = 0; size < packet.size(); ++size) {
    link.on_packet(wire::Bytes(packet).first(size));
  }
  EXPECT_EQ(link.advertisements(), 1U);
}

// ---- with the concentrator's end -------------------------------------------------------------------------------

TEST_F(ClientIpv6LinkTest, BothEndsAgree) {
  test::Ipv6World world;
  std::size_t delivered = 0;
  to_server = [&](wire::Bytes packet) { world.link.on_packet(packet); };
  world.up();
  up();
  for (int step = 0; step < 200; ++step) {
    run(10ms);
    world.run(10ms);
    for (; delivered < world.sent.size(); ++delivered) {
      link.on_packet(test::Packet(world.sent[delivered].packet));
    }
  }
  EXPECT_EQ(link.binding(),
            (Ipv6Binding{.interface_id = kOwnId, .link = *world.terms.link, .delegated = *world.delegated}));
  EXPECT_EQ(world.bindings, (std::vector<Ipv6Lease>{{.delegated = world.delegated}}));
  EXPECT_EQ(world.counters.malformed + world.counters.unexpected + world.counters.dhcpv6_discarded, 0U);
}

}  // namespace
}  // namespace adit::control
