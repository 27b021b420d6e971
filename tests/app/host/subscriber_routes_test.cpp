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

}  // namespace
}  // namespace adit::app
