// SPDX-License-Identifier: Apache-2.0
// GRE in IPv4 fragments (RFC 791 §3.2): reassembled in any order, never from overlapping fragments, and with
// a fair share for each peer, whatever strangers and other peers send. Also what a peer may send that way, conformance §1.3.
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

/// The first fragment of a packet that never completes.
Octets hopeless(wire::Ipv4Address source, std::uint16_t id) {
  return fragments_of(access_frame(PacketBuilder(Octets(64)), source), 32, id)[0];
}

/// Sends `packets` fragmented packets of the client, and whatever `between` sends in front of each fragment.
/// Returns how many come through.
template <typename Between>
std::size_t come_through(World& world, Peer& peer, unsigned packets, Between between) {
  std::size_t through = 0;
  for (unsigned n = 0; n < packets; ++n) {
    const Octets frame = peer.clear(inner_packet(kSubscriber, kHost, 1000));
    for (const Octets& piece : fragments_of(frame, 400, static_cast<std::uint16_t>(n))) {
      between();
      world.arrive(kAccessSide, piece);
      world.settle();
    }
    through += world.sent(kCoreSide).size();
  }
  return through;
}

void expire(World& world) {
  world.pass_ms(2 * kReassemblyMs);
  world.settle();
}

TEST_F(Fragments, GRE_12_StrangersFragmentsAreNotKept) {
  constexpr std::uint32_t kStrangers = 20;
  std::uint32_t sent = 0;
  const auto strangers = [&] {
    for (std::uint32_t n = 0; n < 64; ++n, ++sent) {
      world.arrive(kAccessSide, hopeless(wire::Ipv4Address(0xcb007100 + sent % kStrangers),
                                         static_cast<std::uint16_t>(sent / kStrangers)));
    }
  };
  EXPECT_EQ(come_through(world, peer, 100, strangers), 100U);
  EXPECT_EQ(world.dropped(DropReason::kFragmentStranger), sent);
  EXPECT_EQ(world.all_drops(), sent);
}

TEST_F(Fragments, GRE_12_APeersFloodCostsItselfOnly) {
  world.install_up(1);
  const wire::Ipv4Address hostile(kClient.value + 1);
  std::uint16_t id = 0;
  const auto flood = [&] {
    for (unsigned n = 0; n < 30; ++n) {
      world.arrive(kAccessSide, hopeless(hostile, id++));
    }
  };
  EXPECT_EQ(come_through(world, peer, 100, flood), 100U);
  EXPECT_EQ(world.dropped(DropReason::kFragmentFlood), id - std::uint32_t{kReassemblyShare});
  expire(world);
  EXPECT_EQ(world.dropped(DropReason::kFragmentIncomplete), std::uint32_t{kReassemblyShare});
}

TEST_F(Fragments, GRE_12_ManyHostilePeersDisplaceEachOther) {
  constexpr std::uint16_t kHostile = 60;
  static_assert(kHostile * kReassemblyShare > kReassemblies);
  for (std::uint16_t number = 1; number <= kHostile; ++number) {
    world.install_up(number);
  }
  std::uint32_t sent = 0;
  const auto flood = [&] {
    for (unsigned n = 0; n < kHostile; ++n, ++sent) {
      world.arrive(kAccessSide, hopeless(wire::Ipv4Address(kClient.value + 1 + sent % kHostile),
                                         static_cast<std::uint16_t>(sent / kHostile)));
    }
  };
  EXPECT_EQ(come_through(world, peer, 100, flood), 100U);
  EXPECT_EQ(world.dropped(DropReason::kFragmentFlood), sent - (kReassemblies - 1))
      << "one place was the client's";
  expire(world);
}

TEST_F(Fragments, GRE_12_PeersAreThoseWhoHaveACall) {
  const auto pieces = fragments_of(peer.clear(inner_packet(kSubscriber, kHost, 1000)), 600);
  const contract::CallRef second{{0}, 7, 7};
  const wire::LocalCallId other(0x4321);  // a second call from behind the same address
  ASSERT_TRUE(world.index().map_call(kServer, kClient, other, second));
  world.index().unmap_call(kServer, kClient, other);
  arrive(pieces);
  EXPECT_EQ(world.sent(kCoreSide).size(), 1U);
  world.index().unmap_call(kServer, kClient, kLocalId);
  arrive(pieces);
  EXPECT_EQ(world.dropped(DropReason::kFragmentStranger), pieces.size());
}

TEST_F(Fragments, GRE_12_FragmentsThatContradictEachOtherNeverMakeAPacket) {
  const Octets frame = peer.clear(inner_packet(kSubscriber, kHost, 800));
  const Octets packet(frame.begin() + 14, frame.end());
  const Octets shorter(packet.begin(), packet.begin() + 20 + 408);
  arrive({piece_of(packet, 0, 400, 1), piece_of(packet, 408, 5000, 1), piece_of(shorter, 400, 5000, 1)});
  arrive({piece_of(packet, 408, 800, 2), piece_of(shorter, 400, 5000, 2), piece_of(packet, 0, 400, 2)});
  Octets odd = piece_of(packet, 0, 400, 3);
  odd = PacketBuilder(Octets(odd.begin() + 34, odd.begin() + 34 + 397)).ip(kClient, kServer, 47).octets();
  odd[6] = 0x20;  // more fragments, but not a multiple of 8 octets
  wire::store_be<std::uint16_t>(odd.data() + 10, 0);
  wire::store_be(odd.data() + 10, wire::internet_checksum({odd.data(), 20}));
  arrive({PacketBuilder(odd).ethernet(kAccessMac, kClientMac).octets()});
  EXPECT_EQ(world.dropped(DropReason::kOuterHeader), 1U);
  EXPECT_TRUE(world.sent(kCoreSide).empty());
  expire(world);
  EXPECT_EQ(world.dropped(DropReason::kFragmentIncomplete), 6U);
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
  arrive(fragments_of(frame, 8, 3));  // 28 fragments: as good as two
  EXPECT_EQ(world.sent(kCoreSide).size(), 1U);
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
