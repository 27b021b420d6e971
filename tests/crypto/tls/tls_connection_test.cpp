// SPDX-License-Identifier: Apache-2.0
// Either side of EAP-TLS against OpenSSL's other one, over memory: both have the same key material, and only a peer whose
// certificate counts gets it.
#include "crypto/tls/tls_connection.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>

#include "crypto/library.hpp"
#include "tests/kit/tls_ends.hpp"

namespace adit::crypto {
namespace {

using test::Authority;
using test::Issued;
using test::TlsClient;
using test::TlsServer;
using State = TlsConnection::State;

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
  State talk(TlsConnection& ours, TlsClient& client) {
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
    TlsConnection ours(credentials(TlsVersion::kTls13, crl));
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
  TlsConnection ours(credentials(TlsVersion::kTls12));
  TlsClient client({.ca_pem = ca.pem(), .own = alice});
  EXPECT_EQ(talk(ours, client), State::kDone);
  EXPECT_TRUE(client.done);
  EXPECT_EQ(client.version(), "TLSv1.2");
  EXPECT_EQ(ours.peer().version, "TLSv1.2");
  EXPECT_EQ(octets(ours.peer().msk), client.msk());
  EXPECT_TRUE(client.said.empty());
}

TEST_F(TlsServerTest, Tls13GivesBothSidesTheSameKeysAndAProtectedSuccess) {
  TlsConnection ours(credentials(TlsVersion::kTls13));
  TlsClient client({.ca_pem = ca.pem(), .own = alice});
  EXPECT_EQ(talk(ours, client), State::kDone);
  EXPECT_EQ(client.version(), "TLSv1.3");
  EXPECT_EQ(octets(ours.peer().msk), client.msk());
  EXPECT_EQ(client.said, std::vector<std::uint8_t>{0});
}

TEST_F(TlsServerTest, APeerWithoutTls13GetsTls12) {
  TlsConnection ours(credentials(TlsVersion::kTls13));
  TlsClient client({.ca_pem = ca.pem(), .own = alice, .newest = TLS1_2_VERSION});
  EXPECT_EQ(talk(ours, client), State::kDone);
  EXPECT_EQ(ours.peer().version, "TLSv1.2");
}

TEST_F(TlsServerTest, RsaKeysWork) {
  server = ca.issue({.common_name = "vpn.example.net", .kind = test::KeyKind::kRsa2048});
  alice = ca.issue({.common_name = "alice", .kind = test::KeyKind::kRsa2048});
  for (const TlsVersion newest : {TlsVersion::kTls12, TlsVersion::kTls13}) {
    TlsConnection ours(credentials(newest));
    TlsClient client({.ca_pem = ca.pem(), .own = alice});
    EXPECT_EQ(talk(ours, client), State::kDone) << ours.why();
    EXPECT_EQ(octets(ours.peer().msk), client.msk());
  }
}

TEST_F(TlsServerTest, NamesInTheirOrder) {
  alice = ca.issue({.common_name = "alice",
                    .alternatives = "DNS:pc.example.net,email:alice@example.net,"
                                    "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:alice@corp.example"});
  TlsConnection ours(credentials(TlsVersion::kTls12));
  TlsClient client({.ca_pem = ca.pem(), .own = alice});
  ASSERT_EQ(talk(ours, client), State::kDone);
  EXPECT_EQ(ours.peer().names,
            (CertificateNames{"alice@corp.example", "alice@example.net", "alice", "pc.example.net"}));
  EXPECT_EQ(ours.peer().subject, "CN=alice");
}

TEST_F(TlsServerTest, ANameWithAControlCharacterIsNone) {
  alice =
      ca.issue({.common_name = std::string("root\0.example.net", 17), .alternatives = "email:a@example.net"});
  TlsConnection ours(credentials(TlsVersion::kTls12));
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
  TlsConnection ours(credentials(TlsVersion::kTls12, crl));
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
    TlsConnection ours(credentials(TlsVersion::kTls13));
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
  TlsConnection ours(credentials(TlsVersion::kTls12));
  TlsClient client({.ca_pem = other.pem(), .own = alice});
  EXPECT_EQ(talk(ours, client), State::kFailed);
  EXPECT_EQ(ours.why(), "the peer has ended TLS by the alert \"unknown CA\"");
  EXPECT_TRUE(answer.empty());
}

TEST_F(TlsServerTest, WhateverComesAfterTheEndIsAFailure) {
  TlsConnection ours(credentials(TlsVersion::kTls12));
  TlsClient client({.ca_pem = ca.pem(), .own = alice});
  ASSERT_EQ(talk(ours, client), State::kDone);
  EXPECT_EQ(ours.step(std::vector<std::uint8_t>{1, 2, 3}), State::kFailed);
  EXPECT_EQ(ours.step({}), State::kFailed);
}

TEST_F(TlsServerTest, NothingAndHalfARecordLeadNowhere) {
  TlsConnection silent(credentials(TlsVersion::kTls12));
  EXPECT_EQ(silent.step({}), State::kFailed);
  TlsConnection half(credentials(TlsVersion::kTls12));
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
    TlsConnection ours(shared);
    if (ours.step(wrong) == State::kFailed) {
      EXPECT_FALSE(ours.why().empty());
    }
  }
}

// ---- the client's side ------------------------------------------------------------------------------------

class TlsClientTest : public ::testing::Test {
 protected:
  std::shared_ptr<const TlsCredentials> credentials(TlsVersion newest, TlsRole role = TlsRole::kClient) {
    const Issued& own = role == TlsRole::kClient ? alice : vpn;
    const std::string certificate = own.pem();
    const std::string key = own.key_pem();
    const std::string trusted = ca.pem();
    auto made =
        TlsCredentials::make({.certificate = certificate, .private_key = key, .ca = trusted}, newest, role);
    EXPECT_TRUE(made.has_value()) << made.error().wrong;
    return made ? std::move(*made) : nullptr;
  }
  /// Until the server has no more to say, or we are done.
  State talk(TlsConnection& ours, TlsServer& server) {
    State state = ours.step({});
    for (int round = 0; round < 10 && state == State::kHandshake; ++round) {
      said = server.step(ours.take_output());
      if (said.empty()) {
        return state;
      }
      state = ours.step(said);
    }
    answer = ours.take_output();
    return state;
  }

  Authority ca{"Test CA"};
  Issued vpn = ca.issue({.common_name = "vpn.example.net", .usage = "serverAuth"});
  Issued alice = ca.issue({.common_name = "alice", .usage = "clientAuth"});
  std::vector<std::uint8_t> said;    // by the server, last
  std::vector<std::uint8_t> answer;  // ours, to that
};

TEST_F(TlsClientTest, BothSidesHaveTheSameKeys) {
  for (const bool rsa : {false, true}) {
    for (const int newest : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      const test::KeyKind kind = rsa ? test::KeyKind::kRsa2048 : test::KeyKind::kP256;
      vpn = ca.issue({.common_name = "vpn.example.net", .usage = "serverAuth", .kind = kind});
      alice = ca.issue({.common_name = "alice", .usage = "clientAuth", .kind = kind});
      TlsConnection ours(credentials(TlsVersion::kTls13));
      TlsServer server({.ca_pem = ca.pem(), .own = vpn, .newest = newest});
      ASSERT_EQ(talk(ours, server), State::kDone) << ours.why();
      EXPECT_TRUE(answer.empty());
      EXPECT_TRUE(server.done);
      EXPECT_EQ(ours.peer().version, newest == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3");
      EXPECT_EQ(octets(ours.peer().msk), server.msk());
      EXPECT_EQ(ours.peer().names, CertificateNames{"vpn.example.net"});
    }
  }
}

TEST_F(TlsClientTest, OurOwnSidesAgree) {
  for (const TlsVersion newest : {TlsVersion::kTls12, TlsVersion::kTls13}) {
    TlsConnection ours(credentials(newest));
    TlsConnection server(credentials(TlsVersion::kTls13, TlsRole::kServer));
    State at_server = State::kHandshake;
    State at_client = ours.step({});
    while (at_client == State::kHandshake) {
      at_server = server.step(ours.take_output());
      at_client = ours.step(server.take_output());
    }
    EXPECT_EQ(at_client, State::kDone) << ours.why();
    EXPECT_EQ(at_server, State::kDone) << server.why();
    EXPECT_EQ(octets(ours.peer().msk), octets(server.peer().msk));
    EXPECT_EQ(server.peer().names, CertificateNames{"alice"});
  }
}

TEST_F(TlsClientTest, WithoutTheProtectedSuccessItIsNotDone) {
  TlsConnection ours(credentials(TlsVersion::kTls13));
  TlsServer server({.ca_pem = ca.pem(), .own = vpn, .last_words = {}});
  EXPECT_EQ(talk(ours, server), State::kHandshake);
  EXPECT_TRUE(server.done);
  EXPECT_EQ(ours.step({}), State::kHandshake);
  EXPECT_TRUE(ours.take_output().empty());
}

TEST_F(TlsClientTest, AnythingElseIsNoProtectedSuccess) {
  for (const std::vector<std::uint8_t>& words : {std::vector<std::uint8_t>{1}, {0, 0}}) {
    TlsConnection ours(credentials(TlsVersion::kTls13));
    TlsServer server({.ca_pem = ca.pem(), .own = vpn, .last_words = words});
    EXPECT_EQ(talk(ours, server), State::kFailed);
    EXPECT_EQ(ours.why(), "the server says something else than the protected success");
  }
}

TEST_F(TlsClientTest, ATicketMayComeByItself) {
  TlsConnection ours(credentials(TlsVersion::kTls13));
  TlsServer server({.ca_pem = ca.pem(), .own = vpn, .tickets = 1});
  EXPECT_EQ(ours.step({}), State::kHandshake);
  ASSERT_EQ(ours.step(server.step(ours.take_output())), State::kHandshake);
  const std::vector<std::uint8_t> both = server.step(ours.take_output());
  ASSERT_GT(both.size(), 5U);
  const auto ticket = both.begin() + 5 + (both[3] << 8 | both[4]);  // a record
  ASSERT_LT(ticket, both.end());
  EXPECT_EQ(ours.step({both.begin(), ticket}), State::kHandshake);
  EXPECT_TRUE(ours.take_output().empty());
  EXPECT_EQ(ours.step({ticket, both.end()}), State::kDone) << ours.why();
  EXPECT_EQ(octets(ours.peer().msk), server.msk());
}

TEST_F(TlsClientTest, AServerOfAnotherCaIsNotBelieved) {
  for (const int newest : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Authority stranger("Stranger");
    TlsConnection ours(credentials(TlsVersion::kTls13));
    TlsServer server(
        {.ca_pem = ca.pem(), .own = stranger.issue({.common_name = "vpn.example.net"}), .newest = newest});
    EXPECT_EQ(talk(ours, server), State::kFailed);
    EXPECT_EQ(ours.why(),
              "the certificate of CN=vpn.example.net by CN=Stranger is refused: unable to get local issuer "
              "certificate");
    EXPECT_TRUE(ours.guess());
    EXPECT_FALSE(answer.empty()) << "no alert";
    server.step(answer);
    EXPECT_TRUE(server.failed);
  }
}

TEST_F(TlsClientTest, AnotherClientIsNoServer) {
  TlsConnection ours(credentials(TlsVersion::kTls13));
  TlsServer server({.ca_pem = ca.pem(), .own = ca.issue({.common_name = "mallory", .usage = "clientAuth"})});
  EXPECT_EQ(talk(ours, server), State::kFailed);
  EXPECT_TRUE(ours.why().starts_with("the certificate of CN=mallory by CN=Test CA is refused: "))
      << ours.why();
}

TEST_F(TlsClientTest, OurCertificateIsRefusedByAnAlert) {
  Authority other("Other CA");
  for (const int newest : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsConnection ours(credentials(TlsVersion::kTls13));
    TlsServer server({.ca_pem = other.pem(), .own = vpn, .newest = newest});
    EXPECT_EQ(talk(ours, server), State::kFailed);
    EXPECT_EQ(ours.why(), "the peer has ended TLS by the alert \"unknown CA\"");
    EXPECT_TRUE(answer.empty());
  }
}

TEST_F(TlsClientTest, AnOlderTlsIsRefused) {
  TlsConnection ours(credentials(TlsVersion::kTls13));
  TlsServer server({.ca_pem = ca.pem(), .own = vpn, .newest = TLS1_1_VERSION, .oldest = TLS1_1_VERSION});
  EXPECT_EQ(talk(ours, server), State::kFailed);
}

TEST_F(TlsClientTest, WhateverComesAfterTheEndIsAFailure) {
  TlsConnection ours(credentials(TlsVersion::kTls13));
  TlsServer server({.ca_pem = ca.pem(), .own = vpn});
  ASSERT_EQ(talk(ours, server), State::kDone);
  EXPECT_EQ(ours.step(std::vector<std::uint8_t>{1, 2, 3}), State::kFailed);
}

TEST_F(TlsClientTest, HalfAFlightLeadsNowhere) {
  TlsConnection ours(credentials(TlsVersion::kTls12));
  TlsServer server({.ca_pem = ca.pem(), .own = vpn});
  EXPECT_EQ(ours.step({}), State::kHandshake);
  std::vector<std::uint8_t> flight = server.step(ours.take_output());
  flight.resize(flight.size() / 2);
  EXPECT_EQ(ours.step(flight), State::kFailed);
  EXPECT_EQ(ours.why(), "the peer's TLS message is not complete");
}

TEST_F(TlsClientTest, EveryOctetOfAFlightMayBeWrong) {
  const auto shared = credentials(TlsVersion::kTls12);
  const TlsServer::Options options{.ca_pem = ca.pem(), .own = vpn};
  for (std::size_t at = 0;; ++at) {
    TlsConnection ours(shared);
    TlsServer server(options);
    EXPECT_EQ(ours.step({}), State::kHandshake);
    std::vector<std::uint8_t> wrong = server.step(ours.take_output());
    if (at >= wrong.size()) {
      break;
    }
    wrong[at] ^= 0xff;
    const State state = ours.step(wrong);
    EXPECT_NE(state, State::kDone);
    EXPECT_EQ(state == State::kFailed, !ours.why().empty());
  }
}

}  // namespace
}  // namespace adit::crypto
