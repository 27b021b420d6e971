// SPDX-License-Identifier: Apache-2.0
// What the verified traffic is made of, without EAL: probes, the receiver's window, pace and sizes, source addresses; and
// what is made of it: the verdict.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <vector>

#include "app/adit-blast/lines/client_addresses.hpp"
#include "app/adit-blast/results/verdict.hpp"
#include "app/adit-blast/traffic/flow.hpp"
#include "app/adit-blast/traffic/offered_load.hpp"
#include "app/adit-blast/traffic/probe.hpp"
#include "controlplane/client/client_profile.hpp"

namespace adit::app::blast {
namespace {

using wire::Ipv4Address;

constexpr Ipv4Address kFrom{10, 64, 0, 2}, kTo{198, 19, 0, 2};
constexpr Probe kProbe{
    .call = 0x01020304, .incarnation = 7, .sequence = 0xFFFFFFFE, .sent = 0x1122334455667788};

std::vector<std::uint8_t> packet_of(const ProbeCodec& codec, std::uint16_t size, ProbeKind kind) {
  std::vector<std::uint8_t> packet(size);
  codec.write(packet.data(), size, kind, kFrom, kTo, kProbe);
  return packet;
}

TEST(Probe, EverySizeReadsAsWritten) {
  const ProbeCodec codec(42);
  for (std::uint16_t size = kLeastProbePacket; size <= ProbeCodec::kLargest; ++size) {
    for (const ProbeKind kind : {ProbeKind::kUp, ProbeKind::kDown}) {
      const auto packet = packet_of(codec, size, kind);
      ASSERT_EQ(wire::check_ipv4(packet), wire::Ipv4Error::kNone);
      Probe read;
      ASSERT_EQ(codec.read(packet, kind, read), ProbeCodec::Verdict::kIntact) << size;
      EXPECT_EQ(read.call, kProbe.call);
      EXPECT_EQ(read.incarnation, kProbe.incarnation);
      EXPECT_EQ(read.sequence, kProbe.sequence);
      EXPECT_EQ(read.sent, kProbe.sent);
    }
  }
}

TEST(Probe, TextReadsAsWrittenAndIsAllText) {
  const ProbeCodec codec(42, Payload::kText);
  const auto packet = packet_of(codec, ProbeCodec::kLargest, ProbeKind::kUp);
  Probe read;
  ASSERT_EQ(codec.read(packet, ProbeKind::kUp, read), ProbeCodec::Verdict::kIntact);
  EXPECT_TRUE(std::all_of(packet.begin() + kLeastProbePacket, packet.end(), [](std::uint8_t octet) {
    return octet == '\n' || (octet >= ' ' && octet < 0x7F);
  }));
}

TEST(Probe, AnEchoIsReadWhenTheServerSentItBack) {
  const ProbeCodec codec(42);
  auto packet = packet_of(codec, 576, ProbeKind::kEcho);
  Probe read;
  EXPECT_EQ(codec.read(packet, ProbeKind::kEcho, read), ProbeCodec::Verdict::kForeign)
      << "the request itself";
  ASSERT_TRUE(wire::turn_into_echo_reply(packet)) << "its checksum is right";
  EXPECT_EQ(codec.read(packet, ProbeKind::kEcho, read), ProbeCodec::Verdict::kIntact);
  EXPECT_EQ(read.sequence, kProbe.sequence);
}

TEST(Probe, NoFlippedBitBehindTheTransportHeaderPasses) {
  const ProbeCodec codec(42);
  const auto good = packet_of(codec, 128, ProbeKind::kUp);
  for (std::size_t bit = kProbeAt * 8; bit < good.size() * 8; ++bit) {
    auto bad = good;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1U << bit % 8));
    Probe read;
    EXPECT_NE(codec.read(bad, ProbeKind::kUp, read), ProbeCodec::Verdict::kIntact) << "bit " << bit;
  }
}

TEST(Probe, AnotherRunsAndTheOtherDirectionsAreForeign) {
  const ProbeCodec codec(42), other(43);
  const auto packet = packet_of(codec, 64, ProbeKind::kUp);
  Probe read;
  EXPECT_EQ(other.read(packet, ProbeKind::kUp, read), ProbeCodec::Verdict::kForeign);
  EXPECT_EQ(codec.read(packet, ProbeKind::kDown, read), ProbeCodec::Verdict::kForeign);
}

TEST(Probe, ACutPacketWithAnHonestHeaderIsCorrupted) {
  const ProbeCodec codec(42);
  auto packet = packet_of(codec, 200, ProbeKind::kUp);
  wire::Ipv4Header header = *wire::parse_ipv4(packet);
  header.total_length = 150;
  wire::write_ipv4(packet.data(), header);
  packet.resize(150);
  Probe read;
  EXPECT_EQ(codec.read(packet, ProbeKind::kUp, read), ProbeCodec::Verdict::kCorrupted);
}

TEST(Probe, AFragmentIsForeignAndNotCorrupted) {
  const ProbeCodec codec(42);
  auto packet = packet_of(codec, 200, ProbeKind::kUp);
  wire::Ipv4Header header = *wire::parse_ipv4(packet);
  header.dont_fragment = false;
  header.more_fragments = true;
  wire::write_ipv4(packet.data(), header);
  Probe read;
  EXPECT_EQ(codec.read(packet, ProbeKind::kUp, read), ProbeCodec::Verdict::kForeign);
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
