// SPDX-License-Identifier: Apache-2.0
// The longest prefix around an IPv6 address, among as many as there may be, while control changes them.
#include "dataplane/call/prefix_index.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/path/world.hpp"

namespace adit::dataplane::path {
namespace {

wire::Ipv6Prefix prefix(const char* text) {
  return wire::parse_ipv6_prefix(text).value();
}
wire::Ipv6Address address(const char* text) {
  return wire::parse_ipv6_address(text).value();
}
/// The /64 and the /56 of subscriber `number`.
wire::Ipv6Prefix link_of(std::uint32_t number) {
  return {.address = {0x20010db8'0064'0000 + std::uint64_t{number}, 0}, .length = 64};
}
wire::Ipv6Prefix delegated_to(std::uint32_t number) {
  return {.address = {0x20010db9'0000'0000 + (std::uint64_t{number} << 8), 0}, .length = 56};
}

/// Its tables need EAL.
class PrefixIndexTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { Bench::instance(); }
};

TEST_F(PrefixIndexTest, FindsTheLongestPrefixAroundAnAddress) {
  PrefixIndex index(100);
  EXPECT_EQ(index.find(address("2001:db8::1")), 0U);
  ASSERT_TRUE(index.map(prefix("2001:db8::/32"), 32));
  ASSERT_TRUE(index.map(prefix("2001:db8:0:100::/56"), 56));
  ASSERT_TRUE(index.map(prefix("2001:db8:0:101::/64"), 64));
  ASSERT_TRUE(index.map(prefix("2001:db8:0:101:8000::/65"), 65));
  ASSERT_TRUE(index.map(prefix("2001:db8:0:101::7/128"), 128));
  EXPECT_EQ(index.find(address("2001:db8:ffff::1")), 32U);
  EXPECT_EQ(index.find(address("2001:db8:0:1ff::1")), 56U);
  EXPECT_EQ(index.find(address("2001:db8:0:101::1")), 64U);
  EXPECT_EQ(index.find(address("2001:db8:0:101:8000::")), 65U);
  EXPECT_EQ(index.find(address("2001:db8:0:101::7")), 128U);
  EXPECT_EQ(index.find(address("2001:db9::")), 0U);

  index.unmap(prefix("2001:db8:0:101::7/128"));
  index.unmap(prefix("2001:db8:0:100::/56"));
  EXPECT_EQ(index.find(address("2001:db8:0:101::7")), 64U) << "the next longer one has it, no heir is named";
  EXPECT_EQ(index.find(address("2001:db8:0:1ff::1")), 32U);
  index.unmap(prefix("2001:db8:0:100::/56"));
  index.unmap(prefix("2001:db8:0:100::/57"));
  ASSERT_TRUE(index.map(prefix("2001:db8:0:101::/64"), 65));
  EXPECT_EQ(index.find(address("2001:db8:0:101::1")), 65U) << "another call's";
}

TEST_F(PrefixIndexTest, TakesALinkAndADelegatedPrefixOfEveryCall) {
  constexpr std::uint32_t kSubscribers = 1U << 16;
  PrefixIndex index(kSubscribers);
  for (std::uint32_t number = 0; number < kSubscribers; ++number) {
    ASSERT_TRUE(index.map(link_of(number), 2 * number + 1)) << number;
    ASSERT_TRUE(index.map(delegated_to(number), 2 * number + 2)) << number;
  }
  for (std::uint32_t number = 0; number < kSubscribers; ++number) {
    ASSERT_EQ(index.find({link_of(number).address.high, 0x1234}), 2 * number + 1);
    ASSERT_EQ(index.find({delegated_to(number).address.high | 0x42, 1}), 2 * number + 2);
  }
  EXPECT_EQ(index.find({link_of(kSubscribers).address.high, 1}), 0U);
  EXPECT_EQ(index.find({delegated_to(kSubscribers).address.high, 1}), 0U);
  EXPECT_LE(index.octets(), 2U * (32 + 4) * kSubscribers)
      << "for each prefix, 32 octets in a table and 4 in a page";
  for (std::uint32_t number = 0; number < kSubscribers; ++number) {
    index.unmap(link_of(number));
    ASSERT_EQ(index.find({link_of(number).address.high, 1}), 0U);
  }
}

/// Networks of all kinds of lengths share what one length takes; and a length that is gone makes way for another.
TEST_F(PrefixIndexTest, MemoryDoesNotGrowWithTheNumberOfLengths) {
  PrefixIndex index(1U << 16);
  ASSERT_TRUE(index.map(link_of(1), 1));
  const std::uint64_t links = index.octets();
  EXPECT_LE(links, 32U << 16);
  for (std::uint8_t round = 0; round < 4; ++round) {
    for (std::uint8_t length = 63; length > 64 - kMaxPrefixLengths; --length) {
      const auto shorter = static_cast<std::uint8_t>(length - 15 * round);
      const wire::Ipv6Prefix network{.address = wire::Ipv6Prefix::cut(link_of(1).address, shorter),
                                     .length = shorter};
      ASSERT_TRUE(index.map(network, shorter)) << int{shorter};
      ASSERT_EQ(index.find(link_of(0).address), 63U - 15U * round) << int{shorter};
    }
    EXPECT_EQ(index.octets(), 2 * links) << int{round};
    for (std::uint8_t length = 63; length > 64 - kMaxPrefixLengths; --length) {
      const auto shorter = static_cast<std::uint8_t>(length - 15 * round);
      index.unmap({.address = wire::Ipv6Prefix::cut(link_of(1).address, shorter), .length = shorter});
    }
    EXPECT_EQ(index.find(link_of(0).address), 0U);
    EXPECT_EQ(index.find(link_of(1).address), 1U);
  }
}

/// Of hosts beyond nearly all are known as such at once; with a prefix around all of them, none is.
TEST_F(PrefixIndexTest, KnowsStrangersWithoutATable) {
  PrefixIndex index(1U << 12);
  for (std::uint32_t number = 0; number < 1U << 12; ++number) {
    ASSERT_TRUE(index.map(link_of(number), 1));
    ASSERT_TRUE(index.map(delegated_to(number), 2));
    ASSERT_TRUE(index.may_have(link_of(number).address));
    ASSERT_TRUE(index.may_have({delegated_to(number).address.high | 0x42, 1}));
  }
  const auto taken_for_known = [&] {
    std::uint32_t count = 0;
    for (std::uint64_t site = 0; site < 1000; ++site) {
      count += index.may_have({0x2a00'0000'0000'0000 + (site << 32), 1}) ? 1 : 0;
    }
    return count;
  };
  EXPECT_LT(taken_for_known(), 50U);
  ASSERT_TRUE(index.map(prefix("2000::/3"), 3));
  EXPECT_EQ(taken_for_known(), 1000U);
  EXPECT_EQ(index.find(address("2a00:1::1")), 3U);
  index.unmap(prefix("2000::/3"));
  EXPECT_LT(taken_for_known(), 50U) << "a length that is gone costs nothing";
}

/// What a pool gives away side by side is found at a place of its own; each prefix is in one place, whichever it came to.
TEST_F(PrefixIndexTest, NeighboursShareAPage) {
  PrefixIndex index(1U << 12);
  const auto check = [&](std::uint32_t first, std::uint32_t offset) {
    for (std::uint32_t number = 0; number < 100; ++number) {
      ASSERT_EQ(index.find({link_of(number).address.high, 5}), number < first ? 0 : number + offset)
          << number;
    }
  };
  ASSERT_TRUE(index.map(link_of(0), 1));
  const std::uint64_t one = index.octets();
  EXPECT_EQ(index.locate(link_of(0).address), nullptr) << "one alone is not worth a page";
  for (std::uint32_t number = 1; number < 100; ++number) {
    ASSERT_TRUE(index.map(link_of(number), number + 1));
  }
  EXPECT_EQ(index.octets(), one + (16U << 10));
  const auto* entry = index.locate(link_of(99).address);
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->load(), 100U);
  EXPECT_EQ(index.locate(link_of(0).address)->load(), 0U) << "it came before there was a page";
  check(0, 1);
  for (std::uint32_t number = 0; number < 100; ++number) {
    ASSERT_TRUE(index.map(link_of(number), number + 1000));
  }
  check(0, 1000);
  for (std::uint32_t number = 0; number < 50; ++number) {
    index.unmap(link_of(number));
    index.unmap(link_of(number));
  }
  check(50, 1000);
  for (std::uint32_t number = 0; number < 50; ++number) {
    ASSERT_TRUE(index.map(link_of(number), number + 1000));
  }
  EXPECT_EQ(index.locate(link_of(0).address)->load(), 1000U);
  check(0, 1000);
  EXPECT_EQ(index.find(delegated_to(3).address), 0U);
  ASSERT_TRUE(index.map({.address = {link_of(7).address.high, 0}, .length = 128}, 7));
  EXPECT_EQ(index.locate({link_of(7).address.high, 0}), nullptr) << "what is longer comes first";
  EXPECT_EQ(index.find({link_of(7).address.high, 0}), 7U);
}

/// 2001:db8:64:1::/64 and 2001:db8:64::/63 differ in no bit but the one that the longer one has more.
TEST_F(PrefixIndexTest, LengthsThatShareATableAreToldApart) {
  PrefixIndex index(100);
  const wire::Ipv6Address all = address("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff");
  const auto around = [&](std::uint8_t length) {
    return wire::Ipv6Prefix{.address = wire::Ipv6Prefix::cut(all, length), .length = length};
  };
  for (const std::uint8_t length :
       std::initializer_list<std::uint8_t>{32, 33, 62, 63, 64, 65, 66, 126, 127, 128}) {
    ASSERT_TRUE(index.map(around(length), length));
  }
  for (const std::uint8_t length :
       std::initializer_list<std::uint8_t>{128, 127, 126, 66, 65, 64, 63, 62, 33, 32}) {
    ASSERT_EQ(index.find(all), length);
    index.unmap(around(length));
  }
  EXPECT_EQ(index.find(all), 0U);
}

TEST_F(PrefixIndexTest, RefusesWhatItHasNoRoomFor) {
  PrefixIndex index(1);
  EXPECT_FALSE(index.map(prefix("::/0"), 1)) << "everything is nobody's";
  for (std::uint8_t length = 128; length > 128 - kMaxPrefixLengths; --length) {
    ASSERT_TRUE(index.map({.address = {0x20010db8'0000'0000, 0}, .length = length}, length));
  }
  EXPECT_FALSE(index.map(prefix("2001:db8::/64"), 1)) << "one length too many: each costs every lookup";
  EXPECT_TRUE(index.map(prefix("2001:db8:1::/120"), 1)) << "a known length is no further one";
  index.unmap({.address = {0x20010db8'0000'0000, 0}, .length = 119});
  EXPECT_TRUE(index.map(prefix("2001:db8::/64"), 1)) << "nothing is left of one of them";

  const auto alone = [](std::uint32_t number) {  // no neighbours, which would have a page
    return wire::Ipv6Prefix{.address = {0x20010db8'0000'0000 + (std::uint64_t{number} << 20), 0},
                            .length = 64};
  };
  PrefixIndex full(1);
  std::uint32_t taken = 0;
  while (taken < 1000 && full.map(alone(taken), taken + 1)) {
    ++taken;
  }
  ASSERT_LT(taken, 1000U);
  EXPECT_GE(taken, 64U) << "those beside the lines have a place, too";
  for (std::uint32_t number = 0; number < taken; ++number) {
    ASSERT_EQ(full.find(alone(number).address), number + 1);
  }
  full.unmap(alone(0));
  EXPECT_TRUE(full.map(alone(0), 7)) << "and a place that is given back is used";
}

/// Prefixes come and go at the same places; whoever looks up meanwhile gets a prefix's own number or none.
TEST_F(PrefixIndexTest, NeverGivesAnotherPrefixsNumberWhileTheyChange) {
  PrefixIndex index(1);
  constexpr std::uint32_t kPrefixes = 8;
  ASSERT_TRUE(index.map({.address = link_of(0).address, .length = 128}, 1));
  std::atomic<bool> done{false};
  std::uint64_t found = 0, wrong = 0;
  std::thread reader([&] {
    while (!done.load(std::memory_order_relaxed)) {
      for (std::uint32_t number = 0; number < kPrefixes; ++number) {
        const std::uint32_t got = index.find({link_of(number).address.high, number});
        wrong += got != 0 && got != number + 1 ? 1 : 0;
        found += got != 0 ? 1 : 0;
      }
    }
  });
  for (int round = 0; round < 200'000; ++round) {
    const auto number = static_cast<std::uint32_t>(round) % kPrefixes;
    const wire::Ipv6Prefix whole{.address = {link_of(number).address.high, number}, .length = 128};
    ASSERT_TRUE(index.map(whole, number + 1));
    index.unmap(whole);
  }
  done = true;
  reader.join();
  EXPECT_EQ(wrong, 0U);
}

}  // namespace
}  // namespace adit::dataplane::path
