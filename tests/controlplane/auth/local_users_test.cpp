// SPDX-License-Identifier: Apache-2.0
// Local users behind the backend interface: all four proofs, names with domains, wildcards, unknown users.
#include "controlplane/auth/local_users.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "crypto/digest.hpp"
#include "crypto/library.hpp"
#include "crypto/mschap.hpp"
#include "dataplane/wire/bytes.hpp"

namespace adit::control {
namespace {

const bool kCryptoReady = crypto::initialise().has_value();

class Asker final : public AuthClient {
 public:
  void on_verdict(const AuthVerdict& given) override {
    verdict = given;
    ++verdicts;
  }
  [[nodiscard]] const AuthAccepted* accepted() const { return std::get_if<AuthAccepted>(&verdict); }
  [[nodiscard]] const AuthRejected* rejected() const { return std::get_if<AuthRejected>(&verdict); }

  AuthVerdict verdict = AuthUnavailable{};
  int verdicts = 0;
};

class LocalUsersTest : public ::testing::Test {
 protected:
  void load(std::string_view text, bool encrypted = false) {
    ParsedUsers parsed = parse_users(text, {.encrypted = encrypted, .server = "adit", .pools = {"gold"}});
    users.use(std::move(parsed.users));
    notes = std::move(parsed.notes);
  }
  Asker ask(std::string user, AuthProof proof) {
    Asker asker;
    users.authenticate({.user = std::move(user),
                        .peer_address = {},
                        .local_address = {},
                        .session_id = "",
                        .proof = std::move(proof)},
                       asker);
    EXPECT_EQ(asker.verdicts, 1);
    return asker;
  }
  [[nodiscard]] bool pap(std::string user, std::string_view password) {
    return ask(std::move(user), PapProof{crypto::SecretText(password)}).accepted() != nullptr;
  }
  static MsChapV2Proof v2(std::string_view user, std::string_view password) {
    MsChapV2Proof proof;
    proof.challenge.fill(0x11);
    proof.peer_challenge.fill(0x22);
    proof.nt_response =
        crypto::nt_response(crypto::challenge_hash(proof.peer_challenge, proof.challenge, user),
                            crypto::nt_password_hash(wire::octets_of(password)));
    return proof;
  }

  LocalUsers users;
  std::vector<SecretNote> notes;
};

TEST_F(LocalUsersTest, AUT_01_Pap) {
  load("alice * secret 10.0.0.9\nbob * hunter2\n");
  const Asker asker = ask("alice", PapProof{crypto::SecretText("secret")});
  ASSERT_NE(asker.accepted(), nullptr);
  EXPECT_EQ(asker.accepted()->address, wire::Ipv4Address(10, 0, 0, 9));
  EXPECT_FALSE(asker.accepted()->mppe.has_value());
  EXPECT_TRUE(pap("bob", "hunter2"));
  for (const char* wrong : {"", "secre", "secret ", "Secret", "hunter2"}) {
    EXPECT_FALSE(pap("alice", wrong)) << wrong;
  }
  EXPECT_FALSE(pap("Alice", "secret"));
  EXPECT_FALSE(pap("", "secret"));
}

// What a back end before them could not judge is decided by it (FallbackAuth).
TEST_F(LocalUsersTest, AnUnknownUserIsToldFromAWrongPassword) {
  load("alice * secret\n");
  using Fault = AuthRejected::Fault;
  EXPECT_EQ(ask("alice", PapProof{crypto::SecretText("wrong")}).rejected()->fault, Fault::kProof);
  EXPECT_EQ(ask("bob", PapProof{crypto::SecretText("secret")}).rejected()->fault, Fault::kUnknownUser);
}

TEST_F(LocalUsersTest, AUT_03_ChapMd5) {
  load("alice * secret\n");
  ChapMd5Proof proof{.identifier = 5, .challenge = {1, 2, 3, 4}};
  proof.response = crypto::chap_md5_response(5, wire::octets_of("secret"), proof.challenge);
  EXPECT_NE(ask("alice", proof).accepted(), nullptr);
  proof.identifier = 6;
  EXPECT_NE(ask("alice", proof).rejected(), nullptr);
}

TEST_F(LocalUsersTest, MsChapV1WithKeys) {
  load("alice * clientPass\n");
  MsChapV1Proof proof{.challenge = {0x10, 0x2D, 0xB5, 0xDF, 0x08, 0x5D, 0x30, 0x41}};
  proof.nt_response =
      crypto::nt_response(proof.challenge, crypto::nt_password_hash(wire::octets_of("clientPass")));
  const Asker asker = ask("alice", proof);
  ASSERT_NE(asker.accepted(), nullptr);
  ASSERT_TRUE(asker.accepted()->mppe.has_value());
  EXPECT_EQ(asker.accepted()->mppe->send.bytes()[0], 0xA8);  // RFC 3079 §2.5.3
  proof.nt_response[23] ^= 1;
  EXPECT_NE(ask("alice", proof).rejected(), nullptr);
}

TEST_F(LocalUsersTest, AUT_04_MsChapV2VectorsOfRfc2759WithAuthenticatorResponseAndKeys) {
  load("User * clientPass\n");
  MsChapV2Proof proof;
  proof.challenge = {0x5B, 0x5D, 0x7C, 0x7D, 0x7B, 0x3F, 0x2F, 0x3E,
                     0x3C, 0x2C, 0x60, 0x21, 0x32, 0x26, 0x26, 0x28};
  proof.peer_challenge = {0x21, 0x40, 0x23, 0x24, 0x25, 0x5E, 0x26, 0x2A,
                          0x28, 0x29, 0x5F, 0x2B, 0x3A, 0x33, 0x7C, 0x7E};
  proof.nt_response = {0x82, 0x30, 0x9E, 0xCD, 0x8D, 0x70, 0x8B, 0x5E, 0xA0, 0x8F, 0xAA, 0x39,
                       0x81, 0xCD, 0x83, 0x54, 0x42, 0x33, 0x11, 0x4A, 0x3D, 0x85, 0xD6, 0xDF};
  const Asker asker = ask("User", proof);
  ASSERT_NE(asker.accepted(), nullptr);
  EXPECT_EQ(asker.accepted()->authenticator_response, "S=407A5589115FD0D6209F510FE9C04566932CDA56");
  ASSERT_TRUE(asker.accepted()->mppe.has_value());
  EXPECT_EQ(asker.accepted()->mppe->send.bytes()[0], 0x8B);  // RFC 3079 §3.5.3: 8B7CDC14...
  EXPECT_EQ(asker.accepted()->mppe->send.bytes()[15], 0xCB);
  for (std::size_t octet = 0; octet < proof.nt_response.size(); ++octet) {
    MsChapV2Proof wrong = proof;
    wrong.nt_response[octet] ^= 0x80;
    EXPECT_NE(ask("User", wrong).rejected(), nullptr) << octet;
  }
}

TEST_F(LocalUsersTest, ADomainIsFirstPartOfTheNameAndThenNot) {
  load("CORP\\\\alice * one\nalice * two\n");
  EXPECT_NE(ask("CORP\\alice", v2("alice", "one")).accepted(), nullptr);
  EXPECT_NE(ask("CORP\\alice", v2("alice", "two")).rejected(), nullptr);
  EXPECT_NE(ask("OTHER\\alice", v2("alice", "two")).accepted(), nullptr);
  EXPECT_NE(ask("alice", v2("alice", "two")).accepted(), nullptr);
}

// Whatever the domain, one entry is one subscriber: who goes by the name as sent counts three of them.
TEST_F(LocalUsersTest, TheNameIsTheEntrysHoweverThePeerWroteIt) {
  load("CORP\\\\alice * one\nalice * two\n* * guest\n");
  const auto name = [this](const std::string& sent, std::string_view password) {
    const Asker asker = ask(sent, PapProof{crypto::SecretText(password)});
    return asker.accepted() != nullptr ? asker.accepted()->user : "-";
  };
  for (const char* sent : {"alice", "A\\alice", "B\\alice", "A\\B\\alice", "\\alice"}) {
    EXPECT_EQ(name(sent, "two"), "alice") << sent;
  }
  EXPECT_EQ(name("CORP\\alice", "one"), "CORP\\alice") << "an entry of its own";
  EXPECT_EQ(name("A\\bob", "guest"), "bob") << "of anyone's entry, RFC 2759 §4's name";
  EXPECT_EQ(name("*", "guest"), "*");
}

TEST_F(LocalUsersTest, TheWildcardUserIsTheLastResort) {
  load("* * guest\nalice * secret\n");
  EXPECT_TRUE(pap("anyone", "guest"));
  EXPECT_TRUE(pap("alice", "secret"));
  EXPECT_FALSE(pap("alice", "guest"));
}

TEST_F(LocalUsersTest, TheServerColumnAndRepeatedUsers) {
  load("alice * any\nalice adit here\nbob other x\ncarol * first\ncarol * second\n");
  EXPECT_TRUE(pap("alice", "here"));
  EXPECT_FALSE(pap("alice", "any"));
  EXPECT_FALSE(pap("bob", "x"));
  EXPECT_TRUE(pap("carol", "first"));
  EXPECT_EQ(users.size(), 2u);
  ASSERT_EQ(notes.size(), 3u);
  EXPECT_EQ(notes[0],
            (SecretNote{"line 1: user 'alice': is on line 2, too, which counts, as it names this server; "
                        "this line is ignored",
                        "remove one of them"}));
  EXPECT_TRUE(notes[1].wrong.starts_with("line 3: user 'bob': is for another server")) << notes[1].wrong;
  EXPECT_EQ(notes[2],
            (SecretNote{"line 5: user 'carol': is on line 4, too, which counts, as it comes first; this line "
                        "is ignored",
                        "remove one of them"}));
}

TEST_F(LocalUsersTest, APoolOfTheirOwn) {
  load("alice * secret gold\nbob * secret *\n");
  EXPECT_EQ(ask("alice", PapProof{crypto::SecretText("secret")}).accepted()->pool, "gold");
  EXPECT_EQ(ask("bob", PapProof{crypto::SecretText("secret")}).accepted()->pool, "default");
}

// RFC 2759 §9.2's hash of "clientPass". RFC 1994's response needs the password.
TEST_F(LocalUsersTest, AHashProvesEverythingButChapMd5) {
  load("User * 44EBBA8D5312B8D611474411F56989AE *\n", true);
  EXPECT_TRUE(pap("User", "clientPass"));
  EXPECT_FALSE(pap("User", "clientpass"));
  EXPECT_FALSE(pap("User", ""));
  EXPECT_NE(ask("User", v2("User", "clientPass")).accepted(), nullptr);
  EXPECT_NE(ask("User", v2("User", "")).rejected(), nullptr);
  for (const char* password : {"clientPass", "", "44EBBA8D5312B8D611474411F56989AE"}) {
    ChapMd5Proof proof{.identifier = 5, .challenge = {1, 2, 3, 4}};
    proof.response = crypto::chap_md5_response(5, wire::octets_of(password), proof.challenge);
    const Asker asker = ask("User", proof);
    ASSERT_NE(asker.rejected(), nullptr);
    EXPECT_EQ(asker.rejected()->why, "CHAP-MD5 needs the password, and chap-secrets has its hash alone");
  }
}

TEST_F(LocalUsersTest, ABadLineCostsItsUserAlone) {
  load("alice * secret\nbob *\ncarol * it's\ndan * x\n");
  EXPECT_TRUE(pap("alice", "secret"));
  EXPECT_TRUE(pap("dan", "x"));
  EXPECT_EQ(users.size(), 2u);
  EXPECT_EQ(notes.size(), 2u);
}

TEST_F(LocalUsersTest, AUT_08_NonAsciiNamesAndPasswords) {
  std::string password;
  for (int i = 0; i < 128; ++i) {
    password += "\xF0\x9F\x94\x91";  // U+1F511: two UTF-16 units each, 256 in all
  }
  load("j\xC3\xB6rg * " + password + "\n\xFF\xFE * \xE9t\xE9\n");
  EXPECT_NE(ask("j\xC3\xB6rg", v2("j\xC3\xB6rg", password)).accepted(), nullptr);
  EXPECT_NE(ask("j\xC3\xB6rg", v2("j\xC3\xB6rg", password.substr(4))).rejected(), nullptr);
  EXPECT_NE(ask("\xFF\xFE", v2("\xFF\xFE", "\xE9t\xE9")).accepted(), nullptr);
}

TEST_F(LocalUsersTest, AUT_09_EmptyPassword) {
  load("alice * \"\"\n");
  EXPECT_TRUE(pap("alice", ""));
  EXPECT_FALSE(pap("alice", " "));
  EXPECT_FALSE(pap("bob", ""));
  EXPECT_NE(ask("alice", v2("alice", "")).accepted(), nullptr);
}

TEST_F(LocalUsersTest, AUT_11_UnknownUserAndWrongPasswordGetTheSameAnswer) {
  load("alice * secret\n");
  for (const AuthProof& proof : {AuthProof(PapProof{crypto::SecretText("x")}), AuthProof(ChapMd5Proof{}),
                                 AuthProof(MsChapV1Proof{}), AuthProof(MsChapV2Proof{})}) {
    const Asker wrong = ask("alice", proof);
    const Asker unknown = ask("nobody", proof);
    ASSERT_NE(wrong.rejected(), nullptr);
    ASSERT_NE(unknown.rejected(), nullptr);
    EXPECT_EQ(wrong.rejected()->ms_chap_error, 691);
    EXPECT_EQ(unknown.rejected()->ms_chap_error, 691);
  }
}

TEST_F(LocalUsersTest, AUT_11_NoPasswordOpensTheStandInForUnknownUsers) {
  load("");
  EXPECT_FALSE(pap("nobody", "a password as long as most"));
}

TEST_F(LocalUsersTest, TheirOwnAddressesAreKnownOnceAndInOrder) {
  const ParsedUsers parsed = parse_users(
      "carol * secret 10.64.0.9\nalice * secret 10.64.0.7\nbob * secret *\ndave * secret 10.64.0.9\n", {});
  EXPECT_EQ(parsed.fixed_addresses,
            (std::vector{wire::Ipv4Address(10, 64, 0, 7), wire::Ipv4Address(10, 64, 0, 9)}));
}

TEST_F(LocalUsersTest, ALinkAndNetworksOfIpv6AreAmongTheTerms) {
  load("alice * secret * * 2001:db8:20::/48 2001:db8:64:7::/64\nbob * secret\n");
  const Asker alice = ask("alice", PapProof{crypto::SecretText("secret")});
  ASSERT_NE(alice.accepted(), nullptr);
  EXPECT_EQ(alice.accepted()->ipv6.link, wire::parse_ipv6_prefix("2001:db8:64:7::/64"));
  EXPECT_EQ(alice.accepted()->ipv6.routes, std::vector{*wire::parse_ipv6_prefix("2001:db8:20::/48")});
  const Asker bob = ask("bob", PapProof{crypto::SecretText("secret")});
  ASSERT_NE(bob.accepted(), nullptr);
  EXPECT_EQ(bob.accepted()->ipv6, Ipv6Terms{});
}

TEST_F(LocalUsersTest, TheirOwnPrefixesAreKnownOnceAndInOrder) {
  const ParsedUsers parsed = parse_users(
      "carol * secret * * 2001:db8:20::/48,10.20.0.0/24 2001:db8:64:7::/64\nalice * secret * * * "
      "2001:db8:64:6::/64\n"
      "bob * secret\ndave * secret * * 2001:db8:20::/48\n",
      {});
  EXPECT_EQ(parsed.fixed_prefixes, (std::vector{*wire::parse_ipv6_prefix("2001:db8:20::/48"),
                                                *wire::parse_ipv6_prefix("2001:db8:64:6::/64"),
                                                *wire::parse_ipv6_prefix("2001:db8:64:7::/64")}));
}

}  // namespace
}  // namespace adit::control
