// SPDX-License-Identifier: Apache-2.0
// RFC 2637 §2 codecs: golden octets (captured from pptp-linux with poptop and accel-ppp, or written by hand
// from the RFC's figures), round trip, every truncation, every bit flip, random octets.
#include "controlplane/pptp/messages.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace adit::control::pptp {
namespace {

std::vector<std::uint8_t> from_hex(std::string_view hex) {
  std::vector<std::uint8_t> octets;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    octets.push_back(static_cast<std::uint8_t>(std::stoul(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return octets;
}

std::string zeros(std::size_t octets) {
  return std::string(octets * 2, '0');
}

std::vector<std::uint8_t> octets_of(const Message& message) {
  const Encoded encoded = write(message);
  return {encoded.octets().begin(), encoded.octets().end()};
}

struct Golden {
  const char* what;
  std::string hex;
  Message message;
};

// Captured: pptp-linux 1.10 as client; "local" and "cananian" are its host and vendor names.
const std::string kLocal = "6c6f63616c" + zeros(59);
const std::string kCananian = "63616e616e69616e" + zeros(56);

std::vector<Golden> golden() {
  std::vector<Golden> all;
  StartControlConnectionRequest sccrq;
  sccrq.maximum_channels = 0xFFFF;
  sccrq.firmware_revision = 1;
  sccrq.host_name = FixedText<64>("local");
  sccrq.vendor_string = FixedText<64>("cananian");
  all.push_back({"SCCRQ, pptp-linux",
                 "009c00011a2b3c4d00010000010000000000000300000003ffff0001" + kLocal + kCananian, sccrq});

  StartControlConnectionReply sccrp;
  sccrp.framing_capabilities = 0;
  sccrp.bearer_capabilities = 0;
  sccrp.firmware_revision = 1;
  sccrp.host_name = FixedText<64>("local");
  sccrp.vendor_string = FixedText<64>("linux");
  all.push_back({"SCCRP, poptop",
                 "009c00011a2b3c4d000200000100010000000000000000000000"
                 "0001" +
                     kLocal + "6c696e7578" + zeros(59),
                 sccrp});

  all.push_back({"StopCCRQ", "001000011a2b3c4d0003000003000000",
                 StopControlConnectionRequest{StopReason::kLocalShutdown}});
  all.push_back({"StopCCRP, pptp-linux", "001000011a2b3c4d0004000001000000", StopControlConnectionReply{}});
  all.push_back({"Echo-Request", "001000011a2b3c4d00050000deadbeef", EchoRequest{0xDEADBEEF}});
  all.push_back({"Echo-Reply", "001400011a2b3c4d00060000deadbeef01000000",
                 EchoReply{0xDEADBEEF, SimpleResult::kOk, GeneralError::kNone}});

  OutgoingCallRequest ocrq;
  ocrq.call_id = 0xF1E7;
  ocrq.minimum_bps = 2400;
  ocrq.maximum_bps = 10'000'000;
  ocrq.receive_window = 3;
  all.push_back({"OCRQ, pptp-linux",
                 "00a800011a2b3c4d00070000f1e7000000000960009896800000000300000003"
                 "0003000000000000" +
                     zeros(128),
                 ocrq});

  OutgoingCallReply ocrp;
  ocrp.call_id = 0x0080;
  ocrp.peer_call_id = 0xF1E7;
  ocrp.connect_speed = 10'000'000;
  ocrp.receive_window = 3;
  all.push_back({"OCRP, poptop", "002000011a2b3c4d000800000080f1e701000000009896800003000000000000", ocrp});

  IncomingCallRequest icrq;
  icrq.call_id = 0x1234;
  icrq.call_serial_number = 0x5678;
  icrq.bearer_type = 1;
  icrq.physical_channel = 2;
  icrq.dialed_length = 2;
  icrq.dialing_length = 3;
  icrq.dialed_number = FixedText<64>("12");
  icrq.dialing_number = FixedText<64>("345");
  icrq.subaddress = FixedText<64>("6");
  all.push_back({"ICRQ",
                 "00dc00011a2b3c4d0009000012345678000000010000000200020003"
                 "3132" +
                     zeros(62) + "333435" + zeros(61) + "36" + zeros(63),
                 icrq});
  all.push_back(
      {"ICRP", "001800011a2b3c4d000a0000123400ff0300004000050000",
       IncomingCallReply{0x1234, 0x00FF, IncomingResult::kDoNotAccept, GeneralError::kNone, 0x40, 5}});
  all.push_back({"ICCN",
                 "001c00011a2b3c4d000b00001234000000989680004000050000"
                 "0002",
                 IncomingCallConnected{0x1234, 10'000'000, 0x40, 5, 2}});
  all.push_back({"CCRQ, pptp-linux", "001000011a2b3c4d000c0000f1e70000", CallClearRequest{0xF1E7}});

  CallDisconnectNotify cdn;
  cdn.call_id = 0x037B;
  cdn.result = DisconnectResult::kAdminShutdown;
  all.push_back({"CDN, accel-ppp", "009400011a2b3c4d000d0000037b030000000000" + zeros(128), cdn});
  all.push_back({"WEN",
                 "002800011a2b3c4d000e000012340000"
                 "000000010000000200000003000000040000000500000006",
                 WanErrorNotify{0x1234, 1, 2, 3, 4, 5, 6}});
  all.push_back(
      {"SLI", "001800011a2b3c4d000f00001234000000000000ffffffff", SetLinkInfo{0x1234, 0, 0xFFFFFFFF}});
  return all;
}

TEST(PptpMessages, GoldenOctetsAreReadAndWrittenExactly) {
  const auto all = golden();
  ASSERT_EQ(all.size(), 15u);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto octets = from_hex(all[i].hex);
    const auto parsed = parse(octets);
    ASSERT_TRUE(parsed.has_value()) << all[i].what << ": " << to_text(parsed.error());
    EXPECT_EQ(parsed->index(), i) << all[i].what;
    EXPECT_TRUE(*parsed == all[i].message) << all[i].what;
    EXPECT_EQ(octets_of(all[i].message), octets) << all[i].what;
  }
}

TEST(PptpMessages, LengthsAreThoseOfTheRfc) {
  const std::size_t lengths[] = {156, 156, 16, 16, 16, 20, 168, 32, 220, 24, 28, 16, 148, 40, 24};
  const auto all = golden();
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(octets_of(all[i].message).size(), lengths[i]) << all[i].what;
  }
}

TEST(PptpMessages, EveryTruncationWantsMoreAndParsesToNothing) {
  for (const auto& one : golden()) {
    const auto octets = from_hex(one.hex);
    for (std::size_t size = 0; size < octets.size(); ++size) {
      const std::span prefix(octets.data(), size);
      const auto wanted = wanted_octets(prefix);
      ASSERT_TRUE(wanted.has_value()) << one.what << " " << size;
      EXPECT_GT(*wanted, size) << one.what;
      EXPECT_EQ(*wanted, size < 10 ? kHeaderOctets : octets.size()) << one.what << " " << size;
      EXPECT_EQ(parse(prefix).error(), ParseError::kTruncated) << one.what << " " << size;
    }
    auto longer = octets;
    longer.push_back(0);
    EXPECT_EQ(parse(longer).error(), ParseError::kBadLength) << one.what;
  }
}

// A flipped bit in a reserved field has no effect, in another field it changes the message, in the header it
// is an error or (in the type) another message of the same length.
TEST(PptpMessages, EveryBitFlipIsJudged) {
  for (const auto& one : golden()) {
    const auto octets = from_hex(one.hex);
    for (std::size_t bit = 0; bit < octets.size() * 8; ++bit) {
      auto flipped = octets;
      flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ (1u << (bit % 8)));
      const auto parsed = parse(flipped);
      if (bit / 8 < 8) {
        EXPECT_FALSE(parsed.has_value()) << one.what << " bit " << bit;
      } else if (parsed) {
        const auto again = octets_of(*parsed);
        EXPECT_EQ(again.size(), octets.size());
        EXPECT_TRUE(again == flipped || again == octets || bit / 8 < kHeaderOctets)
            << one.what << " bit " << bit;
      } else {
        EXPECT_LT(bit / 8, 10u) << one.what << " bit " << bit;
      }
    }
  }
}

TEST(PptpMessages, RandomBodiesReadBackTheSame) {
  std::mt19937 random(2637);
  for (int round = 0; round < 2000; ++round) {
    for (const auto& one : golden()) {
      auto octets = from_hex(one.hex);
      for (std::size_t i = kHeaderOctets; i < octets.size(); ++i) {
        octets[i] = static_cast<std::uint8_t>(random());
      }
      const auto parsed = parse(octets);
      ASSERT_TRUE(parsed.has_value());
      const auto written = octets_of(*parsed);
      const auto again = parse(written);
      ASSERT_TRUE(again.has_value());
      ASSERT_TRUE(*again == *parsed) << one.what;
    }
  }
}

TEST(PptpMessages, FullWidthTextNeedsNoTerminator) {
  const std::string name(64, 'x');
  EXPECT_EQ(FixedText<64>(name).text(), name);
  EXPECT_EQ(FixedText<64>(name + "yz").text(), name);
  EXPECT_EQ(FixedText<64>("").text(), "");
}

// Every Length that is wrong for the type is refused as soon as the type is known; below 12 and above 220
// after two octets.
TEST(PptpMessages, CTL_05_WrongLengthIsRefusedBeforeTheBody) {
  for (const auto& one : golden()) {
    const auto good = from_hex(one.hex);
    for (std::uint32_t length = 0; length <= 0xFFFF; ++length) {
      if (length == good.size()) {
        continue;
      }
      auto octets = std::vector<std::uint8_t>(good.begin(), good.begin() + 10);
      wire::store_be(octets.data(), static_cast<std::uint16_t>(length));
      ASSERT_EQ(wanted_octets(octets).error(), ParseError::kBadLength) << one.what << " " << length;
      if (length < 12 || length > 220) {
        ASSERT_EQ(wanted_octets(std::span(octets.data(), 2)).error(), ParseError::kBadLength) << length;
      }
    }
  }
}

TEST(PptpMessages, CTL_04_BadMagicIsSeenAfterEightOctets) {
  auto octets = from_hex("001000011a2b3c4e");
  EXPECT_EQ(wanted_octets(octets).error(), ParseError::kBadMagic);
}

TEST(PptpMessages, CTL_09_UnknownTypesAreErrors) {
  for (std::uint32_t type = 0; type <= 0xFFFF; ++type) {
    auto octets = from_hex("001000011a2b3c4d00000000");
    wire::store_be(&octets[8], static_cast<std::uint16_t>(type));
    const auto wanted = wanted_octets(octets);
    if (type < 1 || type > 15) {
      ASSERT_EQ(wanted.error(), ParseError::kUnknownType) << type;
    }
  }
  for (std::uint32_t kind = 0; kind <= 0xFFFF; ++kind) {
    auto octets = from_hex("00100000");
    wire::store_be(&octets[2], static_cast<std::uint16_t>(kind));
    ASSERT_EQ(wanted_octets(octets).has_value(), kind == 1) << kind;
  }
}

}  // namespace
}  // namespace adit::control::pptp
