// SPDX-License-Identifier: Apache-2.0
// What two sessions claim, and what the machine itself has: addresses and networks behind subscribers.
#include "tests/controlplane/concentrator/concentrator_kit.hpp"

namespace adit::control {
namespace {

constexpr wire::Ipv4Prefix kNetwork{.address = wire::Ipv4Address(10, 20, 0, 0), .length = 24};
constexpr wire::Ipv4Address kCore{10, 20, 0, 77};  // the machine's own

MachineNetwork own(wire::Ipv4Address address, const std::string& holder) {
  return {.prefix = {.address = address, .length = 32}, .holder = holder, .own_address = true};
}

std::size_t routes_shown(House& house) {
  std::size_t routes = 0;
  for_each_call(*house.concentrator, [&](const CallStatus& call) { routes += call.routes.size(); });
  return routes;
}

TEST(Claims, NCP_11_ARedialHasTheNetworkAndKeepsItWhenTheOldSessionTimesOut) {
  House house;
  DialIn old(house, 1), redial(house, 2);
  ASSERT_TRUE(old.dial("routed-10.20.0.0/24"));
  ASSERT_TRUE(redial.dial("routed-10.20.0.0/24"));
  EXPECT_EQ(house.routes.at(kNetwork), redial.ref);
  EXPECT_EQ(routes_shown(house), 1U) << "only one of them has it";
  old.reset();
  ASSERT_TRUE(house.routes.contains(kNetwork));
  EXPECT_EQ(house.routes.at(kNetwork), redial.ref);
  house.run_workers();
  EXPECT_EQ(routes_shown(house), 1U);
  redial.reset();
  EXPECT_TRUE(house.routes.empty());
}

TEST(Claims, NCP_11_TheOldSessionGetsTheNetworkBackWhenTheNewOneEnds) {
  House house;
  DialIn old(house, 1), redial(house, 2);
  ASSERT_TRUE(old.dial("routed-10.20.0.0/24"));
  ASSERT_TRUE(redial.dial("routed-10.20.0.0/24"));
  redial.reset();
  ASSERT_TRUE(house.routes.contains(kNetwork));
  EXPECT_EQ(house.routes.at(kNetwork), old.ref);
}

TEST(Claims, NCP_11_ANetworkAroundInheritsFromOneInIt) {
  House house;
  DialIn wide(house, 1), narrow(house, 2);
  ASSERT_TRUE(wide.dial("routed-10.20.0.0/16"));
  ASSERT_TRUE(narrow.dial("routed-10.20.0.0/24"));
  narrow.reset();
  ASSERT_TRUE(house.heirs.at(kNetwork).has_value());
  EXPECT_EQ(house.heirs.at(kNetwork)->call, wide.ref);
}

TEST(OwnAddresses, NCP_10_AreNotGivenOutFromAPool) {
  House house;
  std::set<wire::Ipv4Address> leased;
  std::vector<std::unique_ptr<DialIn>> lines;
  lines.push_back(std::make_unique<DialIn>(house, 1));
  ASSERT_TRUE(lines.back()->dial("alice"));
  const wire::Ipv4Address next(lines.back()->address.value + 1);
  house.concentrator->on_machine_networks({own(next, "core0")});
  for (ConnectionId id = 2; id < 5; ++id) {
    lines.push_back(std::make_unique<DialIn>(house, id));
    ASSERT_TRUE(lines.back()->dial("alice"));
    EXPECT_NE(lines.back()->address, next);
  }
  house.concentrator->on_machine_networks({});
  DialIn fixed(house, 9);
  EXPECT_TRUE(fixed.dial("fixed-" + wire::to_string(next))) << "it has left the machine";
}

TEST(OwnAddresses, NCP_10_AFixedOneIsRefusedWithItsHolderInTheLog) {
  House house;
  house.concentrator->on_machine_networks({own(kCore, "core0")});
  DialIn line(house, 1);
  EXPECT_FALSE(line.dial("fixed-10.20.0.77"));
  line.reset();
  house.run_workers();
  EXPECT_EQ(only_reason(house, "call_ended"), "address_in_use");
  EXPECT_TRUE(house.log.has("user=fixed-10.20.0.77 "));
  EXPECT_TRUE(house.log.has("why=10.20.0.77 is the machine's own: core0"));
}

TEST(OwnAddresses, NCP_10_TheGatewaysIsOne) {
  House house;
  DialIn line(house, 1);
  EXPECT_FALSE(line.dial("fixed-" + wire::to_string(house.settings.ip.gateway)));
  line.reset();
  house.run_workers();
  EXPECT_TRUE(house.log.has("is the machine's own: ip.gw-ip-address"));
}

TEST(OwnAddresses, NCP_10_AFixedAddressInUseNamesTheSessionThatHasIt) {
  House house;
  DialIn first(house, 1), second(house, 2);
  ASSERT_TRUE(first.dial("fixed-10.99.0.1"));
  EXPECT_FALSE(second.dial("fixed-10.99.0.1"));
  second.reset();
  house.run_workers();
  const std::string sid = house.log.named("call_up").at(0).fields.at("sid");
  EXPECT_TRUE(
      house.log.has("why=10.99.0.1 is in use by sid " + sid + ", peer 192.0.2.2, user fixed-10.99.0.1"));
  ASSERT_EQ(house.log.named("call_ended").size(), 1U);
  EXPECT_EQ(house.log.named("call_ended")[0].fields.at("reason"), "address_in_use");
}

TEST(OwnNetworks, NCP_11_ComeBeforeTheSameNetworkOfASubscriberAndTheLogNamesBoth) {
  House house;
  house.concentrator->on_machine_networks({{.prefix = kNetwork, .holder = "core0"}, own(kCore, "core0")});
  DialIn line(house, 1);
  ASSERT_TRUE(line.dial("routed-10.20.0.0/24"));
  EXPECT_FALSE(house.routes.contains(kNetwork));
  EXPECT_EQ(routes_shown(house), 0U);
  const auto warnings = house.log.named("overlaps_own_network");
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings[0].fields.at("granted"), "10.20.0.0/24");
  EXPECT_EQ(warnings[0].fields.at("own"), "10.20.0.0/24");
  EXPECT_EQ(warnings[0].fields.at("holder"), "core0");
  house.concentrator->on_machine_networks({});
  EXPECT_EQ(house.routes.at(kNetwork), line.ref) << "the machine has left it";
}

// The longest prefix leaves the machine its own; whoever granted the route may not have meant it.
TEST(OwnNetworks, NCP_11_AWiderNetworkOfASubscriberIsItsOwnAndTheLogSaysWhatItLiesAround) {
  constexpr wire::Ipv4Prefix kAround{.address = wire::Ipv4Address(10, 20, 0, 0), .length = 16};
  for (const MachineNetwork& inside :
       {MachineNetwork{.prefix = kNetwork, .holder = "core0"}, own(kCore, "core0")}) {
    House house;
    house.concentrator->on_machine_networks({inside});
    DialIn line(house, 1);
    ASSERT_TRUE(line.dial("routed-10.20.0.0/16"));
    EXPECT_EQ(house.routes.at(kAround), line.ref);
    EXPECT_EQ(routes_shown(house), 1U);
    const auto warnings = house.log.named("overlaps_own_network");
    ASSERT_EQ(warnings.size(), 1U);
    EXPECT_EQ(warnings[0].fields.at("granted"), "10.20.0.0/16");
    EXPECT_EQ(warnings[0].fields.at("own"), wire::to_string(inside.prefix));
    EXPECT_EQ(warnings[0].fields.at("holder"), "core0");
  }
}

// The machine is often in a network that is wider than any behind a subscriber.
TEST(OwnNetworks, NCP_11_AnAddressInOneThatIsShorterThanAnySubscribersIsTold) {
  House house;
  house.concentrator->on_machine_networks(
      {{.prefix = {.address = wire::Ipv4Address(10, 0, 0, 0), .length = 8}, .holder = "core0"}});
  DialIn line(house, 1);
  ASSERT_TRUE(line.dial("fixed-10.99.0.1"));
  EXPECT_EQ(house.subscribers.at(wire::Ipv4Address(10, 99, 0, 1)), line.ref)
      << "the longer prefix is the user's";
  const auto warnings = house.log.named("overlaps_own_network");
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings[0].fields.at("granted"), "10.99.0.1/32");
  EXPECT_EQ(warnings[0].fields.at("own"), "10.0.0.0/8");
  house.concentrator->on_machine_networks({});
}

// `ip route add local PREFIX dev lo`: every address of it is the machine's.
TEST(OwnAddresses, NCP_10_APrefixOfThemIsGivenToNobody) {
  House house;
  const wire::Ipv4Address first = house.settings.ip.pools[0].ranges[0].first;
  const wire::Ipv4Prefix prefix{.address = wire::Ipv4Address(first.value & 0xfffffff0), .length = 28};
  house.concentrator->on_machine_networks({{.prefix = prefix, .holder = "lo", .own_address = true}});
  DialIn pooled(house, 1), fixed(house, 2);
  ASSERT_TRUE(pooled.dial("alice"));
  EXPECT_FALSE(prefix.contains(pooled.address)) << wire::to_string(pooled.address);
  EXPECT_FALSE(fixed.dial("fixed-" + wire::to_string(first)));
  fixed.reset();
  house.run_workers();
  EXPECT_TRUE(house.log.has("why=" + wire::to_string(first) + " is the machine's own: lo"));
  house.concentrator->on_machine_networks({});
  DialIn after(house, 3);
  EXPECT_TRUE(after.dial("fixed-" + wire::to_string(first))) << "it has left the machine";
}

TEST(OwnAddresses, NCP_10_OneThatASubscriberHasAlreadyIsTheMachinesFromNowOn) {
  House house;
  DialIn line(house, 1);
  ASSERT_TRUE(line.dial("fixed-10.20.0.77"));
  house.concentrator->on_machine_networks({own(kCore, "core0")});
  EXPECT_FALSE(house.subscribers.contains(kCore));
  EXPECT_EQ(house.log.named("subscriber_address_taken").size(), 1U);
  line.reset();
  house.run_workers();
  DialIn again(house, 2);
  EXPECT_FALSE(again.dial("fixed-10.20.0.77"));
}

}  // namespace
}  // namespace adit::control
