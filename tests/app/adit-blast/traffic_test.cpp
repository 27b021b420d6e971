// SPDX-License-Identifier: Apache-2.0
// What the verified traffic is made of, without EAL: probes, the receiver's window, pace and sizes, source addresses; and
// what is made of it: the verdict.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <type_traits>
#include <vector>

#include "app/adit-blast/lines/client_addresses.hpp"
#include "app/adit-blast/results/verdict.hpp"
#include "app/adit-blast/traffic/flow.hpp"
#include "app/adit-blast/traffic/offered_load.hpp"
#include "app/adit-blast/traffic/probe.hpp"
#include "controlplane/client/client_profile.hpp"
#include "dataplane/wire/udp6.hpp"

namespace adit::app::blast {
namespace {

using wire::Ipv4Address;

constexpr Ipv4Address kFrom{10, 64, 0, 2}, kTo{198, 19, 0, 2};
constexpr Probe kProbe{
    .call = 0x01020304, .incarnation = 7, .sequence = 0xFFFFFFFE, .sent = 0x1122334455667788};

constexpr wire::Ipv6Address kFrom6{0x2001'0db8'0064'0001, 5}, kTo6{0x2001'0db8'ffff'0000, 9};

template <typename Family>
std::vector<std::uint8_t> packet_of(const ProbeCodec& codec, std::uint16_t size, ProbeKind kind) {
  std::vector<std::uint8_t> packet(size);
  if constexpr (std::is_same_v<Family, Ipv4Probe>) {
    codec.write<Family>(packet.data(), size, kind, kFrom, kTo, kProbe);
  } else {
    codec.write<Family>(packet.data(), size, kind, kFrom6, kTo6, kProbe);
  }
  return packet;
}

/// The server's answer to an echo request in place; false: it is none with a right checksum.
template <typename Family>
bool answer_echo(std::vector<std::uint8_t>& packet) {
  if constexpr (std::is_same_v<Family, Ipv4Probe>) {
    return wire::turn_into_echo_reply(packet);
  } else {
    return wire::turn_into_icmpv6_echo_reply(packet);
  }
}

template <typename Family>
class Probes : public testing::Test {};
using BothFamilies = testing::Types<Ipv4Probe, Ipv6Probe>;
TYPED_TEST_SUITE(Probes, BothFamilies);

TYPED_TEST(Probes, EverySizeReadsAsWritten) {
  const ProbeCodec codec(42);
  for (std::uint16_t size = kLeastProbePacket<TypeParam>; size <= ProbeCodec::kLargest; ++size) {
    for (const ProbeKind kind : {ProbeKind::kUp, ProbeKind::kDown}) {
      const auto packet = packet_of<TypeParam>(codec, size, kind);
      ASSERT_TRUE(TypeParam::is_valid(packet));
      Probe read;
      ASSERT_EQ(codec.read<TypeParam>(packet, kind, read), ProbeCodec::Verdict::kIntact) << size;
      EXPECT_EQ(read.call, kProbe.call);
      EXPECT_EQ(read.incarnation, kProbe.incarnation);
      EXPECT_EQ(read.sequence, kProbe.sequence);
      EXPECT_EQ(read.sent, kProbe.sent);
    }
  }
}

TYPED_TEST(Probes, TextReadsAsWrittenAndIsAllText) {
  const ProbeCodec codec(42, Payload::kText);
  const auto packet = packet_of<TypeParam>(codec, ProbeCodec::kLargest, ProbeKind::kUp);
  Probe read;
  ASSERT_EQ(codec.read<TypeParam>(packet, ProbeKind::kUp, read), ProbeCodec::Verdict::kIntact);
  EXPECT_TRUE(
      std::all_of(packet.begin() + kLeastProbePacket<TypeParam>, packet.end(),
                  [](std::uint8_t octet) { return octet == '\n' || (octet >= ' ' && octet < 0x7F); }));
}

TYPED_TEST(Probes, AnEchoIsReadWhenTheServerSentItBack) {
  const ProbeCodec codec(42);
  auto packet = packet_of<TypeParam>(codec, 576, ProbeKind::kEcho);
  Probe read;
  EXPECT_EQ(codec.read<TypeParam>(packet, ProbeKind::kEcho, read), ProbeCodec::Verdict::kForeign)
      << "the request itself";
  ASSERT_TRUE(answer_echo<TypeParam>(packet)) << "its checksum is right";
  EXPECT_EQ(codec.read<TypeParam>(packet, ProbeKind::kEcho, read), ProbeCodec::Verdict::kIntact);
  EXPECT_EQ(read.sequence, kProbe.sequence);
}

TEST(Probe, AnIpv6DatagramHasItsChecksum) {
  const ProbeCodec codec(42);
  for (std::uint16_t size = kLeastProbePacket<Ipv6Probe>; size <= 200; ++size) {
    EXPECT_TRUE(wire::parse_udp6(packet_of<Ipv6Probe>(codec, size, ProbeKind::kDown))) << size;
  }
}

TYPED_TEST(Probes, NoFlippedBitBehindTheTransportHeaderPasses) {
  const ProbeCodec codec(42);
  const auto good = packet_of<TypeParam>(codec, 128, ProbeKind::kUp);
  for (std::size_t bit = kProbeAt<TypeParam> * 8; bit < good.size() * 8; ++bit) {
    auto bad = good;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1U << bit % 8));
    Probe read;
    EXPECT_NE(codec.read<TypeParam>(bad, ProbeKind::kUp, read), ProbeCodec::Verdict::kIntact)
        << "bit " << bit;
  }
}

TYPED_TEST(Probes, AnotherRunsAndTheOtherDirectionsAreForeign) {
  const ProbeCodec codec(42), other(43);
  const auto packet = packet_of<TypeParam>(codec, 80, ProbeKind::kUp);
  Probe read;
  EXPECT_EQ(other.read<TypeParam>(packet, ProbeKind::kUp, read), ProbeCodec::Verdict::kForeign);
  EXPECT_EQ(codec.read<TypeParam>(packet, ProbeKind::kDown, read), ProbeCodec::Verdict::kForeign);
}

TEST(Probe, ACutPacketWithAnHonestHeaderIsCorrupted) {
  const ProbeCodec codec(42);
  auto packet = packet_of<Ipv4Probe>(codec, 200, ProbeKind::kUp);
  wire::Ipv4Header header = *wire::parse_ipv4(packet);
  header.total_length = 150;
  wire::write_ipv4(packet.data(), header);
  packet.resize(150);
  Probe read;
  EXPECT_EQ(codec.read<Ipv4Probe>(packet, ProbeKind::kUp, read), ProbeCodec::Verdict::kCorrupted);
}

TEST(Probe, AFragmentIsForeignAndNotCorrupted) {
  const ProbeCodec codec(42);
  auto packet = packet_of<Ipv4Probe>(codec, 200, ProbeKind::kUp);
  wire::Ipv4Header header = *wire::parse_ipv4(packet);
  header.dont_fragment = false;
  header.more_fragments = true;
  wire::write_ipv4(packet.data(), header);
  Probe read;
  EXPECT_EQ(codec.read<Ipv4Probe>(packet, ProbeKind::kUp, read), ProbeCodec::Verdict::kForeign);
}

TEST(FlowReceiver, AgreesWithASetOverDisorderAndDuplicates) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);  // NOLINT: seeded on purpose
    FlowReceiver flow;
    std::set<std::uint32_t> seen;
    std::uint32_t highest = 0;
    for (std::uint32_t step = 0; step < 20'000; ++step) {
      const auto back = static_cast<std::uint32_t>(random() % (seed % 2 == 0 ? 8 : 300));
      const std::uint32_t sequence = step > back ? step - back : step;
      const auto verdict = flow.on(sequence);
      const bool first = seen.empty();
      if (first || sequence > highest) {
        EXPECT_EQ(verdict, FlowReceiver::Verdict::kNext);
        highest = sequence;
        seen.insert(sequence);
      } else if (highest + 1 - sequence > FlowReceiver::kWindow) {
        EXPECT_EQ(verdict, FlowReceiver::Verdict::kTooLate) << sequence << " after " << highest;
      } else if (seen.contains(sequence)) {
        EXPECT_EQ(verdict, FlowReceiver::Verdict::kDuplicate);
      } else {
        EXPECT_EQ(verdict, FlowReceiver::Verdict::kReordered);
        seen.insert(sequence);
      }
    }
    EXPECT_EQ(flow.received(), seen.size());
  }
}

TEST(FlowReceiver, AJumpForgetsWhatStoodInTheWindow) {
  FlowReceiver flow;
  EXPECT_EQ(flow.on(0), FlowReceiver::Verdict::kNext);
  EXPECT_EQ(flow.on(1000), FlowReceiver::Verdict::kNext);
  EXPECT_EQ(flow.on(1000 - 256 + 1), FlowReceiver::Verdict::kReordered);
  EXPECT_EQ(flow.on(0), FlowReceiver::Verdict::kTooLate);
  EXPECT_EQ(flow.received(), 3U);
}

TEST(ClientAddresses, EveryAddressComesOnceBeforeAnyComesTwice) {
  for (const int length : {32, 31, 30, 24, 20, 16}) {
    const wire::Ipv4Prefix prefix{.address = Ipv4Address(10, 99, 0, 0),
                                  .length = static_cast<std::uint8_t>(length)};
    const ClientAddresses addresses(prefix, 1000);
    const std::uint64_t size = std::uint64_t{1} << (32 - length);
    const std::uint64_t usable = size > 2 ? size - 2 : size;
    std::set<std::uint32_t> seen;
    for (std::uint32_t line = 0; line < usable; ++line) {
      const std::uint32_t offset = addresses.of(line).value - prefix.address.value;
      EXPECT_LT(offset, size);
      EXPECT_TRUE(size <= 2 || (offset != 0 && offset != size - 1));
      seen.insert(offset);
    }
    EXPECT_EQ(seen.size(), usable) << "/" << length;
    EXPECT_EQ(addresses.of(static_cast<std::uint32_t>(usable)), addresses.of(0));
  }
}

TEST(ClientAddresses, MoreCallsThanASpaceHoldsAreSpreadOverSeveral) {
  const wire::Ipv4Prefix prefix{.address = Ipv4Address(10, 96, 0, 0), .length = 12};
  const ClientAddresses addresses(prefix, 131'072);
  std::map<std::uint32_t, std::uint32_t> calls;
  for (std::uint32_t line = 0; line < 131'072; ++line) {
    ++calls[addresses.space_of(addresses.of(line)).value];
  }
  EXPECT_EQ(calls.size(), 4U);
  for (const auto& [space, count] : calls) {
    EXPECT_LT(count, ClientAddresses::kCallsPerSpace);
  }
  EXPECT_EQ(ClientAddresses(prefix, 1000).space_bits(), 20U) << "a few calls need one";
}

TEST(OfferedLoad, SizesComeInTheirProportionsAndWellMixed) {
  const OfferedLoad load = make_load(TrafficMode::kCore, {}, {}, SizeMix{});
  ASSERT_EQ(load.size_count, 12U);
  std::map<std::uint16_t, int> counts;
  for (std::uint32_t i = 0; i < load.size_count; ++i) {
    ++counts[load.sizes[i]];
  }
  EXPECT_EQ(counts, (std::map<std::uint16_t, int>{{64, 7}, {576, 4}, {1400, 1}}));
  EXPECT_NE(load.sizes[0], load.sizes[1]) << "not seven of one kind in a row";
}

TEST(OfferedLoad, MixedFamiliesHaveTheSameSizes) {
  for (const SizeMix& mix : {SizeMix{}, SizeMix{"64", {{64, 1}}}, SizeMix{"odd", {{64, 2}, {1400, 1}}}}) {
    const OfferedLoad load = make_load(TrafficMode::kCore, {}, {}, mix, Families::kMixed);
    std::map<std::uint16_t, int> counts[2];
    for (std::uint64_t n = 0; n < 2ULL * load.size_count; ++n) {
      const OfferedLoad::Turn turn = load.at(n);
      ++counts[turn.ipv6 ? 1 : 0][turn.size];
    }
    EXPECT_EQ(counts[0], counts[1]) << mix.name;
  }
  EXPECT_TRUE(make_load(TrafficMode::kCore, {}, {}, SizeMix{}, Families::kIpv6).at(0).ipv6);
  EXPECT_FALSE(make_load(TrafficMode::kCore, {}, {}, SizeMix{}).at(1).ipv6);
}

TEST(OfferedLoad, WhatTheServerMayNotSendWholeIsCutAndSaidSo) {
  const SizeMix mix = cut(SizeMix{}, 1396);
  EXPECT_EQ(mix.name, "imix, at most 1396");
  EXPECT_EQ(mix.sizes.back().first, 1396);
  EXPECT_EQ(cut(SizeMix{}, 1436).name, "imix");
  control::ClientSettings settings;
  settings.profile = control::find_client_profile("windows");
  EXPECT_EQ(largest_packet(settings), 1396);
  settings.mppe = control::MppePolicy::kDeny;
  EXPECT_EQ(largest_packet(settings), 1400);
}

TEST(Pace, OffersItsRateAndForgivesWhatItMissed) {
  constexpr double kHz = 1e9;
  Pace pace;
  pace.start({.unit = Rate::Unit::kPackets, .per_second = 1000}, 0, kHz);
  int sent = 0;
  for (std::uint64_t now = 0; now < 1'000'000'000; now += 100'000) {
    while (pace.is_due(now)) {
      pace.on_sent(64);
      ++sent;
    }
  }
  EXPECT_EQ(sent, 1000);
  // Away for ten seconds: 50 ms of it are made good.
  sent = 0;
  while (pace.is_due(11'000'000'000)) {
    pace.on_sent(64);
    ++sent;
  }
  EXPECT_NEAR(sent, 50, 1);
  pace.start({.unit = Rate::Unit::kBits, .per_second = 8e6}, 0, kHz);
  sent = 0;
  for (std::uint64_t now = 0; now < 1'000'000'000; now += 100'000) {
    while (pace.is_due(now)) {
      pace.on_sent(1000);
      ++sent;
    }
  }
  EXPECT_EQ(sent, 1000) << "8 Mbit/s of packets of 1,000 octets";
}

TEST(OfferedLoad, BothDirectionsTogether) {
  using enum Rate::Unit;
  EXPECT_DOUBLE_EQ(offered_pps({kPackets, 1'000}, {kBits, 8e6}, 1'000), 2'000);
  EXPECT_DOUBLE_EQ(offered_pps({kPackets, 1'000}, {kMaximum, 0}, 1'000), 0) << "as many as can be sent";
}

TEST(FlowReceiver, MissingIsWhatLaterPacketsOvertook) {
  FlowReceiver flow;
  flow.on(0);
  EXPECT_EQ(flow.missing(), 0U);
  flow.on(4);
  EXPECT_EQ(flow.missing(), 3U);
  flow.on(2);
  EXPECT_EQ(flow.missing(), 2U);
  flow.on(2);
  EXPECT_EQ(flow.missing(), 2U) << "a duplicate fills nothing";
}

TEST(Verdict, SaysWhatWentWrongAndNothingElse) {
  RunResult run;
  PhaseResult phase;
  phase.kind = PhaseKind::kTraffic;
  phase.set_up = SetUpResult{};
  phase.set_up->dialled = phase.set_up->up = 10;
  phase.traffic = TrafficResult{};
  phase.traffic->up.sent = phase.traffic->up.received = 100;
  run.phases = {phase};
  EXPECT_TRUE(complaints_of(run).empty());
  run.phases[0].set_up->up = 8;
  run.phases[0].set_up->failures = {{"authentication timed out", 2}};
  run.phases[0].lost_calls = {{"echo_timeout", 2}, {"server_closed", 1}};
  run.phases[0].traffic->up.lost = 3;
  run.phases[0].traffic->down.corrupted = 1;
  run.phases[0].throughput.resize(1);
  run.phases[0].throughput[0].sizes = "64";
  EXPECT_EQ(
      complaints_of(run),
      (std::vector<std::string>{"traffic: 2 of 10 dials failed", "traffic: 3 calls ended without our asking",
                                "traffic: 1 packets were corrupted", "traffic: 3 packets were lost",
                                "traffic: no rate of 64 passed"}));
  run.plan.impairment.loss = 0.01;
  EXPECT_EQ(complaints_of(run).size(), 4U) << "what an impairment lost is no complaint";
  run.phases[0].traffic = TrafficResult{};
  EXPECT_EQ(complaints_of(run)[2], "traffic: not a packet was sent");
}

TEST(Verdict, AFamilyThatWasToBeSentAndWasNotIsNoSuccess) {
  RunResult run;
  PhaseResult phase;
  phase.kind = PhaseKind::kTraffic;
  phase.traffic = TrafficResult{};
  phase.traffic->families = {{.is_ipv6 = false}, {.is_ipv6 = true}};
  phase.traffic->up.sent = phase.traffic->families[0].up.sent = 100;
  phase.ipv6 = Ipv6Result{.calls = 1'200, .with_link = 1'000};
  run.phases = {phase};
  EXPECT_EQ(complaints_of(run), std::vector<std::string>{"traffic: not a packet of IPv6 was sent"});
  EXPECT_EQ(remarks_of(run), std::vector<std::string>{"traffic: 200 of 1,200 calls have no IPv6 prefix"});
}

TEST(Verdict, EveryDialHasAnOutcome) {
  RunResult run;
  PhaseResult phase;
  phase.kind = PhaseKind::kStorm;
  phase.set_up = SetUpResult{};
  phase.set_up->dialled = 100'000;
  phase.set_up->up = 90'000;
  phase.set_up->failures = {{"connection refused", 1'900}, {"no answer", 100}};
  phase.set_up->pending = 8'000;
  run.phases = {phase};
  EXPECT_EQ(phase.set_up->outcomes(), 100'000U);
  EXPECT_TRUE(complaints_of(run).empty()) << "a storm may be refused, and its end is in the middle of dials";
  run.phases[0].set_up->pending = 0;
  EXPECT_EQ(complaints_of(run), std::vector<std::string>{
                                    "storm: 92000 of 100000 dials are accounted for: a fault of adit-blast"});
  run.phases[0].kind = PhaseKind::kSetUp;
  run.phases[0].set_up->given_up = 8'000;
  EXPECT_EQ(complaints_of(run),
            (std::vector<std::string>{"set-up: 2000 of 100000 dials failed",
                                      "set-up: 8000 of 100000 dials had come to no end"}));
}

}  // namespace
}  // namespace adit::app::blast
