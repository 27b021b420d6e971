// SPDX-License-Identifier: Apache-2.0
// IPv6: the header's checks and fields on every length and version, checksums against the pseudo header written out,
// and the walk over extension headers: every kind, every bound, every truncation.
#include "dataplane/wire/ipv6.hpp"

#include <gtest/gtest.h>

#include "tests/dataplane/wire/octets.hpp"

namespace adit::wire {
namespace {

using test::hex;
using test::Octets;

const Ipv6Address kHost = *parse_ipv6_address("2001:db8::1");
const Ipv6Address kOther = *parse_ipv6_address("2001:db8:1:2:3:4:5:6");

Octets packet_with(std::uint8_t next_header, const Octets& payload) {
  Octets whole(kIpv6Size + payload.size());
  write_ipv6(whole.data(), {.source = kHost,
                            .destination = kOther,
                            .payload_length = static_cast<std::uint16_t>(payload.size()),
                            .next_header = next_header,
                            .hop_limit = 64});
  std::copy(payload.begin(), payload.end(), whole.begin() + kIpv6Size);
  return whole;
}

Octets operator+(Octets a, const Octets& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST(Ipv6, WritesTheHeaderOfRfc8200) {
  Octets octets(kIpv6Size);
  write_ipv6(octets.data(), {.source = kHost,
                             .destination = kOther,
                             .flow_label = 0xABCDE,
                             .payload_length = 0x1234,
                             .traffic_class = 0xB9,
                             .next_header = 58,
                             .hop_limit = 255});
  EXPECT_EQ(octets,
            hex("6B9ABCDE 1234 3A FF 20010DB8000000000000000000000001 20010DB8000100020003000400050006"));
}

TEST(Ipv6, RoundTripOfRandomHeaders) {
  test::Random random(61);
  for (int i = 0; i < 10'000; ++i) {
    const Octets addresses = random.octets(32);
    const Ipv6Header header{.source = load_ipv6(addresses.data()),
                            .destination = load_ipv6(addresses.data() + 16),
                            .flow_label = random.u32() & 0xfffff,
                            .payload_length = static_cast<std::uint16_t>(random.below(1500)),
                            .traffic_class = random.octet(),
                            .next_header = random.octet(),
                            .hop_limit = random.octet()};
    Octets octets(kIpv6Size + header.payload_length);
    write_ipv6(octets.data(), header);
    ASSERT_EQ(check_ipv6(octets), Ipv6Error::kNone);
    const Ipv6Header read = Ipv6View(octets.data()).header();
    EXPECT_EQ(read.source, header.source);
    EXPECT_EQ(read.destination, header.destination);
    EXPECT_EQ(read.flow_label, header.flow_label);
    EXPECT_EQ(read.payload_length, header.payload_length);
    EXPECT_EQ(read.traffic_class, header.traffic_class);
    EXPECT_EQ(read.next_header, header.next_header);
    EXPECT_EQ(read.hop_limit, header.hop_limit);
    EXPECT_EQ(Ipv6View(octets.data()).total_length(), octets.size());
  }
}

TEST(Ipv6, EveryVersionButSixIsRefused) {
  Octets octets = packet_with(17, Octets(8));
  for (int version = 0; version < 16; ++version) {
    octets[0] = static_cast<std::uint8_t>(version << 4);
    EXPECT_EQ(check_ipv6(octets), version == 6 ? Ipv6Error::kNone : Ipv6Error::kVersion) << version;
  }
}

TEST(Ipv6, PayloadLengthWithinWhatArrived) {
  Octets octets = packet_with(17, Octets(60));
  for (std::uint32_t length = 0; length <= 0xFFFF; ++length) {
    store_be(octets.data() + 4, static_cast<std::uint16_t>(length));
    ASSERT_EQ(check_ipv6(octets), length <= 60 ? Ipv6Error::kNone : Ipv6Error::kPayloadLength) << length;
  }
}

TEST(Ipv6, EveryTruncation) {
  test::each_truncation(packet_with(17, Octets(9)), [](Bytes octets) {
    EXPECT_EQ(check_ipv6(octets),
              octets.size() < kIpv6Size ? Ipv6Error::kTruncated : Ipv6Error::kPayloadLength)
        << octets.size();
  });
}

TEST(Ipv6, DscpAndHopLimitChangeNothingElse) {
  test::Random random(62);
  for (int i = 0; i < 10'000; ++i) {
    Octets octets = random.octets(kIpv6Size);
    octets[7] |= 1;
    const Ipv6Header before = Ipv6View(octets.data()).header();
    const Octets old = octets;
    const std::uint8_t traffic_class = random.octet();
    set_ipv6_dscp(octets.data(), traffic_class);
    decrement_hop_limit(octets.data());
    EXPECT_EQ(Ipv6View(octets.data()).traffic_class(),
              (traffic_class & 0xfc) | (before.traffic_class & 0x03));
    EXPECT_EQ(Ipv6View(octets.data()).hop_limit(), before.hop_limit - 1);
    set_ipv6_dscp(octets.data(), before.traffic_class);
    octets[7] = before.hop_limit;
    ASSERT_EQ(octets, old);
  }
}

TEST(Ipv6, ChecksumCoversThePseudoHeader) {
  test::Random random(63);
  for (int i = 0; i < 2'000; ++i) {
    const Octets upper = random.octets(random.below(300));
    const std::uint8_t protocol = random.octet();
    Octets whole = packet_with(protocol, upper);
    // RFC 8200 §8.1: source, destination, length in 32 bits, three zeros, protocol; then the upper layer.
    Octets written(whole.begin() + 8, whole.begin() + 40);
    written.resize(40);
    store_be(written.data() + 32, static_cast<std::uint32_t>(upper.size()));
    written[39] = protocol;
    ASSERT_EQ(upper_layer_checksum(whole.data(), upper, protocol), internet_checksum(written + upper));
  }
}

TEST(Ipv6, ChecksumOfAnEchoRequest) {
  // By hand: 1 + 1 of the addresses, length 10, protocol 3A, 8000 + 1 + 1 of the message make 804E, and 7FB1 its complement.
  const Octets echo =
      hex("60000000 0010 3A 40 00000000000000000000000000000001 00000000000000000000000000000001"
          "8000 7FB1 0001 0001 0000000000000000");
  EXPECT_EQ(upper_layer_checksum(echo.data(), Bytes(echo).subspan(40), kIpProtocolIcmpv6), 0);
}

// ---- extension headers -----------------------------------------------------------------------------------------

TEST(Ipv6Walk, WithoutExtensionsTheUpperLayerFollows) {
  for (int protocol = 0; protocol < 256; ++protocol) {
    const auto next = static_cast<std::uint8_t>(protocol);
    const bool extension =
        protocol == 0 || protocol == 43 || protocol == 44 || protocol == 51 || protocol == 60;
    EXPECT_EQ(is_extension_header(next), extension) << protocol;
    if (!extension) {
      const Ipv6UpperLayer found = find_upper_layer(packet_with(next, {}));
      EXPECT_EQ(found.error, Ipv6WalkError::kNone);
      EXPECT_EQ(found.protocol, protocol);
      EXPECT_EQ(found.offset, kIpv6Size);
      EXPECT_FALSE(found.is_fragment || found.later_fragment);
    }
  }
}

TEST(Ipv6Walk, AllFiveInTheOrderOfRfc8200) {
  const Octets hop_by_hop = hex("3C 00 0104 00000000");
  const Octets destination_options = hex("2B 01 010C 000000000000 000000000000");
  const Octets routing = hex("2C 02 02 01 00000000 20010DB8000000000000000000000009");  // type 2: Mobile IPv6
  const Octets fragment = hex("33 00 0001 12345678");                                   // first, more to come
  const Octets authentication = hex("06 04 0000 00000001 00000001 000000000000000000000000");
  const Octets whole =
      packet_with(0, hop_by_hop + destination_options + routing + fragment + authentication + Octets(20));
  const Ipv6UpperLayer found = find_upper_layer(whole);
  EXPECT_EQ(found.error, Ipv6WalkError::kNone);
  EXPECT_EQ(found.protocol, kIpProtocolTcp);
  EXPECT_EQ(found.offset, whole.size() - 20);
  EXPECT_TRUE(found.is_fragment);
  EXPECT_FALSE(found.later_fragment);
}

TEST(Ipv6Walk, FragmentsFirstLaterLastAndAtomic) {
  struct Case {
    std::uint16_t field;
    bool fragment, later;
  };
  for (const Case c : {Case{0x0000, false, false}, Case{0x0001, true, false}, Case{0x0008, true, true},
                       Case{0xFFF9, true, true}, Case{0x0006, false, false}}) {
    Octets whole = packet_with(44, hex("3C 00 0000 00000001") + Octets(16, 0xFF));
    store_be(whole.data() + 42, c.field);
    const Ipv6UpperLayer found = find_upper_layer(whole);
    if (c.later) {  // what follows is no Destination Options header, whatever its octets are
      EXPECT_EQ(found.error, Ipv6WalkError::kNone) << c.field;
      EXPECT_EQ(found.protocol, 60);
      EXPECT_EQ(found.offset, 48);
      EXPECT_TRUE(found.is_fragment && found.later_fragment);
    } else {
      EXPECT_EQ(found.error, Ipv6WalkError::kTruncated) << c.field;
    }
    whole[40] = 17;
    const Ipv6UpperLayer udp = find_upper_layer(whole);
    EXPECT_EQ(udp.error, Ipv6WalkError::kNone);
    EXPECT_EQ(udp.is_fragment, c.fragment) << c.field;
    EXPECT_EQ(udp.later_fragment, c.later) << c.field;
  }
}

TEST(Ipv6Walk, RoutingType0IsToldApart) {
  Octets whole = packet_with(43, hex("3B 02 00 01 00000000 20010DB8000000000000000000000009"));
  EXPECT_EQ(find_upper_layer(whole).error, Ipv6WalkError::kRoutingType0);
  whole[43] = 0;  // RFC 5095 §3: no segments left, to be ignored
  EXPECT_EQ(find_upper_layer(whole).error, Ipv6WalkError::kNone);
  whole[42] = 3;  // RPL
  whole[43] = 1;
  EXPECT_EQ(find_upper_layer(whole).error, Ipv6WalkError::kNone);
}

TEST(Ipv6Walk, HopByHopOptionsOnlyComeFirst) {
  const Octets options = hex("00 00 0104 00000000");
  EXPECT_EQ(find_upper_layer(packet_with(60, options + hex("3B 00 0104 00000000"))).error,
            Ipv6WalkError::kMisplaced);
  EXPECT_EQ(find_upper_layer(packet_with(0, options + hex("3B 00 0104 00000000"))).error,
            Ipv6WalkError::kMisplaced);
}

TEST(Ipv6Walk, EightHeadersAndNoMore) {
  for (std::size_t headers = 1; headers <= 10; ++headers) {
    Octets all;
    for (std::size_t i = 0; i < headers; ++i) {
      all = std::move(all) + hex(i + 1 == headers ? "3A 00 0104 00000000" : "3C 00 0104 00000000");
    }
    const Ipv6UpperLayer found = find_upper_layer(packet_with(60, all));
    EXPECT_EQ(found.error, headers <= 8 ? Ipv6WalkError::kNone : Ipv6WalkError::kTooMany) << headers;
    if (headers <= 8) {
      EXPECT_EQ(found.offset, kIpv6Size + 8 * headers);
    }
  }
}

TEST(Ipv6Walk, TwoHundredFiftySixOctetsAndNoMore) {
  for (int length = 0; length < 256; ++length) {
    Octets options(std::size_t(length + 1) * 8);
    options[0] = 58;
    options[1] = static_cast<std::uint8_t>(length);
    const Ipv6UpperLayer found = find_upper_layer(packet_with(60, options));
    EXPECT_EQ(found.error, length < 32 ? Ipv6WalkError::kNone : Ipv6WalkError::kTooMany) << length;
  }
}

TEST(Ipv6Walk, EveryLengthOfEveryHeaderStaysInside) {
  for (const std::uint8_t kind :
       {kHopByHopOptions, kRoutingHeader, kFragmentHeader, kAuthenticationHeader, kDestinationOptions}) {
    for (std::size_t payload = 0; payload <= 80; ++payload) {
      for (int length = 0; length < 256; ++length) {
        Octets header(payload);
        if (payload >= 2) {
          header[0] = 59;
          header[1] = static_cast<std::uint8_t>(length);
        }
        const Ipv6UpperLayer found = find_upper_layer(packet_with(kind, header));
        const auto extra = static_cast<std::size_t>(length);
        const std::size_t size = kind == 44 ? 8 : kind == 51 ? (extra + 2) * 4 : (extra + 1) * 8;
        ASSERT_EQ(found.error, payload >= size ? Ipv6WalkError::kNone : Ipv6WalkError::kTruncated)
            << int{kind} << " " << payload << " " << length;
        if (payload >= size) {
          ASSERT_EQ(found.offset, kIpv6Size + size);
        }
      }
    }
  }
}

TEST(Ipv6Walk, LinkPaddingIsNotRead) {
  Octets whole = packet_with(60, {});
  whole.resize(whole.size() + 64);
  EXPECT_EQ(find_upper_layer(whole).error, Ipv6WalkError::kTruncated);
}

TEST(Ipv6Walk, RandomHeadersStayInside) {
  test::Random random(64);
  constexpr std::uint8_t kKinds[] = {0, 6, 17, 43, 44, 50, 51, 58, 59, 60};
  int reached = 0;
  for (int i = 0; i < 200'000; ++i) {
    Octets payload = random.octets(random.below(120));
    for (std::size_t at = 0; at + 1 < payload.size(); at += 8) {
      payload[at] = kKinds[random.below(std::size(kKinds))];
      payload[at + 1] = static_cast<std::uint8_t>(random.below(3));
    }
    const Ipv6UpperLayer found =
        find_upper_layer(packet_with(kKinds[random.below(std::size(kKinds))], payload));
    if (found.error == Ipv6WalkError::kNone) {
      ++reached;
      ASSERT_LE(found.offset, kIpv6Size + payload.size());
      ASSERT_TRUE(found.later_fragment || !is_extension_header(found.protocol));
    }
  }
  EXPECT_GT(reached, 10'000);
}

}  // namespace
}  // namespace adit::wire
