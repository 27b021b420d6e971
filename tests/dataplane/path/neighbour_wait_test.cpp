// SPDX-License-Identifier: Apache-2.0
// Packets of both families that wait for a neighbour; fairness and time are in tests/path. The packets are never looked
// into, so they need no pool.
#include "dataplane/path/neighbour_wait.hpp"

#include <gtest/gtest.h>

#include <type_traits>
#include <vector>

#include "dataplane/call/call.hpp"
#include "dataplane/path/next_hops.hpp"

namespace adit::dataplane {
namespace {

using wire::Ipv4Address;
using wire::Ipv6Address;

constexpr Ipv4Address kFour{10, 0, 0, 1};
constexpr Ipv6Address kSix{0x2001'0db8'0000'0000, 1};
constexpr auto kNobodyGivesUp = [](std::span<rte_mbuf*>) { FAIL(); };

TEST(NeighbourWait, EachFamilysPacketsLeaveByItsOwnNextHop) {
  NeighbourWait waiting;
  std::array<rte_mbuf, 3> packets{};
  CallBudget owner;
  EXPECT_TRUE(waiting.add(&packets[0], kFour, owner, {}, kNobodyGivesUp));
  EXPECT_TRUE(waiting.add(&packets[1], kSix, owner, {}, kNobodyGivesUp));
  EXPECT_TRUE(waiting.add(&packets[2], kSix, owner, {}, kNobodyGivesUp));
  const NextHop four{.port = 4, .link = {}};
  const NextHop six{.port = 6, .link = {}};
  std::vector<std::pair<std::uint16_t, rte_mbuf*>> sent;
  const auto release = [&](const NextHop* hop, CallBudget&, std::span<rte_mbuf* const> released) {
    for (rte_mbuf* packet : released) {
      sent.emplace_back(hop == nullptr ? 0 : hop->port, packet);
    }
  };
  waiting.visit(
      Milliseconds{},
      [&](auto destination) -> const NextHop* {
        if constexpr (std::is_same_v<decltype(destination), Ipv6Address>) {
          return destination == kSix ? &six : nullptr;
        } else {
          return nullptr;
        }
      },
      release);
  EXPECT_EQ(sent, (decltype(sent){{6, &packets[1]}, {6, &packets[2]}}));
  EXPECT_TRUE(waiting.any()) << "IPv4's is not resolved";
  waiting.visit(Milliseconds{}, [&](auto) { return &four; }, release);
  EXPECT_EQ(sent.back(), (std::pair<std::uint16_t, rte_mbuf*>{4, &packets[0]}));
  EXPECT_FALSE(waiting.any());
}

TEST(NeighbourWait, ADestinationsShareCountsForBothFamilies) {
  NeighbourWait waiting;
  rte_mbuf packet{};
  CallBudget owner;
  for (std::uint8_t n = 0; n < kNeighbourWaitShare; ++n) {
    const bool six = n % 2 == 0;
    EXPECT_TRUE(six ? waiting.add(&packet, Ipv6Address{kSix.high, n}, owner, {}, kNobodyGivesUp)
                    : waiting.add(&packet, Ipv4Address(n), owner, {}, kNobodyGivesUp));
  }
  EXPECT_FALSE(waiting.add(&packet, Ipv6Address{kSix.high, 99}, owner, {}, kNobodyGivesUp));
  EXPECT_FALSE(waiting.add(&packet, Ipv4Address(99), owner, {}, kNobodyGivesUp));
  waiting.visit(
      Milliseconds{kNeighbourWaitMs}, [](auto) -> const NextHop* { return nullptr; },
      [](const NextHop*, CallBudget&, std::span<rte_mbuf* const>) {});
}

}  // namespace
}  // namespace adit::dataplane
