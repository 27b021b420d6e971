// SPDX-License-Identifier: Apache-2.0
// Packets of newly dialled calls arrive at their owner: control's choices (worker, call ID, address) against
// a NIC whose RSS is computed here bit by bit from the definition, not by the code under test.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "app/host/port_steering.hpp"
#include "controlplane/concentrator/resources/address_pool.hpp"
#include "controlplane/concentrator/resources/call_ids.hpp"
#include "controlplane/concentrator/resources/prefix_pools.hpp"
#include "controlplane/concentrator/resources/seating.hpp"
#include "tests/kit/seeded_entropy.hpp"
#include "tests/path/packets.hpp"
#include "tests/path/world.hpp"

namespace adit::dataplane::path {
namespace {

using contract::WorkerId;
using wire::Ipv4Address;

// Microsoft's "Scalable networking with RSS" gives this key, with the hashes of some addresses.
const std::vector<std::uint8_t> kKey{0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
                                     0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
                                     0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
                                     0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

/// For every input bit that is set, XORs the 32 key bits starting at that position.
std::uint32_t toeplitz(const std::vector<std::uint8_t>& input) {
  std::uint32_t hash = 0;
  for (std::size_t bit = 0; bit < input.size() * 8; ++bit) {
    if ((input[bit / 8] >> (7 - bit % 8) & 1) == 0) {
      continue;
    }
    std::uint32_t window = 0;
    for (std::size_t i = bit; i < bit + 32; ++i) {
      window = window << 1 | (kKey[i / 8] >> (7 - i % 8) & 1U);
    }
    hash ^= window;
  }
  return hash;
}

void append(std::vector<std::uint8_t>& octets, Ipv4Address address) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    octets.push_back(static_cast<std::uint8_t>(address.value >> shift));
  }
}

/// The NIC: a table of 128 entries over the queues in turn, as drivers set it up.
struct Nic {
  std::uint16_t queues;
  [[nodiscard]] std::uint16_t access_queue(Ipv4Address peer, Ipv4Address local) const {
    std::vector<std::uint8_t> tuple;
    append(tuple, peer);
    append(tuple, local);
    return static_cast<std::uint16_t>(toeplitz(tuple) % 128 % queues);
  }
  [[nodiscard]] std::uint16_t core_queue(Ipv4Address subscriber) const {
    std::vector<std::uint8_t> tuple;
    append(tuple, subscriber);
    return static_cast<std::uint16_t>(toeplitz(tuple) % 128 % queues);
  }
};

TEST(Steering, TheTestsOwnToeplitzGivesThePublishedHash) {
  std::vector<std::uint8_t> tuple;
  append(tuple, Ipv4Address(66, 9, 149, 187));
  append(tuple, Ipv4Address(161, 142, 100, 80));
  EXPECT_EQ(toeplitz(tuple), 0x323e8fc2U);
}

OpenPort port_with(PortRole role, SteeringBy by, std::uint16_t queues) {
  OpenPort port;
  port.port.role = role;
  port.steering.by = by;
  port.steering.rss.key = kKey;
  port.steering.rss.destination_only = by == SteeringBy::kDestination;
  for (std::uint16_t at = 0; at < 128; ++at) {
    port.steering.rss.reta.push_back(at % queues);
  }
  return port;
}

/// The part of a control plane that seats calls, with workers on queues and no network.
class Steered {
 public:
  static constexpr std::uint32_t kCalls = 4096;
  static constexpr Ipv4Address kFirstSubscriber{10, 64, 0, 2};

  explicit Steered(std::uint16_t workers)
      : nic{workers},
        world({.workers = workers, .slots = kCalls}),
        seating(workers),
        ids(workers, control::Duration(60'000), wheel, entropy),
        pools(ip_, wheel, workers, view) {
    ports_.push_back(port_with(PortRole::kAccess, SteeringBy::kAddresses, workers));
    ports_.push_back(port_with(PortRole::kCore, SteeringBy::kDestination, workers));
    view = app::PortSteeringView(ports_, workers);
    const std::vector<RouteEntry> routes{
        {.prefix = Ipv4Address(11, 0, 0, 0),
         .length = 8,
         .paths = {{.ifindex = 11, .gateway = Ipv4Address(192, 0, 2, 254)}}},
        {.prefix = {}, .length = 0, .paths = {{.ifindex = 12, .gateway = Ipv4Address(198, 51, 100, 2)}}}};
    const std::vector<NeighbourEntry> neighbours{{11, Ipv4Address(192, 0, 2, 254), kClientMac},
                                                 {12, Ipv4Address(198, 51, 100, 2), kRouterMac}};
    world.publish(routes, neighbours);
  }

  /// A call is dialled from `peer` and carries a packet each way, on the queues that the NIC chooses.
  void dial(Ipv4Address peer) {
    const WorkerId owner = seating.choose(view.uplink(kServer, peer));
    const auto id = ids.allocate(kServer, peer, owner);
    const auto subscriber = pools.lease_any("default", owner);
    ASSERT_TRUE(id && subscriber);
    ASSERT_TRUE(given_.insert(*subscriber).second);
    const contract::CallRef call{owner, seating.workers()[owner.value].calls, 1};
    seating.took(owner);
    world.tell(
        call,
        contract::InstallCall{
            .call = call, .local = kServer, .peer = peer, .local_id = *id, .peer_id = wire::PeerCallId(1)});
    world.tell(call, contract::EnableIp{
                         .call = call, .subscriber = *subscriber, .peer_mru = 1500, .require_mppe = false});
    ASSERT_TRUE(world.index().map_call(kServer, peer, *id, call));
    ASSERT_TRUE(world.index().map_subscriber(*subscriber, call));
    world.arrive(kAccessSide,
                 access_frame(PacketBuilder(inner_packet(*subscriber, kHost))
                                  .ppp(wire::PppProtocol::kIpv4)
                                  .gre(0, std::nullopt, id->value),
                              peer),
                 nic.access_queue(peer, kServer));
    world.arrive(kCoreSide, core_frame(inner_packet(kHost, *subscriber)), nic.core_queue(*subscriber));
    world.settle();
    delivered_up += world.sent(kCoreSide).size();
    for (const Octets& frame : world.sent(kAccessSide)) {
      delivered_down += read_gre(frame).sequence ? 1 : 0;
    }
  }

  [[nodiscard]] std::uint64_t missed(Side side) const {
    std::uint64_t count = 0;
    for (std::uint16_t w = 0; w < nic.queues; ++w) {
      count += world.counters(w).arrivals[Bench::instance().ports[side]].steer_miss.read();
    }
    return count;
  }
  [[nodiscard]] double worst_share() const {
    const double mean = static_cast<double>(kCalls) / nic.queues;
    double worst = 0;
    for (const control::WorkerSeats& worker : seating.workers()) {
      worst = std::max(worst, std::abs(worker.calls - mean) / mean);
    }
    return worst;
  }

  Nic nic;
  World world;
  control::TimerWheel wheel;
  test::SeededEntropy entropy{7};
  control::Seating seating;
  control::CallIds ids;
  app::PortSteeringView view{{}, 1};
  std::uint64_t delivered_up = 0;
  std::uint64_t delivered_down = 0;

 private:
  static control::IpSettings ip_settings() {
    control::IpSettings settings;
    settings.pools = {{"default", {{kFirstSubscriber, Ipv4Address(10, 64, 255, 254)}}}};
    return settings;
  }
  std::vector<OpenPort> ports_;
  control::IpSettings ip_ = ip_settings();
  std::set<Ipv4Address> given_;

 public:
  control::AddressPools pools;
};

class SteeringQueues : public testing::TestWithParam<std::uint16_t> {};

TEST_P(SteeringQueues, PacketsOfRandomClientsArriveAtTheirOwner) {
  Steered house(GetParam());
  std::mt19937 random(2637);
  for (std::uint32_t n = 0; n < Steered::kCalls; ++n) {
    house.dial(Ipv4Address(Ipv4Address(11, 0, 0, 0).value | (random() & 0xffffff)));
  }
  EXPECT_EQ(house.delivered_up, Steered::kCalls);
  EXPECT_EQ(house.delivered_down, Steered::kCalls);
  RecordProperty("missed_up", static_cast<int>(house.missed(kAccessSide)));
  RecordProperty("missed_down", static_cast<int>(house.missed(kCoreSide)));
  std::printf(
      "%u queues, %u calls: missed up %llu, down %llu; largest deviation of a worker's calls %.1f %%\n",
      GetParam(), Steered::kCalls, static_cast<unsigned long long>(house.missed(kAccessSide)),
      static_cast<unsigned long long>(house.missed(kCoreSide)), 100 * house.worst_share());
  EXPECT_LE(house.missed(kAccessSide), Steered::kCalls / 100);
  EXPECT_LE(house.missed(kCoreSide), Steered::kCalls / 100);
  EXPECT_LE(house.worst_share(), 0.05);
}

TEST_P(SteeringQueues, OneCgnatAddressStillUsesAllWorkers) {
  Steered house(GetParam());
  for (std::uint32_t n = 0; n < Steered::kCalls; ++n) {
    house.dial(Ipv4Address(11, 1, 2, 3));
  }
  EXPECT_EQ(house.delivered_up, Steered::kCalls);
  EXPECT_EQ(house.delivered_down, Steered::kCalls);
  EXPECT_LE(house.worst_share(), 0.05);
  EXPECT_LE(house.missed(kCoreSide), Steered::kCalls / 100) << "the way down is by the subscriber's address";
  const double others = 1.0 - 1.0 / GetParam();
  EXPECT_NEAR(static_cast<double>(house.missed(kAccessSide)), Steered::kCalls * others,
              Steered::kCalls * 0.05)
      << "one hash, one queue: the rest is handed off";
}

TEST_P(SteeringQueues, AnIdledWorkerGetsNoNewCall) {
  Steered house(GetParam());
  std::mt19937 random(1);
  const auto dial_some = [&] {
    for (int n = 0; n < 400; ++n) {
      house.dial(Ipv4Address(Ipv4Address(11, 0, 0, 0).value | (random() & 0xffffff)));
    }
  };
  dial_some();
  const std::uint32_t before = house.seating.workers()[1].calls;
  EXPECT_GT(before, 0U);
  ASSERT_TRUE(house.seating.set_in_use({1}, false));
  dial_some();
  EXPECT_EQ(house.seating.workers()[1].calls, before);
  ASSERT_TRUE(house.seating.set_in_use({1}, true));
  dial_some();
  EXPECT_GT(house.seating.workers()[1].calls, before);
  EXPECT_EQ(house.delivered_up, 1200U);
  EXPECT_EQ(house.delivered_down, 1200U);
}

INSTANTIATE_TEST_SUITE_P(TwoAndFour, SteeringQueues, testing::Values(2, 4));

// ---- IPv6 -------------------------------------------------------------------------------------------------

void append(std::vector<std::uint8_t>& octets, const wire::Ipv6Address& address) {
  octets.resize(octets.size() + wire::kIpv6AddressSize);
  wire::store_ipv6(octets.data() + octets.size() - wire::kIpv6AddressSize, address);
}

wire::Ipv6Prefix prefix6(std::string_view text) {
  return wire::parse_ipv6_prefix(text).value();
}

TEST(Steering6, TheTestsOwnToeplitzGivesThePublishedHash) {
  std::vector<std::uint8_t> tuple;
  append(tuple, wire::parse_ipv6_address("3ffe:2501:200:1fff::7").value());
  append(tuple, wire::parse_ipv6_address("3ffe:2501:200:3::1").value());
  EXPECT_EQ(toeplitz(tuple), 0x2cc18cd5U);
}

const std::vector<SubscriberPrefixes> kPools6{{.prefix = prefix6("2001:db8:64::/48"), .length = 64},
                                              {.prefix = prefix6("2001:db8:5600::/40"), .length = 56},
                                              {.prefix = prefix6("2001:db8:1::/112"), .length = 128}};

control::Ipv6Settings settings_of(std::span<const SubscriberPrefixes> pools) {
  control::Ipv6Settings settings;
  for (const SubscriberPrefixes& pool : pools) {
    const auto use = pool.length == 64    ? control::Ipv6Use::kLink
                     : pool.length == 128 ? control::Ipv6Use::kAddress
                                          : control::Ipv6Use::kDelegate;
    settings.pools.push_back({.prefix = pool.prefix, .length = pool.length, .use = use});
  }
  return settings;
}

/// Any address behind the prefix, as its hosts choose.
wire::Ipv6Address behind(const wire::Ipv6Prefix& prefix, std::mt19937_64& random) {
  const wire::Ipv6Address any{random(), random()};
  const wire::Ipv6Address upper = wire::Ipv6Prefix::cut(any, prefix.length);
  return {prefix.address.high | (any.high ^ upper.high), prefix.address.low | (any.low ^ upper.low)};
}

/// The queue that flow rules name, the way a NIC compares them.
std::vector<std::uint16_t> queues_by_rules(const wire::Ipv6Address& destination, std::uint16_t workers) {
  std::vector<std::uint16_t> queues;
  for (const SubscriberPrefixes& pool : kPools6) {
    for (std::uint16_t worker = 0; worker < workers; ++worker) {
      const Ipv6Match rule = share_of(pool, worker, workers).value();
      if ((destination.high & rule.mask.high) == rule.bits.high &&
          (destination.low & rule.mask.low) == rule.bits.low) {
        queues.push_back(worker);
      }
    }
  }
  return queues;
}

class Steering6Workers : public testing::TestWithParam<std::uint16_t> {};

TEST_P(Steering6Workers, ByFlowRulesAllAddressesBehindAPrefixArriveAtItsCallsOwner) {
  const std::uint16_t workers = GetParam();
  std::vector<OpenPort> ports;
  ports.push_back(port_with(PortRole::kCore, SteeringBy::kRules, workers));
  ports.back().steering.prefixes = kPools6;
  const app::PortSteeringView view(ports, workers);
  const control::Ipv6Settings settings = settings_of(kPools6);
  control::TimerWheel wheel;
  control::PrefixPools pools(settings, control::Duration(1000), wheel, workers, view);
  std::mt19937_64 random(6);  // NOLINT: a fixed seed on purpose
  for (int n = 0; n < 1000; ++n) {
    const WorkerId owner{static_cast<std::uint16_t>(random() % workers)};
    for (const auto use :
         {control::Ipv6Use::kLink, control::Ipv6Use::kDelegate, control::Ipv6Use::kAddress}) {
      const auto leased = pools.lease_any(use, "default", "", owner);
      ASSERT_TRUE(leased);
      ASSERT_EQ(queues_by_rules(behind(*leased, random), workers), std::vector{owner.value})
          << wire::to_string(*leased);
    }
  }
}

TEST_P(Steering6Workers, ByTheHashOfDestinationsSingleAddressesArriveAndPrefixesAreAnybodys) {
  const std::uint16_t workers = GetParam();
  std::vector<OpenPort> ports;
  ports.push_back(port_with(PortRole::kCore, SteeringBy::kDestination, workers));
  const app::PortSteeringView ipv4_only(ports, workers);
  EXPECT_EQ(ipv4_only.downlink(prefix6("2001:db8:1::5/128")), std::nullopt) << "it hashes no IPv6";
  ports.back().steering.rss.ipv6 = true;
  const app::PortSteeringView view(ports, workers);
  const control::Ipv6Settings settings = settings_of(kPools6);
  control::TimerWheel wheel;
  control::PrefixPools pools(settings, control::Duration(1000), wheel, workers, view);
  std::mt19937_64 random(6);  // NOLINT: a fixed seed on purpose
  for (int n = 0; n < 1000; ++n) {
    const WorkerId owner{static_cast<std::uint16_t>(random() % workers)};
    const auto leased = pools.lease_any(control::Ipv6Use::kAddress, "default", "", owner);
    ASSERT_TRUE(leased);
    std::vector<std::uint8_t> tuple;
    append(tuple, leased->address);
    ASSERT_EQ(toeplitz(tuple) % 128 % workers, owner.value) << wire::to_string(*leased);
  }
  EXPECT_EQ(view.downlink(prefix6("2001:db8:64::/64")), std::nullopt) << "hosts choose the rest";
}

INSTANTIATE_TEST_SUITE_P(TwoAndEight, Steering6Workers, testing::Values(2, 8));

TEST(Steering6, APoolWithFewerPrefixesThanWorkersHasNoShares) {
  const SubscriberPrefixes two{.prefix = prefix6("2001:db8::/63"), .length = 64};
  EXPECT_TRUE(share_of(two, 1, 2));
  EXPECT_FALSE(share_of(two, 1, 4));
  EXPECT_FALSE(sharer_of(two, two.prefix.address, 4));
  EXPECT_FALSE(share_of(two, 1, 3)) << "no power of two";
}

/// RFC 8415's delegated prefixes and ours may lie across the halves of an address.
TEST(Steering6, SharesAreRightWhereverThePrefixEnds) {
  for (std::uint8_t length = 20; length <= 128; ++length) {
    const SubscriberPrefixes pool{.prefix = prefix6("2001::/16"), .length = length};
    for (std::uint16_t worker = 0; worker < 16; ++worker) {
      const auto share = share_of(pool, worker, 16);
      ASSERT_TRUE(share) << int{length};
      ASSERT_EQ(sharer_of(pool, share->bits, 16), worker) << int{length};
      ASSERT_EQ(wire::Ipv6Prefix::cut(share->bits, length), share->bits) << int{length};
    }
  }
}

}  // namespace
}  // namespace adit::dataplane::path
