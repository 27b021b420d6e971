// SPDX-License-Identifier: Apache-2.0
// MS-CHAP against RFC 2759 §9.2 and RFC 2433 B.2; passwords outside ASCII.
#include "crypto/mschap.hpp"

#include <gtest/gtest.h>

#include "crypto/utf16.hpp"
#include "tests/crypto/octets.hpp"

namespace adit::crypto {
namespace {

using test::hex;
using test::text;
using test::unhex;
using test::unhex_array;

const auto kAuthenticatorChallenge = unhex_array<16>("5B5D7C7D7B3F2F3E3C2C602132262628");
const auto kPeerChallenge = unhex_array<16>("21402324255E262A28295F2B3A337C7E");

TEST(MsChap, AUT_04_VectorsOfRfc2759Section9_2) {
  const Secret<16> hash = nt_password_hash(text("clientPass"));
  const Secret<16> hash_hash = nt_hash_hash(hash);
  const auto challenge = challenge_hash(kPeerChallenge, kAuthenticatorChallenge, "User");
  const NtResponse response = nt_response(challenge, hash);
  EXPECT_EQ(hex(challenge), "D02E4386BCE91226");
  EXPECT_EQ(hex(hash.bytes()), "44EBBA8D5312B8D611474411F56989AE");
  EXPECT_EQ(hex(hash_hash.bytes()), "41C00C584BD2D91C4017A2A12FA59F3F");
  EXPECT_EQ(hex(response), "82309ECD8D708B5EA08FAA3981CD83544233114A3D85D6DF");
  EXPECT_EQ(authenticator_response(hash_hash, response, challenge),
            "S=407A5589115FD0D6209F510FE9C04566932CDA56");
}

TEST(MsChap, ADomainDoesNotCountInTheChallengeHash) {
  const auto plain = challenge_hash(kPeerChallenge, kAuthenticatorChallenge, "User");
  EXPECT_EQ(challenge_hash(kPeerChallenge, kAuthenticatorChallenge, "DOMAIN\\User"), plain);
  EXPECT_EQ(challenge_hash(kPeerChallenge, kAuthenticatorChallenge, "A\\B\\User"), plain);
  EXPECT_NE(challenge_hash(kPeerChallenge, kAuthenticatorChallenge, "user"), plain);
  EXPECT_EQ(without_domain("DOMAIN\\"), "");
  EXPECT_EQ(without_domain(""), "");
}

TEST(MsChap, VectorOfRfc2433AppendixB2) {
  const Secret<16> hash = nt_password_hash(text("MyPw"));
  EXPECT_EQ(hex(hash.bytes()), "FC156AF7EDCD6C0EDDE3337D427F4EAC");
  EXPECT_EQ(hex(nt_response(unhex_array<8>("102DB5DF085D3041"), hash)),
            "4E9D3C8F9CFD385D5BF4D3246791956CA4C351AB409A3D61");
}

TEST(MsChap, LmHashRaisesAsciiAndStopsAt14) {
  const std::string expected = "76A152936096D7830E2390227404AFD2";  // RFC 3079 §2.5.1
  EXPECT_EQ(hex(lm_password_hash(text("clientPass")).bytes()), expected);
  EXPECT_EQ(hex(lm_password_hash(text("CLIENTPASS")).bytes()), expected);
  EXPECT_EQ(hex(lm_password_hash(text("12345678901234")).bytes()),
            hex(lm_password_hash(text("12345678901234567890")).bytes()));
  EXPECT_EQ(hex(lm_password_hash({}).bytes()), "AAD3B435B51404EEAAD3B435B51404EE");
}

TEST(MsChap, AUT_09_EmptyPassword) {
  EXPECT_EQ(hex(nt_password_hash({}).bytes()), "31D6CFE0D16AE931B73C59D7E0C089C0");
}

TEST(MsChap, AUT_08_SurrogatesAndLongPasswords) {
  const auto clef = utf16le_from_utf8(text("\u20AC\U0001D11E\uFFFD"));
  ASSERT_TRUE(clef.has_value());
  EXPECT_EQ(hex(clef->bytes()), "AC2034D81EDDFDFF");
  const auto edges = utf16le_from_utf8(unhex("7F C280 DFBF E0A080 ED9FBF EE8080 EFBFBF F0908080 F48FBFBF"));
  ASSERT_TRUE(edges.has_value());
  EXPECT_EQ(edges->bytes().size(), 22u);
  EXPECT_EQ(hex(edges->bytes()), hex(unhex("7F00 8000 FF07 0008 FFD7 00E0 FFFF 00D800DC FFDBFFDF")));
  std::string accents;
  for (int i = 0; i < 256; ++i) {
    accents += "\u00E9";
  }
  const auto units = utf16le_from_utf8(text(accents));
  ASSERT_TRUE(units.has_value());
  EXPECT_EQ(units->bytes().size(), 512u);
}

TEST(MsChap, AUT_08_WhatIsNotUtf8IsLatin1) {
  for (const char* bad : {"80", "C0AF", "C1BF", "E08080", "EDA080", "EDBFBF", "F0808080", "F4908080",
                          "F880808080", "FF", "41C3", "E282", "F09F98", "C341", "E28241"}) {
    EXPECT_FALSE(utf16le_from_utf8(unhex(bad)).has_value()) << bad;
  }
  EXPECT_EQ(hex(utf16le_from_latin1(unhex("41E9FF")).bytes()), "4100E900FF00");
  // "é" in Latin-1 and in UTF-8 is one password.
  EXPECT_EQ(hex(nt_password_hash(unhex("E9")).bytes()), hex(nt_password_hash(unhex("C3A9")).bytes()));
  EXPECT_NE(hex(nt_password_hash(unhex("E9")).bytes()), hex(nt_password_hash(unhex("E8")).bytes()));
}

}  // namespace
}  // namespace adit::crypto
