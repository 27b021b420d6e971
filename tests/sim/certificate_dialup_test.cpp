// SPDX-License-Identifier: Apache-2.0
// Logins by certificate from the dial to encrypted IP, over good links and bad ones: the fragments and acknowledgements of
// EAP-TLS among everything else that a link loses, and in large numbers.
#include <gtest/gtest.h>

#include <cstdio>

#include "controlplane/auth/authenticator.hpp"
#include "crypto/library.hpp"
#include "tests/kit/certificates.hpp"
#include "tests/sim/dial_world.hpp"

namespace adit::sim {
namespace {

using control::AuthMethod;
using control::ClientEnd;
using control::ClientProfile;
using control::ClientSettings;
using control::Duration;
using control::EapLocalMethod;
using control::MppePolicy;
using control::Settings;
using crypto::TlsRole;
using crypto::TlsVersion;
using namespace std::chrono_literals;

constexpr LinkQuality kStill{};
constexpr LinkQuality kLossy{.loss = 0.08, .duplication = 0.05, .delay = 20ms, .jitter = 30ms};

class CertificateDialUp : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(crypto::initialise().has_value()); }

  CertificateDialUp() {
    settings.auth.methods = {AuthMethod::kEap};
    settings.eap.methods = {EapLocalMethod::kTls};
    settings.ppp.mppe = MppePolicy::kRequire;
  }

  std::shared_ptr<const crypto::TlsCredentials> credentials(const test::Issued& own, TlsVersion newest,
                                                            TlsRole role) {
    const std::string certificate = own.pem(), key = own.key_pem(), trusted = ca.pem();
    auto made = crypto::TlsCredentials::make({.certificate = certificate, .private_key = key, .ca = trusted},
                                             newest, role);
    EXPECT_TRUE(made.has_value()) << made.error().wrong;
    return made ? std::move(*made) : nullptr;
  }
  ClientSettings caller(DialWorld& world, const ClientProfile& profile) {
    ClientSettings made;
    made.profile = &profile;
    made.user = "alice";
    made.methods = {AuthMethod::kEap};
    made.eap_methods = {EapLocalMethod::kTls};
    made.tls = {.credentials = clients, .background = &world.background};
    made.mppe = MppePolicy::kRequire;
    return made;
  }
  void serve(DialWorld& world, TlsVersion newest) {
    world.logins.use(credentials(server, newest, TlsRole::kServer));
  }
  static void expect_same_keys(WorldClient& client) {
    const control::House::Installed* at_server = client.installed();
    ASSERT_NE(at_server, nullptr);
    ASSERT_EQ(client.mppe.size(), 2U);
    ASSERT_EQ(at_server->mppe.size(), 2U);
    for (const auto& [direction, ours] : client.mppe) {
      const auto& theirs =
          at_server->mppe.at(direction == contract::Direction::kSend ? contract::Direction::kReceive
                                                                     : contract::Direction::kSend);
      EXPECT_EQ(ours.start_key, theirs.start_key);
    }
  }
  static void hang_up(DialWorld& world) {
    for (const auto& client : world.clients) {
      client->call().hang_up();
    }
    ASSERT_TRUE(world.run_until_all([](WorldClient& client) { return client.ended.has_value(); }, 20s));
    for (const auto& client : world.clients) {
      EXPECT_EQ(client->ended, ClientEnd::kHungUp);
    }
    world.run(4s);  // the server finishes closing its calls
    world.clients.clear();
    EXPECT_EQ(world.logins.connections(), 0U);
    control::expect_baseline(world.house);
  }

  test::Authority ca{"Test CA"};
  test::Issued server = ca.issue({.common_name = "vpn.example.net"});
  test::Issued alice = ca.issue({.common_name = "alice"});
  std::shared_ptr<const crypto::TlsCredentials> clients =
      credentials(alice, TlsVersion::kTls13, TlsRole::kClient);
  Settings settings;
};

bool has_come_up(WorldClient& client) {
  return client.ups > 0 && client.call().status().up;
}

TEST_F(CertificateDialUp, EveryProfileComesUpWithTheKeysOfItsCertificate) {
  for (const ClientProfile& profile : control::client_profiles()) {
    for (const TlsVersion newest : {TlsVersion::kTls12, TlsVersion::kTls13}) {
      for (const LinkQuality& quality : {kStill, kLossy}) {
        SCOPED_TRACE(profile.name);
        DialWorld world(settings, 8, 1);
        serve(world, newest);
        const ClientSettings calls = caller(world, profile);
        WorldClient& client = world.dial(calls, quality);
        ASSERT_TRUE(world.run_until_all(has_come_up, 60s))
            << (client.ended ? control::to_text(*client.ended) : "not over") << ' ' << client.detail;
        world.run(10s);
        expect_same_keys(client);
        hang_up(world);
      }
    }
  }
}

TEST_F(CertificateDialUp, AHundredOverALossyLink) {
  DialWorld world(settings, 128, 7);
  serve(world, TlsVersion::kTls13);
  ClientSettings calls = caller(world, control::client_profiles().front());
  calls.setup_timeout = 60s;
  for (int i = 0; i < 100; ++i) {
    world.dial(calls, kLossy);
  }
  ASSERT_TRUE(
      world.run_until_all([](WorldClient& client) { return has_come_up(client) || client.ended; }, 90s));
  int up = 0;
  for (const auto& client : world.clients) {
    up += has_come_up(*client) ? 1 : 0;
  }
  std::printf("%d of 100 up at once\n", up);
  EXPECT_EQ(up, 100);
  world.run(10s);
  for (const auto& client : world.clients) {
    expect_same_keys(*client);
  }
  hang_up(world);
}

TEST_F(CertificateDialUp, ACertificateOfAnotherCaFailsByName) {
  test::Authority other("Other CA");
  const test::Issued stranger = other.issue({.common_name = "alice"});
  clients = credentials(stranger, TlsVersion::kTls13, TlsRole::kClient);
  DialWorld world(settings, 8, 1);
  serve(world, TlsVersion::kTls13);
  const ClientSettings calls = caller(world, control::client_profiles().front());
  WorldClient& client = world.dial(calls, kStill);
  ASSERT_TRUE(world.run_until_all([](WorldClient& one) { return one.ended.has_value(); }, 30s));
  EXPECT_EQ(client.ended, ClientEnd::kAuthFailed);
  EXPECT_EQ(client.detail, "the peer has ended TLS by the alert \"unknown CA\"");
  world.run(4s);
  world.clients.clear();
  control::expect_baseline(world.house);
}

}  // namespace
}  // namespace adit::sim
