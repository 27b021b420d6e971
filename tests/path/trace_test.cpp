// SPDX-License-Identifier: Apache-2.0
// adit trace in a worker: every packet of a traced call is recorded at each of its layers, with what became of it and
// without secrets; the records add up to the call's counters; other calls' packets are not recorded.
#include <algorithm>
#include <map>
#include <string>

#include "dataplane/contract/trace_ring.hpp"
#include "tests/path/packets.hpp"
#include "tests/path/world.hpp"

namespace adit::dataplane::path {
namespace {

using contract::Direction;
using contract::TraceLayer;
using contract::TraceRecord;
using contract::TraceVerdict;

/// "up outer accepted", "up inner dropped spoofed_source"
std::string line_of(const TraceRecord& record) {
  std::string line = record.direction == Direction::kReceive ? "up " : "down ";
  line += std::string(contract::kTraceLayers[static_cast<std::size_t>(record.layer)]) + ' ' +
          std::string(contract::describe(record.verdict).name);
  if (record.verdict == TraceVerdict::kDropped) {
    line += ' ' + std::string(describe(DropReason{record.drop_reason}).name);
  }
  return line;
}

using Lines = std::vector<std::string>;

Lines lines_of(const std::vector<TraceRecord>& records) {
  Lines lines;
  std::ranges::transform(records, std::back_inserter(lines), line_of);
  return lines;
}

Octets octets_of_record(const TraceRecord& record) {
  return {record.octets.begin(), record.octets.begin() + record.captured};
}

class Trace : public testing::Test {
 protected:
  explicit Trace(WorldOptions options = {}) : world_(options) {}

  void begin(const contract::CallRef& call, std::uint32_t number = 7, std::uint8_t seat = 0) {
    contract::TraceRing& ring = world_.trace_ring(call.worker.value);
    while (ring.warm()) {
    }
    world_.tell(call, contract::BeginTrace{.call = call, .ring = &ring, .number = number, .seat = seat});
    world_.settle();
  }
  std::vector<TraceRecord> records(std::uint16_t worker = 0) {
    std::vector<TraceRecord> all;
    contract::TraceRing& ring = world_.trace_ring(worker);
    for (const TraceRecord* record = ring.front(); record != nullptr; record = ring.front()) {
      if (record->verdict != TraceVerdict::kRepeated) {
        all.push_back(*record);
      }
      ring.release();
    }
    return all;
  }
  void up(const Octets& frame) {
    world_.arrive(kAccessSide, frame);
    world_.settle();
  }
  void down(const Octets& packet) {
    world_.arrive(kCoreSide, core_frame(packet));
    world_.settle();
  }

  World world_;
  Peer peer_;
};

TEST_F(Trace, OffRecordsNothing) {
  const auto call = world_.install_up();
  up(peer_.clear(inner_packet(kSubscriber, kHost)));
  EXPECT_TRUE(records().empty());
  begin(call);
  world_.tell(call, contract::EndTrace{.call = call, .number = 6});  // another trace's
  world_.settle();
  EXPECT_FALSE(world_.trace_ring().ended(0, 7));
  world_.tell(call, contract::EndTrace{.call = call, .number = 7});
  world_.settle();
  EXPECT_TRUE(world_.trace_ring().ended(0, 7));
  up(peer_.clear(inner_packet(kSubscriber, kHost)));
  EXPECT_TRUE(records().empty());
}

TEST_F(Trace, BothLayersInBothDirections) {
  const auto call = world_.install_up();
  world_.tell(call, peer_.enable_receive(call));
  world_.tell(call, peer_.enable_send(call));
  begin(call);
  const Octets sent = inner_packet(kSubscriber, kHost, 100);
  const Octets frame = peer_.encrypted(sent);
  const Octets answer = inner_packet(kHost, kSubscriber, 200);
  up(frame);
  down(answer);
  const auto all = records();
  ASSERT_EQ(lines_of(all),
            (Lines{"up outer accepted", "up inner forwarded", "down inner forwarded", "down outer sent"}));
  EXPECT_EQ(octets_of_record(all[0]), Octets(frame.begin() + wire::kEthernetSize, frame.end()))
      << "as received";
  EXPECT_EQ(octets_of_record(all[1]), sent) << "decrypted, its TTL as the subscriber sent it";
  EXPECT_EQ(octets_of_record(all[2]), answer);
  const std::vector<Octets> out = world_.sent(kAccessSide);
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(octets_of_record(all[3]), Octets(out[0].begin() + wire::kEthernetSize, out[0].end()));
  EXPECT_EQ(all[0].packet, all[1].packet);
  EXPECT_EQ(all[2].packet, all[3].packet);
  EXPECT_NE(all[0].packet, all[2].packet);
  for (const TraceRecord& record : all) {
    EXPECT_EQ(record.trace, 7U);
    EXPECT_EQ(record.length, record.captured);
    EXPECT_EQ(record.tsc, world_.tsc());
  }
}

TEST_F(Trace, EachPacketOfABurstHasItsOwnFate) {
  const auto call = world_.install_up();
  begin(call);
  for (std::size_t n = 0; n < 30; ++n) {
    world_.arrive(kAccessSide, peer_.clear(inner_packet(n % 3 == 1 ? kHost : kSubscriber, kHost, 100 + n,
                                                        n % 3 == 2 ? 1 : 64)));
  }
  world_.settle();
  std::size_t seen = 0;
  for (const TraceRecord& record : records()) {
    if (record.layer != TraceLayer::kInner || record.direction != Direction::kReceive) {
      continue;
    }
    const std::size_t n = record.length - 100U;
    const auto expected = n % 3 == 1   ? "up inner dropped spoofed_source"
                          : n % 3 == 2 ? "up inner dropped ttl_expired"
                                       : "up inner forwarded";
    EXPECT_EQ(line_of(record), expected) << n;
    ++seen;
  }
  EXPECT_EQ(seen, 30U);
}

TEST_F(Trace, RecordsAddUpToTheCallsCounters) {
  const auto call = world_.install_up();
  begin(call);
  for (int round = 0; round < 20; ++round) {
    up(peer_.clear(inner_packet(kSubscriber, kHost, 100)));
    up(peer_.clear(inner_packet(kHost, kHost, 100)));
    const Octets twice = peer_.clear(inner_packet(kSubscriber, kHost, 100));
    up(twice);
    up(twice);
    down(inner_packet(kHost, kSubscriber, 300));
    down(inner_packet(kHost, kSubscriber, 1500));            // in pieces
    down(inner_packet(kHost, kSubscriber, 1500, 64, true));  // refused
    down(inner_packet(kSubscriber, kSubscriber, 100));
    up(access_frame(PacketBuilder().gre(1000 + round),
                    wire::Ipv4Address(kClient.value + 9)));  // another address
    world_.pass_ms(2000);
  }
  contract::CallTotals seen;
  for (const TraceRecord& record : records()) {
    const bool inner = record.layer == TraceLayer::kInner && record.verdict == TraceVerdict::kForwarded;
    auto& packets = record.direction == Direction::kReceive ? seen.uplink_packets : seen.downlink_packets;
    auto& octets = record.direction == Direction::kReceive ? seen.uplink_octets : seen.downlink_octets;
    packets += inner ? 1 : 0;
    octets += inner ? record.length : 0;
    seen.drops += record.verdict == TraceVerdict::kDropped ? 1 : 0;
    EXPECT_NE(record.verdict, TraceVerdict::kUnsettled);
  }
  const contract::CallTotals totals = world_.totals(call);
  EXPECT_EQ(seen.uplink_packets, totals.uplink_packets);
  EXPECT_EQ(seen.uplink_octets, totals.uplink_octets);
  EXPECT_EQ(seen.downlink_packets, totals.downlink_packets);
  EXPECT_EQ(seen.downlink_octets, totals.downlink_octets);
  EXPECT_EQ(seen.drops, totals.drops);
  EXPECT_EQ(world_.trace_ring().lost(0), 0U);
}

TEST_F(Trace, TwoTracedCallsDoNotMix) {
  const auto first = world_.install_up(0);
  const auto second = world_.install_up(1);
  world_.install_up(2);  // not traced
  begin(first, 1, 0);
  begin(second, 2, 3);
  Peer other(1);
  Peer third(2);
  for (int n = 0; n < 8; ++n) {
    world_.arrive(kAccessSide, peer_.clear(inner_packet(kSubscriber, kHost, 100)));
    world_.arrive(kAccessSide,
                  other.clear(inner_packet(wire::Ipv4Address(kSubscriber.value + 1), kSubscriber, 200)));
    world_.arrive(kAccessSide,
                  third.clear(inner_packet(wire::Ipv4Address(kSubscriber.value + 2), kHost, 300)));
  }
  world_.settle();
  std::map<std::string, int> counts;
  for (const TraceRecord& record : records()) {
    ++counts[std::to_string(record.trace) + ' ' + line_of(record) +
             (record.layer == TraceLayer::kInner ? ' ' + std::to_string(record.length) : "")];
  }
  EXPECT_EQ(counts, (std::map<std::string, int>{{"1 up outer accepted", 8},
                                                {"1 up inner forwarded 100", 8},
                                                {"1 down inner forwarded 200", 8},
                                                {"1 down outer sent", 8},
                                                {"1 down outer acknowledgement", 1},
                                                {"2 down outer acknowledgement", 1},
                                                {"2 up outer accepted", 8},
                                                {"2 up inner forwarded 200", 8}}));
}

TEST_F(Trace, AFullRingIsCountedAndNeverWaitedFor) {
  const auto call = world_.install_up();
  begin(call);
  for (std::uint32_t n = 0; n < contract::kTraceRecords; ++n) {
    up(peer_.clear(inner_packet(kSubscriber, kHost, 100)));
    world_.sent(kCoreSide);
  }
  EXPECT_EQ(world_.totals(call).uplink_packets, contract::kTraceRecords);
  const auto all = records();
  EXPECT_EQ(all.size(), contract::kTraceRecords);
  EXPECT_GE(world_.trace_ring().lost(0), contract::kTraceRecords);  // bare acknowledgements as well
  for (const TraceRecord& record : all) {
    EXPECT_NE(record.verdict, TraceVerdict::kUnsettled);
  }
  up(peer_.clear(inner_packet(kSubscriber, kHost, 100)));
  EXPECT_EQ(lines_of(records()).size(), 2U) << "there is room again";
}

TEST_F(Trace, TheEndOfTheCallEndsTheTrace) {
  const auto call = world_.install_up();
  begin(call);
  up(peer_.clear(inner_packet(kSubscriber, kHost)));
  world_.tell(call, contract::RemoveCall{call});
  world_.settle();
  EXPECT_TRUE(world_.told<contract::CallRemoved>());
  EXPECT_TRUE(world_.trace_ring().ended(0, 7));
  EXPECT_EQ(records().size(), 2U) << "what there was is still read";
  begin(call, 8);  // too late
  EXPECT_TRUE(world_.trace_ring().ended(0, 8));
}

// ---- PPP

TEST_F(Trace, PppFramesBothWaysWithoutPasswords) {
  const auto call = world_.install();
  begin(call);
  const std::string password = "S3cret-passw0rd";
  Octets pap{1,
             9,
             0,
             static_cast<std::uint8_t>(4 + 6 + 1 + password.size()),
             5,
             'a',
             'l',
             'i',
             'c',
             'e',
             static_cast<std::uint8_t>(password.size())};
  pap.insert(pap.end(), password.begin(), password.end());
  const Octets response(49, 'R');
  Octets chap{2, 1, 0, static_cast<std::uint8_t>(4 + 1 + response.size() + 3), 49};
  chap.insert(chap.end(), response.begin(), response.end());
  chap.insert(chap.end(), {'b', 'o', 'b'});
  const Octets ack{0xff, 0x03, 0xc0, 0x23, 2, 9, 0, 5, 0};
  up(peer_.control(wire::PppProtocol::kPap, pap));
  up(peer_.control(wire::PppProtocol::kChap, chap));
  world_.send_ppp(call, ack);
  world_.settle();
  const auto all = records();
  ASSERT_EQ(lines_of(all), (Lines{"up outer accepted", "up ppp to_control", "up outer accepted",
                                  "up ppp to_control", "down ppp sent", "down outer sent"}));
  for (const TraceRecord& record : all) {
    const Octets octets = octets_of_record(record);
    const std::string text(octets.begin(), octets.end());
    EXPECT_EQ(text.find(password.substr(0, 3)), std::string::npos) << line_of(record);
    EXPECT_EQ(text.find("RR"), std::string::npos) << line_of(record);
  }
  const Octets seen = octets_of_record(all[1]);
  EXPECT_EQ(std::string(seen.begin() + 7, seen.begin() + 12), "alice");
  EXPECT_EQ(seen[2], 1) << "code";
  EXPECT_EQ(octets_of_record(all[3]).back(), 'b') << "the name stays";
  EXPECT_EQ(octets_of_record(all[4]), ack);
  // Control has the password all the same.
  const auto frame = world_.ppp_frame();
  ASSERT_TRUE(frame);
  EXPECT_EQ(std::string(frame->end() - static_cast<std::ptrdiff_t>(password.size()), frame->end()), password);
}

// ---- order and keys

class TraceInOrder : public Trace {
 protected:
  TraceInOrder() : Trace({.reorder = {.mode = contract::ReorderMode::kFixed}}) {}
};

TEST_F(TraceInOrder, HeldPacketsAreToldOnceAndThenTheirContent) {
  const auto call = world_.install_up();
  world_.tell(call, peer_.enable_receive(call));
  begin(call);
  const Octets first = peer_.encrypted(inner_packet(kSubscriber, kHost, 100));
  const Octets second = peer_.encrypted(inner_packet(kSubscriber, kHost, 200));
  const Octets third = peer_.encrypted(inner_packet(kHost, kHost, 300));
  up(first);
  up(third);
  EXPECT_EQ(lines_of(records()), (Lines{"up outer accepted", "up inner forwarded", "up outer held"}));
  up(second);
  const auto all = records();
  EXPECT_EQ(lines_of(all),
            (Lines{"up outer accepted", "up inner forwarded", "up inner dropped spoofed_source"}));
  EXPECT_EQ(all[2].length, 300);
  EXPECT_EQ(world_.totals(call).drops, 1U);
}

TEST_F(Trace, WhatWasLostShowsAsRekeyed) {
  const auto call = world_.install_up();
  world_.tell(call, peer_.enable_receive(call));
  begin(call);
  up(peer_.encrypted(inner_packet(kSubscriber, kHost)));
  peer_.lose(3);
  up(peer_.encrypted(inner_packet(kSubscriber, kHost)));
  up(peer_.forged(peer_.next_sequence, 5));
  EXPECT_EQ(lines_of(records()), (Lines{"up outer accepted", "up inner forwarded", "up outer rekeyed",
                                        "up inner forwarded", "up outer dropped mppe_implausible"}));
}

// ---- several workers

class TraceHandoff : public Trace {
 protected:
  TraceHandoff() : Trace({.workers = 2}) {}
};

TEST_F(TraceHandoff, TheOwnerTraces) {
  const auto call = world_.install_up(0, 1);
  begin(call);
  world_.arrive(kAccessSide, peer_.clear(inner_packet(kSubscriber, kHost)), 0);  // the other worker's queue
  world_.settle();
  world_.arrive(kCoreSide, core_frame(inner_packet(kHost, kSubscriber)), 0);
  world_.settle();
  EXPECT_TRUE(records(0).empty());
  EXPECT_EQ(lines_of(records(1)),
            (Lines{"up outer accepted", "up inner forwarded", "down inner forwarded", "down outer sent"}));
}

}  // namespace
}  // namespace adit::dataplane::path
