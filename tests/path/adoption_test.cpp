// SPDX-License-Identifier: Apache-2.0
// What becomes of calls whose worker has ended and whose memory has not: carried, resynchronised, or refused by name. Here
// the earlier process is a copy of its memory; adoption_killed_test.cpp kills a real one.
#include <rte_ethdev.h>

#include <cstring>
#include <random>
#include <string>

#include "crypto/mppe_stream.hpp"
#include "dataplane/wire/mppe.hpp"
#include "tests/path/call_memories.hpp"
#include "tests/path/packets.hpp"
#include "tests/path/world.hpp"

namespace adit::dataplane::path {
namespace {

constexpr CallTablesShape kShape{.workers = 1, .slots = 64, .stateful_mppe = true};
constexpr contract::MppeMode kStateful{.strength = contract::MppeStrength::k128, .stateful = true};

WorldOptions options(const Memory& memory) {
  return {.stateful_mppe = true, .mppc_histories = 4, .call_memory = &memory.calls()};
}

wire::Ipv4Address subscriber(std::uint16_t number) {
  return wire::Ipv4Address(kSubscriber.value + number);
}

/// A call with a peer, in whichever world has it now.
struct Line {
  explicit Line(std::uint16_t n, std::uint32_t first_sequence = 0) : number(n), peer(n, first_sequence) {}

  void install(World& world) { call = world.install_up(number); }
  void encrypt(World& world, contract::MppeMode mode = {}) {
    world.tell(call, peer.enable_receive(call, mode));
    world.tell(call, peer.enable_send(call, mode));
    world.settle();
  }
  /// One packet each way; whether both arrived as they were.
  bool passes(World& world) { return passes_up(world) && passes_down(world); }
  bool passes_up(World& world) {
    const Octets inner = inner_packet(subscriber(number), kHost, 60 + size++ % 100);
    world.arrive(kAccessSide, encrypted ? peer.encrypted(inner) : peer.clear(inner));
    world.settle();
    const std::vector<Octets> out = world.sent(kCoreSide);
    return out.size() == 1 && read_sent(out[0]).packet == PacketBuilder(inner).ttl(63).octets();
  }
  bool passes_down(World& world) {
    const Octets inner = inner_packet(kHost, subscriber(number), 60 + size++ % 100);
    world.arrive(kCoreSide, core_frame(inner));
    world.settle();
    const std::vector<Octets> out = world.sent(kAccessSide);
    if (out.size() != 1) {
      return false;
    }
    const SentGre gre = read_gre(out[0]);
    const bool follows = gre.sequence == next_down;
    next_down = gre.sequence.value_or(0) + 1;
    return follows && (!encrypted || peer.decrypt(gre) == PacketBuilder(inner).ttl(63).octets());
  }

  std::uint16_t number;
  Peer peer;
  contract::CallRef call;
  bool encrypted = false;
  std::uint32_t next_down = 0;
  std::size_t size = 0;
};

class Adoption : public testing::Test {
 protected:
  /// Three calls with traffic, of which 0 and 2 are encrypted.
  void start() {
    world_.emplace(options(memory_));
    for (Line& line : lines_) {
      line.install(*world_);
      line.encrypted = line.number != 1;
      if (line.encrypted) {
        line.encrypt(*world_);
      }
      for (int packet = 0; packet < 40; ++packet) {
        ASSERT_TRUE(line.passes(*world_)) << line.number;
      }
    }
  }
  [[nodiscard]] std::vector<contract::CallRef> known() const {
    std::vector<contract::CallRef> calls;
    for (const Line& line : lines_) {
      calls.push_back(line.call);
    }
    return calls;
  }
  /// The process is gone; what it has left is adopted by a new one.
  CallAdoption::Outcome succeed(PreviousEnd end = PreviousEnd::kCrashed) {
    left_.emplace(memory_);
    world_.reset();
    world_.emplace(options(*left_));
    return world_->adopt(end, known());
  }

  Memory memory_{kShape};
  std::optional<Memory> left_;
  std::vector<Line> lines_{Line(0), Line(1), Line(2)};
  std::optional<World> world_;
};

TEST_F(Adoption, NumbersKeysAndCountersGoOn) {
  start();
  const contract::CallTotals before = world_->totals(lines_[0].call);
  EXPECT_EQ(succeed().adopted, 3U);
  for (Line& line : lines_) {
    for (int packet = 0; packet < 40; ++packet) {
      ASSERT_TRUE(line.passes(*world_)) << line.number << ' ' << packet;
    }
  }
  EXPECT_EQ(world_->totals(lines_[0].call).uplink_packets, before.uplink_packets + 40);
  EXPECT_EQ(world_->totals(lines_[0].call).downlink_octets > before.downlink_octets, true);
  EXPECT_EQ(world_->all_drops(), 0U);
}

TEST_F(Adoption, AHandOverGoesOnAsWell) {
  start();
  EXPECT_EQ(succeed(PreviousEnd::kHandedOver).adopted, 3U);
  for (Line& line : lines_) {
    EXPECT_TRUE(line.passes(*world_)) << line.number;
  }
}

TEST_F(Adoption, WhatNobodyKnowsIsFreedAndItsSlotServesAgain) {
  start();
  left_.emplace(memory_);
  world_.reset();
  world_.emplace(options(*left_));
  const CallAdoption::Outcome outcome =
      world_->adopt(PreviousEnd::kCrashed, std::array{lines_[0].call, lines_[2].call});
  EXPECT_EQ(outcome.adopted, 2U);
  EXPECT_EQ(outcome.freed, 1U);
  EXPECT_TRUE(lines_[0].passes(*world_));
  Line again(1);
  again.install(*world_);
  EXPECT_TRUE(again.passes(*world_));
}

TEST_F(Adoption, KeysOfFreedCallsAreWiped) {
  start();
  left_.emplace(memory_);
  world_.reset();
  world_.emplace(options(*left_));
  const Call& call = left_->table().calls[2];
  EXPECT_NE(call.send_chain.start_key, (std::array<std::uint8_t, 16>{}));
  EXPECT_EQ(world_->adopt(PreviousEnd::kCrashed, {}).freed, 3U);
  EXPECT_EQ(call.send_chain.start_key, (std::array<std::uint8_t, 16>{}));
  EXPECT_EQ(call.receive_chain.session_key, (std::array<std::uint8_t, 16>{}));
}

TEST_F(Adoption, AReferenceIsCheckedBeforeTheRecord) {
  start();
  left_.emplace(memory_);
  world_.reset();
  world_.emplace(options(*left_));
  contract::CallRef stale = lines_[0].call;
  ++stale.generation;
  const std::array wrong{contract::CallRef{{1}, 0, lines_[0].call.generation},
                         contract::CallRef{{0}, kShape.slots, 1},
                         contract::CallRef{{0}, 17, 1},
                         contract::CallRef{{0}, 17, 0},
                         stale,
                         lines_[1].call,
                         lines_[1].call};
  std::vector<AdoptionFault> refused;
  EXPECT_EQ(world_->adopt(PreviousEnd::kCrashed, wrong, &refused).adopted, 1U);
  EXPECT_EQ(refused,
            (std::vector{AdoptionFault::kOtherWorker, AdoptionFault::kNoSlot, AdoptionFault::kNotThere,
                         AdoptionFault::kNotThere, AdoptionFault::kNotThere, AdoptionFault::kTwice}));
}

/// A worker may be killed at any instruction: what it was about to write to one call costs nobody else anything.
TEST_F(Adoption, ATornRecordIsRefusedByNameAndKillsNobodyElse) {
  start();
  struct Tear {
    const char* what;
    void (*tear)(Call&);
    AdoptionFault fault;
  };
  const auto put = [](auto& field, std::uint8_t octet) { std::memset(static_cast<void*>(&field), octet, 1); };
  static const auto kPut = put;
  const Tear tears[]{
      {"address", [](Call& call) { call.identity.peer.value ^= 1; }, AdoptionFault::kSeal},
      {"subscriber", [](Call& call) { call.identity.subscriber = {}; }, AdoptionFault::kSeal},
      {"call ID", [](Call& call) { call.identity.local_id = {}; }, AdoptionFault::kSeal},
      {"seal", [](Call& call) { call.seal = 0; }, AdoptionFault::kSeal},
      {"start key", [](Call& call) { call.send_chain.start_key[7] ^= 0x10; }, AdoptionFault::kSeal},
      {"key length", [](Call& call) { kPut(call.receive_chain.length, 99); }, AdoptionFault::kSeal},
      {"MRU", [](Call& call) { call.downlink.peer_mru = 1; }, AdoptionFault::kSeal},
      {"IPv6", [](Call& call) { call.ipv6.delegated_mask = 1; }, AdoptionFault::kSeal},
      {"no address",
       [](Call& call) {
         const SealedChange change(call);
         call.identity.peer = {};
       },
       AdoptionFault::kIdentity},
      {"no length",
       [](Call& call) {
         const SealedChange change(call);
         kPut(call.send_chain.length, 0);
       },
       AdoptionFault::kKeyLength},
      {"IP up", [](Call& call) { kPut(call.identity.ip_up, 2); }, AdoptionFault::kFlags},
      {"must encrypt", [](Call& call) { kPut(call.identity.require_mppe, 255); }, AdoptionFault::kFlags},
      {"MPPE mode", [](Call& call) { kPut(call.identity.mppe_send, 3); }, AdoptionFault::kFlags},
      {"MPPC mode", [](Call& call) { kPut(call.identity.mppc_receive, 200); }, AdoptionFault::kFlags},
      {"IPv6 flag", [](Call& call) { kPut(call.ipv6.has_routes, 9); }, AdoptionFault::kFlags},
      {"send key", [](Call& call) { call.send_mark.begin(); }, AdoptionFault::kKeyHalfWritten},
      {"receive key", [](Call& call) { call.receive_mark.begin(); }, AdoptionFault::kKeyHalfWritten},
      {"no history",
       [](Call& call) {
         const SealedChange change(call);
         call.identity.mppc_send = MppcUse::kStateful;
       },
       AdoptionFault::kHistory},
      {"no such history",
       [](Call& call) {
         const SealedChange change(call);
         call.identity.mppc_receive = MppcUse::kStateful;
         call.downlink.mppc_history = 5;
       },
       AdoptionFault::kHistory},
      {"window", [](Call& call) { std::memset(static_cast<void*>(&call.window), 0xee, sizeof call.window); },
       AdoptionFault::kWindow},
  };
  const Memory whole(memory_);
  world_.reset();
  for (const Tear& tear : tears) {
    const Memory left(whole);
    std::vector<Line> lines = lines_;
    tear.tear(left.table().calls[2]);
    world_.emplace(options(left));
    std::vector<AdoptionFault> refused;
    const CallAdoption::Outcome outcome = world_->adopt(PreviousEnd::kCrashed, known(), &refused);
    ASSERT_EQ(refused, std::vector{tear.fault})
        << tear.what << ": " << (refused.empty() ? "" : describe(refused[0]).name);
    EXPECT_EQ(outcome.adopted, 2U);
    EXPECT_EQ(outcome.freed, 1U);
    EXPECT_TRUE(lines[0].passes(*world_)) << tear.what;
    EXPECT_TRUE(lines[1].passes(*world_)) << tear.what;
    world_.reset();
  }
}

/// Whatever octets a record has (under ASan and UBSan this is the test of the test): it is refused or it is a call, and the
/// others have their traffic.
TEST_F(Adoption, AnyOctetsAreARecordOrNone) {
  start();
  const Memory whole(memory_);
  world_.reset();
  std::mt19937 random(2637);
  const auto at_random = [&random](std::size_t below) { return random() % below; };
  std::size_t refusals = 0;
  constexpr int kRounds = 150;
  for (int round = 0; round < kRounds; ++round) {
    const Memory left(whole);
    std::vector<Line> lines = lines_;
    const CallTableMemory table = left.table();
    const std::array parts{std::as_writable_bytes(table.calls.subspan(2, 1)),
                           std::as_writable_bytes(table.calls.subspan(2, 1)),
                           std::as_writable_bytes(table.drops.subspan(2, 1)),
                           std::as_writable_bytes(table.stateful.subspan(2, 1))};
    const std::span<std::byte> part = parts[at_random(parts.size())];
    const std::size_t first = at_random(part.size());
    const std::size_t size =
        1 + at_random(round % 3 == 0 ? part.size() - first : std::min<std::size_t>(8, part.size() - first));
    for (std::byte& octet : part.subspan(first, std::min(size, part.size() - first))) {
      octet = static_cast<std::byte>(random());
    }
    world_.emplace(options(left));
    std::vector<AdoptionFault> refused;
    const auto end = round % 2 == 0 ? PreviousEnd::kCrashed : PreviousEnd::kHandedOver;
    ASSERT_GE(world_->adopt(end, known(), &refused).adopted, 2U) << round;
    refusals += refused.size();
    EXPECT_TRUE(lines[0].passes(*world_)) << round;
    EXPECT_TRUE(lines[1].passes(*world_)) << round;
    static_cast<void>(lines[2].passes(*world_));  // it may have lost its keys or its place
    std::as_const(world_->worker())
        .calls()
        .drops_of(lines[2].call)
        .for_each([](DropReason reason, std::uint64_t) { EXPECT_FALSE(describe(reason).name.empty()); });
    world_->settle();
    world_->sent(kAccessSide);
    world_->sent(kCoreSide);
    world_.reset();
  }
  EXPECT_GT(refusals, kRounds / 10U);
  EXPECT_LT(refusals, static_cast<std::size_t>(kRounds));
}

TEST_F(Adoption, EveryHeaderIsChecked) {
  start();
  struct Wrong {
    std::size_t at;
    const char* why;
  };
  for (const auto& [at, why] : {Wrong{0, "not a table of calls"}, Wrong{12, "header is damaged"},
                                Wrong{20, "header is damaged"}, Wrong{44, "header is damaged"}}) {
    const Memory left(memory_);
    left.octets()[at] ^= std::byte{1};
    const auto opened = CallMemory::open(left.octets(), kShape);
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().find(why), std::string::npos) << opened.error();
  }
  for (const CallTablesShape& other : {CallTablesShape{.workers = 1, .slots = 63, .stateful_mppe = true},
                                       CallTablesShape{.workers = 1, .slots = 64, .stateful_mppe = false}}) {
    const auto opened = CallMemory::open(Memory(memory_).octets(), other);
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().find("the configuration wants"), std::string::npos) << opened.error();
  }
  EXPECT_FALSE(CallMemory::open(memory_.octets(), {.workers = 2, .slots = 64, .stateful_mppe = true}));
  EXPECT_FALSE(CallMemory::open(memory_.octets().first(4096), kShape));
  EXPECT_FALSE(CallMemory::create(memory_.octets().subspan(64), {.workers = 1, .slots = 1}));
  EXPECT_FALSE(CallMemory::create(memory_.octets(), {.workers = 0, .slots = 1}));
}

/// Blocks are a worker's own.
TEST(AdoptionOfBlocks, ABlockBelongsToItsWorker) {
  constexpr CallTablesShape kTwo{.workers = 2, .slots = 8};
  const Memory memory(kTwo);
  const std::span<std::byte> octets = memory.octets();
  const std::size_t half = octets.size() / 2;
  std::ranges::swap_ranges(octets.first(half), octets.subspan(half));
  const auto opened = CallMemory::open(octets, kTwo);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().find("it is worker 1's"), std::string::npos) << opened.error();
}

TEST_F(Adoption, NoWorkerRunsBeforeItsCallsAreJudged) {
  start();
  left_.emplace(memory_);
  world_.reset();
  world_.emplace(options(*left_));
  EXPECT_TRUE(world_->worker().awaits_adoption());
  EXPECT_EQ(world_->adopt(PreviousEnd::kCrashed, known()).adopted, 3U);
  EXPECT_FALSE(world_->worker().awaits_adoption());
}

/// A successor that fails before that is followed by another.
TEST_F(Adoption, WhatNobodyHasJudgedStaysAsItIs) {
  start();
  left_.emplace(memory_);
  world_.reset();
  const std::vector<std::byte> before(left_->octets().begin(), left_->octets().end());
  world_.emplace(options(*left_));
  world_.reset();
  EXPECT_TRUE(std::ranges::equal(before, left_->octets()));
  world_.emplace(options(*left_));
  EXPECT_EQ(world_->adopt(PreviousEnd::kCrashed, known()).adopted, 3U);
  EXPECT_TRUE(lines_[0].passes(*world_));
}

TEST_F(Adoption, AnAcknowledgementThatWasOwedIsPaid) {
  start();
  ASSERT_TRUE(lines_[1].passes_up(*world_));
  succeed();
  world_->settle();
  const std::vector<Octets> sent = world_->sent(kAccessSide);
  ASSERT_EQ(sent.size(), 1U);
  const SentGre gre = read_gre(sent[0]);
  EXPECT_FALSE(gre.sequence);
  EXPECT_EQ(gre.ack, lines_[1].peer.next_sequence - 1);
}

TEST_F(Adoption, PacketsThatWaitedForAnEarlierOneAreLostAndItsWindowIsCounted) {
  world_.emplace(WorldOptions{.stateful_mppe = true,
                              .reorder = {.mode = contract::ReorderMode::kFixed},
                              .call_memory = &memory_.calls()});
  lines_ = {Line(0)};
  Line& line = lines_[0];
  line.install(*world_);
  ASSERT_TRUE(line.passes(*world_));
  ++line.peer.next_sequence;  // missing
  world_->arrive(kAccessSide, line.peer.clear(inner_packet(kSubscriber, kHost)));
  world_->settle();
  ASSERT_TRUE(world_->sent(kCoreSide).empty());
  EXPECT_EQ(succeed().emptied_windows, 1U);
  EXPECT_TRUE(line.passes(*world_));
}

TEST_F(Adoption, LimitsGoOnWithAFullBucket) {
  start();
  const Line& line = lines_[1];
  world_->tell(line.call, contract::UpdateLimits{.call = line.call, .up = 0, .down = 1000});
  world_->settle();
  succeed();
  std::size_t passed = 0;
  for (int packet = 0; packet < 20; ++packet) {
    world_->arrive(kCoreSide, core_frame(inner_packet(kHost, subscriber(1), 1400)));
    world_->settle();
    passed += world_->sent(kAccessSide).size();
  }
  EXPECT_EQ(passed, kPolicerLeastBurst / 1400);
  EXPECT_EQ(world_->dropped(DropReason::kRateDown), 20U - passed);
}

// ---- what was sent is never sent again -------------------------------------------------------------------------------

/// At the moment in which the driver gets packets, the call's memory already has what comes after them. So whatever
/// instruction a crash hits, no number and no key is used twice.
TEST_F(Adoption, NumbersAndKeysAreStoredBeforeThePortHasThePacket) {
  start();
  struct Seen {
    const Memory* memory;
    std::size_t packets = 0, behind = 0;
  } seen{.memory = &memory_};
  const std::uint16_t port = Bench::instance().ports[kAccessSide];
  const auto look = [](std::uint16_t, std::uint16_t, rte_mbuf** packets, std::uint16_t count, void* of) {
    auto& found = *static_cast<Seen*>(of);
    for (std::uint16_t at = 0; at < count; ++at) {
      const auto* octets = rte_pktmbuf_mtod(packets[at], const std::uint8_t*);
      const SentGre gre = read_gre(Octets(octets, octets + packets[at]->data_len));
      const Call& call = found.memory->table().calls[0];
      const auto ppp = wire::parse_ppp(gre.ppp);
      const auto mppe = wire::parse_mppe(std::span(gre.ppp).subspan(ppp->header_length));
      const auto number = call.send_mark.number();
      const bool ahead = call.downlink.sender.upcoming().is_after(wire::GreSeq(*gre.sequence)) && number &&
                         wire::CoherencyCount(*number).steps_from(mppe->count) - 1U < kBurst;
      ++found.packets;
      found.behind += ahead ? 0U : 1U;
    }
    return count;
  };
  const rte_eth_rxtx_callback* hook = rte_eth_add_tx_callback(port, 0, look, &seen);
  ASSERT_NE(hook, nullptr);
  for (std::size_t burst = 1; burst <= kBurst; ++burst) {
    for (std::size_t packet = 0; packet < burst; ++packet) {
      world_->arrive(kCoreSide, core_frame(inner_packet(kHost, kSubscriber, 64 + packet)));
    }
    world_->settle();
    world_->sent(kAccessSide);
  }
  ASSERT_EQ(rte_eth_remove_tx_callback(port, 0, hook), 0);
  EXPECT_EQ(seen.packets, std::size_t{kBurst} * (kBurst + 1) / 2);
  EXPECT_EQ(seen.behind, 0U);
}

/// A worker that dies while it encrypts has given out counts for packets that it never sends; their keys are not in memory.
TEST_F(Adoption, CountsGivenOutInVainAreGivenOutAgain) {
  start();
  left_.emplace(memory_);
  CallDownlink& down = left_->table().calls[0].downlink;
  for (int count = 0; count < 20; ++count) {
    static_cast<void>(down.mppe.next());
  }
  CallUplink& up = left_->table().calls[0].uplink;
  up.mppe.commit(up.mppe.key() + 1);  // and one received was committed, but for its key
  world_.reset();
  world_.emplace(options(*left_));
  EXPECT_EQ(world_->adopt(PreviousEnd::kCrashed, known()).adopted, 3U);
  EXPECT_TRUE(lines_[0].passes(*world_));
  EXPECT_EQ(world_->counters().mppe_recoveries.read(), 0U);
}

// ---- streams that go from packet to packet -----------------------------------------------------------------------------

class StatefulAdoption : public Adoption {
 protected:
  /// One call in stateful mode, `packets` both ways.
  void start_stateful(int packets) {
    world_.emplace(options(memory_));
    lines_ = {Line(0)};
    lines_[0].install(*world_);
    up_ = enable(contract::Direction::kReceive, 0x17);
    down_ = enable(contract::Direction::kSend, 0x71);
    world_->settle();
    for (int packet = 0; packet < packets; ++packet) {
      ASSERT_TRUE(passes_up());
      ASSERT_TRUE(passes_down());
    }
  }
  crypto::MppeStream enable(contract::Direction direction, std::uint8_t seed) {
    const auto message = direction == contract::Direction::kReceive
                             ? lines_[0].peer.enable_receive(lines_[0].call, kStateful)
                             : lines_[0].peer.enable_send(lines_[0].call, kStateful);
    static_cast<void>(seed);
    world_->tell(lines_[0].call, message);
    return crypto::MppeStream({.start_key = message.start_key, .session_key = message.session_key});
  }
  bool passes_up(bool flush = false) {
    const Octets inner = inner_packet(kSubscriber, kHost, 100);
    Octets body = PacketBuilder(inner).ppp(wire::PppProtocol::kIpv4, true).octets();
    const wire::MppeHeader header{wire::CoherencyCount(up_count_), flush || up_count_ % 256 == 255};
    ++up_count_;
    if (header.flushed) {
      up_.restart(1);
    }
    up_.apply(body);
    Octets two(2);
    wire::write_mppe(two.data(), header);
    body.insert(body.begin(), two.begin(), two.end());
    world_->arrive(kAccessSide,
                   access_frame(PacketBuilder(body)
                                    .ppp(wire::PppProtocol::kMppe)
                                    .gre(lines_[0].peer.next_sequence++, std::nullopt, kLocalId.value)));
    world_->settle();
    return world_->sent(kCoreSide).size() == 1;
  }
  /// As Linux reads them: a packet out of turn needs A, and each flag packet since has changed the key.
  bool passes_down() {
    const Octets inner = inner_packet(kHost, kSubscriber, 90);
    world_->arrive(kCoreSide, core_frame(inner));
    world_->settle();
    const std::vector<Octets> sent = world_->sent(kAccessSide);
    if (sent.size() != 1) {
      return false;
    }
    const SentGre gre = read_gre(sent[0]);
    const auto ppp = wire::parse_ppp(gre.ppp);
    Octets body(gre.ppp.begin() + ppp->header_length, gre.ppp.end());
    last_ = wire::parse_mppe(body).value();
    body.erase(body.begin(), body.begin() + 2);
    const auto steps =
        last_.count.steps_from(wire::CoherencyCount(static_cast<std::uint16_t>(down_count_ - 1)));
    if (last_.flushed) {
      down_.restart(flag_packets(last_.count, steps));
    } else if (steps != 1) {
      return false;
    }
    down_count_ = static_cast<std::uint16_t>(last_.count.value + 1);
    down_.apply(body);
    const auto inside = wire::parse_ppp_protocol(body);
    return inside &&
           Octets(body.begin() + inside->header_length, body.end()) == PacketBuilder(inner).ttl(63).octets();
  }

  crypto::MppeStream up_, down_;
  std::uint16_t up_count_ = 0, down_count_ = 0;
  wire::MppeHeader last_{};
};

TEST_F(StatefulAdoption, AfterAHandOverStreamsGoOn) {
  for (const int packets : {3, 300}) {
    start_stateful(packets);
    succeed(PreviousEnd::kHandedOver);
    EXPECT_TRUE(passes_down());
    EXPECT_FALSE(last_.flushed);
    EXPECT_TRUE(passes_up());
    EXPECT_EQ(world_->all_drops(), 0U);
    world_.reset();
    left_.reset();
    lines_ = {Line(0)};
    up_count_ = down_count_ = 0;
  }
}

/// RC4's state may be half of one: what we send begins anew with the next key, so no octet of the stream is used twice, and
/// the peer is asked to begin anew.
TEST_F(StatefulAdoption, AfterACrashBothBeginAnew) {
  for (const int packets : {0, 3, 255, 256, 300, 4095, 4096, 4097}) {
    start_stateful(packets);
    succeed(PreviousEnd::kCrashed);
    ASSERT_TRUE(passes_down()) << packets;
    EXPECT_TRUE(last_.flushed);
    EXPECT_TRUE(is_flag_packet(last_.count)) << packets;
    ASSERT_TRUE(passes_down());
    EXPECT_FALSE(last_.flushed);
    if (packets % 256 != 255) {  // a flag packet begins anew by itself
      EXPECT_FALSE(passes_up()) << packets;
      EXPECT_EQ(world_->dropped(DropReason::kMppeOutOfStep), 1U);
      EXPECT_TRUE(world_->told<contract::MppeOutOfStep>()) << "a Reset-Request is due at once";
    }
    EXPECT_TRUE(passes_up(true)) << packets;
    EXPECT_TRUE(passes_up()) << packets;
    world_.reset();
    left_.reset();
    lines_ = {Line(0)};
    up_count_ = down_count_ = 0;
  }
}

TEST_F(StatefulAdoption, AHalfWrittenStreamIsRefused) {
  start_stateful(5);
  left_.emplace(memory_);
  world_.reset();
  std::memset(static_cast<void*>(&left_->table().stateful[0]), 0xff, sizeof(StatefulMppe));
  world_.emplace(options(*left_));
  std::vector<AdoptionFault> refused;
  EXPECT_EQ(world_->adopt(PreviousEnd::kCrashed, known(), &refused).adopted, 0U);
  EXPECT_EQ(refused, std::vector{AdoptionFault::kKeyLength});
}

TEST_F(Adoption, AnMppcHistoryBeginsAnewAndIsNobodyElses) {
  start();
  const contract::MppeMode compressed{
      .strength = contract::MppeStrength::kNone, .stateful = true, .compressed = true};
  for (const std::size_t number : {0U, 2U}) {
    Line& line = lines_[number];
    for (const auto direction : {contract::Direction::kReceive, contract::Direction::kSend}) {
      contract::EnableMppe message{.call = line.call, .direction = direction, .mode = compressed};
      message.history = 1;  // both: control never does this
      world_->tell(line.call, message);
    }
  }
  world_->settle();
  left_.emplace(memory_);
  world_.reset();
  world_.emplace(options(*left_));
  std::vector<AdoptionFault> refused;
  EXPECT_EQ(world_->adopt(PreviousEnd::kCrashed, known(), &refused).adopted, 2U);
  EXPECT_EQ(refused, std::vector{AdoptionFault::kHistory});
  EXPECT_TRUE(lines_[1].passes(*world_));
}

}  // namespace
}  // namespace adit::dataplane::path
