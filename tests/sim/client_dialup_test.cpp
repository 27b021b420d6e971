// SPDX-License-Identifier: Apache-2.0
// Every profile dials the real concentrator with every method and MPPE policy, alone and in large numbers,
// over good links and bad ones. While a call is up both ends agree on addresses and keys; after it has ended
// nothing is left at either end.
#include <gtest/gtest.h>

#include <cstdio>

#include "controlplane/auth/authenticator.hpp"
#include "crypto/library.hpp"
#include "tests/sim/dial_world.hpp"

namespace adit::sim {
namespace {

using control::AuthMethod;
using control::ClientEnd;
using control::ClientProfile;
using control::ClientSettings;
using control::Duration;
using control::Instant;
using control::MppePolicy;
using control::Settings;
using namespace std::chrono_literals;

constexpr LinkQuality kGood{};
constexpr LinkQuality kBad{.loss = 0.08, .duplication = 0.05, .delay = 20ms, .jitter = 30ms};
constexpr std::array kMethods = {AuthMethod::kPap, AuthMethod::kChapMd5, AuthMethod::kMsChapV1,
                                 AuthMethod::kMsChapV2, AuthMethod::kEap};

bool makes_keys(AuthMethod method) {
  return method == AuthMethod::kMsChapV1 || method == AuthMethod::kMsChapV2 || method == AuthMethod::kEap;
}

ClientSettings caller(const ClientProfile& profile, AuthMethod method, MppePolicy mppe) {
  ClientSettings settings;
  settings.profile = &profile;
  settings.user = "alice";
  control::set_password(settings, "secret");
  settings.methods = {method};
  settings.mppe = mppe;
  return settings;
}

Settings server(AuthMethod method, MppePolicy mppe) {
  Settings settings;
  settings.auth.methods = {method};
  settings.ppp.mppe = mppe;
  return settings;
}

bool is_up(WorldClient& client) {
  return client.ups > 0 && client.call().status().up;
}
bool is_over(WorldClient& client) {
  return client.ended.has_value();
}
/// By then, the server has reached the same state as the client.
constexpr Duration kSettled = 5s;

void expect_both_ends_agree(WorldClient& client, bool encrypted, bool asks_dns) {
  const control::ClientStatus status = client.call().status();
  const control::House::Installed* at_server = client.installed();
  ASSERT_NE(at_server, nullptr);
  EXPECT_EQ(client.ups, 1);
  EXPECT_TRUE(at_server->ip);
  EXPECT_EQ(client.ip, status.own);
  EXPECT_EQ(status.peer, wire::Ipv4Address(10, 64, 0, 1));
  EXPECT_EQ(status.dns1, asks_dns ? wire::Ipv4Address(198, 51, 100, 53) : wire::Ipv4Address{});
  EXPECT_EQ(status.encrypts_send, encrypted);
  EXPECT_EQ(status.encrypts_receive, encrypted);
  ASSERT_EQ(client.mppe.size(), encrypted ? 2U : 0U);
  ASSERT_EQ(at_server->mppe.size(), encrypted ? 2U : 0U);
  for (const auto& [direction, ours] : client.mppe) {
    const auto& theirs = at_server->mppe.at(
        direction == contract::Direction::kSend ? contract::Direction::kReceive : contract::Direction::kSend);
    EXPECT_EQ(ours.start_key, theirs.start_key);
    EXPECT_EQ(ours.session_key, theirs.session_key);
    EXPECT_EQ(ours.mode, theirs.mode);
  }
}

void expect_addresses_match(DialWorld& world) {
  std::map<std::uint16_t, wire::Ipv4Address> assigned;
  for_each_call(*world.house.concentrator, [&](const control::CallStatus& call) {
    assigned[call.local_id.value] = call.session.address;
  });
  for (const auto& client : world.clients) {
    ASSERT_TRUE(client->server_id);
    EXPECT_EQ(client->ip, assigned[client->server_id->value]);
  }
}

/// Checks that nothing is left of the clients at either end.
void expect_empty(DialWorld& world) {
  world.run(4s);  // the server finishes closing its calls
  world.clients.clear();
  control::expect_baseline(world.house);
}

bool asks_dns(const ClientProfile& profile) {
  return std::ranges::find(profile.ipcp_options, wire::IpcpOption::kPrimaryDns) != profile.ipcp_options.end();
}

class ClientDialUp : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(crypto::initialise().has_value()); }

  /// Every profile, method and policy that can come up, once each; `each` gets the world before hang-up.
  template <typename Each>
  static void for_every_combination(LinkQuality quality, std::uint32_t seed, Each each) {
    for (const ClientProfile& profile : control::client_profiles()) {
      for (const AuthMethod method : kMethods) {
        for (const MppePolicy mppe :
             {MppePolicy::kDeny, MppePolicy::kAllow, MppePolicy::kPrefer, MppePolicy::kRequire}) {
          if (mppe == MppePolicy::kRequire && !makes_keys(method)) {
            continue;
          }
          SCOPED_TRACE(std::string(profile.name) + " method " + std::string(control::to_text(method)) +
                       " mppe " + std::to_string(static_cast<int>(mppe)) + " seed " + std::to_string(seed));
          const ClientSettings settings = caller(profile, method, mppe);
          DialWorld world(server(method, mppe == MppePolicy::kRequire ? mppe : MppePolicy::kPrefer), 8, seed);
          world.dial(settings, quality);
          each(world, profile, makes_keys(method) && mppe != MppePolicy::kDeny);
        }
      }
    }
  }
};

TEST_F(ClientDialUp, EveryCombinationComesUpAgreesAndHangsUp) {
  for_every_combination(kGood, 1, [](DialWorld& world, const ClientProfile& profile, bool encrypted) {
    WorldClient& client = *world.clients.front();
    ASSERT_TRUE(world.run_until_all(is_up, 30s))
        << (client.ended ? control::to_text(*client.ended) : "not over");
    EXPECT_LT(world.house.wheel.now(), Instant{800ms + profile.pause_before_call})
        << "waited for a restart timer";
    world.run(kSettled);
    expect_both_ends_agree(client, encrypted, asks_dns(profile));
    expect_addresses_match(world);
    const Instant before = world.house.wheel.now();
    client.call().hang_up();
    ASSERT_TRUE(world.run_until_all(is_over, 10s));
    EXPECT_EQ(client.ended, ClientEnd::kHungUp);
    EXPECT_LT(world.house.wheel.now() - before, 1400ms)
        << "the farewell of good links waits for the doubt of a second, and for no other timer";
    expect_empty(world);
  });
}

TEST_F(ClientDialUp, EveryCombinationSurvivesLossAndReordering) {
  int dials = 0;
  int slow = 0;
  for (std::uint32_t seed = 1; seed <= 6; ++seed) {
    for_every_combination(kBad, seed * 1000,
                          [&](DialWorld& world, const ClientProfile& profile, bool encrypted) {
                            WorldClient& client = *world.clients.front();
                            ASSERT_TRUE(world.run_until_all(is_up, 30s))
                                << (client.ended ? control::to_text(*client.ended) : "not over");
                            ++dials;
                            slow += world.house.wheel.now() > Instant{10s} ? 1 : 0;
                            world.run(kSettled + kSettled);
                            // If a CCP frame of a clear link was lost, one end may settle without the other
                            // knowing.
                            expect_both_ends_agree(client, encrypted, asks_dns(profile));
                            client.call().hang_up();
                            ASSERT_TRUE(world.run_until_all(is_over, 10s));
                            EXPECT_EQ(client.ended, ClientEnd::kHungUp);
                            expect_empty(world);
                          });
  }
  std::printf("%d dials up, %d of them in more than 10 s\n", dials, slow);
  EXPECT_GT(dials, 300);
  EXPECT_LT(slow, dials / 2);
}

TEST_F(ClientDialUp, AUT_16_AChallengeWithinASessionKeepsTheKeys) {
  for (const AuthMethod method : {AuthMethod::kChapMd5, AuthMethod::kMsChapV1, AuthMethod::kMsChapV2}) {
    SCOPED_TRACE(control::to_text(method));
    const ClientSettings settings = caller(control::client_profiles().front(), method, MppePolicy::kPrefer);
    Settings challenges = server(method, MppePolicy::kPrefer);
    challenges.auth.rechallenge = 20s;
    DialWorld world(challenges, 8, 1);
    WorldClient& client = world.dial(settings, kBad);
    ASSERT_TRUE(world.run_until_all(is_up, 30s));
    world.run(kSettled + kSettled);
    const auto before = client.mppe;
    world.run(120s);
    EXPECT_GE(world.house.concentrator->stats().auth_accepted, 5U);
    ASSERT_TRUE(is_up(client));
    expect_both_ends_agree(client, makes_keys(method), false);
    for (const auto& [direction, keys] : before) {
      EXPECT_EQ(client.mppe.at(direction).start_key, keys.start_key);
    }
    client.call().hang_up();
    ASSERT_TRUE(world.run_until_all(is_over, 10s));
    expect_empty(world);
  }
}

TEST_F(ClientDialUp, AUT_16_AClientWhosePasswordIsNoLongerRightIsEnded) {
  ClientSettings settings =
      caller(control::client_profiles().front(), AuthMethod::kMsChapV2, MppePolicy::kPrefer);
  Settings challenges = server(AuthMethod::kMsChapV2, MppePolicy::kPrefer);
  challenges.auth.rechallenge = 20s;
  DialWorld world(challenges, 8, 1);
  world.dial(settings, kGood);
  ASSERT_TRUE(world.run_until_all(is_up, 30s));
  control::set_password(settings, "another");
  ASSERT_TRUE(world.run_until_all(is_over, 60s));
  world.run(4s);
  EXPECT_EQ(control::only_reason(world.house, "call_ended"), "rechallenge_failed");
  EXPECT_TRUE(world.house.log.named("auth_failed").empty()) << "no guess of a stranger's";
  expect_empty(world);
}

TEST_F(ClientDialUp, CTL_24_EveryProfileBringsItsCallInOverGoodLinksAndBadOnes) {
  for (const ClientProfile& profile : control::client_profiles()) {
    for (const LinkQuality& quality : {kGood, kBad}) {
      SCOPED_TRACE(profile.name);
      ClientSettings settings = caller(profile, AuthMethod::kMsChapV2, MppePolicy::kRequire);
      settings.incoming = true;
      settings.calling_number = "0305551234";
      Settings allows = server(AuthMethod::kMsChapV2, MppePolicy::kRequire);
      allows.pptp.incoming_calls = true;
      DialWorld world(allows, 8, 1);
      WorldClient& client = world.dial(settings, quality);
      ASSERT_TRUE(world.run_until_all(is_up, 30s));
      world.run(kSettled + kSettled);
      expect_both_ends_agree(client, true, asks_dns(profile));
      expect_addresses_match(world);
      client.call().hang_up();
      ASSERT_TRUE(world.run_until_all(is_over, 10s));
      EXPECT_EQ(client.ended, ClientEnd::kHungUp);
      expect_empty(world);
    }
  }
}

TEST_F(ClientDialUp, CTL_24_AServerThatDeniesIncomingCallsRefusesThem) {
  ClientSettings settings =
      caller(control::client_profiles().front(), AuthMethod::kMsChapV2, MppePolicy::kPrefer);
  settings.incoming = true;
  DialWorld world(server(AuthMethod::kMsChapV2, MppePolicy::kPrefer), 8, 1);
  WorldClient& client = world.dial(settings, kGood);
  ASSERT_TRUE(world.run_until_all(is_over, 10s));
  EXPECT_EQ(client.ended, ClientEnd::kCallRefused);
  EXPECT_EQ(client.detail, "result 3 error 0");
  expect_empty(world);
}

TEST_F(ClientDialUp, CTL_24_AServerEndsACallThatWasBroughtIn) {
  ClientSettings settings =
      caller(control::client_profiles().front(), AuthMethod::kMsChapV2, MppePolicy::kPrefer);
  settings.incoming = true;
  Settings allows = server(AuthMethod::kMsChapV2, MppePolicy::kPrefer);
  allows.pptp.incoming_calls = true;
  DialWorld world(allows, 8, 1);
  WorldClient& client = world.dial(settings, kGood);
  ASSERT_TRUE(world.run_until_all(is_up, 30s));
  EXPECT_EQ(control::terminate(*world.house.concentrator, {}, true), 1U);
  ASSERT_TRUE(world.run_until_all(is_over, 10s));
  EXPECT_EQ(client.ended, ClientEnd::kServerCleared);
  EXPECT_EQ(client.detail, "Call-Clear-Request");
  expect_empty(world);
}

TEST_F(ClientDialUp, MethodsWithoutKeysCannotRequireMppe) {
  for (const ClientProfile& profile : control::client_profiles()) {
    for (const AuthMethod method : {AuthMethod::kPap, AuthMethod::kChapMd5}) {
      SCOPED_TRACE(profile.name);
      const ClientSettings settings = caller(profile, method, MppePolicy::kRequire);
      DialWorld world(server(method, MppePolicy::kPrefer), 8, 1);
      WorldClient& client = world.dial(settings, kGood);
      ASSERT_TRUE(world.run_until_all(is_over, 30s));
      EXPECT_EQ(client.ended, ClientEnd::kMppeRefused);
      EXPECT_EQ(client.ups, 0);
      expect_empty(world);
    }
  }
}

TEST_F(ClientDialUp, AServerThatDeniesMppeIsLeftOrTakenInClear) {
  for (const ClientProfile& profile : control::client_profiles()) {
    for (const MppePolicy mppe : {MppePolicy::kPrefer, MppePolicy::kRequire}) {
      SCOPED_TRACE(profile.name);
      const ClientSettings settings = caller(profile, AuthMethod::kMsChapV2, mppe);
      DialWorld world(server(AuthMethod::kMsChapV2, MppePolicy::kDeny), 8, 1);
      WorldClient& client = world.dial(settings, kGood);
      if (mppe == MppePolicy::kPrefer) {
        ASSERT_TRUE(world.run_until_all(is_up, 30s));
        expect_both_ends_agree(client, false, asks_dns(profile));
        client.call().hang_up();
      }
      ASSERT_TRUE(world.run_until_all(is_over, 30s));
      EXPECT_EQ(client.ended, mppe == MppePolicy::kPrefer ? ClientEnd::kHungUp : ClientEnd::kMppeRefused);
      expect_empty(world);
    }
  }
}

TEST_F(ClientDialUp, AServerThatRequiresMppeHasItsWayWithAllowAndNotWithDeny) {
  for (const ClientProfile& profile : control::client_profiles()) {
    SCOPED_TRACE(profile.name);
    const ClientSettings allows = caller(profile, AuthMethod::kMsChapV2, MppePolicy::kAllow);
    const ClientSettings denies = caller(profile, AuthMethod::kMsChapV2, MppePolicy::kDeny);
    DialWorld world(server(AuthMethod::kMsChapV2, MppePolicy::kRequire), 8, 1);
    WorldClient& willing = world.dial(allows, kGood);
    WorldClient& unwilling = world.dial(denies, kGood);
    world.run(kSettled);
    ASSERT_TRUE(is_up(willing));
    expect_both_ends_agree(willing, true, asks_dns(profile));
    EXPECT_EQ(unwilling.ended, ClientEnd::kServerTerminated);
    willing.call().hang_up();
    ASSERT_TRUE(world.run_until_all(is_over, 10s));
    expect_empty(world);
  }
}

TEST_F(ClientDialUp, MethodsAreNegotiatedToOneThatBothAllow) {
  const ClientProfile& profile = *control::find_client_profile("plain");
  Settings offers = server(AuthMethod::kMsChapV2, MppePolicy::kPrefer);
  offers.auth.methods = {AuthMethod::kMsChapV2, AuthMethod::kChapMd5};
  ClientSettings settings = caller(profile, AuthMethod::kPap, MppePolicy::kPrefer);
  settings.methods = {AuthMethod::kPap, AuthMethod::kChapMd5};
  DialWorld world(offers, 8, 1);
  WorldClient& client = world.dial(settings, kGood);
  ASSERT_TRUE(world.run_until_all(is_up, 30s));
  EXPECT_EQ(client.call().status().auth_method, "chap-md5");
  client.call().hang_up();
  ASSERT_TRUE(world.run_until_all(is_over, 10s));
  expect_empty(world);
}

TEST_F(ClientDialUp, NoMethodInCommonIsARefusal) {
  for (const ClientProfile& profile : control::client_profiles()) {
    SCOPED_TRACE(profile.name);
    ClientSettings settings = caller(profile, AuthMethod::kPap, MppePolicy::kPrefer);
    ClientSettings without = settings;
    without.methods = {};
    DialWorld world(server(AuthMethod::kMsChapV2, MppePolicy::kPrefer), 8, 1);
    world.dial(settings, kGood);
    world.dial(without, kGood);
    ASSERT_TRUE(world.run_until_all(is_over, 60s));
    for (const auto& client : world.clients) {
      EXPECT_EQ(client->ended, ClientEnd::kAuthRefused);
    }
    expect_empty(world);
  }
}

TEST_F(ClientDialUp, AWrongPasswordIsTheServersNo) {
  for (const AuthMethod method : kMethods) {
    SCOPED_TRACE(control::to_text(method));
    ClientSettings settings = caller(*control::find_client_profile("windows"), method, MppePolicy::kPrefer);
    control::set_password(settings, "Secret");
    DialWorld world(server(method, MppePolicy::kPrefer), 8, 1);
    WorldClient& client = world.dial(settings, kGood);
    ASSERT_TRUE(world.run_until_all(is_over, 30s));
    EXPECT_EQ(client.ended, ClientEnd::kAuthFailed);
    EXPECT_NE(client.detail.find(makes_keys(method) ? "E=691" : "Authentication failed"), std::string::npos)
        << client.detail;
    expect_empty(world);
  }
}

TEST_F(ClientDialUp, TheServerEndsTheCall) {
  for (const ClientProfile& profile : control::client_profiles()) {
    for (const bool hard : {false, true}) {
      SCOPED_TRACE(std::string(profile.name) + (hard ? " hard" : " gently"));
      const ClientSettings settings = caller(profile, AuthMethod::kMsChapV2, MppePolicy::kRequire);
      DialWorld world(server(AuthMethod::kMsChapV2, MppePolicy::kRequire), 8, 1);
      WorldClient& client = world.dial(settings, kGood);
      ASSERT_TRUE(world.run_until_all(is_up, 30s));
      world.run(1s);
      terminate(*world.house.concentrator, {control::SessionSelector::By::kAll, ""}, hard);
      ASSERT_TRUE(world.run_until_all(is_over, 10s));
      EXPECT_EQ(client.ended, hard ? ClientEnd::kServerCleared : ClientEnd::kServerTerminated)
          << control::to_text(*client.ended);
      expect_empty(world);
      EXPECT_EQ(control::only_reason(world.house, "call_ended"), "admin_reset");
    }
  }
}

TEST_F(ClientDialUp, ADrainingServerStopsItsClients) {
  const ClientSettings settings =
      caller(*control::find_client_profile("plain"), AuthMethod::kMsChapV2, MppePolicy::kRequire);
  DialWorld world(server(AuthMethod::kMsChapV2, MppePolicy::kRequire), 8, 1);
  WorldClient& client = world.dial(settings, kGood);
  ASSERT_TRUE(world.run_until_all(is_up, 30s));
  drain(*world.house.concentrator);
  ASSERT_TRUE(world.run_until_all(is_over, 10s));
  EXPECT_TRUE(client.ended == ClientEnd::kServerCleared || client.ended == ClientEnd::kServerStopped ||
              client.ended == ClientEnd::kServerTerminated);
  world.run(4s);
  EXPECT_TRUE(world.house.concentrator->drained());
}

TEST_F(ClientDialUp, HangingUpAtAnyMomentLeavesNothing) {
  for (const ClientProfile& profile : control::client_profiles()) {
    for (int ticks = 0; ticks < 60; ++ticks) {
      SCOPED_TRACE(std::string(profile.name) + " after " + std::to_string(ticks * 10) + " ms");
      const ClientSettings settings = caller(profile, AuthMethod::kMsChapV2, MppePolicy::kRequire);
      DialWorld world(server(AuthMethod::kMsChapV2, MppePolicy::kRequire), 8, 1);
      WorldClient& client = world.dial(settings, kGood);
      world.run(ticks * control::TimerWheel::kTick);
      client.call().hang_up();
      client.call().hang_up();
      ASSERT_TRUE(world.run_until_all(is_over, settings.hang_up_timeout + 1s));
      EXPECT_EQ(client.ended, ClientEnd::kHungUp);
      expect_empty(world);
    }
  }
}

TEST_F(ClientDialUp, ADeadLinkEndsWithinTheHangUpTimeout) {
  const ClientSettings settings =
      caller(*control::find_client_profile("plain"), AuthMethod::kMsChapV2, MppePolicy::kRequire);
  DialWorld world(server(AuthMethod::kMsChapV2, MppePolicy::kRequire), 8, 1);
  WorldClient& client = world.dial(settings, kGood);
  ASSERT_TRUE(world.run_until_all(is_up, 30s));
  const Instant before = world.house.wheel.now();
  client.call().hang_up();
  while (!client.ended) {  // nobody answers any more
    world.house.advance(control::TimerWheel::kTick);
    ASSERT_LT(world.house.wheel.now() - before, settings.hang_up_timeout + 100ms);
  }
  EXPECT_EQ(client.ended, ClientEnd::kHungUp);
  world.run(120s);
  expect_empty(world);
}

TEST_F(ClientDialUp, TwoThousandAtOnce) {
  std::vector<ClientSettings> settings;
  for (const ClientProfile& profile : control::client_profiles()) {
    settings.push_back(caller(profile, AuthMethod::kMsChapV2, MppePolicy::kRequire));
  }
  DialWorld world(server(AuthMethod::kMsChapV2, MppePolicy::kRequire), 1'500, 1);
  for (std::size_t i = 0; i < 2'000; ++i) {
    world.dial(settings[i % settings.size()], {.loss = 0.02, .duplication = 0, .delay = 20ms, .jitter = 0ms});
  }
  const bool all_up = world.run_until_all(is_up, 60s);
  for (const auto& client : world.clients) {
    ASSERT_TRUE(all_up || is_up(*client))
        << (client->ended ? control::to_text(*client->ended) : "not over") << " " << client->detail;
  }
  std::printf("2,000 clients up after %d ms; %zu octets of state each\n",
              static_cast<int>(world.house.wheel.now().since_start.count()),
              control::ClientCall::state_octets());
  world.run(kSettled);
  for (std::size_t i = 0; i < world.clients.size(); ++i) {
    expect_both_ends_agree(*world.clients[i], true, asks_dns(*settings[i % settings.size()].profile));
  }
  expect_addresses_match(world);
  for (const auto& client : world.clients) {
    client->call().hang_up();
  }
  ASSERT_TRUE(world.run_until_all(is_over, 10s));
  expect_empty(world);
}

// From the worker's notice to new keys at both ends, without a new call; and the end when they do not help.
TEST_F(ClientDialUp, MPP_07_ACallThatCannotBeReadGetsNewKeysAndThenEnds) {
  const ClientSettings settings =
      caller(*control::find_client_profile("windows"), AuthMethod::kMsChapV2, MppePolicy::kRequire);
  DialWorld world(server(AuthMethod::kMsChapV2, MppePolicy::kPrefer), 8, 1);
  WorldClient& client = world.dial(settings, kGood);
  ASSERT_TRUE(world.run_until_all(is_up, 10s));
  world.run(kSettled);
  const auto desynchronise = [&] {
    const contract::CallRef call = client.installed()->install.call;
    world.house.concentrator->on_worker_message(contract::MppeDesynchronised{call}, {});
    world.run(kSettled);
  };
  const auto before = client.mppe.at(contract::Direction::kSend).start_key;
  desynchronise();
  ASSERT_TRUE(is_up(client));
  expect_both_ends_agree(client, true, true);
  EXPECT_NE(client.mppe.at(contract::Direction::kSend).start_key, before);
  desynchronise();
  EXPECT_TRUE(is_over(client));
  EXPECT_EQ(control::only_reason(world.house, "call_ended"), "mppe_desynchronised");
  expect_empty(world);
}

}  // namespace
}  // namespace adit::sim
