// SPDX-License-Identifier: Apache-2.0
// PAP (RFC 1334) and CHAP (RFC 1994, 2433, 2759) fields: every combination of lengths, none read past its packet.
#include <gtest/gtest.h>

#include "dataplane/wire/chap.hpp"
#include "dataplane/wire/pap.hpp"
#include "tests/dataplane/wire/octets.hpp"

namespace adit::wire {
namespace {

using test::hex;
using test::Octets;

Octets ascii(std::string_view text) {
  return {text.begin(), text.end()};
}
std::string text_of(Bytes octets) {
  return {octets.begin(), octets.end()};
}

TEST(Pap, AUT_02_ReadsNameAndPassword) {
  const Octets data = hex("05 616C696365 06 736563726574");
  const auto request = parse_pap_request(data);
  ASSERT_TRUE(request);
  EXPECT_EQ(text_of(request->peer_id), "alice");
  EXPECT_EQ(text_of(request->password), "secret");
}

TEST(Pap, AUT_02_EveryCombinationOfLengths) {
  // 300 octets: each pair of lengths either fits or does not, and what is read is what the lengths say.
  for (int name = 0; name < 256; ++name) {
    for (int password = 0; password < 256; ++password) {
      for (const std::size_t size : {std::size_t{2}, std::size_t{60}, std::size_t{300}}) {
        Octets data(size);
        data[0] = static_cast<std::uint8_t>(name);
        const std::size_t second = 1 + static_cast<std::size_t>(name);
        if (second < size) {
          data[second] = static_cast<std::uint8_t>(password);
        }
        const auto request = parse_pap_request(data);
        const bool fits = second + 1 + static_cast<std::size_t>(password) <= size;
        ASSERT_EQ(request.has_value(), fits) << name << " " << password << " " << size;
        if (fits) {
          ASSERT_EQ(request->peer_id.size(), static_cast<std::size_t>(name));
          ASSERT_EQ(request->password.size(), static_cast<std::size_t>(password));
          ASSERT_EQ(request->password.data(), data.data() + second + 1);
        }
      }
    }
  }
}

TEST(Pap, AUT_02_EveryTruncation) {
  test::each_truncation(hex("05 616C696365 06 736563726574"),
                        [](Bytes data) { EXPECT_FALSE(parse_pap_request(data)) << data.size(); });
}

TEST(Pap, AUT_02_EveryBitFlipStaysInside) {
  test::each_bit_flip(hex("05 616C696365 06 736563726574"), [](Bytes data, std::size_t) {
    if (const auto request = parse_pap_request(data)) {
      EXPECT_LE(2 + request->peer_id.size() + request->password.size(), data.size());
    }
  });
}

TEST(Pap, RoundTripAndLimits) {
  test::Random random(5);
  for (const std::size_t size : {0, 1, 254, 255}) {
    const Octets name = random.octets(size);
    const Octets password = random.octets(255 - size);
    PppFrameWriter writer(PppProtocol::kPap, static_cast<std::uint8_t>(PapCode::kAuthenticateRequest), 1);
    write_pap_request(writer, PapRequest{name, password});
    const auto request = parse_pap_request(writer.data());
    ASSERT_TRUE(request);
    EXPECT_EQ(test::copy(request->peer_id), name);
    EXPECT_EQ(test::copy(request->password), password);
  }
  PppFrameWriter writer(PppProtocol::kPap, static_cast<std::uint8_t>(PapCode::kAuthenticateRequest), 1);
  write_pap_request(writer, PapRequest{Octets(256), {}});
  EXPECT_FALSE(writer.ok());
}

TEST(Pap, MessageIsWhatThePacketHolds) {
  EXPECT_EQ(text_of(parse_pap_message(hex("03 416263"))), "Abc");
  EXPECT_EQ(text_of(parse_pap_message(hex("FF 416263"))), "Abc");
  EXPECT_EQ(text_of(parse_pap_message(hex("02 416263"))), "Ab");
  EXPECT_TRUE(parse_pap_message({}).empty());
  EXPECT_TRUE(parse_pap_message(hex("09")).empty());
  PppFrameWriter writer(PppProtocol::kPap, static_cast<std::uint8_t>(PapCode::kAuthenticateNak), 1);
  write_pap_message(writer, Octets(300, 'x'));
  EXPECT_EQ(writer.data().size(), 256U);
  EXPECT_EQ(parse_pap_message(writer.data()).size(), 255U);
}

TEST(Chap, AUT_03_EveryValueSize) {
  for (int value_size = 0; value_size < 256; ++value_size) {
    for (const std::size_t size : {1, 16, 17, 18, 50, 60, 300}) {
      Octets data(size);
      data[0] = static_cast<std::uint8_t>(value_size);
      const auto chap = parse_chap_value(data);
      const bool fits = value_size > 0 && static_cast<std::size_t>(value_size) < size;
      ASSERT_EQ(chap.has_value(), fits) << value_size << " in " << size;
      if (fits) {
        ASSERT_EQ(chap->value.size(), static_cast<std::size_t>(value_size));
        ASSERT_EQ(chap->name.size(), size - 1 - static_cast<std::size_t>(value_size));
      }
    }
  }
  EXPECT_FALSE(parse_chap_value({}));
}

TEST(Chap, RoundTripOfValueAndName) {
  test::Random random(6);
  for (int i = 0; i < 500; ++i) {
    const Octets value = random.octets(1 + random.below(255));
    const Octets name = random.octets(random.below(300));
    PppFrameWriter writer(PppProtocol::kChap, static_cast<std::uint8_t>(ChapCode::kChallenge), 1);
    write_chap_value(writer, ChapValue{value, name});
    const auto chap = parse_chap_value(writer.data());
    ASSERT_TRUE(chap);
    EXPECT_EQ(test::copy(chap->value), value);
    EXPECT_EQ(test::copy(chap->name), name);
  }
  for (const std::size_t size : {0, 256}) {
    PppFrameWriter writer(PppProtocol::kChap, static_cast<std::uint8_t>(ChapCode::kChallenge), 1);
    write_chap_value(writer, ChapValue{Octets(size), {}});
    EXPECT_FALSE(writer.ok()) << size;
  }
}

// RFC 2759 §9.2: peer challenge, reserved, NT response, flags.
Octets v2_response() {
  return hex(
      "21402324255E262A28295F2B3A337C7E 0000000000000000"
      "82309ECD8D708B5EA08FAA3981CD83544233114A3D85D6DF 00");
}

TEST(MsChapV2, AUT_04_ReadsTheRfcVector) {
  const auto response = parse_ms_chap_v2(v2_response());
  ASSERT_TRUE(response);
  EXPECT_EQ(test::copy(response->peer_challenge), hex("21402324255E262A28295F2B3A337C7E"));
  EXPECT_EQ(test::copy(response->nt_response), hex("82309ECD8D708B5EA08FAA3981CD83544233114A3D85D6DF"));
  EXPECT_EQ(test::copy(ms_chap_v2_value(*response)), v2_response());
}

TEST(MsChapV2, AUT_06_ReservedFlagsAndSize) {
  test::each_truncation(v2_response(), [](Bytes value) { EXPECT_FALSE(parse_ms_chap_v2(value)); });
  Octets longer = v2_response();
  longer.push_back(0);
  EXPECT_FALSE(parse_ms_chap_v2(longer));
  test::each_bit_flip(v2_response(), [](Bytes value, std::size_t bit) {
    const std::size_t octet = bit / 8;
    const bool must_be_zero = (octet >= 16 && octet < 24) || octet == 48;
    EXPECT_EQ(parse_ms_chap_v2(value).has_value(), !must_be_zero) << octet;
  });
}

TEST(MsChapV1, AUT_06_OnlyTheNtResponseCounts) {
  // RFC 2433 §B.2: the NT response to challenge 102DB5DF085D3041 and password MyPw.
  Octets value(49, 0xAA);
  const Octets nt = hex("4E9D3C8F9CFD385D5BF4D3246791956CA4C351AB409A3D61");
  std::copy(nt.begin(), nt.end(), value.begin() + 24);
  value[48] = 1;
  const auto response = parse_ms_chap_v1(value);
  ASSERT_TRUE(response);
  EXPECT_EQ(test::copy(response->nt_response), nt);
  EXPECT_TRUE(parse_ms_chap_v1(ms_chap_v1_value(*response)));
  for (int flags = 0; flags < 256; ++flags) {
    value[48] = static_cast<std::uint8_t>(flags);
    EXPECT_EQ(parse_ms_chap_v1(value).has_value(), flags == 1) << flags;
  }
  value[48] = 1;
  test::each_truncation(value, [](Bytes cut) { EXPECT_FALSE(parse_ms_chap_v1(cut)); });
  value.push_back(1);
  EXPECT_FALSE(parse_ms_chap_v1(value));
}

TEST(MsChap, AUT_07_FailureText) {
  const Octets challenge = hex("00112233445566778899AABBCCDDEEFF");
  EXPECT_EQ(ms_chap_failure(691, false, challenge, "Access denied"),
            "E=691 R=0 C=00112233445566778899AABBCCDDEEFF V=3 M=Access denied");
  EXPECT_EQ(ms_chap_failure(648, true, challenge, ""), "E=648 R=1 C=00112233445566778899AABBCCDDEEFF V=3 M=");
  // RFC 2433 §6: eight octets of challenge, version 2.
  EXPECT_EQ(ms_chap_failure(691, false, Bytes(challenge).first(8), "no"),
            "E=691 R=0 C=0011223344556677 V=2 M=no");
}

TEST(MsChap, ReadsTheErrorOfAFailure) {
  EXPECT_EQ(parse_ms_chap_error(ascii("E=691 R=0 C=00 V=3 M=x")), 691);
  EXPECT_EQ(parse_ms_chap_error(ascii("E=649")), 649);
  for (const std::string_view text : {"", "E", "E=", "E= 691", "F=691", "E=99999", "Access denied"}) {
    EXPECT_FALSE(parse_ms_chap_error(ascii(text))) << text;
  }
}

}  // namespace
}  // namespace adit::wire
