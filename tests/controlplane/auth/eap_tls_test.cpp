// SPDX-License-Identifier: Apache-2.0
// EAP-TLS as a whole, through its fragments and its steps, against OpenSSL's client: who gets in has the same MSK on both
// sides, who does not gets an alert first, and an exchange may end at any moment of a step.
#include "controlplane/auth/eap_tls.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/auth/eap_tls_fragments.hpp"
#include "controlplane/auth/local_users.hpp"
#include "crypto/library.hpp"
#include "tests/kit/stepped_background.hpp"
#include "tests/kit/tls_ends.hpp"

namespace adit::control {
namespace {

using adit::test::Authority;
using adit::test::Issued;
using adit::test::SteppedBackground;
using adit::test::TlsClient;
using Octets = std::vector<std::uint8_t>;

const bool kLibraryReady = crypto::initialise().has_value();

/// The layer below, with a back end that says what it is told to.
class LayerBelow final : public EapMethodHost {
 public:
  explicit LayerBelow(LocalUsers& users) : users_(users) {}

  void eap_request(wire::Bytes data) override {
    EXPECT_TRUE(request.empty()) << "one is unanswered";
    EXPECT_LE(data.size(), room);
    request.assign(data.begin(), data.end());
    ++requests;
  }
  void eap_prove(std::string user, AuthProof proof) override {
    struct Client final : AuthClient {
      void on_verdict(const AuthVerdict& what) override { verdict = what; }
      AuthVerdict verdict;
    } client;
    AuthRequest request_of_it;
    request_of_it.user = std::move(user);
    request_of_it.proof = std::move(proof);
    users_.authenticate(std::move(request_of_it), client);
    ASSERT_TRUE(std::holds_alternative<AuthAccepted>(client.verdict));
    if (limit_reached) {
      return method->on_rejected(kAuthenticationFailure, false);
    }
    accepted = std::get<AuthAccepted>(client.verdict);
    method->on_accepted(*accepted);
  }
  void eap_succeeded() override { end = 'S'; }
  void eap_rejected() override { end = 'F'; }
  void eap_refused(AuthRejected why) override {
    refused = std::move(why);
    method->on_rejected(kAuthenticationFailure, false);
  }
  void eap_failed(Failure why) override {
    failed = std::move(why);
    end = 'F';
  }
  [[nodiscard]] const std::string& eap_identity() const override { return identity; }
  [[nodiscard]] std::uint8_t eap_next_identifier() const override { return 1; }
  [[nodiscard]] std::size_t eap_room() const override { return room; }

  std::string identity = "alice";
  std::size_t room = 1395;
  bool limit_reached = false;
  std::unique_ptr<EapMethod> method;
  Octets request;  ///< that is unanswered
  int requests = 0;
  char end = ' ';  ///< S: success, F: failure
  std::optional<AuthAccepted> accepted;
  std::optional<AuthRejected> refused;
  std::optional<Failure> failed;

 private:
  LocalUsers& users_;
};

class EapTlsTest : public ::testing::Test {
 protected:
  EapTlsTest() {
    users.allow_certificates(logins);
    use(crypto::TlsVersion::kTls12);
  }

  void use(crypto::TlsVersion newest, const std::string& crl = "") {
    const std::string certificate = server.pem();
    const std::string key = server.key_pem();
    const std::string trusted = ca.pem();
    auto made = crypto::TlsCredentials::make(
        {.certificate = certificate, .private_key = key, .ca = trusted, .crl = crl}, newest);
    ASSERT_TRUE(made.has_value()) << made.error().wrong;
    logins.use(std::move(*made));
  }

  void begin() {
    below.method = users.make_eap_method(wire::EapType::kTls, below);
    ASSERT_NE(below.method, nullptr);
    below.method->start();
    EXPECT_EQ(std::exchange(below.request, {}), Octets{tls_flags::kStart});
    answer(client->step({}));
  }

  /// The peer's next TLS message, in fragments of its own.
  void answer(Octets message) {
    if (message.empty()) {
      return below.method->on_response(Octets{0});
    }
    peers.emplace(peers_room);
    peers->send(std::move(message));
    below.method->on_response(peers->packet());
  }

  /// Answers the Request that is outstanding, if there is one. False: nothing happens any more.
  bool peer_turn() {
    if (below.request.empty()) {
      return false;
    }
    const auto next = peers->on_packet(std::exchange(below.request, {}));
    EXPECT_TRUE(next.has_value());
    if (next == TlsFragments::Next::kPacket) {
      below.method->on_response(peers->packet());
      return true;
    }
    answer(client->step(peers->take_message()));
    return true;
  }

  void run() {
    begin();
    while (below.end == ' ' && (peer_turn() || background.turn())) {
    }
  }
  [[nodiscard]] std::string why() const { return below.refused ? below.refused->why : ""; }

  [[nodiscard]] Octets start_keys() const {
    Octets both;
    for (const auto& key : {below.accepted->mppe->receive, below.accepted->mppe->send}) {
      both.insert(both.end(), key.bytes().begin(), key.bytes().end());
    }
    return both;
  }
  /// MSK(0..15) is what the peer sends with, MSK(32..47) what we do.
  [[nodiscard]] Octets clients_keys() const {
    const Octets msk = client->msk();
    Octets both(msk.begin(), msk.begin() + 16);
    both.insert(both.end(), msk.begin() + 32, msk.begin() + 48);
    return both;
  }

  Authority ca{"Test CA"};
  Issued server = ca.issue({.common_name = "vpn.example.net"});
  Issued alice = ca.issue({.common_name = "alice"});
  SteppedBackground background;
  TlsLogins logins{background, 4};
  LocalUsers users;
  LayerBelow below{users};
  std::size_t peers_room = 1395;
  std::optional<TlsFragments> peers{std::in_place, 1395};
  std::optional<TlsClient> client{std::in_place, TlsClient::Options{.ca_pem = ca.pem(), .own = alice}};
};

TEST_F(EapTlsTest, Tls12LetsAPeerInWithTheKeysOfItsMsk) {
  run();
  EXPECT_EQ(below.end, 'S');
  EXPECT_EQ(client->version(), "TLSv1.2");
  ASSERT_TRUE(below.accepted && below.accepted->mppe);
  EXPECT_EQ(below.accepted->user, "alice");
  EXPECT_EQ(start_keys(), clients_keys());
  EXPECT_EQ(logins.counts().proven, 1U);
}

TEST_F(EapTlsTest, Tls13LetsAPeerInAfterAProtectedSuccess) {
  use(crypto::TlsVersion::kTls13);
  run();
  EXPECT_EQ(below.end, 'S');
  EXPECT_EQ(client->version(), "TLSv1.3");
  EXPECT_EQ(client->said, Octets{0});
  EXPECT_EQ(start_keys(), clients_keys());
}

TEST_F(EapTlsTest, FragmentsOfAnySizeDo) {
  for (const std::size_t room : {std::size_t{100}, std::size_t{296}, std::size_t{1395}}) {
    for (const auto newest : {crypto::TlsVersion::kTls12, crypto::TlsVersion::kTls13}) {
      use(newest);
      below.room = room;
      below.end = ' ';
      below.requests = 0;
      peers_room = room + 20;
      client.emplace(TlsClient::Options{.ca_pem = ca.pem(), .own = alice});
      run();
      EXPECT_EQ(below.end, 'S') << room;
      EXPECT_EQ(start_keys(), clients_keys());
      EXPECT_LE(below.requests, 48);
    }
  }
}

TEST_F(EapTlsTest, TheCertificateNamesTheSubscriber) {
  below.identity = "CORP\\ALICE";
  run();
  EXPECT_EQ(below.end, 'S');
  EXPECT_EQ(below.accepted->user, "alice");
}

TEST_F(EapTlsTest, NobodyGetsInUnderAnothersName) {
  for (const auto newest : {crypto::TlsVersion::kTls12, crypto::TlsVersion::kTls13}) {
    use(newest);
    below.identity = "bob";
    below.end = ' ';
    client.emplace(TlsClient::Options{.ca_pem = ca.pem(), .own = alice});
    run();
    EXPECT_EQ(below.end, 'F');
    EXPECT_EQ(why(), "the peer calls itself bob, which is no name in its certificate: CN=alice");
    EXPECT_TRUE(client->said.empty());  // no protected success
    EXPECT_FALSE(below.accepted.has_value());
  }
}

TEST_F(EapTlsTest, WhomTheBackEndRefusesGetsNoProtectedSuccess) {
  use(crypto::TlsVersion::kTls13);
  below.limit_reached = true;
  run();
  EXPECT_EQ(below.end, 'F');
  EXPECT_TRUE(client->said.empty());
}

TEST_F(EapTlsTest, ARevokedCertificateGetsAnAlertAndThenAFailure) {
  for (const auto newest : {crypto::TlsVersion::kTls12, crypto::TlsVersion::kTls13}) {
    use(newest, ca.revoke({alice}));
    below.end = ' ';
    client.emplace(TlsClient::Options{.ca_pem = ca.pem(), .own = alice});
    run();
    EXPECT_EQ(below.end, 'F');
    EXPECT_TRUE(client->failed);  // it has had the alert
    EXPECT_EQ(why(), "the certificate of CN=alice by CN=Test CA is refused: certificate revoked");
    EXPECT_TRUE(below.refused->is_wrong_proof());
  }
}

TEST_F(EapTlsTest, ARevocationListThatHasRunOutIsNoGuessOfThePeers) {
  use(crypto::TlsVersion::kTls12, ca.revoke({}, -7200, -3600));
  run();
  EXPECT_EQ(below.end, 'F');
  EXPECT_TRUE(client->failed);
  EXPECT_EQ(why(), "the certificate of CN=alice by CN=Test CA is refused: CRL has expired");
  EXPECT_FALSE(below.refused->is_wrong_proof());
}

TEST_F(EapTlsTest, APeerThatDoesNotBelieveUsEndsItWithoutAGuess) {
  Authority other("Other CA");
  client.emplace(TlsClient::Options{.ca_pem = other.pem(), .own = alice});
  run();
  EXPECT_EQ(below.end, 'F');
  EXPECT_EQ(why(), "the peer has ended TLS by the alert \"unknown CA\"");
  EXPECT_FALSE(below.refused->is_wrong_proof());
}

TEST_F(EapTlsTest, FragmentsThatLieEndTheExchange) {
  begin();
  background.turn();
  below.request.clear();
  below.method->on_response(Octets{tls_flags::kLength | tls_flags::kMore, 0xff, 0xff, 0xff, 0xff, 1});
  EXPECT_EQ(below.end, 'F');
  EXPECT_EQ(why(), "a TLS message of more than 65,536 octets");
  EXPECT_EQ(logins.connections(), 0U);
}

TEST_F(EapTlsTest, AFragmentAfterTheAlertIsNotRefusedAgain) {
  use(crypto::TlsVersion::kTls12, ca.revoke({alice}));
  begin();
  while (!below.refused && (peer_turn() || background.turn())) {
  }
  ASSERT_TRUE(below.refused.has_value());
  ASSERT_FALSE(below.request.empty()) << "no alert";
  below.request.clear();
  below.method->on_response({});
  EXPECT_EQ(below.end, 'F');
  EXPECT_EQ(logins.counts().refused, 1U);
}

TEST_F(EapTlsTest, AnEmptyFirstMessageEndsIt) {
  below.method = users.make_eap_method(wire::EapType::kTls, below);
  below.method->start();
  below.request.clear();
  below.method->on_response(Octets{0});
  EXPECT_TRUE(background.turn());
  EXPECT_EQ(below.end, 'F');
  EXPECT_EQ(why(), "the peer's TLS message is not complete");
}

TEST_F(EapTlsTest, AnExchangeMayEndBeforeWhileAndAfterItsStepRuns) {
  begin();
  below.method.reset();  // waits
  EXPECT_EQ(logins.connections(), 0U);
  EXPECT_TRUE(background.turn());
  EXPECT_EQ(below.requests, 1);

  client.emplace(TlsClient::Options{.ca_pem = ca.pem(), .own = alice});
  begin();
  background.run_one();
  below.method.reset();  // has run, and control has not heard of it
  background.finish_one();
  EXPECT_EQ(below.requests, 2);
  EXPECT_EQ(logins.connections(), 0U);
}

TEST_F(EapTlsTest, AFullQueueRefusesByName) {
  background.most = 0;
  begin();
  EXPECT_EQ(below.end, 'F');
  ASSERT_TRUE(below.failed.has_value());
  EXPECT_EQ(std::get<AuthUnavailable>(*below.failed).reason, EndReason::kEapBusy);
  EXPECT_EQ(logins.counts().busy, 1U);
  EXPECT_EQ(logins.connections(), 0U);
}

TEST_F(EapTlsTest, SoManyConnectionsAndNoMore) {
  std::vector<std::unique_ptr<LayerBelow>> layers;
  for (int i = 0; i < 5; ++i) {
    layers.push_back(std::make_unique<LayerBelow>(users));
    LayerBelow& layer = *layers.back();
    layer.method = users.make_eap_method(wire::EapType::kTls, layer);
    layer.method->start();
    layer.request.clear();
    layer.method->on_response(Octets{0, 1, 2, 3});
    EXPECT_EQ(layer.failed.has_value(), i == 4);
  }
  EXPECT_EQ(logins.connections(), 4U);
  layers.clear();
  EXPECT_EQ(logins.connections(), 0U);
}

TEST_F(EapTlsTest, WhoeverFindsNoRoomHasNoFragmentKept) {
  std::vector<std::unique_ptr<LayerBelow>> layers;
  for (int i = 0; i < 5; ++i) {
    layers.push_back(std::make_unique<LayerBelow>(users));
    LayerBelow& layer = *layers.back();
    layer.method = users.make_eap_method(wire::EapType::kTls, layer);
    layer.method->start();
    layer.request.clear();
    layer.method->on_response(i < 4 ? Octets{0, 1, 2, 3}
                                    : Octets{tls_flags::kLength | tls_flags::kMore, 0, 1, 0, 0, 1});
  }
  EXPECT_TRUE(layers.back()->request.empty()) << "an acknowledgement of the fragment";
  ASSERT_TRUE(layers.back()->failed.has_value());
  EXPECT_EQ(std::get<AuthUnavailable>(*layers.back()->failed).reason, EndReason::kEapBusy);
}

TEST_F(EapTlsTest, TheOneThatHasWaitedLongestForItsPeerYieldsToANewcomer) {
  std::vector<std::unique_ptr<LayerBelow>> silent;
  for (int i = 0; i < 4; ++i) {
    silent.push_back(std::make_unique<LayerBelow>(users));
    LayerBelow& layer = *silent.back();
    layer.method = users.make_eap_method(wire::EapType::kTls, layer);
    layer.method->start();
    layer.request.clear();
    TlsClient hello(TlsClient::Options{.ca_pem = ca.pem(), .own = alice});
    TlsFragments fragments(1395);
    fragments.send(hello.step({}));
    layer.method->on_response(fragments.packet());
    EXPECT_TRUE(background.turn());
    EXPECT_FALSE(layer.request.empty());
  }
  run();
  EXPECT_EQ(below.end, 'S');
  EXPECT_EQ(logins.counts().busy, 1U);
  for (const auto& layer : silent) {
    EXPECT_FALSE(layer->failed.has_value());
    layer->request.clear();
    layer->method->on_response(Octets{0});
    EXPECT_EQ(layer->failed.has_value(), layer == silent.front());
  }
  EXPECT_EQ(std::get<AuthUnavailable>(*silent.front()->failed).reason, EndReason::kEapBusy);
  EXPECT_EQ(logins.counts().busy, 1U) << "once";
}

TEST_F(EapTlsTest, NewCredentialsCountForNewExchanges) {
  begin();
  ca = Authority("New CA");
  server = ca.issue({.common_name = "vpn.example.net"});
  use(crypto::TlsVersion::kTls12);
  while (below.end == ' ' && (peer_turn() || background.turn())) {
  }
  EXPECT_EQ(below.end, 'S');
  below.end = ' ';
  client.emplace(TlsClient::Options{.ca_pem = ca.pem(), .own = ca.issue({.common_name = "alice"})});
  run();
  EXPECT_EQ(below.end, 'S');
}

TEST_F(EapTlsTest, NoCredentialsNoMethod) {
  logins.use(nullptr);
  EXPECT_EQ(users.make_eap_method(wire::EapType::kTls, below), nullptr);
  EXPECT_EQ(users.make_eap_method(wire::EapType::kPeap, below), nullptr);
}

}  // namespace
}  // namespace adit::control
