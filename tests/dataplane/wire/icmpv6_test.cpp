// SPDX-License-Identifier: Apache-2.0
// ICMPv6: who is sent an error and what it quotes, echo replies, Neighbour Solicitations and their answers; each check
// of the RFCs by a packet that fails it alone.
#include "dataplane/wire/icmpv6.hpp"

#include <gtest/gtest.h>

#include "dataplane/wire/neighbour.hpp"
#include "tests/dataplane/wire/octets.hpp"

namespace adit::wire {
namespace {

using test::hex;
using test::Octets;

const Ipv6Address kSubscriber = *parse_ipv6_address("2001:db8:64::2");
const Ipv6Address kGateway = *parse_ipv6_address("2001:db8:64::1");
const Ipv6Address kServer = *parse_ipv6_address("2001:db8:ffff::80");

Octets packet_of(const Ipv6Address& from, const Ipv6Address& to, std::uint8_t next_header,
                 const Octets& payload, std::uint8_t hop_limit = 64) {
  Octets packet(kIpv6Size + payload.size());
  write_ipv6(packet.data(), {.source = from,
                             .destination = to,
                             .payload_length = static_cast<std::uint16_t>(payload.size()),
                             .next_header = next_header,
                             .hop_limit = hop_limit});
  std::copy(payload.begin(), payload.end(), packet.begin() + kIpv6Size);
  return packet;
}

/// `message` with zeros for its checksum.
Octets icmpv6(const Ipv6Address& from, const Ipv6Address& to, const Octets& message,
              std::uint8_t hop_limit = 255) {
  Octets packet = packet_of(from, to, kIpProtocolIcmpv6, message, hop_limit);
  if (message.size() >= 4) {
    store_be(packet.data() + kIpv6Size + 2,
             upper_layer_checksum(packet.data(), Bytes(packet).subspan(kIpv6Size), kIpProtocolIcmpv6));
  }
  return packet;
}

bool has_right_checksum(const Octets& packet) {
  return upper_layer_checksum(packet.data(), Bytes(packet).subspan(kIpv6Size), kIpProtocolIcmpv6) == 0;
}

// ---- errors ----------------------------------------------------------------------------------------------------

TEST(Icmpv6Error, NamesTheMtuAndQuotesWhatFitsInto1280) {
  for (const std::size_t payload : {0, 8, 100, 1191, 1192, 1193, 1400, 1460}) {
    const Octets packet = packet_of(kServer, kSubscriber, 17, Octets(payload, 0x5A));
    Octets error(kIcmpv6ErrorMaxSize);
    error.resize(write_icmpv6_error(error.data(), packet_too_big(1396), kGateway, packet));
    ASSERT_EQ(error.size(), std::min<std::size_t>(48 + packet.size(), 1280)) << payload;
    ASSERT_EQ(check_ipv6(error), Ipv6Error::kNone);
    const Ipv6View outer(error.data());
    EXPECT_EQ(outer.source(), kGateway);
    EXPECT_EQ(outer.destination(), kServer);
    EXPECT_EQ(outer.next_header(), 58);
    EXPECT_EQ(outer.total_length(), error.size());
    EXPECT_TRUE(has_right_checksum(error));
    EXPECT_EQ(test::copy(Bytes(error).subspan(40, 2)), hex("0200"));
    EXPECT_EQ(test::copy(Bytes(error).subspan(44, 4)), hex("00000574"));
    EXPECT_TRUE(std::equal(error.begin() + 48, error.end(), packet.begin()));
  }
}

TEST(Icmpv6Error, TypesAndCodesOfRfc4443) {
  const Octets packet = packet_of(kSubscriber, kServer, 17, Octets(8));
  struct Case {
    Icmpv6Error error;
    const char* start;
  };
  for (const Case& c : {Case{kHopLimitExceeded, "0300"}, Case{kNoRoute6, "0100"}, Case{kProhibited6, "0101"},
                        Case{kAddressUnreachable6, "0103"}, Case{kSourceRefused6, "0105"},
                        Case{kRouteRejected6, "0106"}, Case{packet_too_big(1280), "0200"}}) {
    Octets error(kIcmpv6ErrorMaxSize);
    error.resize(write_icmpv6_error(error.data(), c.error, kGateway, packet));
    EXPECT_EQ(test::copy(Bytes(error).subspan(40, 2)), hex(c.start));
    EXPECT_TRUE(has_right_checksum(error)) << c.start;
    EXPECT_FALSE(deserves_icmpv6_error(packet_too_big(1280), error)) << "no errors about errors: " << c.start;
  }
}

TEST(Icmpv6Error, LinkPaddingIsNotQuoted) {
  Octets packet = packet_of(kSubscriber, kServer, 17, Octets(8));
  packet.resize(packet.size() + 20);
  Octets error(kIcmpv6ErrorMaxSize);
  EXPECT_EQ(write_icmpv6_error(error.data(), kNoRoute6, kGateway, packet), 48U + 48U);
}

TEST(Icmpv6Error, NoneAboutErrorsRedirectsAndNothing) {
  for (int type = 0; type < 256; ++type) {
    const Octets packet =
        packet_of(kSubscriber, kServer, 58, Octets{static_cast<std::uint8_t>(type), 0, 0, 0, 0, 0, 0, 0});
    EXPECT_EQ(deserves_icmpv6_error(kNoRoute6, packet), type >= 128 && type != 137) << type;
  }
  EXPECT_FALSE(deserves_icmpv6_error(kNoRoute6, packet_of(kSubscriber, kServer, 58, {})));
  // The same behind an extension header.
  EXPECT_FALSE(deserves_icmpv6_error(
      kNoRoute6, packet_of(kSubscriber, kServer, 60, hex("3A 00 0104 00000000 03000000"))));
  EXPECT_TRUE(deserves_icmpv6_error(
      kNoRoute6, packet_of(kSubscriber, kServer, 60, hex("3A 00 0104 00000000 80000000"))));
  EXPECT_FALSE(
      deserves_icmpv6_error(kNoRoute6, packet_of(kSubscriber, kServer, 60, hex("3A 00 0104 00000000"))));
}

TEST(Icmpv6Error, NoneToWhatIsNoHostAndAboutGroups) {
  const Octets data(8);
  for (const char* source : {"::", "::1", "ff02::1", "::ffff:192.0.2.1", "fe80::2"}) {
    EXPECT_FALSE(deserves_icmpv6_error(kNoRoute6, packet_of(*parse_ipv6_address(source), kServer, 17, data)))
        << source;
  }
  const Octets group = packet_of(kSubscriber, *parse_ipv6_address("ff0e::1"), 17, data);
  EXPECT_FALSE(deserves_icmpv6_error(kNoRoute6, group));
  EXPECT_FALSE(deserves_icmpv6_error(kHopLimitExceeded, group));
  EXPECT_TRUE(deserves_icmpv6_error(packet_too_big(1400), group))
      << "RFC 4443 §2.4 (e.3): path MTU of groups";
  EXPECT_TRUE(deserves_icmpv6_error(kNoRoute6, packet_of(kSubscriber, kServer, 17, data)));
}

TEST(Icmpv6Error, FirstFragmentsOnlyAndHeadersThatCanBeFollowed) {
  EXPECT_TRUE(
      deserves_icmpv6_error(kNoRoute6, packet_of(kSubscriber, kServer, 44, hex("11 00 0001 00000001 0000"))));
  EXPECT_FALSE(
      deserves_icmpv6_error(kNoRoute6, packet_of(kSubscriber, kServer, 44, hex("11 00 0008 00000001 0000"))));
  EXPECT_FALSE(
      deserves_icmpv6_error(kNoRoute6, packet_of(kSubscriber, kServer, 60, hex("11 09 0104 00000000"))));
}

// ---- echo ------------------------------------------------------------------------------------------------------

TEST(Icmpv6Echo, ReplyInPlace) {
  test::Random random(65);
  for (std::size_t data = 0; data < 100; ++data) {
    const Octets more = random.octets(data);
    Octets message = hex("8000 0000 1234 0001");
    message.insert(message.end(), more.begin(), more.end());
    const Octets request = icmpv6(kSubscriber, kGateway, message, 7);
    Octets reply = request;
    ASSERT_TRUE(turn_into_icmpv6_echo_reply(reply));
    EXPECT_EQ(Ipv6View(reply.data()).source(), kGateway);
    EXPECT_EQ(Ipv6View(reply.data()).destination(), kSubscriber);
    EXPECT_EQ(Ipv6View(reply.data()).hop_limit(), 64);
    EXPECT_EQ(reply[40], 129);
    EXPECT_TRUE(has_right_checksum(reply));
    EXPECT_TRUE(std::equal(reply.begin() + 44, reply.end(), request.begin() + 44));
  }
}

TEST(Icmpv6Echo, AnythingElseIsLeftAlone) {
  const Octets echo = hex("8000 0000 1234 0001 AABB");
  const Octets good = icmpv6(kSubscriber, kGateway, echo);
  for (std::size_t bit = 40 * 8; bit < good.size() * 8; ++bit) {
    Octets bad = good;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ 0x80 >> bit % 8);
    const Octets before = bad;
    EXPECT_FALSE(turn_into_icmpv6_echo_reply(bad)) << bit;
    EXPECT_EQ(bad, before);
  }
  for (Octets other : {icmpv6(kSubscriber, kGateway, hex("8100 0000 1234 0001")),
                       icmpv6(kSubscriber, kGateway, hex("8001 0000 1234 0001")),
                       icmpv6(kSubscriber, kGateway, hex("8000 0000 1234 00")),
                       icmpv6(kSubscriber, kAllNodes, echo), icmpv6(Ipv6Address{}, kGateway, echo),
                       icmpv6(kAllNodes, kGateway, echo), packet_of(kSubscriber, kGateway, 17, echo)}) {
    const Octets before = other;
    EXPECT_FALSE(turn_into_icmpv6_echo_reply(other)) << to_string(Ipv6View(other.data()).destination());
    EXPECT_EQ(other, before);
  }
}

// ---- neighbours ------------------------------------------------------------------------------------------------

Octets solicitation(const Ipv6Address& target, std::string_view options = "",
                    std::string_view start = "8700 0000") {
  Octets message = hex(start);
  message.resize(24);
  store_ipv6(message.data() + 8, target);
  const Octets tail = hex(options);
  message.insert(message.end(), tail.begin(), tail.end());
  return message;
}

TEST(Neighbour, SolicitationIsAnswered) {
  const Ipv6Address peer = link_local(0xabc), gateway = link_local(1);
  for (const char* options : {"", "0101 00155D010203", "0101 00155D010203 0E01 112233445566"}) {
    for (const Ipv6Address& to : {gateway, solicited_node(gateway)}) {
      Octets packet = icmpv6(peer, to, solicitation(gateway, options));
      const auto target = parse_neighbour_solicitation(packet);
      ASSERT_TRUE(target) << options;
      EXPECT_EQ(*target, gateway);
      ASSERT_GE(packet.size(), kNeighbourAdvertisementPacketSize);
      turn_into_neighbour_advertisement(packet);
      packet.resize(kNeighbourAdvertisementPacketSize);
      ASSERT_EQ(check_ipv6(packet), Ipv6Error::kNone);
      const Ipv6View header(packet.data());
      EXPECT_EQ(header.total_length(), packet.size());
      EXPECT_EQ(header.source(), gateway);
      EXPECT_EQ(header.destination(), peer);
      EXPECT_EQ(header.hop_limit(), 255);
      EXPECT_TRUE(has_right_checksum(packet));
      EXPECT_EQ(test::copy(Bytes(packet).subspan(40, 2)), hex("8800"));
      EXPECT_EQ(test::copy(Bytes(packet).subspan(44, 4)), hex("E0000000")) << "router, solicited, override";
      EXPECT_EQ(load_ipv6(packet.data() + 48), gateway);
    }
  }
}

TEST(Neighbour, WhoTriesOurAddressIsToldWithAllNodes) {
  const Ipv6Address gateway = link_local(1);
  Octets packet = icmpv6(Ipv6Address{}, solicited_node(gateway), solicitation(gateway, "0E01 112233445566"));
  ASSERT_TRUE(parse_neighbour_solicitation(packet));
  turn_into_neighbour_advertisement(packet);
  packet.resize(kNeighbourAdvertisementPacketSize);
  EXPECT_EQ(Ipv6View(packet.data()).destination(), kAllNodes);
  EXPECT_EQ(test::copy(Bytes(packet).subspan(44, 4)), hex("A0000000")) << "router, not solicited";
  EXPECT_TRUE(has_right_checksum(packet));
}

TEST(Neighbour, EachCheckOfRfc4861Section711) {
  const Ipv6Address peer = link_local(0xabc), gateway = link_local(1), none{};
  const Octets good = solicitation(gateway);
  struct Case {
    const char* what;
    Octets packet;
  };
  const Case cases[] = {
      {"hop limit", icmpv6(peer, gateway, good, 254)},
      {"code", icmpv6(peer, gateway, solicitation(gateway, "", "8701 0000"))},
      {"type", icmpv6(peer, gateway, solicitation(gateway, "", "8800 0000"))},
      {"length", icmpv6(peer, gateway, Octets(good.begin(), good.end() - 1))},
      {"target is a group", icmpv6(peer, gateway, solicitation(kAllNodes))},
      {"source is a group", icmpv6(kAllNodes, gateway, good)},
      {"option of length 0", icmpv6(peer, gateway, solicitation(gateway, "0100 000000000000"))},
      {"option beyond the end", icmpv6(peer, gateway, solicitation(gateway, "0102 000000000000"))},
      {"half an option", icmpv6(peer, gateway, solicitation(gateway, "01"))},
      {"no source, not to the group", icmpv6(none, gateway, good)},
      {"no source, to another group", icmpv6(none, kAllNodes, good)},
      {"no source, its link-layer address",
       icmpv6(none, solicited_node(gateway), solicitation(gateway, "0101 00155D010203"))},
      {"not ICMPv6", packet_of(peer, gateway, 17, good, 255)},
      {"behind an extension header", packet_of(peer, gateway, 60, hex("3A 00 0104 00000000"), 255)},
  };
  EXPECT_TRUE(parse_neighbour_solicitation(icmpv6(peer, gateway, good)));
  EXPECT_TRUE(parse_neighbour_solicitation(icmpv6(none, solicited_node(gateway), good)));
  for (const Case& c : cases) {
    EXPECT_FALSE(parse_neighbour_solicitation(c.packet)) << c.what;
  }
}

TEST(Neighbour, EveryBitFlipAndTruncation) {
  const Octets good =
      icmpv6(link_local(0xabc), link_local(1), solicitation(link_local(1), "0101 00155D010203"));
  test::each_bit_flip(good, [](Bytes packet, std::size_t bit) {
    if (bit >= 32 && check_ipv6(packet) == Ipv6Error::kNone) {  // traffic class and flow label are anybody's
      EXPECT_FALSE(parse_neighbour_solicitation(packet)) << bit;
    }
  });
  for (std::size_t size = kIpv6Size; size < good.size(); ++size) {
    Octets cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
    store_be(cut.data() + 4, static_cast<std::uint16_t>(size - kIpv6Size));
    EXPECT_FALSE(parse_neighbour_solicitation(cut)) << size;
  }
}

}  // namespace
}  // namespace adit::wire
