// SPDX-License-Identifier: Apache-2.0
// The server's side of EAP-TLS against OpenSSL's client, over memory: both have the same key material, and only a peer
// whose certificate counts gets it.
#include "crypto/tls/tls_server.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>

#include "crypto/library.hpp"
#include "tests/kit/tls_client.hpp"

namespace adit::crypto {
namespace {

using test::Authority;
using test::Issued;
using test::TlsClient;
using State = TlsServer::State;

const bool kReady = initialise().has_value();

class TlsServerTest : public ::testing::Test {
 protected:
  std::shared_ptr<const TlsCredentials> credentials(TlsVersion newest, const std::string& crl = "") {
    const std::string certificate = server.pem();
    const std::string key = server.key_pem();
    const std::string trusted = ca.pem();
    auto made = TlsCredentials::make(
        {.certificate = certificate, .private_key = key, .ca = trusted, .crl = crl}, newest);
    EXPECT_TRUE(made.has_value()) << made.error().wrong;
    return made ? std::move(*made) : nullptr;
  }

  /// Until one of them has no more to say.
  State talk(TlsServer& ours, TlsClient& client) {
    State state = State::kHandshake;
    std::vector<std::uint8_t> said = client.step({});
    for (int round = 0; round < 10 && !said.empty(); ++round) {
      state = ours.step(said);
      answer = ours.take_output();
      said = client.step(answer);
    }
    return state;
  }
  /// A peer's login, and why it failed.
  std::string refused(const TlsClient::Options& options, const std::string& crl = "") {
    TlsServer ours(credentials(TlsVersion::kTls13, crl));
    TlsClient client(options);
    EXPECT_EQ(talk(ours, client), State::kFailed);
    EXPECT_FALSE(answer.empty()) << "no alert";
    EXPECT_TRUE(client.failed);
    guess = ours.guess();
    return ours.why();
  }

  Authority ca{"Test CA"};
  Issued server = ca.issue({.common_name = "vpn.example.net"});
  Issued alice =
      ca.issue({.common_name = "alice", .alternatives = "email:alice@example.net,DNS:pc.example.net"});
  std::vector<std::uint8_t> answer;  // our last
  bool guess = false;                // the last refusal's
};

std::vector<std::uint8_t> octets(const Secret<64>& secret) {
  return {secret.bytes().begin(), secret.bytes().end()};
}

TEST_F(TlsServerTest, Tls12GivesBothSidesTheSameKeys) {
  TlsServer ours(credentials(TlsVersion::kTls12));
  TlsClient client({.ca_pem = ca.pem(), .own = alice});
  EXPECT_EQ(talk(ours, client), State::kDone);
  EXPECT_TRUE(client.done);
  EXPECT_EQ(client.version(), "TLSv1.2");
  EXPECT_EQ(ours.peer().version, "TLSv1.2");
  EXPECT_EQ(octets(ours.peer().msk), client.msk());
  EXPECT_TRUE(client.said.empty());
}

TEST_F(TlsServerTest, Tls13GivesBothSidesTheSameKeysAndAProtectedSuccess) {
  TlsServer ours(credentials(TlsVersion::kTls13));
  TlsClient client({.ca_pem = ca.pem(), .own = alice});
  EXPECT_EQ(talk(ours, client), State::kDone);
  EXPECT_EQ(client.version(), "TLSv1.3");
  EXPECT_EQ(octets(ours.peer().msk), client.msk());
  EXPECT_EQ(client.said, std::vector<std::uint8_t>{0});
}

TEST_F(TlsServerTest, APeerWithoutTls13GetsTls12) {
  TlsServer ours(credentials(TlsVersion::kTls13));
  TlsClient client({.ca_pem = ca.pem(), .own = alice, .newest = TLS1_2_VERSION});
  EXPECT_EQ(talk(ours, client), State::kDone);
  EXPECT_EQ(ours.peer().version, "TLSv1.2");
}

TEST_F(TlsServerTest, RsaKeysWork) {
  server = ca.issue({.common_name = "vpn.example.net", .kind = test::KeyKind::kRsa2048});
  alice = ca.issue({.common_name = "alice", .kind = test::KeyKind::kRsa2048});
  for (const TlsVersion newest : {TlsVersion::kTls12, TlsVersion::kTls13}) {
    TlsServer ours(credentials(newest));
    TlsClient client({.ca_pem = ca.pem(), .own = alice});
    EXPECT_EQ(talk(ours, client), State::kDone) << ours.why();
    EXPECT_EQ(octets(ours.peer().msk), client.msk());
  }
}

TEST_F(TlsServerTest, NamesInTheirOrder) {
  alice = ca.issue({.common_name = "alice",
                    .alternatives = "DNS:pc.example.net,email:alice@example.net,"
                                    "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:alice@corp.example"});
  TlsServer ours(credentials(TlsVersion::kTls12));
  TlsClient client({.ca_pem = ca.pem(), .own = alice});
  ASSERT_EQ(talk(ours, client), State::kDone);
  EXPECT_EQ(ours.peer().names,
            (CertificateNames{"alice@corp.example", "alice@example.net", "alice", "pc.example.net"}));
  EXPECT_EQ(ours.peer().subject, "CN=alice");
}

TEST_F(TlsServerTest, ANameWithAControlCharacterIsNone) {
  alice =
      ca.issue({.common_name = std::string("root\0.example.net", 17), .alternatives = "email:a@example.net"});
  TlsServer ours(credentials(TlsVersion::kTls12));
  TlsClient client({.ca_pem = ca.pem(), .own = alice});
  ASSERT_EQ(talk(ours, client), State::kDone);
  EXPECT_EQ(ours.peer().names, CertificateNames{"a@example.net"});
}

TEST_F(TlsServerTest, NoCertificateNoEntry) {
  EXPECT_NE(refused({.ca_pem = ca.pem(), .newest = TLS1_2_VERSION}).find("peer did not return a certificate"),
            std::string::npos);
  EXPECT_FALSE(guess);
  EXPECT_NE(refused({.ca_pem = ca.pem()}).find("peer did not return a certificate"), std::string::npos);
  EXPECT_FALSE(guess);
}

TEST_F(TlsServerTest, AnotherCasCertificateIsRefused) {
  Authority other("Test CA");  // of the same name
  EXPECT_NE(refused({.ca_pem = ca.pem(), .own = other.issue({.common_name = "alice"})}).find("CN=alice"),
            std::string::npos);
  Authority stranger("Stranger");
  EXPECT_EQ(refused({.ca_pem = ca.pem(), .own = stranger.issue({.common_name = "alice"})}),
            "the certificate of CN=alice by CN=Stranger is refused: unable to get local issuer certificate");
  EXPECT_TRUE(guess);
}

TEST_F(TlsServerTest, ACertificateOutsideItsTimeIsRefused) {
  EXPECT_EQ(refused({.ca_pem = ca.pem(),
                     .own = ca.issue({.common_name = "alice", .begins = -7200, .ends = -3600})}),
            "the certificate of CN=alice by CN=Test CA is refused: certificate has expired");
  EXPECT_EQ(refused({.ca_pem = ca.pem(), .own = ca.issue({.common_name = "alice", .begins = 3600})}),
            "the certificate of CN=alice by CN=Test CA is refused: certificate is not yet valid");
}

TEST_F(TlsServerTest, AServersCertificateIsNoClients) {
  EXPECT_NE(refused({.ca_pem = ca.pem(), .own = ca.issue({.common_name = "alice", .usage = "serverAuth"})})
                .find("is refused: "),
            std::string::npos);
}

TEST_F(TlsServerTest, ARevokedCertificateIsRefusedAndAnotherIsNot) {
  const Issued bob = ca.issue({.common_name = "bob"});
  const std::string crl = ca.revoke({bob});
  EXPECT_EQ(refused({.ca_pem = ca.pem(), .own = bob}, crl),
            "the certificate of CN=bob by CN=Test CA is refused: certificate revoked");
  EXPECT_TRUE(guess);
  TlsServer ours(credentials(TlsVersion::kTls12, crl));
  TlsClient client({.ca_pem = ca.pem(), .own = alice});
  EXPECT_EQ(talk(ours, client), State::kDone);
}

TEST_F(TlsServerTest, AnOldRevocationListLetsNobodyIn) {
  EXPECT_EQ(refused({.ca_pem = ca.pem(), .own = alice}, ca.revoke({}, -7200, -3600)),
            "the certificate of CN=alice by CN=Test CA is refused: CRL has expired");
  EXPECT_FALSE(guess);
  EXPECT_EQ(refused({.ca_pem = ca.pem(), .own = alice}, ca.revoke({}, 3600, 7200)),
            "the certificate of CN=alice by CN=Test CA is refused: CRL is not yet valid");
  EXPECT_FALSE(guess);
}

TEST_F(TlsServerTest, ACaBetweenIsCheckedToo) {
  Authority below = ca.issue_authority("Below");
  const Issued carol = below.issue({.common_name = "carol"});
  const std::string below_pem = below.pem();
  const std::unique_ptr<BIO, decltype(&BIO_free)> pem(BIO_new_mem_buf(below_pem.c_str(), -1), &BIO_free);
  const test::X509Ptr link(PEM_read_bio_X509(pem.get(), nullptr, nullptr, nullptr), &X509_free);
  {
    TlsServer ours(credentials(TlsVersion::kTls13));
    TlsClient client({.ca_pem = ca.pem(), .own = carol, .chain = {link}});
    EXPECT_EQ(talk(ours, client), State::kDone) << ours.why();
  }
  const Issued link_issued{.certificate = link, .key = nullptr};
  EXPECT_EQ(refused({.ca_pem = ca.pem(), .own = carol, .chain = {link}},
                    ca.revoke({link_issued}) + below.revoke({})),
            "the certificate of CN=Below by CN=Test CA is refused: certificate revoked");
}

TEST_F(TlsServerTest, AnOlderTlsIsRefused) {
  EXPECT_NE(refused({.ca_pem = ca.pem(), .own = alice, .newest = TLS1_1_VERSION, .oldest = TLS1_1_VERSION})
                .find("unsupported protocol"),
            std::string::npos);
  EXPECT_FALSE(guess);
}

TEST_F(TlsServerTest, AnAlertOfThePeersIsNamed) {
  Authority other("Other CA");
  TlsServer ours(credentials(TlsVersion::kTls12));
  TlsClient client({.ca_pem = other.pem(), .own = alice});
  EXPECT_EQ(talk(ours, client), State::kFailed);
  EXPECT_EQ(ours.why(), "the peer has ended TLS by the alert \"unknown CA\"");
  EXPECT_TRUE(answer.empty());
}

TEST_F(TlsServerTest, WhateverComesAfterTheEndIsAFailure) {
  TlsServer ours(credentials(TlsVersion::kTls12));
  TlsClient client({.ca_pem = ca.pem(), .own = alice});
  ASSERT_EQ(talk(ours, client), State::kDone);
  EXPECT_EQ(ours.step(std::vector<std::uint8_t>{1, 2, 3}), State::kFailed);
  EXPECT_EQ(ours.step({}), State::kFailed);
}

TEST_F(TlsServerTest, NothingAndHalfARecordLeadNowhere) {
  TlsServer silent(credentials(TlsVersion::kTls12));
  EXPECT_EQ(silent.step({}), State::kFailed);
  TlsServer half(credentials(TlsVersion::kTls12));
  TlsClient client({.ca_pem = ca.pem(), .own = alice});
  std::vector<std::uint8_t> hello = client.step({});
  hello.resize(hello.size() / 2);
  EXPECT_EQ(half.step(hello), State::kFailed);
  EXPECT_EQ(half.why(), "the peer's TLS message is not complete");
}

TEST_F(TlsServerTest, EveryOctetOfAHelloMayBeWrong) {
  TlsClient client({.ca_pem = ca.pem(), .own = alice});
  const std::vector<std::uint8_t> hello = client.step({});
  const auto shared = credentials(TlsVersion::kTls12);
  for (std::size_t at = 0; at < hello.size(); ++at) {
    std::vector<std::uint8_t> wrong = hello;
    wrong[at] ^= 0xff;
    TlsServer ours(shared);
    if (ours.step(wrong) == State::kFailed) {
      EXPECT_FALSE(ours.why().empty());
    }
  }
}

}  // namespace
}  // namespace adit::crypto
