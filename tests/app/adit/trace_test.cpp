// SPDX-License-Identifier: Apache-2.0
// adit trace: what a packet looks like on a line, and the pcapng file, octet by octet (tests/interop/cases/trace.py has
// tshark read one).
#include <gtest/gtest.h>

#include "app/adit/pcapng.hpp"
#include "app/adit/trace.hpp"
#include "app/adit/trace_line.hpp"
#include "app/base64.hpp"

namespace adit::app {
namespace {

using Octets = std::vector<std::uint8_t>;

const Octets kEchoRequest{0x45, 0, 0,   28, 0,   0, 0, 0, 64, 1, 0, 0, 10, 64,
                          0,    2, 198, 51, 100, 2, 8, 0, 0,  0, 0, 1, 0,  7};

Json packet(std::string_view layer, std::string_view verdict) {
  return {{"time", "2026-11-29T22:01:02.123456Z"},
          {"packet", 12U},
          {"direction", "up"},
          {"layer", layer},
          {"verdict", verdict},
          {"text", "forwarded"},
          {"octets", 28U}};
}

std::uint32_t word_at(std::string_view text, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value |= std::uint32_t{static_cast<std::uint8_t>(text[at + i])} << (8 * i);
  }
  return value;
}

TEST(Pcapng, BeginsWithASectionAndThreeInterfaces) {
  const std::string begin = pcapng_begin("adit 1", "of alice");
  std::vector<std::uint32_t> types;
  for (std::size_t at = 0; at < begin.size();) {
    const std::uint32_t size = word_at(begin, at + 4);
    ASSERT_EQ(size % 4, 0U);
    ASSERT_LE(at + size, begin.size());
    EXPECT_EQ(word_at(begin, at + size - 4), size) << "the length is at both ends";
    types.push_back(word_at(begin, at));
    at += size;
  }
  EXPECT_EQ(types, (std::vector<std::uint32_t>{0x0A0D0D0A, 1, 1, 1}));
  EXPECT_EQ(word_at(begin, 8), 0x1A2B3C4DU);
  EXPECT_EQ(word_at(begin, 12), 1U) << "version 1.0";
  EXPECT_NE(begin.find("of alice"), std::string::npos);
}

TEST(Pcapng, APacketHasItsTimeSizesDirectionNumberAndComment) {
  const Octets data{1, 2, 3, 4, 5};
  const std::string block = pcapng_packet({.interface = CaptureInterface::kInner,
                                           .micros = 0x0001'0000'0002,
                                           .octets = 9,
                                           .data = data,
                                           .inbound = true,
                                           .id = 7,
                                           .comment = "why"});
  const std::string expected(
      "\x06\0\0\0\x48\0\0\0"            // enhanced packet, 72 octets
      "\x01\0\0\0\x01\0\0\0\x02\0\0\0"  // interface 1, time
      "\x05\0\0\0\x09\0\0\0"            // captured, original
      "\x01\x02\x03\x04\x05\0\0\0"
      "\x01\0\x03\0why\0"               // comment
      "\x02\0\x04\0\x01\0\0\0"          // inbound
      "\x05\0\x08\0\x07\0\0\0\0\0\0\0"  // packet 7
      "\0\0\0\0"                        // end of options
      "\x48\0\0\0",
      72);
  EXPECT_EQ(block, expected);
}

TEST(Pcapng, TheVerdictIsTheComment) {
  Json dropped = packet("inner", "dropped");
  dropped["reason"] = "spoofed_source";
  dropped["text"] = "a source address that is not its own";
  const std::string block = pcapng_of(dropped, kEchoRequest);
  EXPECT_NE(block.find("dropped, spoofed_source: a source address that is not its own"), std::string::npos);
  EXPECT_EQ(std::uint64_t{word_at(block, 12)} << 32 | word_at(block, 16), 1'795'989'662'123'456U);
}

TEST(TraceLine, SaysWhatItIs) {
  EXPECT_EQ(
      trace_line(packet("inner", "forwarded"), kEchoRequest),
      "22:01:02.123456 up   inner 10.64.0.2 > 198.51.100.2 ICMP echo request, seq 7, 28 octets: forwarded");
  EXPECT_EQ(packet_in_words("ppp", Octets{0xff, 3, 0xc0, 0x21, 9, 3, 0, 8}), "LCP Echo-Request id 3");
  EXPECT_EQ(packet_in_words("ppp", Octets{0xc0, 0x23, 1, 4, 0, 8}), "PAP Authenticate-Request id 4");
  Octets gre{0x45, 0,    0,    40,   0, 0, 0,    0,    64, 47, 0, 0, 192, 0, 2, 11, 192,  0, 2, 1,
             0x30, 0x81, 0x88, 0x0b, 0, 4, 0x12, 0x34, 0,  0,  0, 5, 0,   0, 0, 3,  0xff, 3, 0, 0xfd};
  EXPECT_EQ(packet_in_words("outer", gre), "192.0.2.11 > 192.0.2.1 GRE call 4660 seq 5 ack 3, MPPE");
}

TEST(TraceLine, EveryTruncationIsHarmless) {
  const Octets gre{0x45, 0,  0,   40, 0, 0, 0,    0,    64,   47,   0,    0,   192,  0,
                   2,    11, 192, 0,  2, 1, 0x30, 0x81, 0x88, 0x0b, 0,    4,   0x12, 0x34,
                   0,    0,  0,   5,  0, 0, 0,    3,    0xff, 3,    0xc0, 0x21};
  for (const Octets& whole : {gre, kEchoRequest}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      for (const char* layer : {"outer", "inner", "ppp"}) {
        EXPECT_FALSE(
            packet_in_words(layer, Octets(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)))
                .empty());
      }
    }
  }
}

TEST(TraceTime, SecondsAndMinutes) {
  EXPECT_EQ(seconds_of("30s"), 30U);
  EXPECT_EQ(seconds_of("90"), 90U);
  EXPECT_EQ(seconds_of("10m"), 600U);
  for (const char* wrong : {"", "0", "0s", "-1s", "11m", "601s", "5h", "s", "1.5m", "99999999999"}) {
    EXPECT_FALSE(seconds_of(wrong)) << wrong;
  }
}

TEST(Base64, GoesBothWays) {
  for (const auto& [octets, text] :
       std::vector<std::pair<std::string, std::string>>{{"", ""},
                                                        {"f", "Zg=="},
                                                        {"fo", "Zm8="},
                                                        {"foo", "Zm9v"},
                                                        {"foob", "Zm9vYg=="},
                                                        {"\xff\xfe\xfd", "//79"}}) {
    const Octets plain(octets.begin(), octets.end());
    EXPECT_EQ(to_base64(plain), text);
    EXPECT_EQ(from_base64(text), plain);
  }
  for (const char* wrong : {"Zg", "Z===", "Zm 9", "Zg=a", "===="}) {
    EXPECT_FALSE(from_base64(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace adit::app
