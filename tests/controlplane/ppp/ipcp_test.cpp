// SPDX-License-Identifier: Apache-2.0
// IPCP packet by packet: addresses, name servers, rejected options, and peers that insist.
#include "controlplane/ppp/ipcp.hpp"

#include <gtest/gtest.h>

#include "tests/kit/ppp_kit.hpp"

namespace adit::control {
namespace {

using wire::Ipv4Address;

constexpr Ipv4Address kPeer{10, 64, 0, 2};
constexpr Ipv4Address kGateway{10, 64, 0, 1};
constexpr Ipv4Address kDns1{198, 51, 100, 53};
constexpr Ipv4Address kDns2{198, 51, 100, 54};

Octets address(unsigned type, Ipv4Address value) {
  return option(type, u32(value.value));
}

class IpcpTest : public testing::Test {
 protected:
  struct Events final : IpcpEvents {
    void expect_ip(wire::Ipv4Address) override { ++times; }
    int times = 0;
  } events;
  Settings settings;
  TimerWheel wheel;
  RecordingHost host;
  std::optional<Ipcp> ipcp;
  Packet request;

  void start() {
    settings.ip.gateway = kGateway;
    ipcp.emplace(settings, wheel, host, events);
    ipcp->assign(kPeer);
    ipcp->open();
    ipcp->up();
    request = only();
  }
  void receive(const Packet& packet) { ipcp->on_packet(packet.octets()); }
  Packet only() {
    const Packets packets = host.take();
    EXPECT_EQ(packets.size(), 1U);
    return packets.empty() ? Packet{} : packets.front();
  }
};

TEST_F(IpcpTest, OurRequestNamesTheGateway) {
  start();
  EXPECT_EQ(request, conf_req(1, address(3, kGateway)));
}

TEST_F(IpcpTest, NCP_01_UnspecifiedAddressIsNakedWithTheAssignedOne) {
  start();
  receive(conf_req(1, address(3, {})));
  EXPECT_EQ(only(), conf_nak(1, address(3, kPeer)));
  EXPECT_EQ(events.times, 0);
  receive(conf_req(2, address(3, kPeer)));
  EXPECT_EQ(events.times, 1);
  EXPECT_EQ(only(), conf_ack(2, address(3, kPeer)));
  receive(conf_ack(request.id, request.data));
  EXPECT_TRUE(ipcp->opened());
  EXPECT_EQ(host.take_events(), std::vector<std::string>{"up"});
}

TEST_F(IpcpTest, NCP_01_ForeignAddressIsNeverAcked) {
  start();
  for (const Ipv4Address foreign : {Ipv4Address{10, 64, 0, 3}, kGateway, Ipv4Address{255, 255, 255, 255}}) {
    receive(conf_req(1, address(3, foreign)));
    EXPECT_EQ(only(), conf_nak(1, address(3, kPeer)));
  }
}

TEST_F(IpcpTest, NCP_01_PeerThatInsistsTenTimesIsGivenUp) {
  start();
  const Octets foreign = address(3, {10, 64, 0, 3});
  for (unsigned id = 1; id < settings.ppp.max_configure; ++id) {
    receive(conf_req(id, foreign));
    const bool naked = id <= settings.ppp.max_failure;
    EXPECT_EQ(only(), naked ? conf_nak(id, address(3, kPeer)) : conf_rej(id, foreign));
  }
  EXPECT_TRUE(host.take_events().empty());
  receive(conf_req(10, foreign));
  EXPECT_TRUE(host.take().empty());
  EXPECT_EQ(host.take_events(), std::vector<std::string>{"failed address_refused"});
}

TEST_F(IpcpTest, NCP_12_PeerThatNamesNoAddressIsToldItAndGivenUp) {
  start();
  for (unsigned id = 1; id < settings.ppp.max_configure; ++id) {
    receive(conf_req(id));
    EXPECT_EQ(only(), conf_nak(id, address(3, kPeer))) << "never acknowledged";
  }
  EXPECT_EQ(events.times, 0);
  receive(conf_req(10));
  EXPECT_TRUE(host.take().empty());
  EXPECT_EQ(host.take_events(), std::vector<std::string>{"failed address_refused"});
}

TEST_F(IpcpTest, NCP_12_PeerThatNamesNoAddressAnyMoreOnceItWasRejectedIsGivenUp) {
  start();
  const Octets foreign = address(3, {10, 64, 0, 3});
  for (unsigned id = 1; id <= settings.ppp.max_failure; ++id) {
    receive(conf_req(id, foreign));
    EXPECT_EQ(only(), conf_nak(id, address(3, kPeer)));
  }
  receive(conf_req(6, foreign));
  EXPECT_EQ(only(), conf_rej(6, foreign));
  for (unsigned id = 7; id < settings.ppp.max_configure; ++id) {
    receive(conf_req(id));
    EXPECT_EQ(only(), conf_nak(id, address(3, kPeer)));
  }
  receive(conf_req(10));
  EXPECT_EQ(host.take_events(), std::vector<std::string>{"failed address_refused"});
}

TEST_F(IpcpTest, NCP_12_PeerThatTakesItLateIsWelcome) {
  start();
  for (unsigned id = 1; id < settings.ppp.max_configure; ++id) {
    receive(conf_req(id));
  }
  host.take();
  receive(conf_req(10, address(3, kPeer)));
  EXPECT_EQ(only(), conf_ack(10, address(3, kPeer)));
  EXPECT_EQ(events.times, 1);
}

TEST_F(IpcpTest, NCP_12_SecondaryServersAreGivenAndMobileIpv4IsRejected) {
  settings.ip.dns2 = kDns1;
  settings.ip.wins2 = kDns2;
  start();
  receive(conf_req(1, address(3, {}) + address(131, {}) + address(132, {}) + option(4, u32(0x0A000001))));
  EXPECT_EQ(only(), conf_rej(1, option(4, u32(0x0A000001))));
  receive(conf_req(2, address(3, {}) + address(131, {}) + address(132, {})));
  EXPECT_EQ(only(), conf_nak(2, address(3, kPeer) + address(131, kDns1) + address(132, kDns2)));
  receive(conf_req(3, address(3, kPeer) + address(131, kDns1) + address(132, kDns2)));
  EXPECT_EQ(only(), conf_ack(3, address(3, kPeer) + address(131, kDns1) + address(132, kDns2)));
}

TEST_F(IpcpTest, AddressLeftOutIsAskedForAndThenAccepted) {
  settings.ip.address_required = false;
  start();
  receive(conf_req(1));
  EXPECT_EQ(only(), conf_nak(1, address(3, kPeer)));
  for (unsigned id = 2; id <= settings.ppp.max_failure; ++id) {
    receive(conf_req(id));
  }
  host.take();
  receive(conf_req(9));
  EXPECT_EQ(only(), conf_ack(9));
}

TEST_F(IpcpTest, WindowsAsksForEverythingAndGetsWhatIsConfigured) {
  settings.ip.dns1 = kDns1;
  settings.ip.dns2 = kDns2;
  start();
  const Octets servers = address(129, {}) + address(130, {}) + address(131, {}) + address(132, {});
  receive(conf_req(6, address(3, {}) + servers));
  EXPECT_EQ(only(), conf_rej(6, address(130, {}) + address(132, {})));
  receive(conf_req(7, address(3, {}) + address(129, {}) + address(131, {})));
  EXPECT_EQ(only(), conf_nak(7, address(3, kPeer) + address(129, kDns1) + address(131, kDns2)));
  const Octets agreed = address(3, kPeer) + address(129, kDns1) + address(131, kDns2);
  receive(conf_req(8, agreed));
  EXPECT_EQ(only(), conf_ack(8, agreed));
}

TEST_F(IpcpTest, NameServersThatAreNotConfiguredAreRejectedNotNakedWithZero) {
  start();
  receive(conf_req(1, address(3, kPeer) + address(129, {})));
  EXPECT_EQ(only(), conf_rej(1, address(129, {})));
}

TEST_F(IpcpTest, NbnsIsGivenWhenConfigured) {
  settings.ip.wins1 = kDns1;
  start();
  receive(conf_req(1, address(3, kPeer) + address(130, {})));
  EXPECT_EQ(only(), conf_nak(1, address(130, kDns1)));
}

TEST_F(IpcpTest, NCP_03_VanJacobsonAndOldAddressesAreRejected) {
  start();
  const Octets vj = option(2, {0x00, 0x2D, 0x0F, 0x01});
  const Octets old = option(1, u32(0) + u32(0));
  const Octets mobile = option(4, u32(0));
  receive(conf_req(1, address(3, {}) + vj + old + mobile));
  EXPECT_EQ(only(), conf_rej(1, vj + old + mobile));
}

TEST_F(IpcpTest, AddressesOfWrongLengthAreRejected) {
  start();
  receive(conf_req(1, option(3, {10, 64, 0}) + option(129, {})));
  EXPECT_EQ(only(), conf_rej(1, option(3, {10, 64, 0}) + option(129, {})));
}

TEST_F(IpcpTest, OurAddressIsNotThePeersToChoose) {
  start();
  receive(conf_nak(request.id, address(3, {192, 168, 0, 1})));
  EXPECT_EQ(only(), conf_req(2, address(3, kGateway)));
}

TEST_F(IpcpTest, RejectedAddressIsGivenUp) {
  start();
  receive(conf_rej(request.id, request.data));
  EXPECT_EQ(only(), conf_req(2));
}

TEST_F(IpcpTest, WithoutAGatewayNothingIsAskedFor) {
  settings.ip.gateway = {};
  ipcp.emplace(settings, wheel, host, events);
  ipcp->assign(kPeer);
  ipcp->open();
  ipcp->up();
  EXPECT_EQ(only(), conf_req(1));
}

TEST_F(IpcpTest, LcpCodesAreUnknownHere) {
  start();
  receive({wire::PppCode::kEchoRequest, 1, u32(0)});
  EXPECT_EQ(only().code, wire::PppCode::kCodeReject);
}

}  // namespace
}  // namespace adit::control
