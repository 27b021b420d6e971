// SPDX-License-Identifier: Apache-2.0
// How long a login takes while RADIUS servers are dead, slow or without Status-Server: a hundred logins, one every
// 100 ms, with each [auth] backend and the timers that apply without a config file. Prints what it measures.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/auth/fallback_auth.hpp"
#include "controlplane/radius/auth.hpp"
#include "tests/controlplane/radius/reply_kit.hpp"
#include "tests/kit/event_logs.hpp"
#include "tests/kit/seeded_entropy.hpp"

namespace adit::control::radius {
namespace {

struct Behaviour {
  std::optional<Duration> takes;  ///< for a login; none: it answers none
  bool knows_status_server = true;
};
constexpr Behaviour kDead{std::nullopt, false};
constexpr Behaviour kStuck{};  ///< its back end is; Status-Server it answers
const Behaviour kLive{Duration{20}};
const Behaviour kSlow{Duration{2'000}};

/// Knows every user, at once.
class Book final : public AuthBackend {
 public:
  void authenticate(AuthRequest, AuthClient& client) override { client.on_verdict(AuthAccepted{}); }
  void cancel(AuthClient&) override {}
};

class Town final : public Transport {
 public:
  static constexpr int kLogins = 100;
  static constexpr Duration kDeadline{10'000};  // [auth] timeout

  struct Login final : AuthClient {
    explicit Login(const TimerWheel& its_wheel) : wheel(its_wheel), began(its_wheel.now()) {}
    void on_verdict(const AuthVerdict& given) override {
      verdict = given;
      took = wheel.now() - began;
    }
    /// How long it took, or has waited for a verdict so far.
    [[nodiscard]] Duration waited() const { return verdict ? took : wheel.now() - began; }
    [[nodiscard]] std::string by() const {
      const auto* accepted = verdict ? std::get_if<AuthAccepted>(&*verdict) : nullptr;
      return accepted == nullptr ? "none" : accepted->by_radius ? "radius" : "local";
    }
    const TimerWheel& wheel;
    Instant began;
    Duration took{0};
    std::optional<AuthVerdict> verdict;
  };

  Town(std::vector<Behaviour> behaviours, AuthOrder order) : behaviours_(std::move(behaviours)) {
    ClientSettings settings;
    for (std::size_t n = 0; n < behaviours_.size(); ++n) {
      settings.servers.push_back({.name = "s" + std::to_string(n),
                                  .secret = crypto::SecretText("xyzzy5461"),
                                  .priority = static_cast<std::uint32_t>(n)});
    }
    client = std::make_unique<Client>(client_settings(settings, order), wheel, entropy_, log, *this);
    radius_ = std::make_unique<RadiusAuth>(*client, NasSettings{}, default_rates(), log);
    fallback_ = std::make_unique<FallbackAuth>(*radius_, book_, fallback_patience(settings));
    chosen_ = order == AuthOrder::kRadius  ? static_cast<AuthBackend*>(radius_.get())
              : order == AuthOrder::kLocal ? static_cast<AuthBackend*>(&book_)
                                           : fallback_.get();
  }

  bool send(std::size_t server, Service, std::uint32_t lane, Bytes datagram) override {
    const Behaviour& its = behaviours_[server];
    const bool status = datagram[0] == static_cast<std::uint8_t>(Code::kStatusServer);
    ++(status ? status_requests : access_requests);
    const bool drops = !dropped_name.empty() && !std::ranges::search(datagram, dropped_name).empty();
    if (status ? its.knows_status_server : its.takes.has_value() && !drops) {
      Authenticator request{};
      std::copy_n(datagram.begin() + 4, request.size(), request.begin());
      const Instant at = wheel.now() + (status ? Duration{20} : *its.takes);
      // As FreeRADIUS 3.2 does: no Message-Authenticator in an answer to Status-Server.
      replies_.emplace(
          at, Answer{server, lane, reply_of({}, !status, Code::kAccessAccept, request, datagram[1])});
    }
    return true;
  }

  void set(std::size_t server, Behaviour behaviour) { behaviours_[server] = behaviour; }

  /// Each from an address of its own, unless it has one.
  Login& ask(const std::string& user = "alice", std::optional<wire::Ipv4Address> peer = {}) {
    logins.push_back(std::make_unique<Login>(wheel));
    chosen_->authenticate(
        {.user = user,
         .peer_address = peer.value_or(wire::Ipv4Address{static_cast<std::uint32_t>(logins.size())}),
         .local_address = {},
         .session_id = "aa",
         .proof = PapProof{crypto::SecretText("secret")},
         .within = kDeadline},
        *logins.back());
    return *logins.back();
  }

  void hang_up(Login& login) { chosen_->cancel(login); }

  void pass(Duration time) {
    const Instant until = wheel.now() + time;
    while (wheel.now() < until) {
      wheel.advance(wheel.now() + TimerWheel::kTick);
      while (!replies_.empty() && replies_.begin()->first <= wheel.now()) {
        const Answer answer = replies_.extract(replies_.begin()).mapped();
        client->on_datagram(answer.server, Service::kAuthentication, answer.lane, answer.packet);
      }
    }
  }

  void run(const std::string& scene) {
    for (int n = 0; n < kLogins; ++n) {
      ask();
      pass(Duration{100});
    }
    pass(kDeadline);
    std::map<std::string, int> by;
    std::vector<Duration> took;
    for (const auto& login : logins) {
      ++by[login->by()];
      took.push_back(login->took);
    }
    std::ranges::sort(took);
    std::printf("%-44s %6d %6d %6d %6ld %6ld %6ld ms\n", scene.c_str(), by["radius"], by["local"], by["none"],
                took[kLogins / 2].count(), took[kLogins * 9 / 10].count(), took.back().count());
  }

  [[nodiscard]] int by(std::string_view who) const {
    return static_cast<int>(std::ranges::count_if(logins, [&](const auto& one) { return one->by() == who; }));
  }
  /// Of the logins from the n-th on.
  [[nodiscard]] Duration longest(std::size_t from = 0) const {
    Duration longest{0};
    for (std::size_t n = from; n < logins.size(); ++n) {
      longest = std::max(longest, logins[n]->waited());
    }
    return longest;
  }

  TimerWheel wheel;
  test::RecordingLog log;
  std::unique_ptr<Client> client;
  std::vector<std::unique_ptr<Login>> logins;
  int status_requests = 0, access_requests = 0;
  std::string dropped_name;  ///< no server answers a request that has it: a realm whose own server is silent

 private:
  struct Answer {
    std::size_t server;
    std::uint32_t lane;
    Octets packet;
  };
  std::vector<Behaviour> behaviours_;
  test::SeededEntropy entropy_{1};
  Book book_;
  std::unique_ptr<RadiusAuth> radius_;
  std::unique_ptr<FallbackAuth> fallback_;
  AuthBackend* chosen_ = nullptr;
  std::multimap<Instant, Answer> replies_;
};

class SilentServers : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::printf("%-44s %6s %6s %6s %6s %6s %6s\n", "100 logins, 10 a second: verdicts by", "radius", "local",
                "none", "p50", "p90", "max");
  }
};

constexpr Duration kAtOnce = TimerWheel::kTick;
// Until two dead servers are known for dead: the second one was asked after 1.5 s, and has 3 s.
constexpr std::size_t kKnown = 60;

TEST_F(SilentServers, RAD_02_TwoDead) {
  Town radius({kDead, kDead}, AuthOrder::kRadius);
  radius.run("two dead, radius");
  EXPECT_EQ(radius.by("none"), Town::kLogins);
  EXPECT_LE(radius.longest(), Duration{4'500})
      << "each is asked, known dead or not: nobody else has the users";
  for (const auto& login : radius.logins) {
    EXPECT_TRUE(std::holds_alternative<AuthUnavailable>(login->verdict.value())) << "never a rejection";
  }
  EXPECT_EQ(std::get<AuthUnavailable>(*radius.logins.back()->verdict).why,
            "RADIUS server s1 does not answer");

  Town both({kDead, kDead}, AuthOrder::kRadiusThenLocal);
  both.run("two dead, radius-then-local");
  EXPECT_EQ(both.by("local"), Town::kLogins);
  EXPECT_LE(both.longest(), Duration{3'000});
  EXPECT_LE(both.longest(kKnown), kAtOnce);

  Town local({kDead, kDead}, AuthOrder::kLocal);
  local.run("two dead, local");
  EXPECT_EQ(local.by("local"), Town::kLogins);
  EXPECT_EQ(local.longest(), Duration{0});
  EXPECT_EQ(local.access_requests, 0);
}

TEST_F(SilentServers, RAD_02_OneDeadOneLive) {
  for (const auto& [backend, name] : {std::pair(AuthOrder::kRadius, "radius"),
                                      std::pair(AuthOrder::kRadiusThenLocal, "radius-then-local")}) {
    Town town({kDead, kLive}, backend);
    town.run(std::string("one dead, one live, ") + name);
    EXPECT_EQ(town.by("radius"), Town::kLogins);
    EXPECT_LE(town.longest(), Duration{1'520}) << "the dead one's tries, then the live one";
    EXPECT_LE(town.longest(15), Duration{20})
        << "who comes after the first 1.5 s does not ask the dead one first";
    EXPECT_EQ(town.client->status()[0].health, Health::kDead);
    EXPECT_EQ(town.client->status()[1].health, Health::kAlive);
  }
  Town local({kDead, kLive}, AuthOrder::kLocal);
  local.run("one dead, one live, local");
  EXPECT_EQ(local.longest(), Duration{0});
}

TEST_F(SilentServers, RAD_02_OneDeadOneSlow) {
  Town radius({kDead, kSlow}, AuthOrder::kRadius);
  radius.run("one dead, one slow (2 s), radius");
  EXPECT_EQ(radius.by("radius"), Town::kLogins);
  EXPECT_LE(radius.longest(), Duration{3'500});
  EXPECT_LE(radius.longest(15), Duration{2'000});

  Town both({kDead, kSlow}, AuthOrder::kRadiusThenLocal);
  both.run("one dead, one slow (2 s), radius-then-local");
  EXPECT_EQ(both.by("none"), 0);
  EXPECT_LE(both.longest(), Duration{3'000});
  EXPECT_EQ(both.by("local"), 15) << "of the first 1.5 s: the slow one's answers come after 3.5 s";
  EXPECT_LE(both.longest(15), Duration{2'000});
  EXPECT_EQ(both.client->status()[1].late, 15U);
  EXPECT_EQ(both.log.named("radius_reply_late").size(), 1U) << "once";
  EXPECT_EQ(both.client->status()[0].health, Health::kDead);
  EXPECT_EQ(both.client->status()[1].health, Health::kAlive) << "slow is not dead";

  Town local({kDead, kSlow}, AuthOrder::kLocal);
  local.run("one dead, one slow (2 s), local");
  EXPECT_EQ(local.longest(), Duration{0});
}

TEST_F(SilentServers, RAD_02_OneSlowOneLive) {
  for (const auto& [order, name] : {std::pair(AuthOrder::kRadius, "radius"),
                                    std::pair(AuthOrder::kRadiusThenLocal, "radius-then-local")}) {
    Town town({kSlow, kLive}, order);
    town.run(std::string("one slow (2 s), one live, ") + name);
    EXPECT_EQ(town.by("radius"), Town::kLogins);
    EXPECT_LE(town.longest(), Duration{1'520});
    EXPECT_LE(town.longest(32), Duration{20}) << "its late answers to copies do not make it the first again";
    EXPECT_EQ(town.client->status()[0].health, Health::kOverdue) << "slow is neither alive nor dead";
  }
}

TEST_F(SilentServers, RAD_02_OneSlow) {
  for (const auto& [order, name] : {std::pair(AuthOrder::kRadius, "radius"),
                                    std::pair(AuthOrder::kRadiusThenLocal, "radius-then-local")}) {
    Town town({kSlow}, order);
    town.run(std::string("one slow (2 s), ") + name);
    EXPECT_EQ(town.by("radius"), Town::kLogins);
    EXPECT_LE(town.longest(), Duration{2'000});
  }
}

// Its answer to a copy comes late: it is not dead, and who is let in by nobody else may wait for it.
TEST_F(SilentServers, ADeadServerThatIsOnlySlowNowIsAskedAgain) {
  Town town({kDead}, AuthOrder::kRadiusThenLocal);
  town.run("one dead, radius-then-local");
  ASSERT_EQ(town.client->status()[0].health, Health::kDead);
  town.set(0, {Duration{2'000}, false});
  for (int n = 0; n < 400; ++n) {
    town.ask();
    town.pass(Duration{100});
  }
  town.pass(Duration{3'000});
  EXPECT_EQ(town.logins.back()->by(), "radius");
  EXPECT_LE(town.longest(Town::kLogins), Duration{2'000});
}

constexpr wire::Ipv4Address kStranger(203, 0, 113, 1);
const std::string kNowhere = "x@nowhere.example";

// A name of a realm whose own server is silent: it costs a stranger nothing, and the server is well.
TEST_F(SilentServers, NoStrangerMakesAServerDeadThatAnswersStatusServer) {
  Town town({kLive}, AuthOrder::kRadiusThenLocal);
  town.dropped_name = kNowhere;
  town.pass(Duration{100});
  for (int second = 0; second < 120; ++second) {
    town.ask(kNowhere, kStranger);
    town.pass(Duration{500});
    if (second % 8 == 7) {
      town.ask();
      town.pass(Duration{100});
      EXPECT_EQ(town.logins.back()->by(), "radius") << "after " << second << " s";
    }
    town.pass(Duration{500});
  }
}

TEST_F(SilentServers, NoStrangerKeepsAServerDeadThatAnswersStatusServer) {
  Town town({kLive}, AuthOrder::kRadiusThenLocal);
  town.dropped_name = kNowhere;
  town.pass(Duration{100});
  for (std::uint8_t n = 1; n <= 3; ++n) {  // more addresses than one, for once
    for (int twice = 0; twice < 2; ++twice) {
      town.ask(kNowhere, wire::Ipv4Address(203, 0, 113, n));
    }
  }
  town.pass(Duration{3'500});
  ASSERT_EQ(town.client->status()[0].health, Health::kDead);
  for (int second = 0; second < 20; ++second) {
    town.ask(kNowhere, kStranger);
    town.pass(Duration{500});
    if (second % 8 == 7) {
      town.ask();
    }
    town.pass(Duration{500});
  }
  EXPECT_NE(town.client->status()[0].health, Health::kDead)
      << "a subscriber's login was copied, and answered";
  town.ask();
  town.pass(Duration{100});
  EXPECT_EQ(town.logins.back()->by(), "radius");
}

// Silence about Status-Server proves nothing (RFC 5997 §4.2): such a server comes back by a copy of a login, whose
// sender has had a verdict long ago.
TEST_F(SilentServers, AServerWithoutStatusServerComesBackAndNoLoginWaitsForIt) {
  Town town({kDead}, AuthOrder::kRadiusThenLocal);
  town.run("one dead, radius-then-local");
  ASSERT_EQ(town.client->status()[0].health, Health::kDead);
  town.set(0, {Duration{20}, false});
  for (int n = 0; n < 300; ++n) {
    town.ask();
    town.pass(Duration{100});
    EXPECT_LE(town.logins.back()->waited(), Duration{20});
  }
  EXPECT_EQ(town.client->status()[0].health, Health::kAlive);
  EXPECT_EQ(town.logins.back()->by(), "radius");
}

// Its answers carry no Message-Authenticator (see send()): they decide nothing.
TEST_F(SilentServers, AServerThatIsWellAgainIsFoundAliveThoughNobodyLogsIn) {
  Town town({kDead}, AuthOrder::kRadius);
  town.ask();
  town.pass(Duration{5'000});
  ASSERT_EQ(town.client->status()[0].health, Health::kOverdue);
  town.set(0, kLive);
  town.pass(Duration{6'000});
  EXPECT_EQ(town.client->status()[0].health, Health::kAlive);
  EXPECT_EQ(town.client->status()[0].refused, 0U);
}

// Whoever is asked first, or alone, would cost each login its time: an answer to Status-Server is believed once.
TEST_F(SilentServers, AServerThatAnswersStatusServerAndNoLoginIsNotAlive) {
  Town town({kStuck, kLive}, AuthOrder::kRadius);
  town.run("one stuck, one live, radius");
  EXPECT_EQ(town.by("radius"), Town::kLogins);
  EXPECT_LE(town.longest(32), Duration{20}) << "after two waves of 1.5 s";
  EXPECT_EQ(town.client->status()[0].health, Health::kDead);
  town.set(0, kLive);
  for (int n = 0; n < 400; ++n) {
    town.ask();
    town.pass(Duration{100});
    EXPECT_LE(town.logins.back()->waited(), Duration{20});
  }
  EXPECT_EQ(town.client->status()[0].health, Health::kAlive) << "a copy was answered";

  Town both({kStuck}, AuthOrder::kRadiusThenLocal);
  both.run("one stuck, radius-then-local");
  EXPECT_EQ(both.by("local"), Town::kLogins);
  EXPECT_LE(both.longest(kKnown), kAtOnce);
}

// Three names that the server drops make it look dead, in a quiet moment. Who has no other server asks it all the same.
TEST_F(SilentServers, WhereThereIsNobodyElseADeadServerIsAsked) {
  Town town({kDead}, AuthOrder::kRadius);
  town.run("one dead, radius");
  ASSERT_EQ(town.client->status()[0].health, Health::kDead);
  town.set(0, {Duration{20}, false});
  town.ask();
  town.pass(Duration{100});
  EXPECT_EQ(town.logins.back()->by(), "radius");
  EXPECT_LE(town.logins.back()->waited(), Duration{20});
}

// A login that nobody waits for any more (its peer hung up) is answered by a server that is well.
TEST_F(SilentServers, AnAnswerThatNobodyWaitsForIsNotLateUnlessItIs) {
  Town town({kLive}, AuthOrder::kRadius);
  town.hang_up(town.ask());
  town.pass(Duration{100});
  EXPECT_EQ(town.client->status()[0].health, Health::kAlive);
  EXPECT_EQ(town.client->status()[0].late, 0U);
  EXPECT_TRUE(town.log.named("radius_reply_late").empty());
}

// The copies are one for each dead-time, not one for each login.
TEST_F(SilentServers, ADeadServerIsNotSentEveryLogin) {
  Town town({kDead}, AuthOrder::kRadiusThenLocal);
  town.run("one dead, radius-then-local");
  town.access_requests = town.status_requests = 0;
  for (int n = 0; n < 600; ++n) {
    town.ask();
    town.pass(Duration{100});
  }
  EXPECT_LE(town.access_requests, 2);
  EXPECT_EQ(town.status_requests, 12) << "one each dead-time / 6";
}

TEST_F(SilentServers, AServerThatWasNeverReachedIsNotAlive) {
  Town town({kDead, kLive}, AuthOrder::kRadius);
  EXPECT_EQ(town.client->status()[0].health, Health::kUntried);
  town.ask();
  town.pass(Duration{1'490});
  EXPECT_EQ(town.client->status()[0].health, Health::kUntried);
  town.pass(Duration{20});
  EXPECT_EQ(town.client->status()[0].health, Health::kOverdue);
  EXPECT_EQ(town.client->status()[1].health, Health::kUntried);
  town.pass(Duration{100});
  EXPECT_EQ(town.client->status()[1].health, Health::kAlive);
}

}  // namespace
}  // namespace adit::control::radius
