// SPDX-License-Identifier: Apache-2.0
// GRE in IPv4 fragments (RFC 791 §3.2): reassembled in any order, never from overlapping fragments, and with
// a limit per source on incomplete datagrams. Also what a peer may send that way, conformance §1.3.
#include <algorithm>

#include "tests/path/packets.hpp"
#include "tests/path/world.hpp"

namespace adit::dataplane::path {
namespace {

class Fragments : public testing::Test {
 protected:
  void arrive(const std::vector<Octets>& frames) {
    for (const Octets& frame : frames) {
      world.arrive(kAccessSide, frame);
    }
    world.settle();
  }
  World world;
  contract::CallRef call = world.install_up();
  Peer peer;
};

TEST_F(Fragments, GRE_12_InOrderReversedAndShuffled) {
  for (const int order : {0, 1, 2}) {
    const Octets inner = inner_packet(kSubscriber, kHost, 1400);
    auto pieces = fragments_of(peer.clear(inner), 400, static_cast<std::uint16_t>(order));
    ASSERT_EQ(pieces.size(), 4U);
    if (order == 1) {
      std::ranges::reverse(pieces);
    } else if (order == 2) {
      std::swap(pieces[0], pieces[2]);
    }
    arrive(pieces);
    const std::vector<Octets> out = world.sent(kCoreSide);
    ASSERT_EQ(out.size(), 1U) << order;
    EXPECT_EQ(read_sent(out[0]).payload(), Octets(inner.begin() + 20, inner.end()));
  }
  EXPECT_EQ(world.counters().reassembled.read(), 3U);
  EXPECT_EQ(world.all_drops(), 0U);
}

TEST_F(Fragments, GRE_12_EncryptedOnesToo) {
  world.tell(call, peer.enable_receive(call));
  for (std::uint16_t n = 0; n < 5; ++n) {
    arrive(fragments_of(peer.encrypted(inner_packet(kSubscriber, kHost, 1456)), 1000, n));
  }
  EXPECT_EQ(world.sent(kCoreSide).size(), 5U);
}

TEST_F(Fragments, GRE_12_OverlappingOnesNeverMakeAPacket) {
  const Octets frame = peer.clear(inner_packet(kSubscriber, kHost, 800));
  const Octets packet(frame.begin() + 14, frame.end());
  arrive({piece_of(packet, 0, 400, 7), piece_of(packet, 200, 600, 7), piece_of(packet, 400, 5000, 7)});
  arrive({piece_of(packet, 0, 400, 8), piece_of(packet, 0, 400, 8), piece_of(packet, 400, 5000, 8)});
  EXPECT_TRUE(world.sent(kCoreSide).empty());
  world.pass_ms(2 * kReassemblyMs);
  world.settle();
  EXPECT_EQ(world.dropped(DropReason::kFragmentIncomplete), 6U);
}

TEST_F(Fragments, GRE_12_IncompleteOnesTimeOut) {
  auto pieces = fragments_of(peer.clear(inner_packet(kSubscriber, kHost, 1000)), 400);
  arrive({pieces[0], pieces[2]});
  world.pass_ms(kReassemblyMs + 10);
  world.settle();
  EXPECT_EQ(world.dropped(DropReason::kFragmentIncomplete), 2U);
  arrive({pieces[1]});
  EXPECT_TRUE(world.sent(kCoreSide).empty());
}  // World's destructor counts the buffers

TEST_F(Fragments, GRE_12_AFloodCostsItsSourceOnly) {
  const Octets flood = access_frame(PacketBuilder(Octets(64)), wire::Ipv4Address(203, 0, 113, 99));
  for (std::uint16_t n = 0; n < 2000; ++n) {
    world.arrive(kAccessSide, fragments_of(flood, 32, n)[0]);
    world.turn();
  }
  EXPECT_EQ(world.dropped(DropReason::kFragmentFlood), 2000U - kFragmentCapacity);
  arrive(fragments_of(peer.clear(inner_packet(kSubscriber, kHost, 1000)), 400));
  EXPECT_EQ(world.sent(kCoreSide).size(), 1U) << "another's packet still goes through";
  world.pass_ms(2 * kReassemblyMs);
  world.settle();
}

TEST_F(Fragments, GRE_12_APeerThatAlwaysFragmentsIsNotAFlood) {
  for (std::uint16_t n = 0; n < 1000; ++n) {
    arrive(fragments_of(peer.clear(inner_packet(kSubscriber, kHost, 100)), 64, n));
  }
  EXPECT_EQ(world.sent(kCoreSide).size(), 1000U);
  EXPECT_EQ(world.all_drops(), 0U);
}

TEST_F(Fragments, GRE_12_TinyAndTooLongAndForOthers) {
  const Octets frame = peer.clear(inner_packet(kSubscriber, kHost, 200));
  arrive(fragments_of(frame, 8, 3));  // 30 fragments: more than a packet may have
  EXPECT_TRUE(world.sent(kCoreSide).empty());
  arrive(fragments_of(access_frame(PacketBuilder(Octets(2400))), 1200, 4));
  EXPECT_EQ(world.dropped(DropReason::kFragmentTooLong), 2U);
  arrive(fragments_of(access_frame(PacketBuilder(Octets(100)), kClient, kHost), 48, 5));
  EXPECT_EQ(world.dropped(DropReason::kUnknownCall), 3U) << "not to an address of ours: not kept";
  world.pass_ms(2 * kReassemblyMs);
  world.settle();
}

// ---- what a peer may send: conformance §1.3, and RFC 2637 §1.4 -----------------------------------------------------------

struct Row {
  bool mppe;
  bool compression;
  std::size_t largest;  // inner packet in one outer packet of 1,500 octets, with acknowledgement
};

class PeersMtu : public testing::TestWithParam<Row> {};

TEST_P(PeersMtu, LargestInOnePieceAndLargerInTwo) {
  const Row row = GetParam();
  World world;
  Peer peer;
  peer.compresses = row.compression;
  const contract::CallRef call = world.install_up();
  if (row.mppe) {
    world.tell(call, peer.enable_receive(call));
  }
  const auto frame_of = [&](std::size_t size, std::uint32_t sequence) {
    const Octets inner = inner_packet(kSubscriber, kHost, size);
    if (row.mppe) {
      return peer.encrypted(inner);  // without an acknowledgement: 4 less
    }
    return access_frame(PacketBuilder(inner)
                            .ppp(wire::PppProtocol::kIpv4, row.compression, row.compression)
                            .gre(sequence, 0));
  };
  const Octets largest = frame_of(row.largest, 0);
  EXPECT_EQ(largest.size() - 14 + (row.mppe ? 4 : 0), 1500U);
  world.arrive(kAccessSide, largest);
  world.settle();
  EXPECT_EQ(world.sent(kCoreSide).size(), 1U);
  for (const std::size_t size : {row.largest + 1, std::size_t{1500}}) {
    for (const Octets& piece : fragments_of(frame_of(size, static_cast<std::uint32_t>(size)), 1480)) {
      EXPECT_LE(piece.size(), 1514U);
      world.arrive(kAccessSide, piece);
    }
    world.settle();
    const std::vector<Octets> out = world.sent(kCoreSide);
    ASSERT_EQ(out.size(), 1U) << size;
    EXPECT_EQ(read_sent(out[0]).packet.size(), size);
  }
  EXPECT_EQ(world.all_drops(), 0U);
}

INSTANTIATE_TEST_SUITE_P(ConformanceTable, PeersMtu,
                         testing::Values(Row{false, false, 1460}, Row{false, true, 1463},
                                         Row{true, false, 1456}, Row{true, true, 1460}));

TEST_F(Fragments, APeerThatIgnoresOurMruMayFill1532Octets) {
  World wide({.core_mtu = 1600});
  wide.install_up();
  Peer other;
  const Octets frame = other.clear(inner_packet(kSubscriber, kHost, 1528));  // FF 03 00 21 precede it
  for (const Octets& piece : fragments_of(frame, 1480)) {
    wide.arrive(kAccessSide, piece);
  }
  wide.settle();
  EXPECT_EQ(wide.sent(kCoreSide).size(), 1U);
}

}  // namespace
}  // namespace adit::dataplane::path
