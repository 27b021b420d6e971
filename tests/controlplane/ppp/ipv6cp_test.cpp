// SPDX-License-Identifier: Apache-2.0
// IPv6CP packet by packet: interface identifiers that are chosen, asked for, taken or forced.
#include "controlplane/ppp/ipv6cp.hpp"

#include <gtest/gtest.h>

#include "tests/kit/ppp_kit.hpp"
#include "tests/kit/seeded_entropy.hpp"

namespace adit::control {
namespace {

constexpr std::uint64_t kGatewayId = 1;
constexpr std::uint64_t kOwnId = 0x0211'22ff'fe33'4455;

Octets identifier(std::uint64_t value) {
  return option(1, u64(value));
}

class Ipv6cpTest : public testing::Test {
 protected:
  struct Events final : Ipv6cpEvents {
    void expect_ipv6(std::uint64_t subscriber) override { expected.push_back(subscriber); }
    std::vector<std::uint64_t> expected;
  } events;
  Settings settings;
  TimerWheel wheel;
  test::SeededEntropy entropy{7};
  RecordingHost host;
  std::optional<Ipv6cp> ipv6cp;
  Packet request;

  void start(std::optional<std::uint64_t> forced = {}) {
    settings.ipv6.gateway_id = kGatewayId;
    ipv6cp.emplace(settings, wheel, entropy, host, events);
    ipv6cp->force(forced);
    ipv6cp->open();
    ipv6cp->up();
    request = only();
  }
  void receive(const Packet& packet) { ipv6cp->on_packet(packet.octets()); }
  Packet only() {
    const Packets packets = host.take();
    EXPECT_EQ(packets.size(), 1U);
    return packets.empty() ? Packet{} : packets.front();
  }
  /// Of a Nak with one interface identifier.
  static std::uint64_t identifier_in(const Packet& nak) {
    EXPECT_EQ(nak.code, wire::PppCode::kConfigureNak);
    EXPECT_EQ(nak.data.size(), 10U);
    return nak.data.size() == 10 ? wire::load_be<std::uint64_t>(nak.data.data() + 2) : 0;
  }
};

TEST_F(Ipv6cpTest, OurRequestHasTheConfiguredIdentifier) {
  start();
  EXPECT_EQ(request, conf_req(1, identifier(kGatewayId)));
}

TEST_F(Ipv6cpTest, NCP_04_ThePeersOwnIdentifierIsAccepted) {
  start();
  receive(conf_req(5, identifier(kOwnId)));
  EXPECT_EQ(only(), conf_ack(5, identifier(kOwnId)));
  EXPECT_EQ(events.expected, std::vector{kOwnId}) << "before the Ack";
  receive(conf_ack(request.id, request.data));
  EXPECT_TRUE(ipv6cp->opened());
  EXPECT_EQ(ipv6cp->peer(), kOwnId);
}

TEST_F(Ipv6cpTest, NCP_04_ZeroIsNakedWithOneOfOursAndTheSameForARepeat) {
  start();
  receive(conf_req(5, identifier(0)));
  const std::uint64_t suggested = identifier_in(only());
  EXPECT_NE(suggested, 0U);
  EXPECT_NE(suggested, kGatewayId);
  EXPECT_EQ(suggested >> 56 & 0x02, 0U) << "RFC 5072 §4.1: not a universal one";
  receive(conf_req(6, identifier(0)));
  EXPECT_EQ(identifier_in(only()), suggested);
  EXPECT_TRUE(events.expected.empty());
  receive(conf_req(7, identifier(suggested)));
  EXPECT_EQ(only(), conf_ack(7, identifier(suggested)));
}

TEST_F(Ipv6cpTest, APeerWithoutAnOwnIdentifierHasTheSameOneAgain) {
  start();
  receive(conf_req(5, identifier(0)));
  const std::uint64_t suggested = identifier_in(only());
  receive(conf_req(6, identifier(suggested)));
  ipv6cp->down();
  ipv6cp->up();
  host.take();
  receive(conf_req(7, identifier(0)));
  EXPECT_EQ(identifier_in(only()), suggested);
}

TEST_F(Ipv6cpTest, NCP_04_OurOwnIsNakedWithAnother) {
  start();
  receive(conf_req(5, identifier(kGatewayId)));
  const std::uint64_t suggested = identifier_in(only());
  EXPECT_NE(suggested, kGatewayId);
  EXPECT_NE(suggested, 0U);
}

TEST_F(Ipv6cpTest, AMissingIdentifierIsAskedForAndThenTakenAsSuggested) {
  start();
  receive(conf_req(1));
  const std::uint64_t suggested = identifier_in(only());
  for (unsigned id = 2; id <= settings.ppp.max_failure; ++id) {
    receive(conf_req(id));
  }
  host.take();
  receive(conf_req(9));
  EXPECT_EQ(only(), conf_ack(9));
  EXPECT_EQ(events.expected, std::vector{suggested});
}

TEST_F(Ipv6cpTest, NCP_04_CompressionAndUnknownOptionsAreRejected) {
  start();
  const Octets compression = option(2, {0x00, 0x4F});
  const Octets unknown = option(77, {1});
  receive(conf_req(1, identifier(0) + compression + unknown));
  EXPECT_EQ(only(), conf_rej(1, compression + unknown));
  receive(conf_req(2, identifier(kOwnId)));
  EXPECT_EQ(only(), conf_ack(2, identifier(kOwnId)));
}

TEST_F(Ipv6cpTest, IdentifiersOfWrongLengthAreRejected) {
  start();
  receive(conf_req(1, option(1, u32(1))));
  EXPECT_EQ(only(), conf_rej(1, option(1, u32(1))));
}

TEST_F(Ipv6cpTest, NCP_04_AForcedIdentifierIsTheOnlyOne) {
  constexpr std::uint64_t kForced = 0xabcd;
  start(kForced);
  for (const std::uint64_t wish : {std::uint64_t{0}, kGatewayId, kOwnId}) {
    receive(conf_req(1, identifier(wish)));
    EXPECT_EQ(only(), conf_nak(1, identifier(kForced)));
  }
  receive(conf_req(2, identifier(kForced)));
  EXPECT_EQ(only(), conf_ack(2, identifier(kForced)));
  EXPECT_EQ(events.expected, std::vector{kForced});
}

TEST_F(Ipv6cpTest, WhoInsistsOnAnotherThanTheForcedOneIsGivenUp) {
  start(0xabcd);
  for (unsigned id = 1; id < settings.ppp.max_configure; ++id) {
    receive(conf_req(id, identifier(kOwnId)));
    const bool naked = id <= settings.ppp.max_failure;
    EXPECT_EQ(only(), naked ? conf_nak(id, identifier(0xabcd)) : conf_rej(id, identifier(kOwnId)));
  }
  EXPECT_TRUE(host.take_events().empty());
  receive(conf_req(10, identifier(kOwnId)));
  EXPECT_EQ(host.take_events(), std::vector<std::string>{"failed ipv6_failed"});
}

TEST_F(Ipv6cpTest, OursIsNotThePeersToChoose) {
  start();
  for (unsigned naks = 1; naks < settings.ppp.max_configure; ++naks) {
    receive(conf_nak(request.id, identifier(99)));
    request = only();
    EXPECT_EQ(request.data, identifier(kGatewayId));
  }
  EXPECT_TRUE(host.take_events().empty());
  receive(conf_nak(request.id, identifier(99)));
  EXPECT_EQ(host.take_events(), std::vector<std::string>{"failed ipv6_failed"});
  EXPECT_TRUE(host.take().empty());
}

TEST_F(Ipv6cpTest, ARejectedIdentifierIsGivenUp) {
  start();
  receive(conf_rej(request.id, request.data));
  EXPECT_EQ(only(), conf_req(2));
}

TEST_F(Ipv6cpTest, RandomIdentifiersAreNeitherZeroNorOursNorUniversal) {
  struct Fixed final : Entropy {
    std::vector<std::uint8_t> octets;
    std::size_t at = 0;
    void fill(std::span<std::uint8_t> out) override {
      for (std::uint8_t& octet : out) {
        octet = octets.at(at++);
      }
    }
  } fixed;
  fixed.octets = Octets(8, 0) + u64(0x0200'0000'0000'0001) + u64(0xFFFF'FFFF'FFFF'FFFF);
  EXPECT_EQ(random_interface_id(fixed, 1), 0xFDFF'FFFF'FFFF'FFFF);
}

}  // namespace
}  // namespace adit::control
