// SPDX-License-Identifier: Apache-2.0
// IPv4, TCP MSS and ICMP: checks in the router's order, and incremental checksums against the full sum.
#include "dataplane/wire/ipv4.hpp"

#include <gtest/gtest.h>

#include "dataplane/wire/icmp.hpp"
#include "dataplane/wire/tcp_mss.hpp"
#include "tests/dataplane/wire/octets.hpp"

namespace adit::wire {
namespace {

using test::hex;
using test::Octets;

// The outer header of a GRE packet as Linux 6.1 sent it.
Octets linux_header() {
  return hex("45000037FF160000402FF77BC0000203C0000202");
}

Octets with_checksum(Octets header) {
  store_be<std::uint16_t>(header.data() + 10, 0);
  const std::size_t size = std::size_t{header[0]} % 16 * 4;
  store_be(header.data() + 10, internet_checksum(Bytes(header).first(size)));
  return header;
}

TEST(Checksum, Rfc1071Example) {
  // RFC 1071 §3: the words 0001 F203 F4F5 F6F7 sum to DDF2 after folding.
  const Octets octets = hex("0001 F203 F4F5 F6F7");
  EXPECT_EQ(fold_checksum(sum_words(octets)), 0xDDF2);
  EXPECT_EQ(internet_checksum(octets), static_cast<std::uint16_t>(~0xDDF2));
  EXPECT_EQ(internet_checksum(hex("0001 F203 F4F5 F6")), static_cast<std::uint16_t>(~0xDCFB));  // odd length
}

TEST(Checksum, Rfc1624Example) {
  // RFC 1624 §4: checksum DD2F, the word 5555 becomes 3285, and the answer is 0000, not FFFF.
  EXPECT_EQ(update_checksum(0xDD2F, 0x5555, 0x3285), 0x0000);
}

TEST(Checksum, UpdateEqualsRecomputation) {
  test::Random random(7);
  for (int i = 0; i < 100'000; ++i) {
    Octets octets = random.octets(20);
    store_be<std::uint16_t>(octets.data() + 10, 0);
    store_be(octets.data() + 10, internet_checksum(octets));
    const std::size_t at = random.below(10) * 2;
    if (at == 10) {
      continue;
    }
    const std::uint16_t before = load_be<std::uint16_t>(octets.data() + at);
    const std::uint16_t after = random.below(4) == 0 ? 0 : random.u16();
    store_be(octets.data() + at, after);
    const std::uint16_t updated = update_checksum(load_be<std::uint16_t>(octets.data() + 10), before, after);
    store_be(octets.data() + 10, updated);
    ASSERT_EQ(fold_checksum(sum_words(octets)), 0xFFFF) << "valid by RFC 1071";
  }
}

TEST(Ipv4, ReadsACapturedHeader) {
  Octets packet = linux_header();
  packet.resize(0x37);
  const auto header = parse_ipv4(packet);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->source, Ipv4Address(192, 0, 2, 3));
  EXPECT_EQ(header->destination, Ipv4Address(192, 0, 2, 2));
  EXPECT_EQ(header->total_length, 0x37);
  EXPECT_EQ(header->payload_length(), 0x37 - 20);
  EXPECT_EQ(header->header_length, 20);
  EXPECT_EQ(header->identification, 0xFF16);
  EXPECT_EQ(header->protocol, 47);
  EXPECT_EQ(header->ttl, 64);
  EXPECT_FALSE(header->dont_fragment);
  EXPECT_FALSE(header->is_fragment());
  EXPECT_FALSE(header->has_options());
}

TEST(Ipv4, GRE_13_EveryHeaderLengthAndVersion) {
  for (int first = 0; first < 256; ++first) {
    Octets packet(80);
    packet[0] = static_cast<std::uint8_t>(first);
    store_be<std::uint16_t>(packet.data() + 2, 80);
    packet[8] = 64;
    packet = with_checksum(packet);
    const auto header = parse_ipv4(packet);
    const int version = first >> 4;
    const int words = first & 15;
    if (version != 4) {
      ASSERT_EQ(header.error(), Ipv4Error::kVersion) << first;
    } else if (words < 5) {
      ASSERT_EQ(header.error(), Ipv4Error::kHeaderLength) << first;
    } else {
      ASSERT_TRUE(header) << first;
      ASSERT_EQ(header->header_length, words * 4);
      ASSERT_EQ(header->has_options(), words > 5);
    }
  }
}

TEST(Ipv4, TotalLengthBetweenHeaderAndWhatArrived) {
  Octets packet = linux_header();
  packet.resize(60);
  for (std::uint32_t length = 0; length <= 0xFFFF; ++length) {
    store_be(packet.data() + 2, static_cast<std::uint16_t>(length));
    packet = with_checksum(std::move(packet));
    const auto header = parse_ipv4(packet);
    ASSERT_EQ(header.has_value(), length >= 20 && length <= 60) << length;
    if (!header) {
      ASSERT_EQ(header.error(), Ipv4Error::kTotalLength);
    }
  }
}

TEST(Ipv4, EveryTruncation) {
  Octets options = hex("46000018000100004011000001020304050607080 1010100");
  options = with_checksum(options);
  ASSERT_TRUE(parse_ipv4(options));
  test::each_truncation(options, [](Bytes octets) {
    const auto header = parse_ipv4(octets);
    ASSERT_FALSE(header) << octets.size();
    EXPECT_EQ(header.error(), Ipv4Error::kTruncated) << octets.size();
  });
}

TEST(Ipv4, GRE_13_EveryBitFlipIsDetected) {
  Octets packet = linux_header();
  packet.resize(0x37);
  test::each_bit_flip(packet, [](Bytes octets, std::size_t bit) {
    EXPECT_EQ(parse_ipv4(octets).has_value(), bit >= 20 * 8) << bit;
  });
}

TEST(Ipv4, GRE_12_FragmentFlagsAndOffset) {
  struct Case {
    std::uint16_t field;
    bool df, mf;
    std::uint16_t offset;
  };
  for (const Case c :
       {Case{0x0000, false, false, 0}, Case{0x4000, true, false, 0}, Case{0x2000, false, true, 0},
        Case{0x0001, false, false, 8}, Case{0x3FFF, false, true, 65528}}) {
    Octets packet = linux_header();
    packet.resize(0x37);
    store_be(packet.data() + 6, c.field);
    const auto header = parse_ipv4(with_checksum(packet));
    ASSERT_TRUE(header);
    EXPECT_EQ(header->dont_fragment, c.df);
    EXPECT_EQ(header->more_fragments, c.mf);
    EXPECT_EQ(header->fragment_offset, c.offset);
    EXPECT_EQ(header->is_fragment(), c.mf || c.offset != 0);
  }
}

TEST(Ipv4, RoundTripOfRandomHeaders) {
  test::Random random(8);
  for (int i = 0; i < 10'000; ++i) {
    Ipv4Header header;
    header.source = Ipv4Address(random.u32());
    header.destination = Ipv4Address(random.u32());
    header.total_length = static_cast<std::uint16_t>(20 + random.below(1000));
    header.identification = random.u16();
    header.fragment_offset = static_cast<std::uint16_t>(random.below(8192) * 8);
    header.dont_fragment = random.below(2) != 0;
    header.more_fragments = random.below(2) != 0;
    header.tos = random.octet();
    header.ttl = random.octet();
    header.protocol = random.octet();
    Octets packet(header.total_length);
    write_ipv4(packet.data(), header);
    const auto parsed = parse_ipv4(packet);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->source, header.source);
    EXPECT_EQ(parsed->destination, header.destination);
    EXPECT_EQ(parsed->total_length, header.total_length);
    EXPECT_EQ(parsed->identification, header.identification);
    EXPECT_EQ(parsed->fragment_offset, header.fragment_offset);
    EXPECT_EQ(parsed->dont_fragment, header.dont_fragment);
    EXPECT_EQ(parsed->more_fragments, header.more_fragments);
    EXPECT_EQ(parsed->tos, header.tos);
    EXPECT_EQ(parsed->ttl, header.ttl);
    EXPECT_EQ(parsed->protocol, header.protocol);
    EXPECT_EQ(parsed->header_length, 20);
  }
}

TEST(Ipv4, TtlFallsAndTheChecksumStaysRight) {
  test::Random random(9);
  for (int i = 0; i < 10'000; ++i) {
    Octets packet = random.octets(20);
    packet[0] = 0x45;
    packet[8] = static_cast<std::uint8_t>(1 + random.below(255));
    store_be<std::uint16_t>(packet.data() + 2, 20);
    packet = with_checksum(packet);
    const std::uint8_t ttl = packet[8];
    decrement_ttl(packet.data());
    const auto header = parse_ipv4(packet);
    ASSERT_TRUE(header);
    ASSERT_EQ(header->ttl, ttl - 1);
  }
}

// ---- TCP MSS ---------------------------------------------------------------------------------------------------

// A segment with `options` (padded to words), its checksum right over an empty pseudo header.
Octets segment(std::string_view options, std::uint8_t flags = 0x02) {
  Octets octets = hex("9C5C 06BB 11111111 22222222 5000 FAF0 0000 0000");
  const Octets tail = hex(options);
  octets.insert(octets.end(), tail.begin(), tail.end());
  octets[12] = static_cast<std::uint8_t>(octets.size() / 4 << 4);
  octets[13] = flags;
  octets.push_back(0xDA);  // data on a SYN is unusual and legal
  store_be(octets.data() + 16, internet_checksum(octets));
  return octets;
}

TEST(TcpMss, ClampsLinuxOptions) {
  Octets octets = segment("020405B4 0402 080A FF0100BD 00000000 01 030305");
  EXPECT_TRUE(clamp_tcp_mss(octets, 1416));
  EXPECT_EQ(load_be<std::uint16_t>(octets.data() + 22), 1416);
  EXPECT_EQ(internet_checksum(octets), 0);
}

TEST(TcpMss, ClampsAtAnOddOffset) {
  Octets octets = segment("01 020405B4 010101");
  EXPECT_TRUE(clamp_tcp_mss(octets, 1416));
  EXPECT_EQ(load_be<std::uint16_t>(octets.data() + 23), 1416);
  EXPECT_EQ(internet_checksum(octets), 0);
}

TEST(TcpMss, LeavesTheRestAlone) {
  for (const std::string_view options : {
           "",                    // none: RFC 9293's default of 536 fits
           "02040588",            // 1416: already fits
           "02040218",            // smaller
           "00 020405B4 000000",  // after end of options
           "0404 0204 05B40000",  // inside another option
           "0203 05 01",          // wrong length
           "0205 05B400 000000",  // wrong length
           "0300 020405B4 0000",  // a length that does not parse
           "01010102",            // kind without length
           "01010204",            // past the header
       }) {
    Octets octets = segment(options);
    const Octets before = octets;
    EXPECT_FALSE(clamp_tcp_mss(octets, 1416)) << options;
    EXPECT_EQ(octets, before) << options;
  }
  for (const std::uint8_t flags : hex("10 18 04 11")) {
    Octets octets = segment("020405B4", flags);
    EXPECT_FALSE(clamp_tcp_mss(octets, 1416)) << int{flags};
  }
  Octets syn_ack = segment("020405B4", 0x12);
  EXPECT_TRUE(clamp_tcp_mss(syn_ack, 1416));
}

TEST(TcpMss, EveryTruncationStaysUnread) {
  Octets whole = segment("020405B4 0402 080A FF0100BD 00000000 01 030305");
  whole.pop_back();
  test::each_truncation(whole, [](Bytes octets) {
    Octets exact(octets.begin(), octets.end());
    EXPECT_FALSE(clamp_tcp_mss(exact, 1416)) << octets.size();
  });
}

TEST(TcpMss, RandomOptionsNeverBreakAChecksum) {
  test::Random random(10);
  int clamped = 0;
  for (int i = 0; i < 200'000; ++i) {
    const std::size_t options = random.below(11) * 4;
    Octets octets = random.octets(20 + options + random.below(8));
    octets[12] = static_cast<std::uint8_t>((20 + options) / 4 << 4);
    octets[13] = 0x02;
    for (std::size_t at = 20; at < 20 + options; ++at) {
      octets[at] = static_cast<std::uint8_t>(random.below(6));
    }
    const auto limit = static_cast<std::uint16_t>(random.below(1024));
    store_be<std::uint16_t>(octets.data() + 16, 0);
    store_be(octets.data() + 16, internet_checksum(octets));
    clamped += clamp_tcp_mss(octets, limit) ? 1 : 0;
    ASSERT_EQ(fold_checksum(sum_words(octets)), 0xFFFF);
  }
  EXPECT_GT(clamped, 1000);
}

// ---- ICMP ------------------------------------------------------------------------------------------------------

Octets datagram(std::size_t size, std::uint8_t protocol) {
  Ipv4Header header;
  header.source = Ipv4Address(198, 51, 100, 2);
  header.destination = Ipv4Address(10, 64, 0, 2);
  header.total_length = static_cast<std::uint16_t>(size);
  header.dont_fragment = true;
  header.ttl = 63;
  header.protocol = protocol;
  Octets packet(size, 0x5A);
  write_ipv4(packet.data(), header);
  return packet;
}

TEST(Icmp, FragmentationNeededNamesTheMtuAndQuotes) {
  for (const std::size_t size : {20, 28, 100, 548, 549, 1500}) {
    const Octets packet = datagram(size, kIpProtocolUdp);
    const auto header = parse_ipv4(packet);
    Octets error(kIcmpErrorMaxSize);
    error.resize(write_icmp_error(error.data(), fragmentation_needed(1456), Ipv4Address(10, 64, 0, 1),
                                  *header, packet));
    ASSERT_EQ(error.size(), std::min<std::size_t>(28 + size, 576));
    const auto outer = parse_ipv4(error);
    ASSERT_TRUE(outer);
    EXPECT_EQ(outer->source, Ipv4Address(10, 64, 0, 1));
    EXPECT_EQ(outer->destination, Ipv4Address(198, 51, 100, 2));
    EXPECT_EQ(outer->protocol, kIpProtocolIcmp);
    EXPECT_EQ(outer->total_length, error.size());
    const Bytes icmp = Bytes(error).subspan(20);
    EXPECT_EQ(internet_checksum(icmp), 0);
    EXPECT_EQ(test::copy(icmp.first(2)), hex("0304"));
    EXPECT_EQ(test::copy(icmp.subspan(4, 4)), hex("0000 05B0"));
    EXPECT_TRUE(std::equal(icmp.begin() + 8, icmp.end(), packet.begin()));
  }
}

TEST(Icmp, TimeExceeded) {
  const Octets packet = datagram(40, kIpProtocolUdp);
  Octets error(kIcmpErrorMaxSize);
  error.resize(
      write_icmp_error(error.data(), kTimeExceeded, Ipv4Address(10, 64, 0, 1), *parse_ipv4(packet), packet));
  EXPECT_EQ(test::copy(Bytes(error).subspan(20, 2)), hex("0B00"));
  EXPECT_EQ(internet_checksum(Bytes(error).subspan(20)), 0);
}

TEST(Icmp, LinkPaddingIsNotQuoted) {
  Octets packet = datagram(40, kIpProtocolUdp);
  const auto header = parse_ipv4(packet);
  packet.resize(46);
  Octets error(kIcmpErrorMaxSize);
  EXPECT_EQ(write_icmp_error(error.data(), kTimeExceeded, Ipv4Address(10, 64, 0, 1), *header, packet),
            28U + 40U);
}

TEST(Icmp, NoErrorAboutErrorsFragmentsAndGroups) {
  const Octets udp = datagram(40, kIpProtocolUdp);
  Ipv4Header header = *parse_ipv4(udp);
  EXPECT_TRUE(deserves_icmp_error(header, udp));
  header.fragment_offset = 8;
  EXPECT_FALSE(deserves_icmp_error(header, udp));
  header.fragment_offset = 0;
  for (const Ipv4Address not_a_host : {Ipv4Address(0, 0, 0, 0), Ipv4Address(127, 0, 0, 1),
                                       Ipv4Address(224, 0, 0, 1), Ipv4Address(255, 255, 255, 255)}) {
    Ipv4Header from = header;
    from.source = not_a_host;
    EXPECT_FALSE(deserves_icmp_error(from, udp)) << to_string(not_a_host);
    Ipv4Header to = header;
    to.destination = not_a_host;
    EXPECT_FALSE(deserves_icmp_error(to, udp)) << to_string(not_a_host);
  }
  Octets icmp = datagram(40, kIpProtocolIcmp);
  header = *parse_ipv4(icmp);
  for (const int type : {3, 4, 5, 11, 12, 19, 255}) {
    icmp[20] = static_cast<std::uint8_t>(type);
    EXPECT_FALSE(deserves_icmp_error(header, icmp)) << type;
  }
  icmp[20] = 8;
  EXPECT_TRUE(deserves_icmp_error(header, icmp));
  EXPECT_FALSE(deserves_icmp_error(header, Bytes(icmp).first(20)));
}

TEST(Ipv4Prefix, IsReadStrictly) {
  EXPECT_EQ(parse_prefix("10.20.0.0/16"), (Ipv4Prefix{Ipv4Address(10, 20, 0, 0), 16}));
  EXPECT_EQ(parse_prefix("0.0.0.0/0"), (Ipv4Prefix{Ipv4Address(), 0}));
  EXPECT_EQ(parse_prefix("192.0.2.1/32"), (Ipv4Prefix{Ipv4Address(192, 0, 2, 1), 32}));
  for (const char* wrong :
       {"", "/", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/-1", "10.0.0.1/24",
        "10.0.0/8", "10.0.0.0/8 ", " 10.0.0.0/8", "10.0.0.0/8/8", "10.0.0.0/99999999999"}) {
    EXPECT_FALSE(parse_prefix(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace adit::wire
