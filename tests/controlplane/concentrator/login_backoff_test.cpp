// SPDX-License-Identifier: Apache-2.0
// SEC-09: guesses become slow, by source and user; nobody else is. On a virtual clock: the mechanism alone,
// then through calls. "mallory" is rejected, everybody else accepted.
#include "controlplane/concentrator/admission/login_backoff.hpp"

#include "tests/controlplane/concentrator/concentrator_kit.hpp"

namespace adit::control {
namespace {

using wire::Ipv4Address;

constexpr Ipv4Address kHere(192, 0, 2, 2), kThere(198, 51, 100, 7);

struct Guesser {
  TimerWheel wheel;
  LoginBackoff backoff{wheel};
  void advance(Duration by) { wheel.advance(wheel.now() + by); }
  /// Guesses as fast as it may, until `until`. Returns how often.
  int guess(Ipv4Address source, const std::string& user, Instant until) {
    int guesses = 0;
    while (wheel.now() < until) {
      const Duration wait = backoff.ask(source, user).wait;
      if (wait > Duration{0}) {
        advance(wait);
        continue;
      }
      ++guesses;
      (void)backoff.rejected(source, user);
    }
    return guesses;
  }
};

TEST(LoginBackoff, SEC_09_GuessesOfOneUserComeDownToOneAMinute) {
  Guesser guesser;
  const int guesses = guesser.guess(kHere, "alice", Instant{Duration{3'600'000}});
  EXPECT_LE(guesses, 3 + 7 + 60);
  EXPECT_GE(guesses, 60) << "it never becomes impossible";
}

TEST(LoginBackoff, SEC_09_NobodyElseIsLockedOutOfTheAccount) {
  Guesser guesser;
  guesser.guess(kHere, "alice", Instant{Duration{600'000}});
  EXPECT_EQ(guesser.backoff.ask(kThere, "alice").wait, Duration{0}) << "from elsewhere";
  EXPECT_EQ(guesser.backoff.ask(kHere, "bob").wait, Duration{0}) << "another one behind the same address";
}

TEST(LoginBackoff, SEC_09_AttemptsSideBySideGainNothing) {
  Guesser guesser;
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(guesser.backoff.ask(kHere, "alice").wait, Duration{0}) << "who mistypes does not notice";
    EXPECT_EQ(guesser.backoff.rejected(kHere, "alice"), Duration{0});
  }
  guesser.advance(Duration{1'000});
  EXPECT_EQ(guesser.backoff.ask(kHere, "alice").wait, Duration{0});
  for (int i = 0; i < 100; ++i) {
    EXPECT_GT(guesser.backoff.ask(kHere, "alice").wait, Duration{0}) << "before the first one's verdict";
  }
}

TEST(LoginBackoff, SEC_09_GuessesBeforeTheFirstVerdictAreFew) {
  Guesser guesser;
  int asked = 0;
  for (int i = 0; i < 10'000; ++i) {
    asked += guesser.backoff.ask(kHere, "alice").wait == Duration{0} ? 1 : 0;
  }
  EXPECT_EQ(asked, 16);
  guesser.backoff.abandoned(kHere, "alice");
  EXPECT_EQ(guesser.backoff.ask(kHere, "alice").wait, Duration{0}) << "one whose call has ended makes room";
  guesser.backoff.accepted(kHere, "alice");
  EXPECT_EQ(guesser.backoff.ask(kHere, "alice").wait, Duration{0});
  guesser.backoff.abandoned(kHere, "alice");
  EXPECT_EQ(guesser.backoff.ask(kHere, "bob").wait, Duration{0});
  guesser.backoff.abandoned(kHere, "bob");
  EXPECT_EQ(guesser.backoff.remembered(), 1U) << "that alice has been right";
}

TEST(LoginBackoff, SEC_09_WhoHasLoggedInFromHereIsNeverLockedOut) {
  Guesser guesser;
  ASSERT_EQ(guesser.backoff.ask(kHere, "alice").wait, Duration{0});
  guesser.backoff.accepted(kHere, "alice");
  const int guesses = guesser.guess(kHere, "alice", Instant{Duration{600'000}});
  EXPECT_LE(guesses, 3 + 3 + 120);
  EXPECT_GE(guesses, 120);
  EXPECT_LE(guesser.backoff.ask(kHere, "alice").wait, Duration{5'000});
}

TEST(LoginBackoff, SuccessAndTimeForgive) {
  Guesser guesser;
  guesser.guess(kHere, "alice", Instant{Duration{600'000}});
  guesser.advance(Duration{60'000});
  ASSERT_EQ(guesser.backoff.ask(kHere, "alice").wait, Duration{0});
  guesser.backoff.accepted(kHere, "alice");
  EXPECT_EQ(guesser.backoff.ask(kHere, "alice").wait, Duration{0});
  guesser.guess(kHere, "bob", Instant{Duration{1'200'000}});
  guesser.advance(Duration{7'200'000});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(guesser.backoff.ask(kHere, "bob").wait, Duration{0});
    (void)guesser.backoff.rejected(kHere, "bob");
  }
}

TEST(LoginBackoff, SEC_09_WhoTriesManyNamesHearsLateThatItWasWrong) {
  Guesser guesser;
  Duration late{0};
  for (int i = 0; i < 40; ++i) {
    const std::string user = "user" + std::to_string(i);
    ASSERT_EQ(guesser.backoff.ask(kHere, user).wait, Duration{0});
    late = guesser.backoff.rejected(kHere, user);
    EXPECT_EQ(late > Duration{0}, i >= 20) << i;
  }
  EXPECT_EQ(guesser.backoff.ask(kHere, "honest").wait, Duration{0}) << "who is right hears it at once";
  EXPECT_EQ(guesser.backoff.rejected(kThere, "user1"), Duration{0});
}

TEST(LoginBackoff, WhatIsRememberedIsBounded) {
  Guesser guesser;
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    (void)guesser.backoff.rejected(Ipv4Address(i), "alice");
  }
  EXPECT_EQ(guesser.backoff.remembered(), 16'384U + 4'096U);
}

/// mallory's, over a link each, after which the pair has to wait.
void three_wrong_passwords(House& house, ConnectionId& id) {
  for (int i = 0; i < 3; ++i) {
    DialIn line(house, ++id);
    EXPECT_FALSE(line.dial("mallory"));
    line.reset();
  }
}

TEST(LoginBackoffOfCalls, SEC_09_OverManyLinksTheNextAttemptWaitsAndTheBackEndIsNotAsked) {
  House house;
  ConnectionId id = 0;
  three_wrong_passwords(house, id);
  EXPECT_EQ(house.concentrator->stats().auth_rejected, 3U);
  DialIn fourth(house, ++id);
  EXPECT_FALSE(fourth.dial("mallory"));
  EXPECT_EQ(house.concentrator->stats().auth_rejected, 3U);
  EXPECT_EQ(house.log.named("login_delayed").size(), 1U);
  DialIn other(house, ++id);
  EXPECT_TRUE(other.dial("alice")) << "from the same address";
  house.advance(Duration{1'010});
  fourth.serve();
  EXPECT_EQ(house.concentrator->stats().auth_rejected, 4U);
  const auto sources = house.limited_sources();
  ASSERT_EQ(sources.size(), 1U);
  EXPECT_EQ(sources[0].history.failed_logins, 4U);
  EXPECT_EQ(sources[0].history.delayed, 1U);
  fourth.reset();
  other.reset();
  expect_baseline(house);
}

// Else RADIUS and the back end after it share out time that has passed, and the verdict comes when nobody listens.
TEST(LoginBackoffOfCalls, WhoHasWaitedIsAskedForWithinTheTimeThatIsLeft) {
  House house;
  ConnectionId id = 0;
  three_wrong_passwords(house, id);
  EXPECT_EQ(house.auth.within, house.settings.auth.timeout);
  DialIn fourth(house, ++id);
  EXPECT_FALSE(fourth.dial("mallory"));
  ASSERT_EQ(house.auth.asked, 3);
  house.advance(Duration{1'010});
  ASSERT_EQ(house.auth.asked, 4);
  EXPECT_LE(house.auth.within, house.settings.auth.timeout - Duration{1'000});
  EXPECT_GT(house.auth.within, Duration{8'000});
}

TEST(LoginBackoffOfCalls, SEC_09_AnotherDomainBeforeTheNameGainsNothing) {
  House house;
  ConnectionId id = 0;
  for (const std::string user : {"A\\mallory", "B\\mallory", "mallory", "C\\mallory"}) {
    house.auth.also_rejected = user;
    DialIn line(house, ++id);
    EXPECT_FALSE(line.dial(user));
    line.reset();
  }
  EXPECT_EQ(house.concentrator->stats().auth_rejected, 3U);
}

TEST(LoginBackoffOfCalls, SEC_09_AnotherSpellingOfTheNameGainsNothing) {
  House house;
  ConnectionId id = 0;
  for (const std::string user : {"Mallory", "mAllory", "A\\MALLORY", "mallorY"}) {
    house.auth.also_rejected = user;
    DialIn line(house, ++id);
    EXPECT_FALSE(line.dial(user));
    line.reset();
  }
  EXPECT_EQ(house.concentrator->stats().auth_rejected, 3U);
}

TEST(LoginBackoffOfCalls, SEC_09_AnotherRealmGainsNothingWhereServersAreNotToldIt) {
  for (const bool strips : {false, true}) {
    House house;
    house.auth.strips_realm = strips;
    ConnectionId id = 0;
    for (const std::string user : {"mallory@1", "mallory@2", "mallory@3", "mallory@4"}) {
      house.auth.also_rejected = user;
      DialIn line(house, ++id);
      EXPECT_FALSE(line.dial(user));
      line.reset();
    }
    EXPECT_EQ(house.concentrator->stats().auth_rejected, strips ? 3U : 4U)
        << "otherwise they are four accounts";
  }
}

TEST(LoginBackoffOfCalls, LinesThatShareAnAccountAllGetInWhateverTheBackEndTakes) {
  House house;
  std::vector<std::unique_ptr<DialIn>> lines;
  for (ConnectionId id = 1; id <= 40; ++id) {
    lines.push_back(std::make_unique<DialIn>(house, id));
    EXPECT_FALSE(lines.back()->dial("later"));
  }
  EXPECT_EQ(house.auth.waiting.size(), 16U);
  lines[0]->reset();  // while it waits for the back end
  for (int i = 0; i < 20; ++i) {
    house.auth.answer(AuthAccepted{});
    house.advance(Duration{210});
    for (const auto& line : lines) {
      line->serve();
    }
  }
  EXPECT_EQ(std::ranges::count_if(lines, [](const auto& line) { return line->up; }), 39);
}

TEST(LoginBackoffOfCalls, WhoHangsUpWhileWaitingLeavesNothing) {
  House house;
  ConnectionId id = 0;
  three_wrong_passwords(house, id);
  DialIn waiting(house, ++id), patient(house, ++id);
  EXPECT_FALSE(waiting.dial("mallory"));
  EXPECT_FALSE(patient.dial("mallory"));
  waiting.reset();
  house.advance(Duration{120'000});  // longer than [auth] timeout
  expect_baseline(house);
}

/// `guesses` wrong passwords for `user`, each after as long a wait as it takes.
void guess(House& house, ConnectionId& id, const std::string& user, int guesses) {
  for (const int until = house.auth.asked + guesses; house.auth.asked < until;) {
    DialIn line(house, ++id);
    EXPECT_FALSE(line.dial(user));
    if (house.auth.asked < until) {
      house.advance(Duration{9'000});
    }
    line.serve();
    line.reset();
  }
}

TEST(LoginBackoffOfCalls, SEC_09_WhoWouldWaitForLongerThanTheSessionIsRefusedAtOnce) {
  House house;
  ConnectionId id = 0;
  guess(house, id, "mallory", 7);
  DialIn line(house, ++id);
  EXPECT_FALSE(line.dial("mallory"));
  EXPECT_EQ(house.auth.asked, 7);
  EXPECT_EQ(house.log.named("auth_failed").size(), 7U);
  EXPECT_EQ(house.log.named("login_refused").size(), 1U) << "it is answered, and not by silence";
  EXPECT_EQ(house.log.named("login_delayed").back().fields.at("why"),
            "too many wrong passwords from this address");
  house.advance(Duration{5'000});
  line.serve();
  house.run_workers();
  ASSERT_EQ(house.log.named("call_ended").size(), 8U);
  EXPECT_EQ(house.log.named("call_ended").back().fields.at("reason"), "auth_failed");
}

TEST(LoginBackoffOfCalls, SEC_09_WhoHasLoggedInFromHereGetsInAmidGuesses) {
  House house;
  ConnectionId id = 0;
  DialIn before(house, ++id);
  EXPECT_TRUE(before.dial("bob"));
  before.reset();
  house.auth.also_rejected = "bob";
  guess(house, id, "bob", 12);
  house.auth.also_rejected = "";
  DialIn again(house, ++id);
  EXPECT_FALSE(again.dial("bob"));
  house.advance(Duration{5'010});
  again.serve();
  EXPECT_TRUE(again.up);
}

TEST(LoginBackoffOfCalls, ARejectionForAnotherReasonThanThePasswordIsNoGuess) {
  for (const std::uint16_t error : std::initializer_list<std::uint16_t>{646, 647, 648, 649, 709}) {
    House house;
    house.auth.error = error;
    for (ConnectionId id = 1; id <= 30; ++id) {
      DialIn line(house, id);
      EXPECT_FALSE(line.dial("mallory"));
      line.reset();
    }
    EXPECT_EQ(house.auth.asked, 30) << error;
    EXPECT_TRUE(house.log.named("login_delayed").empty()) << error;
    EXPECT_EQ(house.concentrator->stats().auth_rejected, 30U);
  }
}

// While RADIUS is silent, chap-secrets are guessed at without an answer: whoever is not in them is no guess.
TEST(LoginBackoffOfCalls, SEC_09_AGuessThatIsAnsweredBySilenceCounts) {
  for (const bool wrong_proof : {true, false}) {
    House house;
    for (ConnectionId id = 1; id <= 8; ++id) {
      DialIn line(house, id);
      EXPECT_FALSE(line.dial("later"));
      house.auth.answer(AuthUnavailable{.why = "no server answers", .wrong_proof = wrong_proof});
      line.reset();
    }
    EXPECT_EQ(house.log.named("login_delayed").empty(), !wrong_proof);
    EXPECT_TRUE(house.log.named("auth_failed").empty());
  }
}

TEST(LoginBackoffOfCalls, OurOwnLimitIsNoGuess) {
  House house;
  DialIn first(house, 1), second(house, 2);
  EXPECT_TRUE(first.dial("twice-alice"));
  EXPECT_TRUE(second.dial("twice-alice"));
  for (ConnectionId id = 3; id <= 30; ++id) {
    DialIn line(house, id);
    EXPECT_FALSE(line.dial("twice-alice"));
    line.reset();
  }
  EXPECT_EQ(house.auth.asked, 30);
  EXPECT_TRUE(house.log.named("login_delayed").empty());
  EXPECT_TRUE(house.log.named("auth_failed").empty()) << "nor to be banned for";
}

TEST(LoginBackoffOfCalls, SEC_09_ALateRefusalComesBeforeTheSessionGivesUp) {
  Settings settings = House::pap_settings();
  settings.auth.timeout = Duration{2'000};
  House house(std::move(settings));
  ConnectionId id = 0;
  for (std::uint32_t i = 0; i < 20; ++i) {
    house.auth.also_rejected = "user" + std::to_string(i);
    guess(house, id, house.auth.also_rejected, 1);
  }
  DialIn line(house, ++id);
  EXPECT_FALSE(line.dial("mallory"));
  EXPECT_EQ(house.log.named("login_delayed").size(), 1U);
  house.advance(Duration{5'000});
  line.serve();
  house.advance(Duration{5'000});
  line.serve();
  house.run_workers();
  EXPECT_EQ(house.log.named("call_ended").back().fields.at("reason"), "auth_failed");
}

TEST(LoginBackoffOfCalls, SEC_09_ALateRefusalIsARefusal) {
  House house;
  ConnectionId id = 0;
  for (std::uint32_t i = 0; i < 21; ++i) {  // one user at 20 sources of its own would not be enough
    DialIn line(house, ++id);
    house.auth.also_rejected = "user" + std::to_string(i);
    EXPECT_FALSE(line.dial(house.auth.also_rejected));
    if (i < 20) {
      line.reset();
      house.run_workers();
      continue;
    }
    EXPECT_TRUE(house.calls_by_id.size() == 1U);
    EXPECT_EQ(house.concentrator->stats().auth_rejected, 21U);
    EXPECT_EQ(house.log.named("login_delayed").size(), 1U);
    house.advance(Duration{3'010});
    line.serve();
    house.advance(Duration{5'000});
    line.serve();
  }
  house.run_workers();
  EXPECT_EQ(house.log.named("call_ended").back().fields.at("reason"), "auth_failed");
}

}  // namespace
}  // namespace adit::control
