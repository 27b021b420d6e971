// SPDX-License-Identifier: Apache-2.0
// Real frames, layer by layer: each parses, means what the peer meant, and is written again octet for octet.
#include <gtest/gtest.h>

#include "dataplane/wire/ccp.hpp"
#include "dataplane/wire/chap.hpp"
#include "dataplane/wire/ethernet.hpp"
#include "dataplane/wire/gre.hpp"
#include "dataplane/wire/ipcp.hpp"
#include "dataplane/wire/ipv4.hpp"
#include "dataplane/wire/ipv6cp.hpp"
#include "dataplane/wire/lcp.hpp"
#include "dataplane/wire/mppe.hpp"
#include "dataplane/wire/ppp.hpp"
#include "dataplane/wire/ppp_packet.hpp"
#include "tests/dataplane/wire/captured.hpp"
#include "tests/dataplane/wire/octets.hpp"

namespace adit::wire {
namespace {

using test::hex;
using test::Octets;

struct Layers {
  Octets frame;
  EthernetHeader ethernet;
  Ipv4Header ip;
  GreHeader gre;
  Bytes ppp;
};

Layers parse_all(std::string_view text) {
  Layers layers;
  layers.frame = hex(text);
  const Bytes frame = layers.frame;
  layers.ethernet = parse_ethernet(frame).value();
  const Bytes ip = frame.subspan(layers.ethernet.header_length);
  layers.ip = parse_ipv4(ip).value();
  const Bytes gre = ip.subspan(layers.ip.header_length, layers.ip.payload_length());
  layers.gre = parse_gre(gre).value();
  layers.ppp = gre.subspan(layers.gre.header_length, layers.gre.payload_length);
  return layers;
}

PppPacket control_packet(const Layers& layers, PppProtocol expected) {
  const PppHeader header = parse_ppp(layers.ppp).value();
  EXPECT_EQ(header.protocol, expected);
  return parse_ppp_packet(layers.ppp.subspan(header.header_length)).value();
}

TEST(Captured, EveryFrameIsWrittenAgainAsItWas) {
  for (const std::string_view text : test::captured::kFrames) {
    const Layers layers = parse_all(text);
    Octets again(layers.frame.size());
    MacAddress destination;
    MacAddress source;
    std::copy_n(layers.frame.begin(), 6, destination.begin());
    std::copy_n(layers.frame.begin() + 6, 6, source.begin());
    const LinkHeader link(destination, source, {}, layers.ethernet.type);
    std::ranges::copy(link.octets(), again.begin());
    std::size_t at = kEthernetSize;
    write_ipv4(again.data() + at, layers.ip);
    at += kIpv4Size;
    at += write_gre(again.data() + at, PeerCallId(layers.gre.call_id.value), layers.gre.payload_length,
                    layers.gre.sequence, layers.gre.ack);
    std::copy(layers.ppp.begin(), layers.ppp.end(), again.begin() + static_cast<std::ptrdiff_t>(at));
    EXPECT_EQ(again, layers.frame);
  }
}

TEST(Captured, LcpRequestOfTheServer) {
  const Layers layers = parse_all(test::captured::kLcpRequestFromServer);
  EXPECT_EQ(layers.gre.call_id, LocalCallId(0x037B));
  EXPECT_EQ(layers.gre.sequence, GreSeq(1));
  EXPECT_FALSE(layers.gre.ack);
  const PppPacket packet = control_packet(layers, PppProtocol::kLcp);
  EXPECT_EQ(packet.code, 1);
  EXPECT_EQ(packet.identifier, 0x9D);
  std::vector<int> types;
  const auto options = PppOptions::parse(packet.data);
  ASSERT_TRUE(options);
  for (const PppOption option : *options) {
    types.push_back(option.type);
    if (option.type == 1) {
      EXPECT_EQ(option.u16(), 1400);
    }
    if (option.type == 3) {
      EXPECT_EQ(parse_lcp_authentication(option.value), (LcpAuthentication{PppProtocol::kChap, 0x81}));
    }
  }
  EXPECT_EQ(types, (std::vector<int>{3, 1, 5}));
}

TEST(Captured, GRE_06_BareAck) {
  const Layers layers = parse_all(test::captured::kBareAck);
  EXPECT_FALSE(layers.gre.sequence);
  EXPECT_EQ(layers.gre.ack, GreSeq(4));
  EXPECT_TRUE(layers.ppp.empty());
}

TEST(Captured, ChapExchange) {
  const Layers challenge_layers = parse_all(test::captured::kChapChallenge);
  const auto challenge = parse_chap_value(control_packet(challenge_layers, PppProtocol::kChap).data);
  EXPECT_EQ(challenge->value.size(), 16U);
  EXPECT_EQ(std::string(challenge->name.begin(), challenge->name.end()), "pptpd");

  const Layers layers = parse_all(test::captured::kChapResponse);
  const auto response = parse_chap_value(control_packet(layers, PppProtocol::kChap).data);
  EXPECT_EQ(std::string(response->name.begin(), response->name.end()), "alice");
  const auto v2 = parse_ms_chap_v2(response->value);
  ASSERT_TRUE(v2);
  EXPECT_EQ(test::copy(v2->peer_challenge), hex("14752D9E13837273A85CC4C52459F49F"));

  const Layers success = parse_all(test::captured::kChapSuccess);
  const PppPacket packet = control_packet(success, PppProtocol::kChap);
  EXPECT_EQ(packet.code, static_cast<std::uint8_t>(ChapCode::kSuccess));
  EXPECT_EQ(packet.data.size(), 42U + std::string_view(" M=Access granted").size());
}

TEST(Captured, NetworkProtocols) {
  const Layers ccp = parse_all(test::captured::kCcpRequest);
  const auto mppe = PppOptions::parse(control_packet(ccp, PppProtocol::kCcp).data);
  EXPECT_EQ((*mppe->begin()).u32(), mppe_bits::kStateless | mppe_bits::k128);

  const Layers ipcp = parse_all(test::captured::kIpcpNak);
  const auto address = PppOptions::parse(control_packet(ipcp, PppProtocol::kIpcp).data);
  EXPECT_EQ(ipcp_address(*address->begin()), Ipv4Address(10, 9, 0, 2));

  const Layers ipv6cp = parse_all(test::captured::kIpv6cpRequest);
  const auto identifier = PppOptions::parse(control_packet(ipv6cp, PppProtocol::kIpv6cp).data);
  EXPECT_EQ(ipv6cp_identifier(*identifier->begin()), 0xF9922EA17E0E1854U);

  const Layers reject = parse_all(test::captured::kProtocolReject);
  EXPECT_EQ(parse_protocol_reject(control_packet(reject, PppProtocol::kLcp).data), PppProtocol::kIpv6cp);
}

TEST(Captured, MPP_04_FirstEncryptedPacket) {
  const Layers layers = parse_all(test::captured::kMppe);
  const PppHeader header = parse_ppp(layers.ppp).value();
  EXPECT_EQ(header.protocol, PppProtocol::kMppe);
  EXPECT_EQ(header.header_length, 1);  // ACFC and PFC
  EXPECT_EQ(parse_mppe(layers.ppp.subspan(1)), (MppeHeader{CoherencyCount(0), true}));
}

}  // namespace
}  // namespace adit::wire
