// SPDX-License-Identifier: Apache-2.0
// Several claimants of one prefix, and prefixes in each other: who has an address after each of them.
#include "controlplane/concentrator/resources/prefix_claims.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <vector>

namespace adit::control {
namespace {

using wire::Ipv4Address;
using wire::Ipv4Prefix;
using By = PrefixClaim::By;

constexpr Ipv4Prefix kWide{.address = Ipv4Address(10, 1, 0, 0), .length = 16};
constexpr Ipv4Prefix kNarrow{.address = Ipv4Address(10, 1, 2, 0), .length = 24};

contract::CallRef call(std::uint32_t number) {
  return {{0}, number, 1};
}

/// Does what the data plane's index does: an entry for each address of a /24, filled by map and unmap alone.
class Index final : public PrefixActions {
 public:
  static constexpr Ipv4Address kFirst{10, 1, 2, 0};
  void map_prefix(const PrefixClaim& claim) override {
    ++changes;
    for (Entry& entry : entries_) {
      if (claim.prefix.contains(address_of(entry)) && entry.length <= claim.prefix.length) {
        entry = {claim.prefix.length, claim.call.slot};
      }
    }
  }
  void unmap_prefix(const Ipv4Prefix& prefix, const std::optional<PrefixClaim>& heir) override {
    ++changes;
    for (Entry& entry : entries_) {
      if (prefix.contains(address_of(entry)) && entry.length == prefix.length) {
        entry = heir ? Entry{heir->prefix.length, heir->call.slot} : Entry{};
      }
    }
  }
  void map_prefix(const PrefixClaim6& claim) override { said.push_back("map " + to_string(claim.prefix)); }
  void unmap_prefix(const wire::Ipv6Prefix& prefix) override { said.push_back("unmap " + to_string(prefix)); }
  /// Its call's slot; 0: nobody's, or the machine's.
  [[nodiscard]] std::uint32_t at(std::size_t last_octet) const { return entries_[last_octet].slot; }
  int changes = 0;
  std::vector<std::string> said;  // of IPv6

 private:
  struct Entry {
    std::uint8_t length = 0;
    std::uint32_t slot = 0;
  };
  [[nodiscard]] Ipv4Address address_of(const Entry& entry) const {
    return Ipv4Address(kFirst.value + static_cast<std::uint32_t>(&entry - entries_.data()));
  }
  std::array<Entry, 256> entries_{};
};

class PrefixClaimsTest : public testing::Test {
 protected:
  PrefixClaims::Handle claim(const Ipv4Prefix& prefix, std::uint32_t number, By by = By::kNetwork) {
    return claims_.claim(
        {.prefix = prefix, .by = by, .call = number == 0 ? contract::CallRef{} : call(number)});
  }
  Index index_;
  PrefixClaims claims_{index_};
};

TEST_F(PrefixClaimsTest, TheLatestHasItAndTheOneBeforeGetsItBack) {
  const auto old = claim(kNarrow, 1);
  const auto redial = claim(kNarrow, 2);
  EXPECT_EQ(index_.at(7), 2U);
  EXPECT_TRUE(claims_.has_it(redial));
  EXPECT_FALSE(claims_.has_it(old));
  claims_.release(redial);
  EXPECT_EQ(index_.at(7), 1U);
  EXPECT_TRUE(claims_.has_it(old));
  claims_.release(old);
  EXPECT_EQ(index_.at(7), 0U);
}

TEST_F(PrefixClaimsTest, TheEndOfOneThatDoesNotHaveItChangesNothing) {
  const auto old = claim(kNarrow, 1);
  claim(kNarrow, 2);
  const int before = index_.changes;
  claims_.release(old);
  EXPECT_EQ(index_.changes, before);
  EXPECT_EQ(index_.at(7), 2U);
}

TEST_F(PrefixClaimsTest, TheNetworkAroundInheritsWhatLaysInIt) {
  claim(kWide, 1);
  const auto narrow = claim(kNarrow, 2);
  EXPECT_EQ(index_.at(7), 2U);
  claims_.release(narrow);
  EXPECT_EQ(index_.at(7), 1U);
}

TEST_F(PrefixClaimsTest, TheMachineComesBeforeEverySubscriberWheneverItComes) {
  const Ipv4Prefix own{.address = Ipv4Address(10, 1, 2, 7), .length = 32};
  claim(kWide, 1);
  const auto early = claim(own, 2, By::kSubscriber);
  const auto machine = claim(own, 0, By::kMachine);
  const auto late = claim(own, 3);
  EXPECT_EQ(index_.at(7), 0U);
  EXPECT_EQ(index_.at(8), 1U);
  EXPECT_FALSE(claims_.has_it(late));
  claims_.release(machine);
  EXPECT_EQ(index_.at(7), 3U) << "the address has left the machine";
  claims_.release(late);
  claims_.release(early);
  EXPECT_EQ(index_.at(7), 1U);
}

/// Against a plain list of all claims, of which the longest and then the latest wins.
TEST_F(PrefixClaimsTest, RandomClaimsAgreeWithAListOfThem) {
  struct Claim {
    PrefixClaims::Handle handle;
    std::uint32_t number;
    bool machine;
  };
  std::vector<Claim> all;
  std::mt19937 random(11);  // NOLINT: a fixed seed on purpose
  std::uint32_t number = 0;
  for (int step = 0; step < 1000; ++step) {
    if (all.size() < 40 && random() % 2 == 0) {
      Ipv4Prefix prefix{.address = Ipv4Address(Index::kFirst.value + random() % 256),
                        .length = static_cast<std::uint8_t>(16 + random() % 17)};
      prefix.address = Ipv4Address(prefix.address.value & prefix.mask());
      const bool machine = random() % 8 == 0;
      ++number;
      all.push_back(
          {claim(prefix, machine ? 0 : number, machine ? By::kMachine : By::kNetwork), number, machine});
    } else if (!all.empty()) {
      const auto gone = all.begin() + static_cast<std::ptrdiff_t>(random() % all.size());
      claims_.release(gone->handle);
      all.erase(gone);
    }
    for (std::uint32_t last = 0; last < 256; ++last) {
      const Claim* best = nullptr;
      for (const Claim& one : all) {
        const auto rank = [](const Claim& c) {
          return std::tuple(c.handle->prefix.length, c.machine, c.number);
        };
        if (one.handle->prefix.contains(Ipv4Address(Index::kFirst.value + last)) &&
            (best == nullptr || rank(one) > rank(*best))) {
          best = &one;
        }
      }
      ASSERT_EQ(index_.at(last), best == nullptr || best->machine ? 0U : best->number) << "step " << step;
    }
  }
}

}  // namespace
}  // namespace adit::control
