// SPDX-License-Identifier: Apache-2.0
// The peer's side of EAP-TLS: against OpenSSL's server for the octets, against our own for a whole login, over links that
// lose, with servers that cannot prove themselves, and with calls that end while TLS is at work.
#include "controlplane/client/client_eap_tls.hpp"

#include <gtest/gtest.h>

#include <random>

#include "tests/controlplane/client/eap_ends.hpp"
#include "tests/kit/tls_ends.hpp"

namespace adit::control {
namespace {

using adit::test::Authority;
using adit::test::Issued;
using adit::test::SteppedBackground;
using adit::test::TlsServer;
using crypto::TlsRole;
using crypto::TlsVersion;

std::shared_ptr<const crypto::TlsCredentials> make_credentials(const Issued& own, const std::string& trusted,
                                                               TlsVersion newest, TlsRole role,
                                                               const std::string& crl = "") {
  const std::string certificate = own.pem(), key = own.key_pem();
  auto made = crypto::TlsCredentials::make(
      {.certificate = certificate, .private_key = key, .ca = trusted, .crl = crl}, newest, role);
  EXPECT_TRUE(made.has_value()) << made.error().wrong;
  return made ? std::move(*made) : nullptr;
}

/// A CA, with a server and "alice".
struct Certified {
  Authority ca{"Test CA"};
  Issued vpn = ca.issue({.common_name = "vpn.example.net", .usage = "serverAuth"});
  Issued alice = ca.issue({.common_name = "alice", .usage = "clientAuth"});
};

const bool kLibraryReady = crypto::initialise().has_value();

// ---- against OpenSSL's server -----------------------------------------------------------------------------

class ClientEapTlsTest : public ::testing::Test, public Certified, public ClientEapTlsHost {
 protected:
  using Octets = std::vector<std::uint8_t>;

  void tls_response(wire::Bytes data) override { responses.emplace_back(data.begin(), data.end()); }
  void tls_failed(bool is_authentic, std::string_view why) override {
    EXPECT_FALSE(failure) << "once";
    failure = why;
    authentic = is_authentic;
  }

  void begin(const TlsServer::Options& options) {
    tls = {.credentials = make_credentials(alice, ca.pem(), TlsVersion::kTls13, TlsRole::kClient),
           .background = &background};
    server.emplace(options);
    method.emplace(tls, room, *this);
    method->on_request(Octets{tls_flags::kStart});
  }
  /// Until one of them has no more to say; the server's acknowledgements of fragments included.
  void run() {
    std::size_t answered = 0;
    while (answered < responses.size() || background.turn()) {
      if (answered == responses.size()) {
        continue;
      }
      ASSERT_LE(responses[answered].size(), room);
      const auto next = theirs.on_packet(responses[answered++]);
      ASSERT_TRUE(next.has_value()) << to_text(next.error());
      if (*next == TlsFragments::Next::kMessage) {
        Octets message = server->step(theirs.take_message());
        if (message.empty()) {
          continue;
        }
        theirs.send(std::move(message));
      }
      method->on_request(theirs.packet());
    }
  }
  /// MSK(0..15) is what the peer sends with, MSK(32..47) what the server does: RFC 5216 §2.3.
  void expect_servers_keys() {
    const Octets msk = server->msk();
    const auto keys = method->keys();
    EXPECT_TRUE(crypto::equal_constant_time(keys.send.bytes(), wire::Bytes(msk).subspan(0, 16)));
    EXPECT_TRUE(crypto::equal_constant_time(keys.receive.bytes(), wire::Bytes(msk).subspan(32, 16)));
  }

  SteppedBackground background;
  ClientTls tls;
  std::size_t room = 1395;
  TlsFragments theirs{1395};
  std::optional<TlsServer> server;
  std::optional<ClientEapTls> method;
  std::vector<Octets> responses;
  std::optional<std::string> failure;
  bool authentic = true;
};

TEST_F(ClientEapTlsTest, HasTheKeysOfTheServersMsk) {
  for (const int newest : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const std::size_t fits : {std::size_t{100}, std::size_t{296}, std::size_t{1395}}) {
      SCOPED_TRACE(fits);
      room = fits;
      theirs = TlsFragments(fits);
      responses.clear();
      begin({.ca_pem = ca.pem(), .own = vpn, .newest = newest});
      run();
      ASSERT_TRUE(method->is_done()) << failure.value_or("");
      EXPECT_EQ(responses.back(), Octets{0}) << "the acknowledgement of the end";
      expect_servers_keys();
    }
  }
}

TEST_F(ClientEapTlsTest, ATicketIsAcknowledged) {
  begin({.ca_pem = ca.pem(), .own = vpn, .tickets = 2});
  run();
  EXPECT_TRUE(method->is_done());
}

TEST_F(ClientEapTlsTest, WithoutTheProtectedSuccessItIsNotDone) {
  begin({.ca_pem = ca.pem(), .own = vpn, .last_words = {}});
  run();
  EXPECT_TRUE(server->done);
  EXPECT_FALSE(method->is_done());
  method->on_request(Octets{0});
  run();
  EXPECT_FALSE(method->is_done());
  EXPECT_FALSE(failure);
}

TEST_F(ClientEapTlsTest, AServerOfAnotherCaGetsAnAlert) {
  Authority stranger("Stranger");
  begin({.ca_pem = ca.pem(), .own = stranger.issue({.common_name = "vpn.example.net"})});
  run();
  ASSERT_TRUE(failure.has_value());
  EXPECT_FALSE(authentic);
  EXPECT_TRUE(failure->starts_with("the certificate of CN=vpn.example.net by CN=Stranger is refused"));
  EXPECT_TRUE(server->failed);
  EXPECT_FALSE(method->is_done());
}

TEST_F(ClientEapTlsTest, AnAlertOfTheServersIsAcknowledged) {
  Authority other("Other CA");
  for (const int newest : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    responses.clear();
    theirs = TlsFragments(room);
    begin({.ca_pem = other.pem(), .own = vpn, .newest = newest});
    run();
    EXPECT_EQ(method->alert(), "the peer has ended TLS by the alert \"unknown CA\"");
    EXPECT_EQ(responses.back(), Octets{0});
    EXPECT_FALSE(failure) << "EAP's Failure is still to come";
  }
}

TEST_F(ClientEapTlsTest, FragmentsThatLieEndIt) {
  begin({.ca_pem = ca.pem(), .own = vpn});
  background.turn();
  method->on_request(Octets{tls_flags::kLength | tls_flags::kMore, 0xff, 0xff, 0xff, 0xff, 1});
  EXPECT_EQ(failure, "a TLS message of more than 65,536 octets");
}

TEST_F(ClientEapTlsTest, ABeginningMayComeAgain) {
  begin({.ca_pem = ca.pem(), .own = vpn});
  EXPECT_TRUE(background.turn());
  responses.clear();
  method->on_request(Octets{tls_flags::kStart});
  run();
  EXPECT_TRUE(method->is_done());
  expect_servers_keys();
}

TEST_F(ClientEapTlsTest, WithoutABeginningThereIsOnlyAnAcknowledgement) {
  tls = {.credentials = nullptr, .background = &background};
  method.emplace(tls, room, *this);
  method->on_request(Octets{0, 1, 2, 3});
  EXPECT_EQ(responses.back(), Octets{0});
  EXPECT_FALSE(background.turn());
}

TEST_F(ClientEapTlsTest, MayGoBeforeWhileAndAfterItsStepRuns) {
  begin({.ca_pem = ca.pem(), .own = vpn});
  method.reset();  // waits
  EXPECT_TRUE(background.turn());
  begin({.ca_pem = ca.pem(), .own = vpn});
  background.run_one();
  method.reset();  // has run, and control has not heard of it
  background.finish_one();
  EXPECT_TRUE(responses.empty());
}

TEST_F(ClientEapTlsTest, WithoutRoomInTheBackgroundItFails) {
  background.most = 0;
  begin({.ca_pem = ca.pem(), .own = vpn});
  EXPECT_TRUE(failure.has_value());
  EXPECT_TRUE(authentic);
}

// ---- against our own server -------------------------------------------------------------------------------

class EapTlsEnds : public EapEnds, public Certified {
 protected:
  EapTlsEnds() {
    settings.eap.methods = {EapLocalMethod::kTls};
    users.allow_certificates(logins);
    caller_settings.eap_methods = {EapLocalMethod::kTls};
    caller_settings.tls = {
        .credentials = make_credentials(alice, ca.pem(), TlsVersion::kTls13, TlsRole::kClient),
        .background = &background};
    use(TlsVersion::kTls13);
  }
  void use(TlsVersion newest, const std::string& crl = "") {
    logins.use(make_credentials(vpn, ca.pem(), newest, TlsRole::kServer, crl));
  }
  void run(int tenths = 40) {
    for (int i = 0; i < tenths; ++i) {
      step([] { return false; });
    }
  }
};

TEST_F(EapTlsEnds, BothEndsHaveTheSameKeys) {
  for (const TlsVersion newest : {TlsVersion::kTls12, TlsVersion::kTls13}) {
    use(newest);
    server.accepted.reset();
    caller.keys.reset();
    dial();
    run();
    expect_same_keys();
    EXPECT_EQ(server.accepted->user, "alice");
    EXPECT_FALSE(caller.end);
  }
  EXPECT_EQ(logins.connections(), 0U);
}

TEST_F(EapTlsEnds, NarrowLinksThatLoseAFifthAreCarriedThrough) {
  std::mt19937 random(1);
  mru = caller.mru = 400;
  for (int run = 0; run < 60; ++run) {
    use(run % 2 == 0 ? TlsVersion::kTls12 : TlsVersion::kTls13);
    server.accepted.reset();
    caller.keys.reset();
    to_peer.clear();
    to_server.clear();
    dial();
    const auto lost = [&] { return random() % 5 == 0; };
    for (int i = 0; i < 600 && !server.accepted; ++i) {
      step(lost);
    }
    ASSERT_TRUE(server.accepted) << run;
    step(lost);
    peer->network_begins();  // the server goes on; its Success may have been lost
    expect_same_keys();
  }
}

TEST_F(EapTlsEnds, ASuccessBeforeTheEndIsNotBelieved) {
  for (const TlsVersion newest : {TlsVersion::kTls12, TlsVersion::kTls13}) {
    use(newest);
    server.accepted.reset();
    caller.keys.reset();
    const std::uint64_t proven = logins.counts().proven;
    dial();
    while (logins.counts().proven == proven) {  // the server's last message is still to come
      for (unsigned id = 0; id < 256; ++id) {
        peer->on_packet(Octets{3, static_cast<std::uint8_t>(id), 0, 4});
      }
      peer->network_begins();
      ASSERT_FALSE(caller.keys);
      step([] { return false; });
    }
    run();
    expect_same_keys();
  }
}

TEST_F(EapTlsEnds, AServerThatIsNotOursIsToldSo) {
  Authority stranger("Stranger");
  caller_settings.tls.credentials =
      make_credentials(alice, stranger.pem(), TlsVersion::kTls13, TlsRole::kClient);
  dial();
  run();
  EXPECT_EQ(caller.end, ClientEnd::kNotAuthentic);
  EXPECT_TRUE(caller.said.starts_with("the certificate of CN=vpn.example.net")) << caller.said;
  EXPECT_FALSE(caller.keys);
  EXPECT_EQ(server.reason, EndReason::kAuthFailed);
}

TEST_F(EapTlsEnds, ARevokedCertificateIsNamedByTheServersAlert) {
  for (const TlsVersion newest : {TlsVersion::kTls12, TlsVersion::kTls13}) {
    use(newest, ca.revoke({alice}));
    caller.end.reset();
    server.reason = EndReason::kNone;
    dial();
    run();
    EXPECT_EQ(caller.end, ClientEnd::kAuthFailed);
    EXPECT_EQ(caller.said, "the peer has ended TLS by the alert \"certificate revoked\"");
    EXPECT_EQ(server.reason, EndReason::kAuthFailed);
  }
}

TEST_F(EapTlsEnds, ARequestThatTlsIsAboutIsAnsweredOnce) {
  dial();
  step([] { return false; });
  step([] { return false; });
  ASSERT_EQ(to_peer.size(), 1U) << "the beginning";
  const wire::Bytes beginning = wire::Bytes(to_peer.front()).subspan(4);
  peer->on_packet(beginning);
  peer->on_packet(beginning);
  peer->on_packet(Octets{1, static_cast<std::uint8_t>(beginning[1] + 1), 0, 6, 13, tls_flags::kStart});
  peer->on_packet(Octets{1, static_cast<std::uint8_t>(beginning[1] + 2), 0, 5, 1});
  EXPECT_TRUE(to_server.empty()) << "no server asks before it is answered";
  EXPECT_TRUE(background.turn());
  EXPECT_FALSE(background.turn());
  ASSERT_EQ(to_server.size(), 1U);
  peer->on_packet(beginning);
  ASSERT_EQ(to_server.size(), 2U);
  EXPECT_EQ(to_server[0], to_server[1]);
}

TEST_F(EapTlsEnds, AFailureWhileTlsIsAtWorkEndsIt) {
  dial();
  step([] { return false; });
  step([] { return false; });
  ASSERT_EQ(to_peer.size(), 1U) << "the beginning";
  const std::uint8_t id = to_peer.front()[5];
  peer->on_packet(wire::Bytes(to_peer.front()).subspan(4));
  peer->on_packet(Octets{4, id, 0, 4});
  EXPECT_EQ(caller.end, ClientEnd::kAuthFailed);
  EXPECT_TRUE(background.turn());
  EXPECT_TRUE(to_server.empty());
}

TEST_F(EapTlsEnds, WhomTheServerOffersAnotherMethodGetsThisOneByNak) {
  settings.eap.methods = {EapLocalMethod::kMsChapV2, EapLocalMethod::kTls};
  dial();
  run();
  expect_same_keys();
}

}  // namespace
}  // namespace adit::control
