// SPDX-License-Identifier: Apache-2.0
// MPPE on uplink and downlink: order, loss, forgery, refusal (conformance: MPP), and the cost of an attack.
#include <algorithm>

#include "tests/path/packets.hpp"
#include "tests/path/world.hpp"

namespace adit::dataplane::path {
namespace {

class Mppe : public testing::Test {
 protected:
  Mppe() {
    world_.tell(call_, peer_.enable_receive(call_));
    world_.tell(call_, peer_.enable_send(call_));
    world_.settle();
  }
  /// True if exactly this inner packet comes out at the core.
  bool passes(const Octets& frame, const Octets& inner) {
    world_.arrive(kAccessSide, frame);
    world_.settle();
    const std::vector<Octets> out = world_.sent(kCoreSide);
    return out.size() == 1 && read_sent(out[0]).packet == PacketBuilder(inner).ttl(63).octets();
  }
  bool next_passes() {
    const Octets inner = inner_packet(kSubscriber, kHost, 60 + peer_.next_count % 100);
    return passes(peer_.encrypted(inner), inner);
  }
  void drops(const Octets& frame, DropReason reason) {
    const std::uint64_t before = world_.dropped(reason);
    world_.arrive(kAccessSide, frame);
    world_.settle();
    EXPECT_EQ(world_.dropped(reason), before + 1) << describe(reason).name;
    EXPECT_TRUE(world_.sent(kCoreSide).empty());
  }

  World world_;
  Peer peer_;
  contract::CallRef call_ = world_.install_up();
};

TEST_F(Mppe, MPP_04_CountsFromZeroAndWrapsUpwards) {
  for (int packet = 0; packet < 4200; ++packet) {
    ASSERT_TRUE(next_passes()) << packet;
  }
  EXPECT_EQ(world_.all_drops(), 0U);
}

TEST_F(Mppe, MPP_04_CountsFromZeroAndWrapsDownwards) {
  for (int packet = 0; packet < 4200; ++packet) {
    const Octets inner = inner_packet(kHost, kSubscriber, 60 + static_cast<std::size_t>(packet) % 100);
    world_.arrive(kCoreSide, core_frame(inner));
    world_.turn();
    const std::vector<Octets> out = world_.sent(kAccessSide);
    ASSERT_EQ(out.size(), 1U);
    const SentGre gre = read_gre(out[0]);
    const auto header = wire::load_be<std::uint16_t>(gre.ppp.data() + 4);
    ASSERT_EQ(header, 0x9000 | (packet & 4095));  // A and D always set, B and C never
    ASSERT_EQ(peer_.decrypt(gre), PacketBuilder(inner).ttl(63).octets()) << packet;
  }
}

TEST_F(Mppe, MPP_04_ACompressedInnerProtocolIsAccepted) {
  const Octets inner = inner_packet(kSubscriber, kHost);
  EXPECT_TRUE(passes(
      peer_.encrypted_plaintext(PacketBuilder(inner).ppp(wire::PppProtocol::kIpv4, true, true).octets()),
      inner));
}

TEST(MppeStrengths, MPP_04_ShortKeysWorkBothWays) {
  for (const auto strength : {contract::MppeStrength::k40, contract::MppeStrength::k56}) {
    World world;
    Peer peer;
    const contract::CallRef call = world.install_up();
    world.tell(call, peer.enable_receive(call, {strength}));
    world.tell(call, peer.enable_send(call, {strength}));
    for (int packet = 0; packet < 20; ++packet) {
      world.arrive(kAccessSide, peer.encrypted(inner_packet(kSubscriber, kHost, 100)));
      world.arrive(kCoreSide, core_frame(inner_packet(kHost, kSubscriber, 100)));
      world.turn();
      ASSERT_EQ(world.sent(kCoreSide).size(), 1U);
      const std::vector<Octets> out = world.sent(kAccessSide);
      ASSERT_EQ(out.size(), 1U);
      ASSERT_FALSE(peer.decrypt(read_gre(out[0])).empty());
    }
  }
}

TEST_F(Mppe, ABurstOfOneCallIsDecryptedInOrder) {
  for (int burst = 0; burst < 20; ++burst) {
    std::vector<Octets> inners;
    for (std::size_t i = 0; i < kBurst; ++i) {
      inners.push_back(inner_packet(kSubscriber, kHost, 40 + i));
      world_.arrive(kAccessSide, peer_.encrypted(inners.back()));
      if (i % 5 == 0) {
        peer_.lose(1);
      }
    }
    world_.settle();
    const std::vector<Octets> out = world_.sent(kCoreSide);
    ASSERT_EQ(out.size(), inners.size());
    for (std::size_t i = 0; i < out.size(); ++i) {
      ASSERT_EQ(read_sent(out[i]).packet, PacketBuilder(inners[i]).ttl(63).octets());
    }
  }
  EXPECT_EQ(world_.all_drops(), 0U);
}

TEST_F(Mppe, ReorderedAndRepeatedPacketsWithinABurst) {
  std::vector<Octets> frames;
  for (int i = 0; i < 6; ++i) {
    frames.push_back(peer_.encrypted(inner_packet(kSubscriber, kHost, 100)));
  }
  for (const int i : {0, 2, 1, 2, 3, 5, 4, 5}) {
    world_.arrive(kAccessSide, frames[static_cast<std::size_t>(i)]);
  }
  world_.settle();
  EXPECT_EQ(world_.sent(kCoreSide).size(), 4U);  // 0 2 3 5
  EXPECT_EQ(world_.dropped(DropReason::kGreLate), 2U);
  EXPECT_EQ(world_.dropped(DropReason::kGreDuplicate) + world_.dropped(DropReason::kMppeLate), 2U);
  EXPECT_TRUE(next_passes());
}

TEST_F(Mppe, MPP_05_LossRecoversWithTheVeryNextPacket) {
  for (const std::uint32_t lost : {1U, 2U, 3U, 100U, 255U, 256U, 1000U, 2046U, 2047U}) {
    peer_.lose(lost);
    ASSERT_TRUE(next_passes()) << lost;
    world_.pass_ms(1000);  // the budget refills
  }
  EXPECT_EQ(world_.counters().mppe_recoveries.read(), 9U);
  EXPECT_EQ(world_.all_drops(), 0U);
}

TEST_F(Mppe, MPP_06_LateAndDuplicatePacketsMoveNothing) {
  const Octets inner = inner_packet(kSubscriber, kHost);
  const Octets first = peer_.encrypted(inner);
  const Octets second = peer_.encrypted(inner);
  EXPECT_TRUE(passes(second, inner));
  drops(first, DropReason::kGreLate);
  drops(second, DropReason::kGreDuplicate);
  // With a new GRE number, only the count can tell.
  drops(peer_.forged(peer_.next_sequence, 0), DropReason::kMppeLate);
  drops(peer_.forged(peer_.next_sequence, 1), DropReason::kMppeLate);
  EXPECT_TRUE(next_passes());
}

TEST_F(Mppe, MPP_07_GapsBeyondTheCountRecover) {
  for (const std::uint32_t lost : {2048U, 3000U, 4094U, 4095U, 4096U, 4097U, 8000U}) {
    peer_.lose(lost);
    ASSERT_TRUE(next_passes()) << lost;
    world_.pass_ms(1000);
  }
}

TEST_F(Mppe, MPP_07_AGapThatNobodyCanAffordIsTold) {
  ASSERT_TRUE(next_passes());
  peer_.lose(20'000);
  for (int packet = 0; packet < kImplausibleInARow; ++packet) {
    EXPECT_FALSE(world_.told<contract::MppeDesynchronised>());
    drops(peer_.encrypted(inner_packet(kSubscriber, kHost)), DropReason::kMppeBudget);
    world_.pass_ms(1000);
  }
  const auto told = world_.told<contract::MppeDesynchronised>();
  ASSERT_TRUE(told);
  EXPECT_EQ(told->call, call_);
}

TEST_F(Mppe, MPP_08_PartedChainsAreToldAgainAndAgainButNotOften) {
  peer_.enable_receive(call_);                     // the client started over without our knowledge
  static_cast<void>(peer_.encrypted(Octets(40)));  // one packet on, as otherwise the keys would still match
  int told = 0;
  for (int packet = 0; packet < 200; ++packet) {  // over 20 seconds
    world_.arrive(kAccessSide, peer_.forged(peer_.next_sequence, 0));
    world_.settle();
    told += world_.told<contract::MppeDesynchronised>() ? 1 : 0;
    world_.pass_ms(100);
  }
  EXPECT_EQ(told, 200 / kImplausibleInARow);
}

TEST_F(Mppe, MPP_08_APartedPeerIsToldHoweverFastItSends) {
  ASSERT_TRUE(next_passes());
  peer_.lose(1);
  peer_.next_count = 1;  // its key is one ahead of its count
  for (int packet = 0; packet < kImplausibleInARow; ++packet) {
    ASSERT_FALSE(next_passes());
    EXPECT_FALSE(world_.told<contract::MppeDesynchronised>());
  }
  world_.pass_ms(kUndecipherableMs + 1000);
  peer_.next_sequence += 1'000'000;  // all of them as useless
  ASSERT_FALSE(next_passes());
  EXPECT_TRUE(world_.told<contract::MppeDesynchronised>());
}

TEST_F(Mppe, MPP_09_WhatStatelessModeCannotHave) {
  const auto with_header = [&](std::uint16_t header, std::size_t size) {
    Octets body(size, 0x11);
    if (size >= 2) {
      wire::store_be(body.data(), header);
    }
    return access_frame(PacketBuilder(body).ppp(wire::PppProtocol::kMppe).gre(peer_.next_sequence));
  };
  for (const int bits : {0x8000, 0x1000, 0x0000}) {  // D=0, A=0
    drops(with_header(static_cast<std::uint16_t>(bits), 40), DropReason::kMppeHeader);
  }
  for (const int bits : {0xb000, 0xd000, 0xf000}) {  // C, B
    drops(with_header(static_cast<std::uint16_t>(bits), 40), DropReason::kMppcNotAgreed);
  }
  for (const std::size_t size : {0U, 1U, 2U}) {
    drops(with_header(0x9000, size), DropReason::kMppeHeader);
  }
  EXPECT_TRUE(next_passes()) << "none of it moved anything";
}

TEST_F(Mppe, MPP_09_PlaintextsThatMayNotBeInside) {
  const Octets inner = inner_packet(kSubscriber, kHost);
  const auto plaintext = [&](std::uint16_t protocol) {
    return PacketBuilder(inner).ppp(wire::PppProtocol{protocol}, true).octets();
  };
  const Octets lcp{0xc0, 0x21, 5, 1, 0, 4};  // a Terminate-Request, encrypted: must never reach control
  // Each uses a key of the sender's chain; ours does not move, and the next good one bridges the gap.
  drops(peer_.encrypted_plaintext(plaintext(0x00fd)), DropReason::kMppeImplausible);
  drops(peer_.encrypted_plaintext(lcp), DropReason::kMppeImplausible);
  drops(peer_.encrypted_plaintext(plaintext(0x8021)), DropReason::kMppeImplausible);
  drops(peer_.encrypted_plaintext(plaintext(0x002d)), DropReason::kMppeImplausible);
  drops(peer_.encrypted_plaintext({0x21}), DropReason::kMppeImplausible);
  EXPECT_FALSE(world_.ppp_frame());
  EXPECT_TRUE(next_passes());
  // IPv6 is plausible: the chain moves, but the packet cannot be forwarded.
  Octets ipv6(40);
  ipv6[0] = 0x60;
  ipv6[6] = 59;               // nothing follows
  ipv6[8] = ipv6[24] = 0xFE;  // between link-local addresses
  ipv6[9] = ipv6[25] = 0x80;
  drops(peer_.encrypted_plaintext(PacketBuilder(ipv6).ppp(wire::PppProtocol::kIpv6, true).octets()),
        DropReason::kIpv6NotUp);
  EXPECT_TRUE(next_passes());
}

TEST_F(Mppe, MPP_12_ClearDataIsRefusedOnceEncryptionIsOn) {
  drops(peer_.clear(inner_packet(kSubscriber, kHost)), DropReason::kClearRefused);
  world_.arrive(kAccessSide, peer_.control(wire::PppProtocol::kLcp, Octets{9, 1, 0, 4}));
  world_.settle();
  EXPECT_TRUE(world_.ppp_frame()) << "PPP control stays in clear";
  EXPECT_TRUE(next_passes());
}

TEST(MppeRequired, MPP_12_NothingInClearEitherWay) {
  World world;
  Peer peer;
  const contract::CallRef call = world.install_up();
  world.tell(call, contract::EnableIp{
                       .call = call, .subscriber = kSubscriber, .peer_mru = 1500, .require_mppe = true});
  world.arrive(kAccessSide, peer.clear(inner_packet(kSubscriber, kHost)));
  world.arrive(kCoreSide, core_frame(inner_packet(kHost, kSubscriber)));
  world.turn();
  EXPECT_EQ(world.dropped(DropReason::kClearRefused), 1U);
  EXPECT_EQ(world.dropped(DropReason::kNoClearSent), 1U);
  world.tell(call, peer.enable_receive(call));
  world.tell(call, peer.enable_send(call));
  world.arrive(kAccessSide, peer.encrypted(inner_packet(kSubscriber, kHost)));
  world.arrive(kCoreSide, core_frame(inner_packet(kHost, kSubscriber)));
  world.turn();
  EXPECT_EQ(world.sent(kCoreSide).size(), 1U);
  EXPECT_EQ(world.sent(kAccessSide).size(), 1U);
  world.tell(call, contract::DisableMppe{call});  // CCP went down: nothing is sent, rather than clear text
  world.arrive(kAccessSide, peer.encrypted(inner_packet(kSubscriber, kHost)));
  world.arrive(kAccessSide, peer.clear(inner_packet(kSubscriber, kHost)));
  world.arrive(kCoreSide, core_frame(inner_packet(kHost, kSubscriber)));
  world.turn();
  EXPECT_TRUE(world.sent(kCoreSide).empty());
  EXPECT_EQ(world.dropped(DropReason::kMppeNotUp), 1U);
  EXPECT_EQ(world.dropped(DropReason::kClearRefused), 2U);
  EXPECT_EQ(world.dropped(DropReason::kNoClearSent), 2U);
  for (const Octets& frame : world.sent(kAccessSide)) {
    EXPECT_FALSE(read_gre(frame).sequence) << "only acknowledgements";
  }
}

// Without require_mppe, too: CCP that goes down, or that has opened in one direction only, is no way back.
TEST(MppePreferred, MPP_13_OnceEncryptedNothingInClearEitherWay) {
  World world;
  Peer peer;
  const contract::CallRef call = world.install_up();
  const auto both_ways_in_clear = [&] {
    world.arrive(kAccessSide, peer.clear(inner_packet(kSubscriber, kHost)));
    world.arrive(kCoreSide, core_frame(inner_packet(kHost, kSubscriber)));
    world.turn();
  };
  both_ways_in_clear();
  EXPECT_EQ(world.sent(kCoreSide).size(), 1U);
  EXPECT_EQ(world.sent(kAccessSide).size(), 1U);
  world.tell(call, peer.enable_receive(call));
  both_ways_in_clear();
  EXPECT_EQ(world.dropped(DropReason::kClearRefused), 1U);
  EXPECT_EQ(world.dropped(DropReason::kNoClearSent), 1U);
  world.tell(call, peer.enable_send(call));
  world.tell(call, contract::DisableMppe{call});
  world.tell(call, contract::DisableIp{call});
  world.tell(call, contract::EnableIp{.call = call, .subscriber = kSubscriber, .peer_mru = 1500});
  both_ways_in_clear();
  EXPECT_EQ(world.dropped(DropReason::kClearRefused), 2U);
  EXPECT_EQ(world.dropped(DropReason::kNoClearSent), 2U);
  EXPECT_TRUE(world.sent(kCoreSide).empty());
  for (const Octets& frame : world.sent(kAccessSide)) {
    EXPECT_FALSE(read_gre(frame).sequence) << "only acknowledgements";
  }
}

TEST_F(Mppe, SEC_12_TheKeysInTheMailboxAreWiped) {
  // The ring's slots are reused in turn; those of the earlier messages must not contain the keys.
  const contract::EnableMppe sent = peer_.enable_receive(call_);
  world_.tell(call_, sent);
  world_.settle();
  const auto* octets = reinterpret_cast<const std::uint8_t*>(&world_.mailbox());
  const std::span<const std::uint8_t> all(octets, sizeof world_.mailbox().to_worker);
  EXPECT_TRUE(std::ranges::search(all, sent.start_key).empty());
  EXPECT_TRUE(std::ranges::search(all, sent.session_key).empty());
}

TEST_F(Mppe, SEC_12_FramesInTheMailboxAreWiped) {
  const Octets secret = {'o', 'p', 'e', 'n', ' ', 's', 'e', 's', 'a', 'm', 'e', '!'};
  Octets frame = {0xFF, 0x03, 0xC0, 0x23, 1, 1, 0, 23, 5, 'a', 'l', 'i', 'c', 'e', 12};
  frame.insert(frame.end(), secret.begin(), secret.end());
  world_.send_ppp(call_, frame);
  const auto* octets = reinterpret_cast<const std::uint8_t*>(&world_.mailbox());
  const std::span<const std::uint8_t> all(octets, sizeof world_.mailbox());
  EXPECT_FALSE(std::ranges::search(all, secret).empty()) << "posted";
  world_.settle();
  EXPECT_TRUE(std::ranges::search(all, secret).empty()) << "sent";
}

// ---- forgery ------------------------------------------------------------------------------------------------------

TEST_F(Mppe, SEC_01_ForgedPacketsWithTheLargestGapMoveNoStateAndStayInTheBudget) {
  ASSERT_TRUE(next_passes());
  // 320 forged packets that each need some 4,000 key changes, then the genuine next one; no time passes.
  for (std::uint32_t i = 0; i < 10 * kBurst; ++i) {
    const std::uint32_t gap = 4000 - i;
    world_.arrive(kAccessSide, peer_.forged(peer_.next_sequence - 1 + gap,
                                            static_cast<std::uint16_t>(peer_.next_count - 1 + gap)));
    world_.settle();
  }
  const std::uint64_t tried = world_.dropped(DropReason::kMppeImplausible);
  EXPECT_LE(tried * 3600, kRekeyCapacity) << "key changes were bounded";
  EXPECT_EQ(world_.dropped(DropReason::kMppeBudget), 10U * kBurst - tried);
  EXPECT_TRUE(next_passes()) << "and the call lives on";
}

TEST_F(Mppe, SEC_01_WhoForgesBlindlyEndsNoIdleCall) {
  constexpr std::uint32_t kForged = 1000;  // over 10 seconds
  ASSERT_TRUE(next_passes());
  std::uint32_t scattered = 1;
  for (std::uint32_t packet = 0; packet < kForged; ++packet) {
    scattered = scattered * 1'664'525 + 1'013'904'223;
    for (const std::uint32_t number : {scattered, 0x4000'0000 + packet, packet * (0xffff'ffff / kForged)}) {
      world_.arrive(kAccessSide, peer_.forged(number, static_cast<std::uint16_t>(scattered >> 20)));
      world_.settle();
      ASSERT_FALSE(world_.told<contract::MppeDesynchronised>()) << packet;
    }
    world_.pass_ms(10);
  }
  EXPECT_TRUE(next_passes());
}

TEST_F(Mppe, SEC_01_ForgedPacketsInOneBurstWithGenuineOnes) {
  std::vector<Octets> inners;
  for (int i = 0; i < 8; ++i) {
    inners.push_back(inner_packet(kSubscriber, kHost, 100));
    world_.arrive(kAccessSide, peer_.forged(peer_.next_sequence + 500, 500));
    world_.arrive(kAccessSide, peer_.encrypted(inners.back()));
    world_.arrive(kAccessSide, peer_.forged(peer_.next_sequence - 1, peer_.next_count));
  }
  world_.settle();
  EXPECT_EQ(world_.sent(kCoreSide).size(), inners.size());
  EXPECT_TRUE(next_passes());
}

TEST(MppeAttack, ABurstOfAllCallsStaysInTheWorkersBudget) {
  World world;
  std::vector<Peer> peers;
  for (std::uint16_t number = 0; number < kBurst; ++number) {
    peers.emplace_back(number);
    const contract::CallRef call = world.install_up(number);
    world.tell(call, peers.back().enable_receive(call));
    world.settle();
    world.arrive(kAccessSide,
                 peers.back().encrypted(inner_packet(wire::Ipv4Address(kSubscriber.value + number), kHost)));
    world.settle();
  }
  EXPECT_EQ(world.sent(kCoreSide).size(), kBurst);
  for (std::uint16_t number = 0; number < kBurst; ++number) {
    world.arrive(kAccessSide, peers[number].forged(peers[number].next_sequence + 3999, 4000));
  }
  world.turn();
  EXPECT_EQ(world.dropped(DropReason::kMppeImplausible), kRekeysPerBurst / 3999);
  EXPECT_EQ(world.dropped(DropReason::kMppeBudget), kBurst - kRekeysPerBurst / 3999);
  for (std::uint16_t number = 0; number < kBurst; ++number) {
    world.arrive(kAccessSide,
                 peers[number].encrypted(inner_packet(wire::Ipv4Address(kSubscriber.value + number), kHost)));
  }
  world.turn();
  EXPECT_EQ(world.sent(kCoreSide).size(), kBurst);
}

TEST(MppeAttack, ACallBesideAFloodLosesNothing) {
  constexpr int kBursts = 200;
  constexpr std::uint32_t kLost = 3;  // the flooded call also loses packets
  World world;
  Peer attacked(0);
  Peer beside(1);
  for (Peer* peer : {&attacked, &beside}) {
    const contract::CallRef call = world.install_up(static_cast<std::uint16_t>(peer == &beside));
    world.tell(call, peer->enable_receive(call));
  }
  world.settle();
  const wire::Ipv4Address source(kSubscriber.value + 1);
  for (int burst = 0; burst < kBursts; ++burst) {
    for (std::uint16_t i = 0; i < kBurst - 1; ++i) {
      const std::uint32_t gap = 4000U - i;
      world.arrive(kAccessSide, attacked.forged(attacked.next_sequence - 1 + gap,
                                                static_cast<std::uint16_t>(attacked.next_count - 1 + gap)));
    }
    beside.lose(kLost);
    world.arrive(kAccessSide, beside.encrypted(inner_packet(source, kHost)));
    world.turn();
    ASSERT_EQ(world.sent(kCoreSide).size(), 1U) << burst;
    world.pass_ms(1);
  }
  // What the attacked call may spend in that time, at some 4,000 changes for all packets of a burst.
  const std::uint64_t budget = kRekeyCapacity + kBursts * kRekeysPerSecond / 1000;
  EXPECT_LE(world.dropped(DropReason::kMppeImplausible) * (4000 - kBurst), budget * (kBurst - 1));
  EXPECT_EQ(world.dropped(DropReason::kMppeImplausible) + world.dropped(DropReason::kMppeBudget),
            std::uint64_t{kBursts} * (kBurst - 1));
  world.arrive(kAccessSide, attacked.encrypted(inner_packet(kSubscriber, kHost)));
  world.turn();
  EXPECT_EQ(world.sent(kCoreSide).size(), 1U) << "and the attacked call lives";
}

}  // namespace
}  // namespace adit::dataplane::path
