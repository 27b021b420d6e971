// SPDX-License-Identifier: Apache-2.0
// A dial that fails is one line that says who, from where, by what and why; the control connection's line
// agrees with it, and it is counted once.
#include "controlplane/auth/local_users.hpp"
#include "crypto/library.hpp"
#include "tests/controlplane/concentrator/concentrator_kit.hpp"

namespace adit::control {
namespace {

std::map<std::string, std::string> ended(const House& house) {
  const auto lines = house.log.named("call_ended");
  EXPECT_FALSE(lines.empty());
  return lines.empty() ? std::map<std::string, std::string>{} : lines.back().fields;
}

/// What has been counted by reason.
std::map<EndReason, std::uint64_t> counted(const House& house) {
  const auto stats = house.concentrator->stats();
  return {stats.ended.begin(), stats.ended.end()};
}

/// Dials, does not get in, and hangs up as clients do: by Stop-Control-Connection-Request.
void fail(House& house, std::string_view user, ConnectionId id = 1) {
  DialIn client(house, id);
  EXPECT_FALSE(client.dial(user));
  house.run_workers();
  client.send(pptp::StopControlConnectionRequest{});
  house.advance(1s);
  client.serve();
  house.run_workers();
  client.reset();
}

TEST(Failures, SEC_09_LocalUsersTellAWrongPasswordFromAnUnknownName) {
  ASSERT_TRUE(crypto::initialise());
  LocalUsers users(parse_users("alice * secret *\n", {}).users);
  House house(House::pap_settings(), 2, 64, 1, &users);
  fail(house, "alice", 1);
  const auto wrong = ended(house);
  EXPECT_EQ(wrong.at("user"), "alice");
  EXPECT_EQ(wrong.at("peer"), "192.0.2.2");
  EXPECT_EQ(wrong.at("auth"), "pap");
  EXPECT_EQ(wrong.at("reason"), "auth_failed");
  EXPECT_EQ(wrong.at("why"), "wrong password");
  fail(house, "nobody", 2);
  EXPECT_EQ(ended(house).at("claimed"), "nobody");
  EXPECT_EQ(ended(house).at("why"), "no such user");
}

TEST(Failures, TheNameAsClaimedStandsBesideTheNameAsKnown) {
  House house;
  DialIn client(house, 1);
  ASSERT_TRUE(client.dial("alias-alice"));
  client.reset();
  house.run_workers();
  EXPECT_EQ(ended(house).at("user"), "alice");
  EXPECT_EQ(ended(house).at("claimed"), "alias-alice");
}

TEST(Failures, TheConnectionsLineDoesNotContradictTheCalls) {
  House house;
  fail(house, "mallory");
  EXPECT_EQ(ended(house).at("reason"), "auth_failed");
  EXPECT_EQ(only_reason(house, "connection_closed"), "auth_failed");
  DialIn client(house, 2);
  ASSERT_TRUE(client.dial("alice"));
  client.reset();
  house.run_workers();
  EXPECT_EQ(house.log.named("connection_closed").back().fields.at("reason"), "peer_closed");
}

TEST(Failures, ABackendThatIsSilentIsNoFaultOfTheUsers) {
  House house;
  DialIn client(house, 1);
  EXPECT_FALSE(client.dial("later"));
  house.auth.answer(AuthUnavailable{"no RADIUS server answers"});
  house.advance(10ms);
  client.serve();
  client.reset();
  house.run_workers();
  EXPECT_EQ(ended(house).at("reason"), "auth_unavailable");
  EXPECT_EQ(ended(house).at("why"), "no RADIUS server answers");
  EXPECT_EQ(ended(house).at("user"), "later");
}

TEST(Failures, WhatTheServerSaidIsInTheLine) {
  House house;
  DialIn client(house, 1);
  EXPECT_FALSE(client.dial("later"));
  house.auth.answer(AuthRejected{.ms_chap_error = 649, .why = "RADIUS server r1 rejects: no credit"});
  house.advance(10ms);
  client.reset();
  house.run_workers();
  EXPECT_EQ(ended(house).at("why"), "RADIUS server r1 rejects: no credit, E=649");
}

TEST(Failures, AnEmptyPoolAndAnUnknownOneAreNotTheSame) {
  Settings settings = House::pap_settings();
  settings.ip.pools = {{"default", {{wire::Ipv4Address(10, 64, 0, 2), wire::Ipv4Address(10, 64, 0, 2)}}}};
  House house(settings);
  DialIn first(house, 1);
  ASSERT_TRUE(first.dial("alice"));
  fail(house, "bob", 2);
  EXPECT_EQ(ended(house).at("reason"), "pool_empty");
  DialIn client(house, 3);
  EXPECT_FALSE(client.dial("later"));
  house.auth.answer(AuthAccepted{.pool = "nosuch"});
  house.advance(10ms);
  client.reset();
  house.run_workers();
  EXPECT_EQ(ended(house).at("reason"), "pool_unknown");
  EXPECT_EQ(ended(house).at("why"), "pool nosuch is no [[ip-pool]]");
}

TEST(Failures, TheLimitThatIsReachedIsNamedByItsKey) {
  House house(House::pap_settings(), 1, 1);
  DialIn first(house, 1), second(house, 2);
  ASSERT_TRUE(first.dial("alice"));
  EXPECT_FALSE(second.dial("bob"));
  const auto refused = house.log.named("call_refused");
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].fields.at("why"), "raise common.max-sessions");
}

TEST(Failures, ACallAndItsConnectionCountOnce) {
  House house;
  DialIn first(house, 1), second(house, 2), silent(house, 3);
  ASSERT_TRUE(first.dial("alice"));
  ASSERT_TRUE(second.dial("bob"));
  EXPECT_EQ(terminate(*house.concentrator, {}, true), 2U);
  house.run_workers();
  house.advance(10s);
  EXPECT_EQ(counted(house)[EndReason::kAdminReset], 2U);
  EXPECT_EQ(counted(house)[EndReason::kStartTimeout], 1U) << "a connection without a call";
}

// By its severity the log decides what no storm and no level leaves out, and what fail2ban reads.
TEST(Failures, WhatBillsIsARecordAndWhatAPeerTriedInVainAFailure) {
  House house;
  DialIn client(house, 1);
  ASSERT_TRUE(client.dial("alice"));
  client.reset();
  house.run_workers();
  fail(house, "mallory", 2);
  const auto up = house.log.named("call_up"), over = house.log.named("call_ended"),
             failed = house.log.named("auth_failed");
  ASSERT_EQ(up.size(), 1U);
  EXPECT_EQ(up[0].severity, Severity::kRecord);
  ASSERT_EQ(over.size(), 2U);
  EXPECT_EQ(over[0].severity, Severity::kRecord);
  EXPECT_EQ(over[1].severity, Severity::kFailure);
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(failed[0].severity, Severity::kFailure);
}

// ---- no GRE ---------------------------------------------------------------------------------------------------

struct HouseWithStranger final : House {
  std::optional<wire::Ipv4Address> gre_from_elsewhere(wire::Ipv4Address, wire::LocalCallId) const override {
    return stranger;
  }
  std::optional<wire::Ipv4Address> stranger;
};

/// Asks for a call, and sends nothing by GRE until LCP's time is over.
std::map<std::string, std::string> dial_without_gre(House& house) {
  DialIn client(house, 1);
  client.start();
  client.call(7);
  house.run_workers();
  house.advance(house.settings.ppp.setup_timeout);
  house.run_workers();
  client.reset();
  house.run_workers();
  return ended(house);
}

TEST(Failures, ACallThatTheIndexHasNoRoomForIsNamed) {
  House house;
  house.index_has_room = false;
  DialIn line(house, 1);
  line.dial("alice");
  const auto told = house.log.named("call_unreachable");
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].fields.at("sid").size(), 16U);
  EXPECT_EQ(told[0].fields.at("peer"), "192.0.2.2");
  EXPECT_TRUE(told[0].fields.contains("user")) << "known by the call's end only";
}

TEST(Failures, ACallByWhichNoGreCameSaysSo) {
  House house;
  const auto line = dial_without_gre(house);
  EXPECT_EQ(line.at("reason"), "no_gre");
  EXPECT_EQ(line.at("why"), "no GRE came from 192.0.2.2: is protocol 47 let through?");
}

TEST(Failures, GreFromAnotherAddressIsNamed) {
  HouseWithStranger house;
  house.stranger = wire::Ipv4Address(198, 51, 100, 9);
  const auto line = dial_without_gre(house);
  EXPECT_EQ(line.at("reason"), "no_gre");
  EXPECT_EQ(line.at("why"), "no GRE came from 192.0.2.2, but some for this call from 198.51.100.9");
}

TEST(Failures, GreThatWasDroppedIsNotSilence) {
  House house;
  house.live_totals.drops = 3;
  const auto line = dial_without_gre(house);
  EXPECT_EQ(line.at("reason"), "lcp_timeout");
  EXPECT_EQ(line.at("why"), "GRE came from 192.0.2.2, and all of it was dropped: adit show drops");
}

// As good as every call is silent when it is that young.
TEST(Failures, ACallThatEndsForACauseOfItsOwnSaysNothingOfGre) {
  const std::map<std::string, std::function<void(House&)>> ends = {
      {"admin_reset", [](House& house) { (void)terminate(*house.concentrator, {}, true); }},
      {"shutdown", [](House& house) { drain(*house.concentrator); }},
      {"auth_refused", [](House&) {}},
  };
  for (const auto& [reason, end] : ends) {
    Settings settings = House::pap_settings();
    if (reason == "auth_refused") {
      settings.auth.methods = {};
    }
    House house(settings);
    DialIn client(house, 1);
    client.start();
    client.call(7);
    house.run_workers();
    end(house);
    house.advance(10ms);
    house.run_workers();
    client.reset();
    EXPECT_EQ(ended(house).at("reason"), reason);
    EXPECT_EQ(ended(house).at("why").find("GRE"), std::string::npos)
        << reason << ": " << ended(house).at("why");
  }
}

TEST(Failures, APeerThatSpeaksNoLcpIsNoneOfThem) {
  House house;
  DialIn client(house, 1);
  client.start();
  client.call(7);
  house.run_workers();
  ASSERT_EQ(house.calls_by_id.size(), 1U);
  client.ref = house.calls_by_id.begin()->second;
  client.send_ppp(0xC021, {9, 1, 0, 0, 0, 0, 0, 0});
  house.advance(house.settings.ppp.setup_timeout);
  house.run_workers();
  client.reset();
  house.run_workers();
  EXPECT_EQ(ended(house).at("reason"), "lcp_timeout");
}

// ---- what a failed dial costs the pool ------------------------------------------------------------------------

TEST(Failures, AnAddressThatWasNeverUsedNeedsNoRest) {
  House house;
  DialIn client(house, 1);
  house.auth.also_rejected = "";
  client.start();
  client.call(7);
  EXPECT_TRUE(client.begin_ppp("alice"));
  client.reset();
  house.run_workers();
  EXPECT_EQ(house.concentrator->pools()[0].quarantined, 1U) << "used";
  DialIn late(house, 2);
  EXPECT_FALSE(late.dial("later"));
  house.auth.answer(AuthAccepted{});
  EXPECT_EQ(house.concentrator->pools()[0].used, 1U) << "leased";
  late.reset();
  house.run_workers();
  EXPECT_EQ(house.concentrator->pools()[0].used, 0U);
  EXPECT_EQ(house.concentrator->pools()[0].quarantined, 1U) << "only the used one";
}

}  // namespace
}  // namespace adit::control
