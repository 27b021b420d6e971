// SPDX-License-Identifier: Apache-2.0
// What a stranger can do to a call who knows its addresses and its ID but sees nothing (SEC-01), and one who also
// copies what he sees (MPP-08): forged clear frames and empty payloads at any number, garbage, copies under new
// numbers. And what looks like it but is the peer's: numbers that jump, MPPE counts that jump (MPP-07).
#include <algorithm>
#include <string>

#include "tests/path/packets.hpp"
#include "tests/path/world.hpp"

namespace adit::dataplane::path {
namespace {

constexpr int kPackets = 50;

/// Where Ethernet, IPv4 and the first half of the GRE header end.
constexpr std::size_t kSequenceAt = 14 + 20 + 8;

Octets renumbered(Octets frame, std::uint32_t sequence) {
  wire::store_be(frame.data() + kSequenceAt, sequence);
  return frame;
}

/// What needs no key: nothing at all, LCP Echo-Request and Terminate-Request, IP in clear.
enum class Forged : std::uint8_t { kNothing, kEcho, kTerminate, kIp };
constexpr Forged kForged[] = {Forged::kNothing, Forged::kEcho, Forged::kTerminate, Forged::kIp};

Octets forge(Forged what, std::uint32_t sequence) {
  switch (what) {
    case Forged::kEcho:
      return access_frame(
          PacketBuilder(Octets{9, 1, 0, 8, 0, 0, 0, 0}).ppp(wire::PppProtocol::kLcp).gre(sequence));
    case Forged::kTerminate:
      return access_frame(PacketBuilder(Octets{5, 1, 0, 4}).ppp(wire::PppProtocol::kLcp).gre(sequence));
    case Forged::kIp:
      return access_frame(
          PacketBuilder(inner_packet(kSubscriber, kHost, 500)).ppp(wire::PppProtocol::kIpv4).gre(sequence));
    case Forged::kNothing:
      break;
  }
  return access_frame(PacketBuilder().gre(sequence));
}

struct Line {
  explicit Line(bool mppe_on, bool running = true,
                contract::ReorderMode reorder = contract::ReorderMode::kOff)
      : world({.reorder = {.mode = reorder}}), mppe(mppe_on), call(world.install_up()) {
    if (mppe) {
      world.tell(call, peer.enable_receive(call));
      world.settle();
    }
    if (running) {
      EXPECT_EQ(send(kPackets), kPackets);
    }
  }
  Octets next() {
    const Octets inner = inner_packet(kSubscriber, kHost, 100);
    return mppe ? peer.encrypted(inner) : peer.clear(inner);
  }
  /// How many of the peer's next packets reach the core, `burst` at a time. A stranger's do not look like them.
  int send(int packets, int burst = 1) {
    int arrived = 0;
    for (int sent = 0; sent < packets;) {
      for (int n = 0; n < burst && sent < packets; ++n, ++sent) {
        world.arrive(kAccessSide, next());
      }
      world.settle();
      arrived += received();
    }
    return arrived;
  }
  int received() {
    const std::vector<Octets> out = world.sent(kCoreSide);
    return static_cast<int>(std::ranges::count_if(
        out, [](const Octets& frame) { return read_sent(frame).packet.size() == 100; }));
  }
  void arrive(const Octets& frame) {
    world.arrive(kAccessSide, frame);
    world.settle();
  }
  /// Frames that control has received.
  int control_frames() {
    int frames = 0;
    while (world.ppp_frame()) {
      ++frames;
    }
    return frames;
  }

  World world;
  Peer peer{0, 1000};
  bool mppe;
  contract::CallRef call;
};

/// A call without MPPE takes the nearest for the peer's own, which costs it a packet.
std::vector<std::uint32_t> distances(bool mppe) {
  std::vector<std::uint32_t> all{32,   33,   99,     100,      101,         4000,        4096,
                                 4097, 5000, 65'536, 1U << 30, 0x7fff'ffff, 0x8000'0005, 0xffff'0000};
  if (mppe) {
    all.insert(all.end(), {0, 1, 2, 31});
  }
  return all;
}

// ---- clear frames and empty payloads ------------------------------------------------------------------------------

TEST(Strangers, SEC_01_OneForgedFrameCostsThePeerNothing) {
  for (const bool mppe : {false, true}) {
    for (const Forged what : kForged) {
      for (const std::uint32_t distance : distances(mppe)) {
        Line line(mppe);
        line.arrive(forge(what, line.peer.next_sequence + distance));
        ASSERT_EQ(line.send(kPackets), kPackets) << mppe << ' ' << int(what) << ' ' << distance;
      }
    }
  }
}

TEST(Strangers, SEC_01_NorDoTwoSweepsOverAllCalls) {
  for (const bool mppe : {false, true}) {
    for (const Forged what : {Forged::kNothing, Forged::kTerminate}) {
      for (const std::uint32_t distance : distances(mppe)) {
        for (const std::uint32_t second : {0U, 1U, 77'777U}) {
          Line line(mppe);
          line.arrive(forge(what, line.peer.next_sequence + distance));
          line.arrive(forge(what, line.peer.next_sequence + distance + second));
          ASSERT_EQ(line.send(kPackets), kPackets)
              << mppe << ' ' << int(what) << ' ' << distance << ' ' << second;
        }
      }
    }
  }
}

TEST(Strangers, SEC_01_NorDoesOneBeforeThePeersFirstPacket) {
  for (const bool mppe : {false, true}) {
    for (const Forged what : {Forged::kNothing, Forged::kEcho}) {
      for (const std::uint32_t distance : distances(mppe)) {
        Line line(mppe, false);
        line.arrive(forge(what, line.peer.next_sequence + distance));
        ASSERT_EQ(line.send(kPackets), kPackets) << mppe << ' ' << int(what) << ' ' << distance;
      }
    }
  }
}

TEST(Strangers, SEC_01_NorOneInTheMiddleOfABurst) {
  for (const bool mppe : {false, true}) {
    for (const std::uint32_t distance : distances(mppe)) {
      Line line(mppe);
      for (int n = 0; n < 20; ++n) {
        line.world.arrive(kAccessSide, line.next());
        line.world.arrive(kAccessSide, forge(Forged::kNothing, line.peer.next_sequence + distance));
      }
      line.world.settle();
      ASSERT_GE(line.received(), mppe ? 20 : 19) << mppe << ' ' << distance;
      ASSERT_EQ(line.send(kPackets), kPackets) << mppe << ' ' << distance;
    }
  }
}

TEST(Strangers, SEC_01_AFloodOfThemLeavesAnEncryptedCallAlone) {
  Line line(true);
  std::uint32_t number = 1;
  for (int burst = 0; burst < kPackets; ++burst) {
    for (int n = 0; n < kBurst - 1; ++n) {
      number = number * 1'664'525 + 1'013'904'223;
      line.world.arrive(kAccessSide, forge(Forged::kNothing, number));
    }
    line.world.arrive(kAccessSide, line.next());
    line.world.settle();
  }
  EXPECT_EQ(line.received(), kPackets);
}

TEST(Strangers, SEC_01_ControlFramesFarAheadAreNotPassedOn) {
  for (const bool mppe : {false, true}) {
    for (const std::uint32_t distance : {4097U, 65'536U, 1U << 30, 0x8000'0005U}) {
      Line line(mppe);
      line.arrive(forge(Forged::kTerminate, line.peer.next_sequence + distance));
      EXPECT_EQ(line.control_frames(), 0) << mppe << ' ' << distance;
      const bool behind = mppe && distance > 0x8000'0000U;
      EXPECT_EQ(line.world.dropped(behind ? DropReason::kGreLate : DropReason::kGreJump), 1U)
          << mppe << ' ' << distance;
      line.arrive(forge(Forged::kTerminate, line.peer.next_sequence + distance + 1));
      EXPECT_EQ(line.control_frames(), mppe ? 0 : 1) << "without MPPE a second one confirms the first";
    }
  }
}

TEST(Strangers, SEC_01_ThePeersOwnControlFramesGoOnForEver) {
  constexpr int kEchoes = 10'000;
  Line line(true);
  for (int echo = 0; echo < kEchoes; ++echo) {
    line.arrive(line.peer.control(wire::PppProtocol::kLcp, Octets{9, 1, 0, 8, 1, 2, 3, 4}));
    ASSERT_EQ(line.control_frames(), 1) << echo;
    line.world.pass_ms(100);
  }
  EXPECT_EQ(line.send(kPackets), kPackets) << "an idle subscriber wakes";
  EXPECT_EQ(line.world.counters().mppe_recoveries.read(), 0U);
}

TEST(Strangers, GRE_05_ReorderWaitsForNoClearFrameThatHasArrived) {
  Line line(true, true, contract::ReorderMode::kFixed);
  line.arrive(line.peer.control(wire::PppProtocol::kLcp, Octets{9, 1, 0, 8, 1, 2, 3, 4}));
  EXPECT_EQ(line.send(3), 3) << "without any timer";
  const Octets overtaken = line.peer.control(wire::PppProtocol::kLcp, Octets{9, 1, 0, 8, 1, 2, 3, 4});
  EXPECT_EQ(line.send(3), 0);
  line.arrive(overtaken);
  EXPECT_EQ(line.received(), 3);
  EXPECT_EQ(line.control_frames(), 2);
}

TEST(Strangers, SEC_01_AForgedNumberFarAheadEndsNoWaiting) {
  for (const bool mppe : {false, true}) {
    Line line(mppe, true, contract::ReorderMode::kFixed);
    const Octets overtaken = line.next();
    EXPECT_EQ(line.send(3), 0);
    line.arrive(forge(Forged::kNothing, line.peer.next_sequence + 65'536));
    EXPECT_EQ(line.received(), 0);
    line.arrive(overtaken);
    EXPECT_EQ(line.received(), 4) << mppe;
  }
}

TEST(Strangers, SEC_01_NorDoesOneForgedFrameWhereReorderWaits) {
  for (const auto reorder : {contract::ReorderMode::kFixed, contract::ReorderMode::kAdaptive}) {
    for (const std::uint32_t distance : {0U, 1U, 2U, 30U, 31U, 32U, 100U, 4000U, 65'536U, 0x8000'0005U}) {
      for (const int burst : {1, 8}) {
        Line line(true, true, reorder);
        line.arrive(forge(Forged::kNothing, line.peer.next_sequence + distance));
        ASSERT_EQ(line.send(kPackets, burst), kPackets) << distance;
      }
    }
  }
}

TEST(Strangers, GRE_05_ALossBeyondReachCostsACallWithoutMppeOnePacket) {
  Line line(false);
  line.peer.next_sequence += 100'000;
  EXPECT_EQ(line.send(kPackets), kPackets - 1);
  EXPECT_EQ(line.world.dropped(DropReason::kGreJump), 1U);
  line.peer.next_sequence += kGreReach - 1;
  EXPECT_EQ(line.send(kPackets), kPackets);
}

TEST(Strangers, GRE_05_ControlFramesFollowOnceTheKeysAreGone) {
  Line line(true);
  line.peer.lose(20'000);
  const auto request = [&] {
    line.arrive(line.peer.control(wire::PppProtocol::kLcp, Octets{1, 1, 0, 4}));
    return line.control_frames();
  };
  EXPECT_EQ(request() + request(), 0) << "only a packet that decrypts goes that far";
  line.world.tell(line.call, contract::DisableMppe{line.call});  // as control does for new keys
  EXPECT_EQ(request() + request() + request(), 2) << "without keys, the one that follows";
}

// ---- copies -------------------------------------------------------------------------------------------------------

TEST(Strangers, MPP_08_APacketCopiedUnderNewNumbersArrivesOnce) {
  for (const std::size_t burst : {1UL, 4UL, std::size_t{kBurst}, 200UL}) {
    Line line(true);
    const Octets packet = line.next();
    line.world.arrive(kAccessSide, packet);
    for (std::uint32_t copy = 0; copy < 200; ++copy) {
      line.world.arrive(kAccessSide, renumbered(packet, line.peer.next_sequence + copy));
      if (copy % burst == 0) {
        line.world.turn();
      }
    }
    line.world.settle();
    EXPECT_EQ(line.received(), 1) << burst;
    EXPECT_EQ(line.world.dropped(DropReason::kMppeLate), 200U);
    EXPECT_EQ(line.send(kPackets), kPackets) << "and the call lives";
    EXPECT_FALSE(line.world.told<contract::MppeDesynchronised>());
  }
}

TEST(Strangers, MPP_08_ACopyThatComesFirstTakesItsOriginalsPlaceAndNoOthers) {
  for (const std::uint32_t ahead : {4U, 4000U, 5000U, 1U << 30}) {
    Line line(true);
    const Octets packet = line.next();
    line.world.arrive(kAccessSide, renumbered(packet, line.peer.next_sequence + ahead));
    line.world.arrive(kAccessSide, packet);
    line.world.settle();
    EXPECT_EQ(line.received(), 1);
    EXPECT_EQ(line.send(kPackets), kPackets) << ahead;
  }
}

TEST(Strangers, MPP_08_AnOlderCountUnderANewerNumberMovesNoChainBack) {
  Line line(true);
  std::vector<Octets> packets;
  for (int n = 0; n < 8; ++n) {
    packets.push_back(line.next());
  }
  std::uint32_t number = line.peer.next_sequence - 8;
  for (const std::size_t n : {0UL, 1UL, 2UL, 0UL, 3UL, 1UL, 4UL, 2UL, 4UL, 5UL, 0UL, 6UL, 6UL, 7UL}) {
    line.world.arrive(kAccessSide, renumbered(packets[n], number++));
  }
  line.peer.next_sequence = number;
  line.world.settle();
  EXPECT_EQ(line.received(), 8);
  EXPECT_EQ(line.world.dropped(DropReason::kMppeLate), 6U);
  EXPECT_EQ(line.send(kPackets, 7), kPackets);
}

// ---- what does not decrypt ------------------------------------------------------------------------------------------

TEST(Strangers, MPP_08_WhileGoodPacketsComeNothingEndsTheCall) {
  Line line(true);
  const Octets old = line.next();
  line.arrive(old);
  EXPECT_EQ(line.received(), 1);
  for (int second = 0; second < 60; ++second) {
    for (std::uint32_t n = 0; n < 200; ++n) {  // copies, late counts, garbage at plausible numbers
      const std::uint32_t number = line.peer.next_sequence + n;
      const auto count = static_cast<std::uint16_t>(line.peer.next_count - (n % 2 == 0 ? 0 : 20));
      line.world.arrive(kAccessSide, n % 3 == 0 ? renumbered(old, number) : line.peer.forged(number, count));
    }
    line.world.settle();
    ASSERT_EQ(line.send(1), 1) << second;
    ASSERT_FALSE(line.world.told<contract::MppeDesynchronised>());
    line.world.pass_ms(1000);
  }
}

TEST(Strangers, MPP_08_ABurstOfGarbageIsNoReason) {
  Line line(true);
  line.world.pass_ms(3'600'000);  // an idle subscriber
  for (std::uint32_t n = 0; n < 1000; ++n) {
    line.arrive(line.peer.forged(line.peer.next_sequence + n % 100, line.peer.next_count));
  }
  EXPECT_FALSE(line.world.told<contract::MppeDesynchronised>());
  EXPECT_EQ(line.send(kPackets), kPackets);
}

// ---- the re-key budget ------------------------------------------------------------------------------------------------

TEST(Strangers, SEC_01_PacketsInOrderNeedNoBudgetWhateverIsBetweenThem) {
  for (std::uint32_t left = 2; left < 40; ++left) {  // of the call's budget, by one who guesses the numbers
    Line line(true);
    const auto forged = [&](std::uint32_t ahead) {
      return line.peer.forged(line.peer.next_sequence + ahead,
                              static_cast<std::uint16_t>(line.peer.next_count + ahead));
    };
    constexpr std::uint32_t kMost = 4095;
    line.arrive(forged(kMost));
    line.arrive(forged(kRekeyCapacity - kMost - left));
    ASSERT_EQ(line.world.dropped(DropReason::kMppeImplausible), 2U);
    const Octets far = forged(20);
    for (int n = 0; n < 15; ++n) {
      line.world.arrive(kAccessSide, far);
      line.world.arrive(kAccessSide, line.next());
    }
    line.world.settle();
    ASSERT_EQ(line.received(), 15) << left;
  }
}

TEST(Strangers, SEC_01_BlindGarbageUsesUpNothingThatThePeersLossesNeed) {
  Line line(true);
  std::uint32_t number = 1;
  for (int burst = 0; burst < kPackets; ++burst) {
    for (int n = 0; n < kBurst - 1; ++n) {
      number = number * 1'664'525 + 1'013'904'223;
      line.world.arrive(kAccessSide, line.peer.forged(number, static_cast<std::uint16_t>(number >> 7)));
    }
    line.peer.lose(100);
    line.world.arrive(kAccessSide, line.next());
    line.world.settle();
    ASSERT_EQ(line.received(), 1) << burst;
  }
  EXPECT_GT(line.world.dropped(DropReason::kMppeBudget), 500U) << "and costs the worker little";
}

// ---- what looks forged and is the peer's --------------------------------------------------------------------------------

TEST(Strangers, MPP_07_NumbersMayJumpWithoutTheCount) {
  for (const int burst : {1, int{kBurst}}) {
    for (const std::uint32_t gap : {4095U, 4096U, 4097U, 5000U, 8192U, 100'000U, 1U << 30, 0xffff'0000U}) {
      Line line(true);
      line.peer.next_sequence += gap;
      ASSERT_EQ(line.send(100, burst), 100) << gap;
    }
  }
}

TEST(Strangers, MPP_07_TheCountMayJumpWithoutTheNumbers) {
  for (const int burst : {1, int{kBurst}}) {
    for (const std::uint32_t gap : {1U, 31U, 32U, 100U, 1000U, 2000U}) {
      Line line(true);
      line.peer.lose(gap);
      line.peer.next_sequence -= gap;  // encrypted, and dropped before they had a number
      ASSERT_EQ(line.send(100, burst), 100) << gap;
    }
  }
}

TEST(Strangers, MPP_07_AWholeBurstFollowsALossBeyondTheCount) {
  for (const std::uint32_t lost : {4096U, 5000U, 7000U, 8000U}) {
    Line line(true);
    line.peer.lose(lost);
    ASSERT_EQ(line.send(100, kBurst), 100) << lost;
  }
}

}  // namespace
}  // namespace adit::dataplane::path
