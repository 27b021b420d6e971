// SPDX-License-Identifier: Apache-2.0
// Which addresses have calls: counted, for any number of peers, and never wrong about one that has.
#include "dataplane/call/peer_table.hpp"

#include <gtest/gtest.h>

namespace adit::dataplane {
namespace {

constexpr wire::Ipv4Address peer_number(std::uint32_t number) {
  return wire::Ipv4Address(0x64400000 + number);
}

TEST(PeerTable, CountsTheCallsOfAnAddress) {
  PeerTable peers(100);
  const wire::Ipv4Address shared = peer_number(0);
  EXPECT_FALSE(peers.contains(shared));
  for (unsigned call = 0; call < 1000; ++call) {  // behind one CGNAT address
    peers.add(shared);
  }
  for (unsigned call = 0; call < 999; ++call) {
    peers.remove(shared);
    ASSERT_TRUE(peers.contains(shared));
  }
  peers.remove(shared);
  EXPECT_FALSE(peers.contains(shared));
}

TEST(PeerTable, KnowsAsManyPeersAsCallsAndNobodyElse) {
  constexpr std::uint32_t kPeers = 1U << 16;  // the fullest that a table gets: half
  PeerTable peers(kPeers);
  for (std::uint32_t number = 0; number < kPeers; ++number) {
    peers.add(peer_number(2 * number));
  }
  for (std::uint32_t number = 0; number < kPeers; ++number) {
    ASSERT_TRUE(peers.contains(peer_number(2 * number)));
    ASSERT_FALSE(peers.contains(peer_number(2 * number + 1)));
  }
  for (std::uint32_t number = 0; number < kPeers; ++number) {
    peers.remove(peer_number(2 * number));
    ASSERT_FALSE(peers.contains(peer_number(2 * number)));
  }
  EXPECT_LE(peers.octets(), 32 * kPeers);
}

TEST(PeerTable, OverfullItDeniesNobody) {
  constexpr std::uint32_t kPeers = 10'000;
  PeerTable peers(16);
  for (std::uint32_t number = 0; number < kPeers; ++number) {
    peers.add(peer_number(number));
  }
  for (std::uint32_t number = 0; number < kPeers; ++number) {
    ASSERT_TRUE(peers.contains(peer_number(number)));
  }
  for (std::uint32_t number = 0; number < kPeers; ++number) {
    peers.remove(peer_number(kPeers - 1 - number));
  }
  EXPECT_FALSE(peers.contains(peer_number(0))) << "and recovers";
  peers.add(peer_number(7));
  EXPECT_TRUE(peers.contains(peer_number(7)));
  EXPECT_FALSE(peers.contains(peer_number(8)));
}

}  // namespace
}  // namespace adit::dataplane
