// SPDX-License-Identifier: Apache-2.0
// EAP's packets, RFC 3748 §4, and EAP-MSCHAPv2's messages.
#include "dataplane/wire/eap.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "tests/dataplane/wire/octets.hpp"

namespace adit::wire {
namespace {

using test::hex;

TEST(Eap, ARequestAResponseASuccess) {
  const auto octets = hex("01 07 0006 0141");
  const auto request = parse_eap(octets);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->code, EapCode::kRequest);
  EXPECT_EQ(request->identifier, 7);
  EXPECT_EQ(request->type, EapType::kIdentity);
  EXPECT_EQ(test::copy(request->data), hex("41"));
  const auto success = parse_eap(hex("03 07 0004"));
  ASSERT_TRUE(success);
  EXPECT_EQ(success->code, EapCode::kSuccess);
}

TEST(Eap, WhatIsDiscarded) {
  EXPECT_EQ(parse_eap({}).error(), EapError::kTruncated);
  EXPECT_EQ(parse_eap(hex("02 07 00")).error(), EapError::kTruncated);
  EXPECT_EQ(parse_eap(hex("02 07 0003")).error(), EapError::kLengthTooSmall);
  EXPECT_EQ(parse_eap(hex("02 07 0004")).error(), EapError::kLengthTooSmall) << "a Response without a type";
  EXPECT_EQ(parse_eap(hex("02 07 0006 01")).error(), EapError::kLengthTooLarge);
  EXPECT_EQ(parse_eap(hex("03 07 0005 00")).error(), EapError::kNotEmpty);
  EXPECT_EQ(parse_eap(hex("04 07 0005 00")).error(), EapError::kNotEmpty);
  for (const std::uint8_t code : test::Octets{0, 5, 6, 255}) {
    EXPECT_EQ(parse_eap(std::vector<std::uint8_t>{code, 7, 0, 5, 1}).error(), EapError::kCode);
  }
}

TEST(Eap, OctetsBehindLengthArePadding) {
  const auto octets = hex("02 07 0006 0141 0000 42");
  const auto packet = parse_eap(octets);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->whole.size(), 6U);
  EXPECT_EQ(test::copy(packet->data), hex("41"));
}

TEST(Eap, MsChapV2MessagesAndTheirLengths) {
  const auto challenge = hex("01 09 0007 010203");
  const auto read = parse_eap_ms_chap_v2(challenge);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->code, EapMsChapV2Code::kChallenge);
  EXPECT_EQ(read->identifier, 9);
  EXPECT_EQ(read->data.size(), 3U);
  std::vector<std::uint8_t> written(kEapMsChapV2HeaderSize);
  write_eap_ms_chap_v2(written.data(), EapMsChapV2Code::kChallenge, 9, 3);
  EXPECT_EQ(written, hex("01 09 0007"));
  for (const char* const wrong :
       {"", "01", "02", "0109", "010900", "01090003", "01090008010203", "01090006010203", "07"}) {
    EXPECT_FALSE(parse_eap_ms_chap_v2(hex(wrong))) << wrong;
  }
}

TEST(Eap, MsChapV2AcknowledgementsAreOneOctet) {
  EXPECT_EQ(parse_eap_ms_chap_v2(hex("03"))->code, EapMsChapV2Code::kSuccess);
  EXPECT_EQ(parse_eap_ms_chap_v2(hex("04"))->code, EapMsChapV2Code::kFailure);
}

}  // namespace
}  // namespace adit::wire
