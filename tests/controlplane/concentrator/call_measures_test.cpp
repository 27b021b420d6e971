// SPDX-License-Identifier: Apache-2.0
// What is measured of calls: the stages of a dial, its end, logins, refusals.
#include "controlplane/concentrator/call_measures.hpp"

#include "tests/controlplane/concentrator/concentrator_kit.hpp"

namespace adit::control {
namespace {

std::uint64_t count_of(const CallMeasures& measures, SetupStage stage) {
  return measures.stages[static_cast<std::size_t>(stage)].read().count();
}

std::uint64_t up_by(const CallMeasures& measures, AuthMethod wanted, std::string_view strength) {
  std::uint64_t found = 0;
  measures.up.for_each([&](AuthMethod method, std::string_view of, std::uint64_t calls) {
    found += method == wanted && of == strength ? calls : 0;
  });
  return found;
}

TEST(SetupStopwatch, EachStageBeginsWhereTheOneBeforeEnded) {
  CallMeasures measures;
  SetupStopwatch dial(Instant{100ms});
  dial.reach(SetupStage::kControl, Instant{103ms}, measures);
  dial.reach(SetupStage::kLcp, Instant{133ms}, measures);
  dial.reach(SetupStage::kAuth, Instant{333ms}, measures);
  dial.reach(SetupStage::kIpcp, Instant{340ms}, measures);  // without encryption
  EXPECT_EQ(measures.stages[0].read().sum, 3U);
  EXPECT_EQ(measures.stages[1].read().sum, 30U);
  EXPECT_EQ(measures.stages[2].read().sum, 200U);
  EXPECT_EQ(count_of(measures, SetupStage::kCcp), 0U);
  EXPECT_EQ(measures.stages[4].read().sum, 7U);
  EXPECT_EQ(measures.setup.read().sum, 240U);
}

TEST(SetupStopwatch, WhatBeginsAnewIsNotTimedAgain) {
  CallMeasures measures;
  SetupStopwatch dial(Instant{0ms});
  dial.reach(SetupStage::kControl, Instant{1ms}, measures);
  dial.reach(SetupStage::kLcp, Instant{2ms}, measures);
  dial.reach(SetupStage::kLcp, Instant{500ms}, measures);
  EXPECT_EQ(count_of(measures, SetupStage::kLcp), 1U);
  dial.reach(SetupStage::kIpcp, Instant{600ms}, measures);
  dial.reach(SetupStage::kLcp, Instant{700ms}, measures);
  dial.reach(SetupStage::kIpcp, Instant{800ms}, measures);
  EXPECT_EQ(count_of(measures, SetupStage::kLcp), 1U);
  EXPECT_EQ(measures.setup.read().count(), 1U);
}

TEST(CallMeasures, OfACallFromItsDialToItsEnd) {
  House house;
  DialIn alice(house, 1);
  ASSERT_TRUE(alice.dial("alice"));
  const CallMeasures& measures = house.concentrator->measures();
  for (const SetupStage stage :
       {SetupStage::kControl, SetupStage::kLcp, SetupStage::kAuth, SetupStage::kIpcp}) {
    EXPECT_EQ(count_of(measures, stage), 1U) << kSetupStages[static_cast<std::size_t>(stage)];
  }
  EXPECT_EQ(measures.setup.read().count(), 1U);
  EXPECT_EQ(measures.logins[static_cast<std::size_t>(AuthMethod::kPap)].accepted, 1U);
  house.advance(30s);
  EXPECT_EQ(measures.duration.read().count(), 0U);
  EXPECT_EQ(up_by(measures, AuthMethod::kPap, "none"), 1U);
  alice.reset();
  house.run_workers();
  EXPECT_EQ(up_by(measures, AuthMethod::kPap, "none"), 0U);
  EXPECT_EQ(measures.duration.read().count(), 1U);
  EXPECT_EQ(measures.duration.read().percentile(50), 60U);
}

TEST(CallMeasures, APoolThatIsEmptyIsCounted) {
  Settings settings = House::pap_settings();
  settings.ip.pools[0].ranges = {{wire::Ipv4Address(10, 64, 0, 2), wire::Ipv4Address(10, 64, 0, 2)}};
  House house(settings);
  DialIn first(house, 1), second(house, 2);
  ASSERT_TRUE(first.dial("alice"));
  EXPECT_EQ(house.concentrator->pools()[0].exhausted, 0U);
  EXPECT_FALSE(second.dial("bob"));
  EXPECT_EQ(house.concentrator->pools()[0].exhausted, 1U);
}

TEST(CallMeasures, RefusalsByWhatThereIsNotEnoughOf) {
  Settings settings = House::pap_settings();
  settings.pptp.max_connections_per_address = 1;
  House house(settings);
  const CallMeasures& measures = house.concentrator->measures();
  const wire::Ipv4Address peer(192, 0, 2, 9), local(192, 0, 2, 1);
  EXPECT_TRUE(house.concentrator->on_accept(1, peer, local));
  EXPECT_FALSE(house.concentrator->on_accept(2, peer, local));
  EXPECT_EQ(measures.refused_per_address, 1U);
  house.concentrator->on_turned_away(peer, Scarce::kTurns);
  EXPECT_EQ(measures.refused[static_cast<std::size_t>(Scarce::kTurns)], 1U);
  house.concentrator->take_calls(false);
  EXPECT_FALSE(house.concentrator->on_accept(3, wire::Ipv4Address(192, 0, 2, 10), local));
  EXPECT_EQ(measures.refused_closed, 1U);
}

}  // namespace
}  // namespace adit::control
