// SPDX-License-Identifier: Apache-2.0
// What an Access-Accept sets: encryption, MTU, number of calls and name (conformance §6.1, §6.2).
#include "controlplane/radius/accept.hpp"

#include "tests/controlplane/radius/reply_kit.hpp"

namespace adit::control::radius {
namespace {

namespace bits = wire::mppe_bits;

std::string error_of(const Octets& attributes) {
  const auto read = accepted(attributes);
  return read ? "" : read.error();
}

TEST(RadiusAccept, NothingSaidChangesNothing) {
  const auto plain = accepted({});
  ASSERT_TRUE(plain);
  EXPECT_FALSE(plain->mppe_required);
  EXPECT_EQ(plain->mppe_strengths, bits::kStrengths);
  EXPECT_EQ(plain->mtu, std::nullopt);
  EXPECT_EQ(plain->port_limit, std::nullopt);
  EXPECT_EQ(plain->user, "");
}

TEST(RadiusAccept, EncryptionPolicy) {
  EXPECT_FALSE(accepted(vendor(kMicrosoft, 7, hex("00000001")))->mppe_required);
  EXPECT_TRUE(accepted(vendor(kMicrosoft, 7, hex("00000002")))->mppe_required);
  for (const char* bad : {"00000000", "00000003", "0002", "0000000002", ""}) {
    EXPECT_EQ(error_of(vendor(kMicrosoft, 7, hex(bad))),
              "MS-MPPE-Encryption-Policy is neither 1 (allowed) nor 2 (required)")
        << bad;
  }
}

TEST(RadiusAccept, EncryptionTypes) {
  for (const auto& [types, strengths] :
       {std::pair("00000002", bits::k40), std::pair("00000004", bits::k128), std::pair("00000008", bits::k56),
        std::pair("00000006", bits::k40 | bits::k128), std::pair("0000000e", bits::kStrengths),
        std::pair("00000000", 0U)}) {
    const auto read = accepted(vendor(kMicrosoft, 8, hex(types)));
    ASSERT_TRUE(read) << types;
    EXPECT_EQ(read->mppe_strengths, strengths) << types;
  }
  for (const char* bad : {"00000001", "00000010", "80000004", "0004", "0000000004", ""}) {
    EXPECT_EQ(error_of(vendor(kMicrosoft, 8, hex(bad))),
              "MS-MPPE-Encryption-Types is no set of the bits 2 (40), 4 (128) and 8 (56)")
        << bad;
  }
}

TEST(RadiusAccept, FramedMtu) {
  EXPECT_EQ(accepted(attribute(Type::kFramedMtu, hex("00000040")))->mtu, 64);
  EXPECT_EQ(accepted(attribute(Type::kFramedMtu, hex("0000ffff")))->mtu, 65'535);
  for (const char* bad : {"0000003f", "00010000", "0578", "0000000578", ""}) {
    EXPECT_EQ(error_of(attribute(Type::kFramedMtu, hex(bad))), "Framed-MTU is no number from 64 to 65535")
        << bad;
  }
}

TEST(RadiusAccept, PortLimit) {
  EXPECT_EQ(accepted(attribute(Type::kPortLimit, hex("00000001")))->port_limit, 1U);
  for (const char* bad : {"00000000", "01", "0000000001", ""}) {
    EXPECT_EQ(error_of(attribute(Type::kPortLimit, hex(bad))), "Port-Limit is no number of four octets, or 0")
        << bad;
  }
}

TEST(RadiusAccept, UserName) {
  EXPECT_EQ(accepted(attribute(Type::kUserName, text("Alice B")))->user, "Alice B");
  for (const Octets& bad : {Octets{}, text("al\nice"), text("al\x1b[2J"), text("zo\xc3\xab"), Octets{0}}) {
    EXPECT_EQ(error_of(attribute(Type::kUserName, bad)),
              "User-Name has no characters, or some that are not printable ASCII");
  }
}

TEST(RadiusAccept, WhatAPppLinkHasNoUseForIsIgnored) {
  for (const char* action : {"00000000", "00000001"}) {
    EXPECT_TRUE(accepted(attribute(Type::kTerminationAction, hex(action))));
  }
  for (const char* mask : {"ffffffff", "ffffff00"}) {
    EXPECT_TRUE(accepted(attribute(Type::kFramedIpNetmask, hex(mask))));
  }
}

TEST(RadiusAccept, ReplyMessagesOfARejectAreOneText) {
  const auto reject = [](const Octets& attributes) {
    return reply_message(
        *read_reply(reply_of(attributes, true, Code::kAccessReject), kRequest, kSecret, true));
  };
  EXPECT_EQ(reject({}), "");
  EXPECT_EQ(reject(joined({attribute(Type::kReplyMessage, text("no credit")),
                           attribute(Type::kReplyMessage, text("call us"))})),
            "no credit call us");
}

}  // namespace
}  // namespace adit::control::radius
