// SPDX-License-Identifier: Apache-2.0
// Limits of a user: the number of sessions, and their rates.
#include <algorithm>
#include <functional>

#include "controlplane/auth/local_users.hpp"
#include "crypto/library.hpp"
#include "tests/controlplane/concentrator/concentrator_kit.hpp"

namespace adit::control {
namespace {

using By = SessionSelector::By;

Settings single(SingleSession policy) {
  Settings settings = House::pap_settings();
  settings.single_session = policy;
  return settings;
}

std::size_t up_calls(House& house) {
  std::size_t calls = 0;
  for_each_call(*house.concentrator, [&](const CallStatus& call) { calls += call.ending ? 0 : 1; });
  return calls;
}

TEST(SingleSession, DenyRefusesTheSecondAndLeavesTheFirst) {
  House house(single(SingleSession::kDeny));
  DialIn first(house, 1), second(house, 2), other(house, 3);
  ASSERT_TRUE(first.dial("alice"));
  EXPECT_FALSE(second.dial("alice"));
  EXPECT_TRUE(other.dial("bob"));
  EXPECT_EQ(house.log.named("second_session_denied").size(), 1U);
  EXPECT_EQ(house.log.named("login_refused").size(), 1U);
  EXPECT_TRUE(house.log.named("auth_failed").empty()) << "the password was right";
  second.reset();
  EXPECT_TRUE(first.connected());
  first.reset();
  house.run_workers();
  DialIn again(house, 4);
  EXPECT_TRUE(again.dial("alice")) << "the first is gone";
}

TEST(SingleSession, ReplaceEndsTheFirst) {
  House house(single(SingleSession::kReplace));
  DialIn first(house, 1), second(house, 2);
  ASSERT_TRUE(first.dial("alice"));
  EXPECT_TRUE(second.dial("alice"));
  house.run_workers();
  EXPECT_EQ(up_calls(house), 1U);
  EXPECT_EQ(house.log.named("session_replaced").size(), 1U);
  ASSERT_EQ(house.log.named("call_ended").size(), 1U);
  EXPECT_EQ(house.log.named("call_ended")[0].fields.at("reason"), "replaced");
}

TEST(SingleSession, IgnoringCaseTwoSpellingsAreOneUser) {
  for (const bool ignore : {false, true}) {
    Settings settings = single(SingleSession::kReplace);
    settings.ignore_case = ignore;
    House house(settings);
    DialIn first(house, 1), second(house, 2);
    ASSERT_TRUE(first.dial("alice"));
    ASSERT_TRUE(second.dial("ALICE"));
    house.run_workers();
    EXPECT_EQ(up_calls(house), ignore ? 1U : 2U);
    EXPECT_EQ(house.log.named("session_replaced").size(), ignore ? 1U : 0U);
    EXPECT_EQ(set_rate(*house.concentrator, {By::kUsername, "Alice"}, SubscriberRate{}), ignore ? 1U : 0U);
    EXPECT_EQ(set_rate(*house.concentrator, {By::kUsername, "ALICE"}, SubscriberRate{}), 1U);
    std::set<std::string> users;
    for_each_call(*house.concentrator, [&](const CallStatus& call) { users.insert(call.session.user); });
    EXPECT_TRUE(users.contains("ALICE")) << "shown and accounted as it is spelled";
  }
}

// A client whose user has typed the name anew.
TEST(SingleSession, IgnoringCaseALaterLoginUnderAnotherSpellingIsTheSameUsers) {
  Settings settings = House::pap_settings();
  settings.ignore_case = true;
  House house(settings);
  DialIn client(house, 1);
  ASSERT_TRUE(client.dial("alice"));
  client.answers_echo = false;
  client.send_ppp(0xC021, {1, 9, 0, 0});  // LCP begins anew
  house.advance(1010ms);
  client.serve();
  client.up = false;
  client.send_ppp(0xC023, {1, 1, 0, 0, 5, 'A', 'L', 'I', 'C', 'E', 1, 'x'});
  client.serve();
  EXPECT_TRUE(client.up);
  house.advance(1s);
  house.run_workers();
  EXPECT_TRUE(house.log.named("call_ended").empty());
}

TEST(SingleSession, IgnoringCaseAFixedAddressIsHandedOver) {
  Settings settings = single(SingleSession::kReplace);
  settings.ignore_case = true;
  House house(settings);
  DialIn first(house, 1), second(house, 2);
  ASSERT_TRUE(first.dial("fixed-10.99.0.1"));
  house.auth.also_fixed = "FIXED-10.99.0.1";
  EXPECT_TRUE(second.dial("FIXED-10.99.0.1"));
  EXPECT_EQ(second.address, wire::Ipv4Address(10, 99, 0, 1));
}

TEST(SingleSession, ReplaceHandsAFixedAddressOver) {
  House house(single(SingleSession::kReplace));
  DialIn first(house, 1), second(house, 2);
  ASSERT_TRUE(first.dial("fixed-10.99.0.1"));
  EXPECT_TRUE(second.dial("fixed-10.99.0.1")) << "before the first's worker has forgotten it";
  EXPECT_EQ(second.address, wire::Ipv4Address(10, 99, 0, 1));
  house.run_workers();
  EXPECT_EQ(up_calls(house), 1U);
  EXPECT_EQ(house.subscribers.at(second.address), second.ref);
  DialIn third(house, 3);
  EXPECT_TRUE(third.dial("fixed-10.99.0.1")) << "and again";
  house.run_workers();
  EXPECT_EQ(up_calls(house), 1U);
}

/// A house whose users are alice and anyone, with the password that every DialIn sends.
struct LocalHouse {
  explicit LocalHouse(const Settings& settings)
      : users(parse_users("alice * x\n* * x\n", {}).users), house(settings, 2, 64, 1, &users) {}
  const bool crypto_ready = crypto::initialise().has_value();
  LocalUsers users;
  House house;
};

// A limit of one session is none if a user may choose the name that it is counted under.
TEST(SingleSession, ADomainBeforeTheNameMakesNoOtherUser) {
  LocalHouse local(single(SingleSession::kDeny));
  House& house = local.house;
  DialIn first(house, 1), second(house, 2), third(house, 3), fourth(house, 4), fifth(house, 5);
  ASSERT_TRUE(first.dial("A\\alice"));
  EXPECT_FALSE(second.dial("alice"));
  EXPECT_FALSE(third.dial("B\\alice"));
  EXPECT_TRUE(fourth.dial("A\\bob"));
  EXPECT_FALSE(fifth.dial("B\\bob"));
  EXPECT_EQ(house.log.named("second_session_denied").size(), 3U);
  EXPECT_TRUE(first.connected() && fourth.connected());
}

TEST(UserName, AllThatIsDoneByNameIsDoneByTheEntrys) {
  LocalHouse local(House::pap_settings());
  House& house = local.house;
  DialIn first(house, 1), second(house, 2);
  ASSERT_TRUE(first.dial("A\\alice"));
  ASSERT_TRUE(second.dial("B\\alice"));
  EXPECT_EQ(house.accounting.said, (std::vector<std::string>{"start alice", "start alice"}));
  for_each_call(*house.concentrator, [](const CallStatus& call) { EXPECT_EQ(call.session.user, "alice"); });
  EXPECT_EQ(set_rate(*house.concentrator, {By::kUsername, "alice"}, SubscriberRate{.down = 8000, .up = 8000}),
            2U);
  EXPECT_EQ(terminate(*house.concentrator, {By::kUsername, "alice"}, true), 2U);
}

// A session whose records could not name it would be nobody's.
TEST(UserName, OneThatNoAttributeHoldsIsRejected) {
  House house;
  DialIn first(house, 1), second(house, 2);
  EXPECT_TRUE(first.dial(std::string(253, 'a')));
  EXPECT_FALSE(second.dial(std::string(254, 'a')));
  EXPECT_EQ(house.concentrator->stats().auth_rejected, 1U);
}

TEST(SingleSession, OffLetsAllIn) {
  House house;
  DialIn first(house, 1), second(house, 2);
  EXPECT_TRUE(first.dial("alice"));
  EXPECT_TRUE(second.dial("alice"));
}

// "twice-" may have two calls.
TEST(PortLimit, SoManyCallsOfAUserAndNoMore) {
  House house;
  DialIn first(house, 1), second(house, 2), third(house, 3), other(house, 4);
  EXPECT_TRUE(first.dial("twice-alice"));
  EXPECT_TRUE(second.dial("twice-alice"));
  EXPECT_FALSE(third.dial("twice-alice"));
  EXPECT_TRUE(other.dial("twice-bob"));
  ASSERT_EQ(house.log.named("port_limit_reached").size(), 1U);
  EXPECT_EQ(house.log.named("port_limit_reached")[0].fields.at("limit"), "2");
  first.reset();
  DialIn again(house, 5);
  EXPECT_TRUE(again.dial("twice-alice")) << "one that ends makes room at once";
}

TEST(PortLimit, IgnoringCaseAllSpellingsCount) {
  Settings settings = House::pap_settings();
  settings.ignore_case = true;
  House house(settings);
  DialIn first(house, 1), second(house, 2), third(house, 3);
  EXPECT_TRUE(first.dial("twice-alice"));
  EXPECT_TRUE(second.dial("twice-ALICE"));
  EXPECT_FALSE(third.dial("twice-Alice"));
}

TEST(PortLimit, ReplacedCallsDoNotCount) {
  House house(single(SingleSession::kReplace));
  DialIn first(house, 1), second(house, 2), third(house, 3);
  EXPECT_TRUE(first.dial("twice-alice"));
  EXPECT_TRUE(second.dial("twice-alice"));
  EXPECT_TRUE(third.dial("twice-alice"));
  EXPECT_TRUE(house.log.named("port_limit_reached").empty());
}

TEST(UserName, TheServersIsInAccountingAndForTheOperator) {
  House house;
  DialIn line(house, 1);
  ASSERT_TRUE(line.dial("alias-alice"));
  EXPECT_EQ(house.accounting.said, std::vector<std::string>{"start alice"});
  for_each_call(*house.concentrator, [](const CallStatus& call) { EXPECT_EQ(call.session.user, "alice"); });
  EXPECT_EQ(set_rate(*house.concentrator, {By::kUsername, "alice"}, SubscriberRate{}), 1U);
  EXPECT_EQ(set_rate(*house.concentrator, {By::kUsername, "alias-alice"}, SubscriberRate{}), 0U);
}

TEST(Routes, NetworksBehindAUserComeAndGoWithItsCall) {
  House house;
  DialIn alice(house, 1);
  ASSERT_TRUE(alice.dial("routed-10.20.0.0/24"));
  ASSERT_EQ(house.routes.size(), 1U);
  EXPECT_EQ(house.routes.begin()->first, (wire::Ipv4Prefix{wire::Ipv4Address(10, 20, 0, 0), 24}));
  EXPECT_EQ(house.routes.begin()->second, alice.ref);
  house.run_workers();
  EXPECT_TRUE(house.installed.at(House::key(alice.ref)).has_routes);
  for_each_call(*house.concentrator, [&](const CallStatus& call) { EXPECT_EQ(call.routes.size(), 1U); });
  alice.reset();
  EXPECT_TRUE(house.routes.empty());
}

TEST(Terms, SessionTimeoutEndsTheCallAndAccountingHearsOfItAll) {
  House house;
  DialIn alice(house, 1);
  ASSERT_TRUE(alice.dial("timed-alice"));
  EXPECT_EQ(house.accounting.said, std::vector<std::string>{"start timed-alice"});
  house.live_totals.uplink_octets = 7;
  for (int second = 0; second < 59; ++second) {
    house.advance(Duration{1000});
  }
  house.run_workers();
  EXPECT_TRUE(house.log.named("call_ended").empty());
  EXPECT_GE(house.accounting.said.size(), 3U) << "two interim records, a tenth early or late";
  EXPECT_EQ(house.accounting.said[1], "interim timed-alice 7");
  for (int second = 0; second < 10; ++second) {
    house.advance(Duration{1000});
  }
  house.run_workers();
  ASSERT_EQ(house.log.named("call_ended").size(), 1U);
  EXPECT_EQ(house.log.named("call_ended")[0].fields.at("reason"), "session_timeout");
  EXPECT_TRUE(house.accounting.said.back().starts_with("stop timed-alice")) << house.accounting.said.back();
  EXPECT_TRUE(house.accounting.said.back().ends_with("session_timeout"));
  EXPECT_GE(house.accounting.lasted, Duration{60'000});
}

TEST(Terms, CountersAreNotedEveryMinuteOrSoWithoutInterimRecords) {
  Settings settings = House::pap_settings();
  settings.pptp.echo_interval = std::chrono::hours(24);
  House house(settings);
  DialIn alice(house, 1);
  ASSERT_TRUE(alice.dial("alice"));
  for (int second = 0; second < 200; ++second) {
    ++house.live_totals.uplink_packets;
    house.advance(Duration{1000});
    alice.serve();
  }
  EXPECT_GE(house.accounting.notes, 3);
  EXPECT_LE(house.accounting.notes, 4);
  EXPECT_EQ(house.accounting.said, std::vector<std::string>{"start alice"});
}

TEST(Terms, TheConfiguredInterimIntervalIsForThoseWhoHaveNone) {
  Settings settings = House::pap_settings();
  settings.interim_interval = Duration{10'000};
  House house(settings);
  DialIn alice(house, 1), timed(house, 2);
  ASSERT_TRUE(alice.dial("alice"));
  ASSERT_TRUE(timed.dial("timed-bob"));
  for (int second = 0; second < 17; ++second) {
    ++house.live_totals.uplink_packets;
    house.advance(Duration{1000});
    alice.serve();
    timed.serve();
  }
  EXPECT_EQ(house.accounting.said,
            (std::vector<std::string>{"start alice", "start timed-bob", "interim alice 0"}));
}

TEST(Terms, TheInterimJitterIsTheConfiguredOneAndAtMostHalfTheInterval) {
  for (const auto& [jitter, least, most] :
       {std::tuple(Duration{2'000}, 7, 13), std::tuple(Duration{60'000}, 4, 16)}) {
    std::set<int> seconds;  // at which the first record came
    for (std::uint32_t seed = 1; seed <= 40; ++seed) {
      Settings settings = House::pap_settings();
      settings.interim_interval = Duration{10'000};
      settings.interim_jitter = jitter;
      House house(settings, 2, 64, seed);
      DialIn alice(house, 1);
      ASSERT_TRUE(alice.dial("alice"));
      int second = 0;
      while (house.accounting.said.size() < 2 && second < 30) {
        house.advance(Duration{1000});
        alice.serve();
        ++second;
      }
      seconds.insert(second);
    }
    EXPECT_GE(*seconds.begin(), least);
    EXPECT_LE(*seconds.rbegin(), most);
    EXPECT_GE(*seconds.rbegin() - *seconds.begin(), (most - least) / 2) << "they are spread";
  }
}

TEST(Terms, ASessionThatNegotiatesAgainStaysOneSessionAndKeepsItsTerms) {
  House house;
  DialIn alice(house, 1);
  ASSERT_TRUE(alice.dial("timed-alice"));
  house.advance(Duration{1000});
  alice.up = false;
  alice.send_ppp(kLcp, {1, 9, 0, 0});
  house.advance(Duration{1010});  // no answer to the echo: in earnest
  alice.serve();
  std::vector<std::uint8_t> proof = {1, 2, 0, 0, 11};
  proof.insert(proof.end(), {'t', 'i', 'm', 'e', 'd', '-', 'a', 'l', 'i', 'c', 'e', 1, 'x'});
  alice.send_ppp(kPap, proof);
  alice.serve();
  ASSERT_TRUE(alice.up) << "again";
  for (int second = 0; second < 70; ++second) {
    house.advance(Duration{1000});
    alice.serve();
  }
  house.run_workers();
  ASSERT_GE(house.accounting.said.size(), 4U);
  EXPECT_EQ(std::ranges::count(house.accounting.said, "start timed-alice"), 1);
  EXPECT_TRUE(house.accounting.said[1].starts_with("interim timed-alice")) << house.accounting.said[1];
  EXPECT_TRUE(house.accounting.said.back().starts_with("stop timed-alice")) << house.accounting.said.back();
  EXPECT_TRUE(house.accounting.said.back().ends_with("session_timeout"));
}

TEST(Terms, IdleTimeoutEndsACallWhoseSubscriberSendsNothing) {
  House house;
  DialIn busy(house, 1);
  ASSERT_TRUE(busy.dial("idle-busy"));
  for (int second = 0; second < 30; ++second) {
    ++house.live_totals.uplink_packets;
    house.advance(Duration{1000});
  }
  house.run_workers();
  EXPECT_TRUE(house.log.named("call_ended").empty());
  for (int second = 0; second < 16; ++second) {
    ++house.live_totals.downlink_packets;  // whoever likes can send to its address
    house.advance(Duration{1000});
  }
  house.run_workers();
  ASSERT_EQ(house.log.named("call_ended").size(), 1U);
  EXPECT_EQ(house.log.named("call_ended")[0].fields.at("reason"), "idle_timeout");
}

TEST(Terms, CallsThatNeverCameUpAreNotAccounted) {
  House house;
  DialIn mallory(house, 1);
  EXPECT_FALSE(mallory.dial("mallory"));
  mallory.reset();
  house.run_workers();
  EXPECT_TRUE(house.accounting.said.empty());
}

TEST(Rates, ConfiguredChangedAndRestored) {
  Settings settings = House::pap_settings();
  settings.rate = {.down = 10'000, .up = 2'000};
  House house(settings);
  DialIn alice(house, 1), bob(house, 2);
  ASSERT_TRUE(alice.dial("alice"));
  ASSERT_TRUE(bob.dial("bob"));
  const auto limits = [&](const DialIn& line) {
    house.run_workers();
    return house.installed.at(House::key(line.ref)).limits.value();
  };
  EXPECT_EQ(limits(alice).down, 1'250'000U) << "octets a second";
  EXPECT_EQ(limits(alice).up, 250'000U);
  EXPECT_EQ(set_rate(*house.concentrator, {By::kUsername, "alice"}, SubscriberRate{.down = 8, .up = 0}), 1U);
  EXPECT_EQ(limits(alice).down, 1000U);
  EXPECT_EQ(limits(alice).up, 0U);
  EXPECT_EQ(limits(bob).down, 1'250'000U);
  EXPECT_EQ(set_rate(*house.concentrator, {By::kAll, ""}, std::nullopt), 2U);
  EXPECT_EQ(limits(alice).up, 250'000U);
  EXPECT_EQ(set_rate(*house.concentrator, {By::kUsername, "nobody"}, SubscriberRate{}), 0U);
}

TEST(Rates, WithoutOneNothingIsSaid) {
  House house;
  DialIn alice(house, 1);
  ASSERT_TRUE(alice.dial("alice"));
  EXPECT_FALSE(house.installed.at(House::key(alice.ref)).limits);
}

/// The scarcity that has been logged after `house` has had the time to.
std::vector<std::string> scarce_things(House& house) {
  house.advance(Duration{10'010});
  std::vector<std::string> things;
  for (const auto& event : house.log.named("admission_scarce")) {
    things.push_back(event.fields.at("what"));
  }
  return things;
}

TEST(Scarcity, TheLogSaysWhatIsScarce) {
  Settings settings = House::pap_settings();
  settings.pptp.max_starting = 2;
  House house(std::move(settings));
  DialIn first(house, 1, wire::Ipv4Address(192, 0, 2, 2)), second(house, 2, wire::Ipv4Address(192, 0, 2, 2));
  DialIn third(house, 3, wire::Ipv4Address(192, 0, 2, 3));
  EXPECT_TRUE(third.accepted);
  EXPECT_EQ(scarce_things(house), std::vector<std::string>{"connections before login"});
  EXPECT_EQ(house.log.named("admission_scarce")[0].fields.at("remedy"),
            "raise common.max-starting; adit show admission names the sources");
}

TEST(Scarcity, ACallThatGivesWayLeavesTheLoggedInOnesOfItsConnection) {
  Settings settings = House::pap_settings();
  settings.pptp.max_calls_per_connection = 100;
  House house(std::move(settings), 1, 64);
  DialIn many(house, 1, wire::Ipv4Address(192, 0, 2, 2)), newcomer(house, 2, wire::Ipv4Address(192, 0, 2, 3));
  ASSERT_TRUE(many.dial("alice"));
  for (std::uint16_t id = 100; id < 160; ++id) {
    many.call(id);
  }
  ASSERT_EQ(house.calls_by_id.size(), 61U) << "which leaves fewer than the four that are kept";
  newcomer.start();
  newcomer.call(7);
  EXPECT_EQ(newcomer.received<pptp::OutgoingCallReply>()->result, pptp::OutgoingResult::kConnected);
  EXPECT_TRUE(many.connected());
  EXPECT_EQ(house.concentrator->stats().calls_active, 1U);
  EXPECT_TRUE(many.received<pptp::CallDisconnectNotify>().has_value());
}

TEST(Scarcity, DescriptorsAreToldOfThoughSomethingGaveWay) {
  House house;
  DialIn first(house, 1);
  EXPECT_TRUE(house.concentrator->on_no_descriptors());
  EXPECT_EQ(scarce_things(house), std::vector<std::string>{"descriptors"});
}

TEST(Scarcity, WhoIsTurnedAwayBeforeItsTurnIsCountedAsRefused) {
  House house;
  house.concentrator->on_turned_away(wire::Ipv4Address(192, 0, 2, 2), Scarce::kTurns);
  const auto sources = house.limited_sources();
  ASSERT_EQ(sources.size(), 1U);
  EXPECT_EQ(sources[0].history.refused, 1U);
  EXPECT_EQ(house.concentrator->stats().ended, (std::vector{std::pair(EndReason::kLimit, std::uint64_t{1})}));
  EXPECT_EQ(scarce_things(house), std::vector<std::string>{"turns of accepted connections"});
}

TEST(Scarcity, AWalkOverTheLimitedIsASliceATurnWhateverHappensMeanwhile) {
  House house;
  const auto turn_away = [&house](std::uint32_t number) {
    house.concentrator->on_turned_away(wire::Ipv4Address(0xC0000000 + number), Scarce::kTurns);
  };
  for (std::uint32_t number = 0; number < 2 * kRememberedSources; ++number) {
    turn_away(number);
  }
  SourceHistories::Walk walk;
  std::vector<wire::Ipv4Address> met;
  std::uint32_t next = 2 * kRememberedSources;
  std::size_t before = 0;
  bool more = true;
  while (more) {
    more = house.concentrator->visit_limited(walk,
                                             [&met](const SourceStatus& row) { met.push_back(row.address); });
    EXPECT_LE(met.size() - before, kSourcesPerSlice);
    before = met.size();
    turn_away(next++);                             // for which the oldest is forgotten
    turn_away(met.back().value - 0xC0000000 - 1);  // who would have been next
  }
  EXPECT_GT(met.size(), kRememberedSources - 200);
  EXPECT_EQ(met.front(), wire::Ipv4Address(0xC0000000 + 2 * kRememberedSources - 1));
  EXPECT_TRUE(std::ranges::is_sorted(met, std::ranges::greater(), &wire::Ipv4Address::value));
  EXPECT_EQ(std::ranges::adjacent_find(met), met.end()) << "nobody twice";
}

TEST(Scarcity, ACapOfOneAddressIsNoScarcity) {
  Settings settings = House::pap_settings();
  settings.pptp.max_connections_per_address = 1;
  House house(std::move(settings));
  DialIn first(house, 1), second(house, 2);
  EXPECT_FALSE(second.accepted);
  EXPECT_EQ(scarce_things(house), std::vector<std::string>{});
}

}  // namespace
}  // namespace adit::control
