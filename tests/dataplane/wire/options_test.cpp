// SPDX-License-Identifier: Apache-2.0
// The option values and data layouts of LCP, IPCP, IPv6CP and CCP.
#include <gtest/gtest.h>

#include "dataplane/wire/ccp.hpp"
#include "dataplane/wire/ipcp.hpp"
#include "dataplane/wire/ipv6cp.hpp"
#include "dataplane/wire/lcp.hpp"
#include "tests/dataplane/wire/octets.hpp"

namespace adit::wire {
namespace {

using test::hex;
using test::Octets;

PppOption first_option(const Octets& data) {
  return *PppOptions::parse(data)->begin();
}

TEST(LcpAuthentication, ReadsPapAndChap) {
  EXPECT_EQ(parse_lcp_authentication(hex("C023")), (LcpAuthentication{PppProtocol::kPap, 0}));
  EXPECT_EQ(parse_lcp_authentication(hex("C22305")), (LcpAuthentication{PppProtocol::kChap, 0x05}));
  EXPECT_EQ(parse_lcp_authentication(hex("C22381")), (LcpAuthentication{PppProtocol::kChap, 0x81}));
  EXPECT_EQ(parse_lcp_authentication(hex("C227")), (LcpAuthentication{PppProtocol::kEap, 0}));
}

TEST(LcpAuthentication, RefusesOtherShapes) {
  for (const std::string_view value : {"", "C0", "C223", "C2238100", "C02300"}) {
    EXPECT_FALSE(parse_lcp_authentication(hex(value))) << value;
  }
}

TEST(LcpAuthentication, RoundTrip) {
  for (const LcpAuthentication authentication :
       {LcpAuthentication{PppProtocol::kPap, 0}, LcpAuthentication{PppProtocol::kChap, 0x05},
        LcpAuthentication{PppProtocol::kChap, 0x80}, LcpAuthentication{PppProtocol::kChap, 0x81}}) {
    PppFrameWriter writer(PppProtocol::kLcp, PppCode::kConfigureRequest, 1);
    write_lcp_authentication(writer, authentication);
    const auto options = PppOptions::parse(writer.data());
    ASSERT_TRUE(options);
    EXPECT_EQ((*options->begin()).type, 3);
    EXPECT_EQ(parse_lcp_authentication((*options->begin()).value), authentication);
  }
}

TEST(Lcp, MagicNeedsFourOctets) {
  EXPECT_EQ(parse_lcp_magic(hex("01020304")), 0x01020304U);
  EXPECT_EQ(parse_lcp_magic(hex("0102030405")), 0x01020304U);
  test::each_truncation(hex("01020304"), [](Bytes data) { EXPECT_FALSE(parse_lcp_magic(data)); });
}

TEST(Lcp, ProtocolRejectNamesItsProtocol) {
  EXPECT_EQ(parse_protocol_reject(hex("8057")), PppProtocol::kIpv6cp);
  EXPECT_EQ(parse_protocol_reject(hex("80FD 0101000A")), PppProtocol::kCcp);
  EXPECT_FALSE(parse_protocol_reject(hex("80")));
  EXPECT_FALSE(parse_protocol_reject({}));
}

TEST(Lcp, LCP_12_RasErrorInTerminateRequest) {
  EXPECT_EQ(parse_ras_error(hex("A8C08B28 003CCD74 0000030A")), 778U);
  EXPECT_EQ(parse_ras_error(hex("A8C08B28 003CCD74 00000000")), 0U);
  EXPECT_FALSE(parse_ras_error(hex("A8C08B28 003CCD75 0000030A")));
  EXPECT_FALSE(parse_ras_error(hex("4D50504520646973 61626C65 64")));  // pppd's "MPPE disabled"
  test::each_truncation(hex("A8C08B28 003CCD74 0000030A"),
                        [](Bytes data) { EXPECT_FALSE(parse_ras_error(data)); });
}

TEST(Ipcp, AddressHasFourOctets) {
  EXPECT_EQ(ipcp_address(first_option(hex("0306 0A400001"))), Ipv4Address(10, 64, 0, 1));
  EXPECT_FALSE(ipcp_address(first_option(hex("0305 0A4000"))));
  EXPECT_FALSE(ipcp_address(first_option(hex("0307 0A40000100"))));
  EXPECT_FALSE(ipcp_address(first_option(hex("0302"))));
  PppFrameWriter writer(PppProtocol::kIpcp, PppCode::kConfigureNak, 1);
  writer.option_ipv4(static_cast<std::uint8_t>(IpcpOption::kPrimaryDns), Ipv4Address(198, 51, 100, 53));
  EXPECT_EQ(test::copy(writer.data()), hex("8106 C6336435"));
}

TEST(Ipv6cp, IdentifierHasEightOctets) {
  EXPECT_EQ(ipv6cp_identifier(first_option(hex("010A B0268551695D5F10"))), 0xB0268551695D5F10U);
  EXPECT_FALSE(ipv6cp_identifier(first_option(hex("0109 B0268551695D5F"))));
  EXPECT_FALSE(ipv6cp_identifier(first_option(hex("010B B0268551695D5F1000"))));
  PppFrameWriter writer(PppProtocol::kIpv6cp, PppCode::kConfigureRequest, 1);
  write_ipv6cp_identifier(writer, 0x0102030405060708);
  EXPECT_EQ(test::copy(writer.data()), hex("010A 0102030405060708"));
}

TEST(Ccp, MppeBitsAreThoseOfTheRfc) {
  // RFC 3078 §2.1, and what pppd and Windows 7 ask for.
  const auto pppd = first_option(hex("1206 01000040")).u32();
  EXPECT_EQ(pppd, mppe_bits::kStateless | mppe_bits::k128);
  const auto windows = first_option(hex("1206 010000E0")).u32();
  EXPECT_EQ(windows, mppe_bits::kStateless | mppe_bits::kStrengths);
  EXPECT_EQ(mppe_bits::kObsolete | mppe_bits::kMppc, 0x11U);
}

}  // namespace
}  // namespace adit::wire
