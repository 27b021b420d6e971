// SPDX-License-Identifier: Apache-2.0
#include "crypto/random_pool.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <vector>

#include "crypto/library.hpp"

namespace adit::crypto {
namespace {

using Draw = std::array<std::uint8_t, 16>;

TEST(RandomPool, NoOctetsAreGivenOutTwice) {
  ASSERT_TRUE(initialise().has_value());
  RandomPool pool, other;
  std::set<Draw> seen;
  constexpr std::size_t kDraws = 3 * RandomPool::kSize;  // each pool is filled dozens of times
  for (std::size_t i = 0; i < kDraws; ++i) {
    Draw draw{}, beside{};
    pool.fill(draw);
    other.fill(beside);
    seen.insert(draw);
    seen.insert(beside);
  }
  EXPECT_EQ(seen.size(), 2 * kDraws);
}

/// Sizes that do not divide the pool's, less than it and more: a draw that goes on in the next filling is whole. An octet is 0
/// in eight draws running with a chance of 2^-64.
TEST(RandomPool, EveryOctetOfADrawIsRandom) {
  ASSERT_TRUE(initialise().has_value());
  RandomPool pool;
  for (const std::size_t size : {std::size_t{1}, std::size_t{7}, std::size_t{48}, RandomPool::kSize + 1}) {
    for (std::size_t round = 0; round < 2 * RandomPool::kSize / size + 1; ++round) {
      std::vector<std::uint8_t> changed(size, 0);
      for (int draw = 0; draw < 8; ++draw) {
        std::vector<std::uint8_t> octets(size, 0);
        pool.fill(octets);
        std::ranges::transform(changed, octets, changed.begin(), std::bit_or<std::uint8_t>());
      }
      EXPECT_EQ(std::ranges::count(changed, 0), 0) << "draws of " << size;
    }
  }
}

TEST(RandomPool, KeepsNothingThatItGaveOut) {
  ASSERT_TRUE(initialise().has_value());
  RandomPool pool;
  Draw draw{};
  pool.fill(draw);
  const auto* at = reinterpret_cast<const std::uint8_t*>(&pool);
  EXPECT_EQ(std::search(at, at + sizeof pool, draw.begin(), draw.end()), at + sizeof pool);
}

}  // namespace
}  // namespace adit::crypto
