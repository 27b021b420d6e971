// SPDX-License-Identifier: Apache-2.0
// Logins by certificate from LCP's agreement to the session: EAP's own packets around EAP-TLS, the user's terms, and the end
// with its reason.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

#include "controlplane/auth/eap.hpp"
#include "controlplane/auth/eap_tls.hpp"
#include "controlplane/auth/eap_tls_fragments.hpp"
#include "controlplane/auth/local_users.hpp"
#include "tests/controlplane/auth/auth_fixture.hpp"
#include "tests/kit/stepped_background.hpp"
#include "tests/kit/tls_ends.hpp"

namespace adit::control {
namespace {

using adit::test::Authority;
using adit::test::Issued;
using adit::test::SteppedBackground;
using adit::test::TlsClient;
using test::Octets;
using wire::EapCode;
using wire::EapType;

class EapTlsLayerTest : public test::AuthFixture {
 protected:
  EapTlsLayerTest() {
    settings.eap.methods = {EapLocalMethod::kTls};
    users.allow_certificates(logins);
    backend_in_use = &users;
    use("");
  }
  ~EapTlsLayerTest() override { authenticator.reset(); }

  void use(const std::string& crl) {
    const std::string certificate = server.pem(), key = server.key_pem(), trusted = ca.pem();
    auto made = crypto::TlsCredentials::make(
        {.certificate = certificate, .private_key = key, .ca = trusted, .crl = crl},
        crypto::TlsVersion::kTls13);
    ASSERT_TRUE(made.has_value()) << made.error().wrong;
    logins.use(std::move(*made));
  }

  [[nodiscard]] wire::EapPacket sent() const { return wire::parse_eap(last().whole).value(); }
  void respond(EapType type, wire::Bytes data) {
    Octets body{static_cast<std::uint8_t>(type)};
    body.insert(body.end(), data.begin(), data.end());
    deliver(2, sent().identifier, body);
  }

  /// The peer, until it has nothing to answer.
  void run(const std::string& identity) {
    start(AuthMethod::kEap);
    respond(EapType::kIdentity, wire::octets_of(identity));
    std::size_t answered = 1;
    while (answered < host.frames.size() || background.turn()) {
      if (answered == host.frames.size()) {
        continue;
      }
      answered = host.frames.size();
      if (const auto request = sent(); request.code == EapCode::kRequest) {
        const Octets data(request.data.begin(), request.data.end());
        answer(data);
      }
    }
  }
  void answer(const Octets& request) {
    if (request[0] == tls_flags::kStart) {
      return say(client->step({}));
    }
    const auto next = peers.on_packet(request);
    ASSERT_TRUE(next.has_value());
    next == TlsFragments::Next::kPacket ? respond(EapType::kTls, peers.packet())
                                        : say(client->step(peers.take_message()));
  }
  void say(Octets message) {
    if (message.empty()) {
      return respond(EapType::kTls, Octets{0});
    }
    peers.send(std::move(message));
    respond(EapType::kTls, peers.packet());
  }

  Authority ca{"Test CA"};
  Issued server = ca.issue({.common_name = "vpn.example.net"});
  Issued alice = ca.issue({.common_name = "alice", .alternatives = "email:alice@example.net"});
  SteppedBackground background;
  TlsLogins logins{background};
  LocalUsers users;
  TlsFragments peers{1000};
  std::optional<TlsClient> client{std::in_place, TlsClient::Options{.ca_pem = ca.pem(), .own = alice}};
};

TEST_F(EapTlsLayerTest, ACertificateOfTheCaIsEnough) {
  run("alice");
  EXPECT_EQ(sent().code, EapCode::kSuccess);
  ASSERT_TRUE(host.accepted.has_value());
  EXPECT_EQ(host.accepted->user, "alice");
  EXPECT_TRUE(host.accepted->mppe.has_value());
  EXPECT_EQ(host.accepted->pool, "default");
  EXPECT_EQ(authenticator->name(), "eap-tls");
}

TEST_F(EapTlsLayerTest, OneAcknowledgementTooManyAfterTheSuccessFindsNoTlsAnyMore) {
  run("alice");
  ASSERT_EQ(sent().code, EapCode::kSuccess);
  pass(Duration{100});
  EXPECT_EQ(logins.connections(), 0U);
  const std::size_t before = host.frames.size();
  respond(EapType::kTls, Octets{0});
  EXPECT_EQ(host.frames.size(), before + 1);
  EXPECT_EQ(sent().code, EapCode::kSuccess) << "which may have been lost";
  deliver(2, static_cast<std::uint8_t>(sent().identifier + 1), Octets{13, 0});
  EXPECT_EQ(host.frames.size(), before + 1);
  EXPECT_FALSE(background.turn());
}

TEST_F(EapTlsLayerTest, ChapSecretsHaveTheTermsOfThatVeryName) {
  static_cast<void>(
      users.use(parse_users("alice * x 10.64.0.7\nalice@example.net * x 10.64.0.8\n", {}).users));
  run("alice@example.net");
  ASSERT_TRUE(host.accepted.has_value());
  EXPECT_EQ(host.accepted->address, wire::Ipv4Address(10, 64, 0, 8));
  EXPECT_EQ(host.accepted->user, "alice@example.net");
}

TEST_F(EapTlsLayerTest, OneRealmDoesNotGetWhatIsAnothers) {
  static_cast<void>(users.use(parse_users("alice * x 10.64.0.7\n", {}).users));
  run("alice@example.net");
  ASSERT_TRUE(host.accepted.has_value());
  EXPECT_FALSE(host.accepted->address.has_value());
}

TEST_F(EapTlsLayerTest, ARevokedCertificateEndsInAFailureAndItsReason) {
  use(ca.revoke({alice}));
  run("alice");
  EXPECT_EQ(sent().code, EapCode::kFailure);
  EXPECT_TRUE(client->failed);
  EXPECT_EQ(host.reason, EndReason::kAuthFailed);
  EXPECT_EQ(host.rejections, 1U);
}

TEST_F(EapTlsLayerTest, AnAlertThatIsNotAnsweredKeepsItsReason) {
  use(ca.revoke({alice}));
  start(AuthMethod::kEap);
  respond(EapType::kIdentity, wire::octets_of("alice"));
  while (host.rejections == 0) {
    const auto request = sent();
    answer(Octets(request.data.begin(), request.data.end()));
    while (background.turn()) {
    }
  }
  EXPECT_EQ(sent().code, EapCode::kRequest);  // the alert
  pass(Duration{30'000});
  EXPECT_EQ(host.reason, EndReason::kAuthFailed);
}

TEST_F(EapTlsLayerTest, AFullQueueEndsTheCallByItsName) {
  background.most = 0;
  run("alice");
  EXPECT_EQ(host.reason, EndReason::kEapBusy);
}

TEST_F(EapTlsLayerTest, ACallMayEndWhileItsStepRuns) {
  start(AuthMethod::kEap);
  respond(EapType::kIdentity, wire::octets_of("alice"));
  const auto request = sent();
  answer(Octets(request.data.begin(), request.data.end()));
  background.run_one();
  authenticator.reset();
  background.finish_one();
  EXPECT_EQ(logins.connections(), 0U);
}

}  // namespace
}  // namespace adit::control
