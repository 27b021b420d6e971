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
    EXPECT_TRUE(
        error_of(vendor(kMicrosoft, 7, hex(bad))).ends_with(" is neither 1 (allowed) nor 2 (required)"))
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
    EXPECT_TRUE(error_of(vendor(kMicrosoft, 8, hex(bad)))
                    .ends_with(" is no set of the bits 2 (40), 4 (128) and 8 (56)"))
        << bad;
  }
}

// RFC 2548 §2.4.4, §2.4.5 have each once. Where a server has two, the order must not decide what is safe.
TEST(RadiusAccept, OfTwoEncryptionAttributesTheStricterCounts) {
  const Octets allowed = vendor(kMicrosoft, 7, hex("00000001")),
               required = vendor(kMicrosoft, 7, hex("00000002"));
  EXPECT_TRUE(accepted(joined({allowed, required}))->mppe_required);
  EXPECT_TRUE(accepted(joined({required, allowed}))->mppe_required);
  const Octets strong = vendor(kMicrosoft, 8, hex("00000004")), any = vendor(kMicrosoft, 8, hex("0000000e"));
  EXPECT_EQ(accepted(joined({strong, any}))->mppe_strengths, bits::k128);
  EXPECT_EQ(accepted(joined({any, strong}))->mppe_strengths, bits::k128);
  for (const Octets& conflict : {joined({allowed, required}), joined({any, strong})}) {
    EXPECT_TRUE(accepted(conflict)->mppe_conflict);
  }
  for (const Octets& agreed : {joined({required, required, strong}), joined({allowed, any, any})}) {
    EXPECT_FALSE(accepted(agreed)->mppe_conflict);
  }
}

// Of {40} and {128} nothing is common; "no encryption" would be less than what either asked for.
TEST(RadiusAccept, EncryptionTypesThatShareNothingAreRefused) {
  const Octets weak = vendor(kMicrosoft, 8, hex("00000002")), strong = vendor(kMicrosoft, 8, hex("00000004"));
  const Octets none = vendor(kMicrosoft, 8, hex("00000000"));
  for (const Octets& types : {joined({weak, strong}), joined({strong, none}), joined({none, strong})}) {
    EXPECT_TRUE(error_of(types).ends_with(" has no key length in common with another"));
  }
  EXPECT_EQ(accepted(joined({none, none}))->mppe_strengths, 0U);
}

TEST(RadiusAccept, BlanksInARouteAreBlanks) {
  const auto routes = accepted(attribute(Type::kFramedRoute, text(" \t10.20.0.0/24\t\t0.0.0.0  1 ")))->routes;
  ASSERT_EQ(routes.size(), 1U);
  EXPECT_EQ(to_string(routes[0]), "10.20.0.0/24");
}

TEST(RadiusAccept, FramedMtu) {
  EXPECT_EQ(accepted(attribute(Type::kFramedMtu, hex("00000040")))->mtu, 64);
  EXPECT_EQ(accepted(attribute(Type::kFramedMtu, hex("0000ffff")))->mtu, 65'535);
  for (const char* bad : {"0000003f", "00010000", "0578", "0000000578", ""}) {
    EXPECT_TRUE(error_of(attribute(Type::kFramedMtu, hex(bad))).ends_with(" is no number from 64 to 65535"))
        << bad;
  }
}

TEST(RadiusAccept, PortLimit) {
  EXPECT_EQ(accepted(attribute(Type::kPortLimit, hex("00000001")))->port_limit, 1U);
  for (const char* bad : {"00000000", "01", "0000000001", ""}) {
    EXPECT_TRUE(
        error_of(attribute(Type::kPortLimit, hex(bad))).ends_with(" is no number of four octets from 1 on"))
        << bad;
  }
}

TEST(RadiusAccept, NamesAreOctets) {  // RFC 2865 §5.1, RFC 2869 §5.18
  for (const Octets& name : {text("Alice B"), text("zo\xc3\xab"), text("al\x1b[2J")}) {
    EXPECT_EQ(accepted(attribute(Type::kUserName, name))->user, std::string(name.begin(), name.end()));
    EXPECT_EQ(accepted(attribute(Type::kFramedPool, name))->pool, std::string(name.begin(), name.end()));
  }
  EXPECT_EQ(error_of(attribute(Type::kUserName, Octets{})), "User-Name \"\" is no name");
  EXPECT_EQ(error_of(attribute(Type::kFramedPool, Octets{})), "Framed-Pool \"\" is no name");
}

// RFC 2865 §5.6: an unsupported Service-Type is as an Access-Reject.
TEST(RadiusAccept, ServicesThatAreNotPppAreRefused) {
  EXPECT_TRUE(accepted(joined(
      {attribute(Type::kServiceType, hex("00000002")), attribute(Type::kFramedProtocol, hex("00000001"))})));
  for (const char* bad : {"00000001", "00000006", "00000004", "02"}) {  // Login, Administrative, Callback
    EXPECT_FALSE(accepted(attribute(Type::kServiceType, hex(bad)))) << bad;
  }
  EXPECT_EQ(error_of(attribute(Type::kServiceType, hex("00000006"))),
            "Service-Type 6 is not Framed (2), the only one served");
  EXPECT_EQ(error_of(attribute(Type::kFramedProtocol, hex("00000002"))),
            "Framed-Protocol 2 is not PPP (1), the only one served");
}

TEST(RadiusAccept, ClassesThatNoRecordHasRoomForAreRefused) {
  const Octets one = attribute(Type::kClass, Octets(253, 1));
  EXPECT_EQ(accepted(joined({one, one, one, one, one, one, one, one}))->classes.size(), 8U);
  EXPECT_TRUE(error_of(joined({one, one, one, one, one, one, one, one, one})).starts_with("Class 0x0101"));
}

TEST(RadiusAccept, EveryRefusalNamesAttributeValueAndRule) {
  for (const auto& [octets, error] :
       {std::pair(vendor(kMicrosoft, 7, hex("00000003")),
                  "MS-MPPE-Encryption-Policy 3 is neither 1 (allowed) nor 2 (required)"),
        std::pair(vendor(kMicrosoft, 8, hex("0004")),
                  "MS-MPPE-Encryption-Types 0x0004 is no set of the bits 2 (40), 4 (128) and 8 (56)"),
        std::pair(attribute(Type::kFramedMtu, hex("0000003f")),
                  "Framed-MTU 63 is no number from 64 to 65535"),
        std::pair(attribute(Type::kFramedIpAddress, hex("e0000001")),
                  "Framed-IP-Address 224.0.0.1 is not an address that a subscriber can have"),
        std::pair(attribute(Type::kSessionTimeout, hex("0e10")),
                  "Session-Timeout 0x0e10 is no number of four octets"),
        std::pair(attribute(Type::kPortLimit, hex("00000000")),
                  "Port-Limit 0 is no number of four octets from 1 on"),
        std::pair(attribute(Type::kFramedRoute, text("10.0.0.0/8")),
                  "Framed-Route \"10.0.0.0/8\" is not a network of /16 or longer that a subscriber can have"),
        std::pair(attribute(Type::kFramedRoute, text("10.20.0.1/24")),
                  "Framed-Route \"10.20.0.1/24\" is not an IPv4 network with a length and without host bits"),
        std::pair(attribute(Type::kFramedRoute, text("10.20.0.0/24 192.0.2.1")),
                  "Framed-Route \"10.20.0.0/24 192.0.2.1\" has a gateway that is neither 0.0.0.0 nor the "
                  "subscriber's address"),
        std::pair(attribute(Type::kFramedRoute, text("10.20.0.0/24 0.0.0.0 x")),
                  "Framed-Route \"10.20.0.0/24 0.0.0.0 x\" has a metric that is no number"),
        std::pair(vendor(kMikrotik, 8, text("fast")), "Mikrotik-Rate-Limit \"fast\" is no rate"),
        std::pair(vendor(kMicrosoft, 29, hex("c63364")),
                  "MS-Secondary-DNS-Server 0xc63364 is not an address")}) {
    EXPECT_EQ(error_of(octets), error);
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

// RFC 2865 §5.8: the user chooses, the NAS chooses. Both are one of the pool here.
TEST(RadiusAccept, AddressesThatSomebodyElseChoosesAreThePools) {
  for (const char* address : {"ffffffff", "fffffffe"}) {
    const auto read = accepted(attribute(Type::kFramedIpAddress, hex(address)));
    ASSERT_TRUE(read) << address;
    EXPECT_EQ(read->address, std::nullopt) << address;
  }
}

TEST(RadiusAccept, TheLongestTimeoutsAreNumbers) {
  const Duration longest = std::chrono::seconds(4'294'967'295);
  EXPECT_EQ(accepted(attribute(Type::kSessionTimeout, hex("ffffffff")))->session_timeout, longest);
  EXPECT_EQ(accepted(attribute(Type::kIdleTimeout, hex("ffffffff")))->idle_timeout, longest);
}

// As Microsoft's NPS answers by default: links of several channels and the domain are nothing to us.
TEST(RadiusAccept, WhatNpsAddsIsIgnored) {
  const auto read = accepted(joined(
      {attribute(Type::kServiceType, hex("00000002")), attribute(Type::kFramedProtocol, hex("00000001")),
       vendor(kMicrosoft, 10,
              text("\x01"
                   "CORP")),
       vendor(kMicrosoft, 14, hex("00000032")), vendor(kMicrosoft, 15, hex("00000078")),
       vendor(kMicrosoft, 7, hex("00000001")), vendor(kMicrosoft, 8, hex("0000000e"))}));
  ASSERT_TRUE(read) << read.error();
  EXPECT_FALSE(read->mppe_required);
  EXPECT_FALSE(read->mppe_conflict);
  EXPECT_EQ(read->mppe_strengths, bits::kStrengths);
  EXPECT_EQ(read->user, "");
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
