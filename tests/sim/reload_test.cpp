// SPDX-License-Identifier: Apache-2.0
// What a reload changes, by what callers get: those that dial after it have the new settings, those that are up keep the
// ones that they dialled with, and what is decided for all together counts at once.
#include <gtest/gtest.h>

#include <memory>

#include "crypto/library.hpp"
#include "tests/sim/dial_world.hpp"

namespace adit::sim {
namespace {

using control::AuthMethod;
using control::ClientSettings;
using control::Duration;
using control::MppePolicy;
using control::Settings;
using namespace std::chrono_literals;

ClientSettings alice() {
  ClientSettings settings;
  settings.profile = control::find_client_profile("plain");
  settings.user = "alice";
  control::set_password(settings, "secret");
  settings.methods = {AuthMethod::kMsChapV2, AuthMethod::kPap};
  settings.mppe = MppePolicy::kAllow;
  settings.ppp.lcp_echo_interval = 0s;  // so that the server's own timers are all that breaks a silence
  return settings;
}

Settings clear() {
  Settings settings;
  settings.auth.methods = {AuthMethod::kMsChapV2};
  settings.ppp.mppe = MppePolicy::kDeny;
  return settings;
}

bool is_up(WorldClient& client) {
  return client.ups > 0;
}

class Reload : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(crypto::initialise().has_value()); }

  /// Reloads the settings that run, with `change` made to them.
  template <typename Change>
  std::weak_ptr<const Settings> reload(Change change) {
    Settings settings = last_ != nullptr ? *last_ : world_.house.settings;
    change(settings);
    last_ = std::make_shared<const Settings>(std::move(settings));
    world_.house.concentrator->use(last_);
    return last_;
  }
  WorldClient& dial() {
    WorldClient& client = world_.dial(caller_, {});
    EXPECT_TRUE(world_.run_until_all(is_up, 30s));
    return client;
  }
  /// Echo-Requests of either protocol that it answers in so much silence.
  std::uint32_t echoes_in(WorldClient& client, Duration silence) {
    const std::uint32_t before = client.call().status().echoes_answered;
    world_.run(silence);
    return client.call().status().echoes_answered - before;
  }

  const ClientSettings caller_ = alice();
  DialWorld world_{clear(), 256, 1};
  control::SharedSettings last_;
};

TEST_F(Reload, WhoDialsAfterItHasTheNewNameServersRatesAndSizes) {
  WorldClient& before = dial();
  const auto dns = wire::Ipv4Address(192, 0, 2, 53);
  reload([&](Settings& settings) {
    settings.ip.dns1 = dns;
    settings.rate = {.down = 800, .up = 80};
    settings.ppp.mru = 1300;
  });
  WorldClient& after = dial();
  EXPECT_EQ(before.call().status().dns1, wire::Ipv4Address(198, 51, 100, 53));
  EXPECT_EQ(after.call().status().dns1, dns);
  EXPECT_EQ(before.call().status().peer_mru, 1436);
  EXPECT_EQ(after.call().status().peer_mru, 1300);
  EXPECT_FALSE(before.installed()->limits.has_value());
  ASSERT_TRUE(after.installed()->limits.has_value());
  EXPECT_EQ(after.installed()->limits->down, 100'000U) << "octets a second";
  EXPECT_EQ(before.ip, before.call().status().own) << "and it is up as before";
}

TEST_F(Reload, TimersOfACallAreThoseThatItBeganWith) {
  WorldClient& before = dial();
  reload([](Settings& settings) { settings.ppp.lcp_echo_interval = 5s; });
  WorldClient& after = dial();
  const std::uint32_t slow_before = before.call().status().echoes_answered;
  const std::uint32_t quick = echoes_in(after, 100s);
  const std::uint32_t slow = before.call().status().echoes_answered - slow_before;
  EXPECT_GE(quick, 18U);
  EXPECT_GE(slow, 3U) << "20 s is the default";
  EXPECT_LE(slow, 7U);
}

TEST_F(Reload, EncryptionAndMethodsAreAskedOfNewCallsAlone) {
  WorldClient& clear_call = dial();
  reload([](Settings& settings) { settings.ppp.mppe = MppePolicy::kRequire; });
  WorldClient& encrypted = dial();
  reload([](Settings& settings) {
    settings.ppp.mppe = MppePolicy::kDeny;
    settings.auth.methods = {AuthMethod::kPap};
  });
  WorldClient& by_pap = dial();
  world_.run(60s);
  EXPECT_TRUE(clear_call.mppe.empty());
  EXPECT_EQ(encrypted.mppe.size(), 2U);
  EXPECT_TRUE(by_pap.mppe.empty());
  EXPECT_NE(encrypted.call().status().auth_method, by_pap.call().status().auth_method);
  for (const auto& client : world_.clients) {
    EXPECT_FALSE(client->ended.has_value()) << client->detail;
  }
}

TEST_F(Reload, LimitsOfAllTogetherCountAtOnce) {
  dial();
  reload([](Settings& settings) { settings.pptp.max_connections = 1; });
  EXPECT_FALSE(
      world_.house.concentrator->on_accept(900, wire::Ipv4Address(198, 18, 9, 1), WorldClient::kServer));
  EXPECT_FALSE(world_.clients.front()->ended.has_value());
  reload([](Settings& settings) {
    settings.pptp.max_connections = 100;
    settings.pptp.max_connections_per_address = 1;
  });
  dial();
  const auto held = wire::Ipv4Address(0xC6120000 + 2);  // the second client's
  EXPECT_FALSE(world_.house.concentrator->on_accept(901, held, WorldClient::kServer));
}

TEST_F(Reload, ASecondSessionIsJudgedByWhatIsLoadedNow) {
  WorldClient& first = world_.dial(caller_, {});
  reload([](Settings& settings) { settings.single_session = control::SingleSession::kDeny; });
  ASSERT_TRUE(world_.run_until_all(is_up, 30s));
  WorldClient& second = world_.dial(caller_, {});
  world_.run(30s);
  EXPECT_EQ(second.ups, 0);
  EXPECT_TRUE(second.ended.has_value());
  EXPECT_FALSE(first.ended.has_value());
}

/// A hundred reloads under calls that come and go: none ends, and what no call has any more is freed.
TEST_F(Reload, AGenerationLivesAsLongAsItsCalls) {
  WorldClient& stays = dial();
  std::weak_ptr<const Settings> of_the_second;
  WorldClient* second = nullptr;
  for (int i = 0; i < 100; ++i) {
    const auto generation =
        reload([&](Settings& settings) { settings.ppp.mtu = static_cast<std::uint16_t>(1200 + i); });
    if (i == 50) {
      second = &dial();
      of_the_second = generation;
    }
    world_.run(200ms);
  }
  EXPECT_FALSE(of_the_second.expired()) << "its call is up";
  second->call().hang_up();
  world_.run(30s);
  EXPECT_TRUE(second->ended.has_value());
  EXPECT_TRUE(of_the_second.expired());
  EXPECT_FALSE(stays.ended.has_value()) << stays.detail;
  EXPECT_EQ(stays.ip, stays.call().status().own);
}

}  // namespace
}  // namespace adit::sim
