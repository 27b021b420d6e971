// SPDX-License-Identifier: Apache-2.0
// Stateful MPPE through the stages (conformance: MPP-10): bursts, loss, reorder, forgery, budgets, and
// notices to control. tests/dataplane/call/mppe_stateful_test.cpp covers the streams themselves.
#include "dataplane/call/mppe_stateful.hpp"
#include "crypto/mppe_rekey.hpp"
#include "crypto/mppe_stream.hpp"
#include "dataplane/wire/mppe.hpp"
#include "tests/path/packets.hpp"
#include "tests/path/world.hpp"

namespace adit::dataplane::path {
namespace {

constexpr contract::MppeMode kStateful{.strength = contract::MppeStrength::k128, .stateful = true};

/// A client in stateful mode that behaves like Linux.
class StatefulPeer {
 public:
  explicit StatefulPeer(contract::MppeMode mode = kStateful) : mode_(mode) {}

  contract::EnableMppe enable(const contract::CallRef& call, contract::Direction direction) {
    crypto::MppeChain chain{.length = static_cast<crypto::MppeKeyLength>(mode_.strength)};
    const bool up = direction == contract::Direction::kReceive;
    chain.start_key.fill(up ? 0x17 : 0x71);
    crypto::mppe_new_key_from_sha(chain.start_key, chain.start_key, chain.length, chain.session_key);
    (up ? up_ : down_) = crypto::MppeStream(chain);
    return {call, direction, mode_, chain.start_key, chain.session_key};
  }

  void reset() { flush_ = true; }
  Octets encrypted(const Octets& inner) {
    Octets body = PacketBuilder(inner).ppp(wire::PppProtocol::kIpv4, true).octets();
    const wire::MppeHeader header{wire::CoherencyCount(next_count++), flush_ || next_count % 256 == 0};
    if (header.flushed) {
      up_.restart(1);
    }
    flush_ = false;
    up_.apply(body);
    return frame(header, body, next_sequence++);
  }
  void lose(int packets) {
    for (; packets > 0; --packets) {
      static_cast<void>(encrypted(inner_packet(kSubscriber, kHost)));
    }
  }
  Octets control() {
    return access_frame(PacketBuilder(Octets{9, 1, 0, 4})
                            .ppp(wire::PppProtocol::kLcp)
                            .gre(next_sequence++, std::nullopt, kLocalId.value));
  }
  static Octets frame(wire::MppeHeader header, Octets body, std::uint32_t sequence) {
    Octets two(2);
    wire::write_mppe(two.data(), header);
    body.insert(body.begin(), two.begin(), two.end());
    return access_frame(
        PacketBuilder(body).ppp(wire::PppProtocol::kMppe).gre(sequence, std::nullopt, kLocalId.value));
  }

  /// The MPPE header of a packet that the worker sent, and its inner packet.
  std::pair<wire::MppeHeader, Octets> read(const Octets& sent) {
    const SentGre gre = read_gre(sent);
    const auto ppp = wire::parse_ppp(gre.ppp);
    Octets body(gre.ppp.begin() + ppp->header_length, gre.ppp.end());
    const auto header = wire::parse_mppe(body);
    body.erase(body.begin(), body.begin() + 2);
    if (!header) {
      ADD_FAILURE() << "no MPPE header";
      return {};
    }
    if (header->flushed) {
      down_.restart(1);
    }
    down_.apply(body);
    const auto inner = wire::parse_ppp_protocol(body);
    return {*header, Octets(body.begin() + inner->header_length, body.end())};
  }

  std::uint32_t next_sequence = 0;
  std::uint16_t next_count = 0;

 private:
  contract::MppeMode mode_;
  crypto::MppeStream up_;
  crypto::MppeStream down_;
  bool flush_ = false;
};

class Stateful : public testing::TestWithParam<contract::MppeStrength> {
 protected:
  Stateful() {
    world_.tell(call_, peer_.enable(call_, contract::Direction::kReceive));
    world_.tell(call_, peer_.enable(call_, contract::Direction::kSend));
    world_.settle();
  }
  bool next_passes() {
    const Octets inner = inner_packet(kSubscriber, kHost, 60 + peer_.next_count % 100);
    world_.arrive(kAccessSide, peer_.encrypted(inner));
    world_.settle();
    const std::vector<Octets> out = world_.sent(kCoreSide);
    return out.size() == 1 && read_sent(out[0]).packet == PacketBuilder(inner).ttl(63).octets();
  }
  std::pair<wire::MppeHeader, Octets> send_down(const Octets& inner) {
    world_.arrive(kCoreSide, core_frame(inner));
    world_.turn();
    const std::vector<Octets> out = world_.sent(kAccessSide);
    EXPECT_EQ(out.size(), 1U);
    return out.size() == 1 ? peer_.read(out[0]) : std::pair<wire::MppeHeader, Octets>{};
  }

  World world_{WorldOptions{.stateful_mppe = true}};
  StatefulPeer peer_{{GetParam(), true}};
  contract::CallRef call_ = world_.install_up();
};
INSTANTIATE_TEST_SUITE_P(Strengths, Stateful,
                         testing::Values(contract::MppeStrength::k40, contract::MppeStrength::k56,
                                         contract::MppeStrength::k128));

TEST_P(Stateful, MPP_10_UpwardsOverAllCounts) {
  for (int packet = 0; packet < 4200; ++packet) {
    ASSERT_TRUE(next_passes()) << packet;
  }
  EXPECT_EQ(world_.all_drops(), 0U);
}

TEST_P(Stateful, MPP_10_DownwardsOnlyFlagPacketsAreFlushed) {
  for (int packet = 0; packet < 4200; ++packet) {
    const Octets inner = inner_packet(kHost, kSubscriber, 60 + static_cast<std::size_t>(packet) % 100);
    const auto [header, read] = send_down(inner);
    ASSERT_EQ(header, (wire::MppeHeader{wire::CoherencyCount(static_cast<std::uint16_t>(packet)),
                                        packet % 256 == 255}));
    ASSERT_EQ(read, PacketBuilder(inner).ttl(63).octets()) << packet;
  }
}

TEST_P(Stateful, MPP_10_BurstsBothWaysStayInOrder) {
  for (int burst = 0; burst < 20; ++burst) {
    std::vector<Octets> down;
    for (std::size_t i = 0; i < kBurst; ++i) {
      world_.arrive(kAccessSide,
                    i % 7 == 3 ? peer_.control() : peer_.encrypted(inner_packet(kSubscriber, kHost, 40 + i)));
      down.push_back(inner_packet(kHost, kSubscriber, 40 + i));
      world_.arrive(kCoreSide, core_frame(down.back()));
    }
    world_.settle();
    while (world_.ppp_frame()) {
    }
    EXPECT_EQ(world_.sent(kCoreSide).size(), kBurst - 5U);
    std::size_t read = 0;
    for (const Octets& frame : world_.sent(kAccessSide)) {
      if (read_gre(frame).sequence) {
        ASSERT_EQ(peer_.read(frame).second, PacketBuilder(down.at(read++)).ttl(63).octets());
      }
    }
    EXPECT_EQ(read, down.size());
    world_.pass_ms(1000);  // PPP control frames have a budget
  }
  EXPECT_EQ(world_.all_drops(), 0U);
}

TEST_P(Stateful, MPP_10_LossAsksForAResetOnceAndTheFlushEndsIt) {
  ASSERT_TRUE(next_passes());
  for (const int lost : {1, 300, 5000}) {  // of 300, one or two are flag packets
    peer_.lose(lost);
    for (int packet = 0; packet < 5; ++packet) {
      EXPECT_FALSE(next_passes());
    }
    const auto told = world_.told<contract::MppeOutOfStep>();
    ASSERT_TRUE(told);
    EXPECT_EQ(told->call, call_);
    EXPECT_FALSE(world_.told<contract::MppeOutOfStep>()) << "once";
    peer_.reset();
    ASSERT_TRUE(next_passes()) << lost;
    ASSERT_TRUE(next_passes()) << lost;
    world_.pass_ms(1000);
  }
  EXPECT_EQ(world_.dropped(DropReason::kMppeOutOfStep), 15U);
  EXPECT_EQ(world_.counters().mppe_recoveries.read(), 3U);
  EXPECT_EQ(world_.counters().mppe_resets_asked.read(), 3U);
}

TEST_P(Stateful, MPP_07_NumbersMayJumpWithoutTheCountAndTheCountWithoutThem) {
  ASSERT_TRUE(next_passes());
  for (const std::uint32_t gap : {4096U, 5000U, 100'000U}) {
    peer_.next_sequence += gap;
    for (int packet = 0; packet < 300; ++packet) {
      ASSERT_TRUE(next_passes()) << gap << ' ' << packet;
    }
  }
  peer_.lose(100);
  peer_.next_sequence -= 100;
  peer_.reset();
  for (int packet = 0; packet < 300; ++packet) {
    ASSERT_TRUE(next_passes()) << packet;
  }
}

TEST_P(Stateful, MPP_08_APacketCopiedUnderNewNumbersArrivesOnce) {
  ASSERT_TRUE(next_passes());
  const Octets inner = inner_packet(kSubscriber, kHost, 100);
  const Octets packet = peer_.encrypted(inner);
  world_.arrive(kAccessSide, packet);
  for (std::uint32_t copy = 0; copy < 200; ++copy) {
    Octets again = packet;
    wire::store_be(again.data() + 14 + 20 + 8, peer_.next_sequence + copy);
    world_.arrive(kAccessSide, again);
  }
  world_.settle();
  EXPECT_EQ(world_.sent(kCoreSide).size(), 1U);
  EXPECT_TRUE(next_passes());
}

TEST_P(Stateful, MPP_10_AskedAgainUntilTheFlushComesAndLostFlushesAreMadeUpFor) {
  ASSERT_TRUE(next_passes());
  peer_.lose(1);
  for (int request = 0; request < 5; ++request) {
    EXPECT_FALSE(next_passes());
    EXPECT_TRUE(world_.told<contract::MppeOutOfStep>());
    peer_.reset();
    peer_.lose(1);  // the flushed packet itself, for which Linux has changed its key
    world_.pass_ms(kResetIntervalMs);
  }
  peer_.reset();
  EXPECT_TRUE(next_passes());
  EXPECT_FALSE(world_.told<contract::MppeDesynchronised>());
}

TEST_P(Stateful, MPP_10_ResetsThatNobodyAnswersEndTheCall) {
  ASSERT_TRUE(next_passes());
  peer_.lose(1);
  peer_.next_count = 1;  // no flag packet to recover with
  int asked = 0;
  bool gave_up = false;
  for (int packet = 0; packet < 70 && !gave_up; ++packet) {
    world_.arrive(kAccessSide,
                  StatefulPeer::frame({wire::CoherencyCount(5)}, Octets(60), peer_.next_sequence++));
    world_.settle();
    gave_up = world_.told<contract::MppeDesynchronised>().has_value();
    asked += world_.told<contract::MppeOutOfStep>() ? 1 : 0;
    world_.pass_ms(kResetIntervalMs);
  }
  EXPECT_TRUE(gave_up);
  EXPECT_EQ(asked, kImplausibleInARow);
}

TEST_P(Stateful, MPP_10_ReorderedAndRepeatedPacketsWithinABurst) {
  std::vector<Octets> frames;
  for (int i = 0; i < 4; ++i) {
    frames.push_back(peer_.encrypted(inner_packet(kSubscriber, kHost, 100)));
  }
  for (const std::size_t i : {0U, 0U, 1U, 3U, 2U, 3U, 1U}) {  // 3 arrives early, and again in sequence
    world_.arrive(kAccessSide, frames[i]);
  }
  world_.settle();
  EXPECT_EQ(world_.sent(kCoreSide).size(), 4U);
  EXPECT_TRUE(next_passes());
}

TEST_P(Stateful, MPP_10_AFlushIsAskedOfUsOnce) {
  const Octets inner = PacketBuilder(inner_packet(kHost, kSubscriber)).ttl(63).octets();
  EXPECT_FALSE(send_down(inner_packet(kHost, kSubscriber)).first.flushed);
  world_.tell(call_, contract::FlushMppe{call_, false});
  const auto [flushed, first] = send_down(inner_packet(kHost, kSubscriber));
  EXPECT_TRUE(flushed.flushed);
  EXPECT_EQ(first, inner);
  EXPECT_EQ(world_.counters().mppe_resets_answered.read(), 1U);
  const auto [after, second] = send_down(inner_packet(kHost, kSubscriber));
  EXPECT_FALSE(after.flushed);
  EXPECT_EQ(second, inner);
}

// ---- forgery ------------------------------------------------------------------------------------------------------

TEST_P(Stateful, ForgedPacketsInOneBurstWithGenuineOnes) {
  for (int round = 0; round < 30; ++round) {
    for (int i = 0; i < 6; ++i) {
      const auto forge = [&](std::uint16_t ahead, bool flushed) {
        const wire::CoherencyCount count(static_cast<std::uint16_t>(peer_.next_count + ahead));
        world_.arrive(kAccessSide,
                      StatefulPeer::frame({count, flushed}, Octets(80, 0x5a), peer_.next_sequence + ahead));
      };
      forge(0, false);
      forge(0, true);
      forge(700, true);
      forge(3, false);
      world_.arrive(kAccessSide, peer_.encrypted(inner_packet(kSubscriber, kHost, 100)));
    }
    world_.settle();
    ASSERT_EQ(world_.sent(kCoreSide).size(), 6U);
    world_.pass_ms(1000);
  }
  EXPECT_TRUE(next_passes());
}

TEST_P(Stateful, ForgedFlushesStayInTheBudgetAndTheCallLivesOn) {
  ASSERT_TRUE(next_passes());
  for (int forged = 0; forged < 2000; ++forged) {
    const wire::MppeHeader header{wire::CoherencyCount(static_cast<std::uint16_t>(peer_.next_count + 4000)),
                                  true};
    world_.arrive(kAccessSide, StatefulPeer::frame(header, Octets(80, 0x5a), peer_.next_sequence + 4000));
    world_.settle();
  }
  // Each costs 14 or 15 flag packets, plus those that may have been lost with flushed packets.
  EXPECT_LE(world_.dropped(DropReason::kMppeImplausible), kRekeyCapacity / (14 + kLostFlushes));
  EXPECT_GT(world_.dropped(DropReason::kMppeBudget), 1000U);
  for (int packet = 0; packet < 600; ++packet) {
    ASSERT_TRUE(next_passes()) << "flag packets in their order cost nothing of it";
  }
}

// ---- modes --------------------------------------------------------------------------------------------------------

TEST(StatefulModes, EachDirectionHasItsOwn) {
  World world{WorldOptions{.stateful_mppe = true}};
  Peer stateless;
  StatefulPeer stateful;
  const contract::CallRef call = world.install_up();
  world.tell(call, stateless.enable_receive(call));
  world.tell(call, stateful.enable(call, contract::Direction::kSend));
  for (int packet = 0; packet < 300; ++packet) {
    const Octets inner = inner_packet(kHost, kSubscriber);
    world.arrive(kAccessSide, stateless.encrypted(inner_packet(kSubscriber, kHost)));
    world.arrive(kCoreSide, core_frame(inner));
    world.turn();
    ASSERT_EQ(world.sent(kCoreSide).size(), 1U);
    const std::vector<Octets> out = world.sent(kAccessSide);
    ASSERT_EQ(out.size(), 1U);
    ASSERT_EQ(stateful.read(out[0]).second, PacketBuilder(inner).ttl(63).octets());
  }
}

TEST(StatefulModes, AWorkerThatWasNotMadeForItPassesNothing) {
  World world;
  StatefulPeer peer;
  const contract::CallRef call = world.install_up();
  world.tell(call, contract::EnableIp{
                       .call = call, .subscriber = kSubscriber, .peer_mru = 1500, .require_mppe = true});
  world.tell(call, peer.enable(call, contract::Direction::kReceive));
  world.tell(call, peer.enable(call, contract::Direction::kSend));
  world.arrive(kAccessSide, peer.encrypted(inner_packet(kSubscriber, kHost)));
  world.arrive(kCoreSide, core_frame(inner_packet(kHost, kSubscriber)));
  world.turn();
  EXPECT_EQ(world.dropped(DropReason::kMppeNotUp), 1U);
  EXPECT_EQ(world.dropped(DropReason::kNoClearSent), 1U);
}

TEST(StatefulModes, AWorkerWithoutTheMemoryForItSaysSo) {
  static_cast<void>(Bench::instance());  // EAL, with 192 MB
  const CallIndex index;
  const auto mailbox = std::make_unique<contract::Mailbox>();
  const NextHopsCell no_routes{nullptr};
  const std::vector<int> sockets{SOCKET_ID_ANY};
  const HandoffRings rings(sockets);
  const auto worker =
      Worker::create({.id = {0}, .slots = 1'000'000, .data_plane = {.stateful_mppe = true}},
                     {.index = index, .mailbox = *mailbox, .next_hops = no_routes, .rings = rings});
  ASSERT_FALSE(worker);
  EXPECT_EQ(worker.error(),
            "worker 0: no memory for 1000000 calls of " +
                std::to_string(sizeof(Call) + sizeof(CallDrops) + sizeof(StatefulMppe)) +
                " octets (with stateful MPPE); reserve more hugepages or lower max-sessions, or set "
                "mppe-stateful = \"deny\"");
}

}  // namespace
}  // namespace adit::dataplane::path
