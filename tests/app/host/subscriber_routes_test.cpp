// SPDX-License-Identifier: Apache-2.0
// Which prefixes are announced as they change hands. Nothing is written here; what the kernel does is in tests/system.
#include "app/host/netlink/subscriber_routes.hpp"

#include <gtest/gtest.h>

namespace adit::app {
namespace {

using By = control::PrefixClaim::By;

// Nobody's business but an unused table's.
constexpr std::uint32_t kTable = 0xadad;
constexpr wire::Ipv4Prefix kHost{.address = wire::Ipv4Address(10, 64, 0, 9)};

TEST(SubscriberRoutes, WhoeverHasThePrefixLastDecides) {
  for (const bool each : {false, true}) {
    auto opened = SubscriberRoutes::open(kTable, each);
    ASSERT_TRUE(opened) << opened.error();
    SubscriberRoutes& routes = **opened;
    routes.follow({.prefix = kHost, .by = By::kNetwork});
    EXPECT_EQ(routes.announced(), 1U);
    routes.follow({.prefix = kHost, .by = By::kSubscriber});
    EXPECT_EQ(routes.announced(), each ? 1U : 0U) << "another's own address is announced by its pool";
    routes.follow({.prefix = kHost, .by = By::kNetwork});
    EXPECT_EQ(routes.announced(), 1U) << "the first has it back";
    routes.follow({.prefix = kHost, .by = By::kMachine});
    EXPECT_EQ(routes.announced(), 0U);
  }
}

TEST(SubscriberRoutes, APoolThatIsOneAddressStaysAnnounced) {
  auto opened = SubscriberRoutes::open(kTable, false);
  ASSERT_TRUE(opened) << opened.error();
  (*opened)->add_lasting(kHost);
  (*opened)->follow({.prefix = kHost, .by = By::kSubscriber});
  EXPECT_EQ((*opened)->announced(), 1U);
}

TEST(SubscriberRoutes, Ipv6PrefixesAreFollowedTooAndApart) {
  constexpr wire::Ipv6Prefix kLink{.address = {0x2001'0db8'0000'0009, 0}, .length = 64};
  constexpr wire::Ipv6Prefix kSameBits{.address = {0x2001'0db8'0000'0009, 0}, .length = 72};
  auto opened = SubscriberRoutes::open(kTable, false);
  ASSERT_TRUE(opened) << opened.error();
  SubscriberRoutes& routes = **opened;
  routes.follow(kHost, By::kNetwork);
  routes.follow(kLink, By::kNetwork);
  routes.follow(kSameBits, By::kNetwork);
  EXPECT_EQ(routes.announced(), 3U);
  routes.follow(kLink, By::kSubscriber);
  EXPECT_EQ(routes.announced(), 2U) << "announced by its pool";
  routes.remove(kHost);
  routes.remove(kLink);
  EXPECT_EQ(routes.announced(), 1U);
  routes.add_lasting(kLink);
  routes.remove(kLink);
  EXPECT_EQ(routes.announced(), 2U);
}

}  // namespace
}  // namespace adit::app
