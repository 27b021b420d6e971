// SPDX-License-Identifier: Apache-2.0
// RADIUS packets: golden octets, authenticity before attributes, hidden values (conformance: RAD).
#include "controlplane/radius/packet.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "controlplane/radius/framed_route.hpp"
#include "crypto/digest.hpp"
#include "tests/controlplane/radius/reply_kit.hpp"

namespace adit::control::radius {
namespace {

Fault fault_of(const Octets& datagram, bool must_be_signed = true) {
  const auto packet = read_reply(datagram, kRequest, kSecret, must_be_signed);
  EXPECT_FALSE(packet);
  return packet ? Fault{} : packet.error();
}

/// RFC 2865 §7.1: nemo logs in with "arctangent".
TEST(RadiusPacket, RAD_01_AccessRequestOfTheRfc) {
  RequestWriter request(Code::kAccessRequest, 0, kRequest);
  request.text(Type::kUserName, "nemo");
  request.password(crypto::octets_of("arctangent"), kSecret);
  request.address(Type::kNasIpAddress, wire::Ipv4Address(192, 168, 1, 16));
  request.number(Type::kNasPort, 3);
  EXPECT_EQ(std::move(request).finish(kSecret),
            hex("01000038 0f403f9473978057bd83d5cb98f4227a 01066e656d6f 02120dbe708d93d413ce3196e43f782a0aee"
                "0406c0a80110 050600000003"));
}

/// RFC 2865 §7.1's reply.
TEST(RadiusPacket, ReplyOfTheRfcIsAuthentic) {
  const Octets reply =
      hex("02000026 86fe220e7624ba2a1005f6bf9b55e0b2 060600000001 0f0600000000 0e06c0a80103");
  const auto packet = read_reply(reply, kRequest, kSecret, false);
  ASSERT_TRUE(packet) << to_text(packet.error());
  EXPECT_EQ(packet->code(), Code::kAccessAccept);
  EXPECT_EQ(packet->attributes().size(), 3U);
  EXPECT_EQ(number_of(*packet->find(Type::kServiceType)), 1U);
  EXPECT_EQ(fault_of(reply), Fault::kNoMessageAuthenticator) << "BlastRADIUS: not without it";
}

TEST(RadiusPacket, RAD_03_MessageAuthenticatorStandsFirstAndIsRight) {
  RequestWriter request(Code::kAccessRequest, 7, kRequest);
  request.begin_signed();
  request.text(Type::kUserName, "alice");
  Octets packet = std::move(request).finish(kSecret).value();
  ASSERT_EQ(packet[20], 80);
  const Octets code(packet.begin() + 22, packet.begin() + 38);
  std::fill_n(packet.begin() + 22, 16, std::uint8_t{0});
  const auto right = crypto::hmac_md5(kSecret, {packet});
  EXPECT_EQ(code, Octets(right.begin(), right.end()));
}

TEST(RadiusPacket, RAD_04_RepliesThatAreNotSignedAsTheyMust) {
  EXPECT_TRUE(read_reply(reply_of({}), kRequest, kSecret, true));
  EXPECT_EQ(fault_of(reply_of({}, false)), Fault::kNoMessageAuthenticator);
  Octets wrong = reply_of({});
  wrong[30] ^= 1;
  const auto digest = [&wrong] {
    std::ranges::copy(kRequest, wrong.begin() + 4);
    const auto of_it = crypto::md5({wrong, kSecret});
    std::ranges::copy(of_it, wrong.begin() + 4);
  };
  digest();
  EXPECT_EQ(fault_of(wrong), Fault::kMessageAuthenticator);
  EXPECT_EQ(fault_of(wrong, false), Fault::kMessageAuthenticator)
      << "one that is there is checked in any case";
  // Not first, because the BlastRADIUS attack puts its own attribute before it.
  Octets later = reply_of({});
  later.insert(later.begin() + 20, {18, 3, 'x'});
  wire::store_be(later.data() + 2, static_cast<std::uint16_t>(later.size()));
  std::ranges::copy(kRequest, later.begin() + 4);
  std::fill_n(later.begin() + 25, 16, std::uint8_t{0});
  const auto code = crypto::hmac_md5(kSecret, {later});
  std::ranges::copy(code, later.begin() + 25);
  const auto of_it = crypto::md5({later, kSecret});
  std::ranges::copy(of_it, later.begin() + 4);
  EXPECT_TRUE(read_reply(later, kRequest, kSecret, false));
  EXPECT_EQ(fault_of(later), Fault::kNoMessageAuthenticator);
}

TEST(RadiusPacket, RAD_05_EveryFlippedBitIsNoticed) {
  const Octets good = reply_of(hex("0806 0a400002"));
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Octets bad = good;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1U << bit % 8));
    EXPECT_FALSE(read_reply(bad, kRequest, kSecret, true)) << bit;
  }
  Authenticator other = kRequest;
  other[0] ^= 1;
  EXPECT_FALSE(read_reply(good, other, kSecret, true)) << "of another request";
}

TEST(RadiusPacket, RAD_09_Lengths) {
  const Octets good = reply_of({});
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(fault_of(Octets(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size))),
              Fault::kLength);
  }
  Octets padded = good;
  padded.resize(padded.size() + 9, 0xaa);
  EXPECT_TRUE(read_reply(padded, kRequest, kSecret, true)) << "RFC 2865 §3: behind Length is padding";
  for (const std::uint16_t length : std::initializer_list<std::uint16_t>{0, 19, 4097}) {
    Octets bad = good;
    bad.resize(5000);
    wire::store_be(bad.data() + 2, length);
    EXPECT_EQ(fault_of(bad), Fault::kLength) << length;
  }
}

TEST(RadiusPacket, RAD_11_ADatagramOfSixtyFourKilobytes) {
  EXPECT_EQ(fault_of(Octets(65'507, 0x42)), Fault::kLength);
  Octets claims = reply_of({});
  claims.resize(65'507);
  wire::store_be<std::uint16_t>(claims.data() + 2, 65'507);
  EXPECT_EQ(fault_of(claims), Fault::kLength);
}

TEST(RadiusPacket, RAD_10_AttributesOfEveryLength) {
  for (const Octets& bad : {hex("08"), hex("0800"), hex("0801"), hex("0807 0a400002"), hex("0802 08")}) {
    EXPECT_EQ(fault_of(reply_of(bad)), Fault::kAttributes);
  }
  // What is inside a vendor attribute is up to the vendor: kept whole if it does not parse.
  for (const Octets& odd : {hex("1a06 00000137"), hex("1a08 00000137 1000"), hex("1a08 00000137 1001"),
                            hex("1a08 00000137 1003"), hex("1a03 00"), hex("1a02")}) {
    const auto packet = read_reply(reply_of(odd), kRequest, kSecret, true);
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->find(kMicrosoft, 16), nullptr);
  }
  const auto two = read_reply(reply_of(hex("1a0e 00000137 1c06c6336435 1d02")), kRequest, kSecret, true);
  ASSERT_TRUE(two);
  ASSERT_NE(two->find(kMicrosoft, 28), nullptr);
  EXPECT_EQ(number_of(*two->find(kMicrosoft, 28)), 0xc6336435U);
  ASSERT_NE(two->find(kMicrosoft, 29), nullptr);
  EXPECT_TRUE(two->find(kMicrosoft, 29)->value.empty());
}

// A writer that failed has failed: what is written after it changes nothing, and there is no packet.
TEST(RadiusPacket, WhatDoesNotFitIsNoPacketAndNamesTheCause) {
  const auto fault = [](const std::function<void(RequestWriter&)>& fill) {
    RequestWriter request(Code::kAccessRequest, 0, kRequest);
    request.begin_signed();
    fill(request);
    request.number(Type::kNasPort, 1);
    const bool nothing = request.attributes().empty();
    const auto packet = std::move(request).finish(kSecret);
    EXPECT_EQ(nothing, !packet);
    return packet ? std::to_string(packet->size()) : packet.error();
  };
  EXPECT_EQ(fault([](RequestWriter& request) { request.octets(Type::kUserName, Octets(254)); }),
            "User-Name of 254 octets is longer than 253");
  EXPECT_EQ(fault([](RequestWriter& request) { request.text(Type::kUserName, ""); }),
            "User-Name of 0 octets is empty");
  EXPECT_EQ(fault([](RequestWriter& request) { request.text(Type::kNasIdentifier, ""); }),
            fault([](RequestWriter&) {}));
  EXPECT_EQ(fault([](RequestWriter& request) { request.password(Octets(129), kSecret); }),
            "User-Password of 129 octets is longer than 128");
  EXPECT_EQ(fault([](RequestWriter& request) { request.vendor(kMicrosoft, 11, Octets(248)); }),
            "Vendor-Specific of 254 octets is longer than 253");
  EXPECT_EQ(fault([](RequestWriter& request) {
              for (int n = 0; n < 20; ++n) {
                request.octets(Type::kClass, Octets(253));
              }
            }),
            "Class of 253 octets makes the packet longer than 4096");
  EXPECT_EQ(fault([](RequestWriter& request) {
              RequestWriter part(Code::kAccountingRequest, 0, {});
              part.octets(Type::kUserName, Octets(254));
              request.append(part.attributes());
            }),
            "the attributes make the packet longer than 4096");
}

// ---- hidden values --------------------------------------------------------------------------------------------------

/// Hides a value as a server does (RFC 2868 §3.5); written from the RFC, not as the inverse of
/// reveal_salted().
Octets salted(std::uint16_t salt, Octets clear) {
  clear.insert(clear.begin(), static_cast<std::uint8_t>(clear.size()));
  clear.resize((clear.size() + 15) / 16 * 16);
  Octets out(2);
  wire::store_be(out.data(), salt);
  auto mask = crypto::md5({kSecret, kRequest, out});
  for (std::size_t at = 0; at < clear.size(); at += 16) {
    Octets block(16);
    for (std::size_t i = 0; i < 16; ++i) {
      block[i] = static_cast<std::uint8_t>(clear[at + i] ^ mask[i]);
    }
    out.insert(out.end(), block.begin(), block.end());
    mask = crypto::md5({kSecret, block});
  }
  return out;
}

TEST(RadiusHidden, RAD_07_KeysOfEveryLengthComeBack) {
  for (std::size_t size = 0; size <= 64; ++size) {
    Octets key(size);
    for (std::size_t i = 0; i < size; ++i) {
      key[i] = static_cast<std::uint8_t>(i * 7 + size);
    }
    const auto back = reveal_salted(salted(0x8001, key), kRequest, kSecret);
    ASSERT_TRUE(back) << size;
    EXPECT_EQ(Octets(back->bytes().begin(), back->bytes().end()), key);
  }
}

TEST(RadiusHidden, RAD_07_MalformedOnesDoNot) {
  EXPECT_FALSE(reveal_salted(salted(0x0001, Octets(16)), kRequest, kSecret)) << "salt without its first bit";
  EXPECT_FALSE(reveal_salted(Octets{0x80, 0}, kRequest, kSecret));
  Octets odd = salted(0x8001, Octets(16));
  odd.pop_back();
  EXPECT_FALSE(reveal_salted(odd, kRequest, kSecret));
  Octets lying(16, 0);  // its length octet exceeds what follows
  lying[0] = 16;
  Octets hidden{0x80, 0x01};
  const auto mask = crypto::md5({kSecret, kRequest, hidden});
  for (std::size_t i = 0; i < 16; ++i) {
    hidden.push_back(static_cast<std::uint8_t>(lying[i] ^ mask[i]));
  }
  EXPECT_FALSE(reveal_salted(hidden, kRequest, kSecret));
}

// ---- grants ----------------------------------------------------------------------------------------------------------

TEST(RadiusAccept, RAD_06_SuccessStringIsPassedOnAsItIs) {
  const std::string success = "S=0123456789ABCDEF0123456789ABCDEF01234567";
  const AuthProof proof = MsChapV2Proof{};
  const auto good = accepted(vendor(kMicrosoft, 26, text("\x07" + success)), proof);
  ASSERT_TRUE(good) << good.error();
  EXPECT_EQ(good->authenticator_response, success);
  EXPECT_FALSE(good->mppe);
  EXPECT_EQ(accepted({}, proof).error(), "Access-Accept lacks MS-CHAP2-Success");
}

TEST(RadiusAccept, RAD_12_SuccessOfEveryOtherLengthIsRefused) {
  const std::string whole = "\x07S=0123456789ABCDEF0123456789ABCDEF01234567";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(accepted(vendor(kMicrosoft, 26, text(whole.substr(0, size))), MsChapV2Proof{})) << size;
  }
  EXPECT_FALSE(accepted(vendor(kMicrosoft, 26, text("\x07S=0123456789abcdef0123456789ABCDEF01234567")),
                        MsChapV2Proof{}));
}

TEST(RadiusAccept, RAD_07_KeysOfBothDirectionsOrNone) {
  const std::string success = "\x01S=0123456789ABCDEF0123456789ABCDEF01234567";
  const Octets proof_of_server = vendor(kMicrosoft, 26, text(success));
  const Octets send = vendor(kMicrosoft, 16, salted(0x8001, Octets(16, 1)));
  const Octets receive = vendor(kMicrosoft, 17, salted(0x8002, Octets(32, 2)));
  const auto both = accepted(joined({proof_of_server, send, receive}), MsChapV2Proof{});
  ASSERT_TRUE(both && both->mppe);
  EXPECT_EQ(both->mppe->send.bytes()[0], 1);
  EXPECT_EQ(both->mppe->receive.bytes()[15], 2);
  EXPECT_FALSE(accepted(joined({proof_of_server, send}), MsChapV2Proof{}));
  const Octets short_key = vendor(kMicrosoft, 17, salted(0x8002, Octets(15, 2)));
  EXPECT_FALSE(accepted(joined({proof_of_server, send, short_key}), MsChapV2Proof{}));
}

TEST(RadiusAccept, WhatAttributesGrant) {
  const auto all = accepted(joined(
      {attribute(Type::kFramedIpAddress, hex("0a4d0009")),
       attribute(Type::kFramedRoute, text("10.20.0.0/24 10.77.0.9 1")),
       attribute(Type::kSessionTimeout, hex("00000e10")), attribute(Type::kIdleTimeout, hex("00000000")),
       attribute(Type::kClass, hex("0102")), attribute(Type::kClass, hex("03")),
       attribute(Type::kFramedPool, text("gold")), vendor(kMicrosoft, 28, hex("c6336435"))}));
  ASSERT_TRUE(all) << all.error();
  EXPECT_EQ(all->address, wire::Ipv4Address(10, 77, 0, 9));
  EXPECT_EQ(all->pool, "gold");
  EXPECT_EQ(all->routes.size(), 1U);
  EXPECT_EQ(all->session_timeout, Duration{3'600'000});
  EXPECT_FALSE(all->idle_timeout);
  EXPECT_EQ(all->classes, (std::vector<Octets>{{1, 2}, {3}}));
  EXPECT_EQ(all->servers.dns1, wire::Ipv4Address(198, 51, 100, 53));
  EXPECT_FALSE(accepted(attribute(Type::kFramedIpAddress, hex("fffffffe")))->address) << "the NAS chooses";
}

TEST(RadiusAccept, MalformedValuesRefuseTheCallByName) {
  for (const auto& [octets, name] :
       {std::pair(attribute(Type::kFramedIpAddress, hex("0a4d00")), "Framed-IP-Address"),
        std::pair(attribute(Type::kFramedIpAddress, hex("e0000001")), "Framed-IP-Address"),
        std::pair(attribute(Type::kSessionTimeout, hex("0e10")), "Session-Timeout"),
        std::pair(attribute(Type::kFramedRoute, text("10.0.0.0/8")), "Framed-Route"),
        std::pair(vendor(kMikrotik, 8, text("fast")), "Mikrotik-Rate-Limit"),
        std::pair(vendor(kMicrosoft, 28, hex("c63364")), "MS-Primary-DNS-Server")}) {
    const auto refused = accepted(octets);
    ASSERT_FALSE(refused) << name;
    EXPECT_NE(refused.error().find(name), std::string::npos) << refused.error();
  }
}

TEST(RadiusAccept, RAD_15_RouteGrammar) {
  const wire::Ipv4Address self(10, 64, 0, 2);
  for (const char* good :
       {"10.20.0.0/24", "10.20.0.0/24 0.0.0.0", "10.20.0.0/24 10.64.0.2 1 2", " 10.20.0.0/24  0.0.0.0  1 ",
        "192.168.1.0 10.64.0.2 1", "172.16.0.0", "192.168.1.0/24 0.0.0.0 1 2 -1 3 400"}) {
    EXPECT_TRUE(parse_framed_route(good, self)) << good;
  }
  for (const char* bad :
       {"", "10.20.0.0", "192.168.1.1", "10.20.0.0/255.255.255.0", "10.20.0.1/24", "10.20.0.0/24 192.0.2.1",
        "10.20.0.0/24 0.0.0.0 x", "0.0.0.0/0", "224.0.0.0/16", "10.20.0.0/24;0.0.0.0", "10.20.0.0/15"}) {
    EXPECT_FALSE(parse_framed_route(bad, self)) << bad;
  }
}

TEST(RadiusAccept, RAD_08_RejectSaysItsError) {
  const auto error = [](const Octets& attributes) {
    return read_reject(*read_reply(reply_of(attributes, true, Code::kAccessReject), kRequest, kSecret, true));
  };
  EXPECT_EQ(error(vendor(kMicrosoft, 2,
                         text("\x01"
                              "E=648 R=0 V=3"))),
            648);
  EXPECT_EQ(error(vendor(kMicrosoft, 2,
                         text("\x01"
                              "E=99999999999"))),
            691);
  EXPECT_EQ(error(vendor(kMicrosoft, 2, text("E="))), 691);
  EXPECT_EQ(error({}), 691);
}

}  // namespace
}  // namespace adit::control::radius
