// SPDX-License-Identifier: Apache-2.0
// The order of back ends is the one that aditd started with, whatever a reloaded file says. The server is a socket that
// nobody reads: it is silent.
#include "app/aditd/radius_service.hpp"

#include <gtest/gtest.h>

#include <array>
#include <asio/ip/udp.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/library.hpp"
#include "tests/app/aditd/config/config_kit.hpp"
#include "tests/kit/event_logs.hpp"
#include "tests/kit/seeded_entropy.hpp"

namespace adit::app {
namespace {

using control::Duration;

/// Knows every user, at once.
class Book final : public control::AuthBackend {
 public:
  void authenticate(control::AuthRequest, control::AuthClient& client) override {
    client.on_verdict(control::AuthAccepted{});
  }
  void cancel(control::AuthClient&) override {}
};

class RadiusServiceTest : public testing::Test {
 protected:
  struct Login final : control::AuthClient {
    void on_verdict(const control::AuthVerdict& given) override { verdict = given; }
    [[nodiscard]] bool accepted() const {
      return verdict && std::holds_alternative<control::AuthAccepted>(*verdict);
    }
    std::optional<control::AuthVerdict> verdict;
  };

  static void SetUpTestSuite() { ASSERT_TRUE(crypto::initialise().has_value()); }

  [[nodiscard]] Config config(std::string_view backend) const {
    const ConfigResult read =
        parse_config(std::string(test::kGood) + "[auth]\nbackend = \"" + std::string(backend) +
                         "\"\n[[radius-server]]\naddress = \"127.0.0.1\"\nsecret = \"xyzzy5461\"\nacct-port "
                         "= 0\nauth-port = " +
                         std::to_string(silent_.local_endpoint().port()) + "\n",
                     "t.toml");
    EXPECT_TRUE(read.config) << test::lines_of(read);
    return read.config.value();
  }

  /// Starts with one order, and reads a file with another.
  void start(std::string_view runs, std::string_view reloaded) {
    started_ = config(runs);
    auto spool = SpoolFile::open("", control::radius::Spool::size_for(1'024));
    ASSERT_TRUE(spool) << spool.error();
    service_.emplace(io_, std::move(*spool), started_, wheel_, entropy_, log_, book_, [] {});
    const auto read = service_->reload(config(reloaded));
    ASSERT_TRUE(read) << read.error();
  }

  void ask(Login& login) {
    service_->backend().authenticate({.user = "alice",
                                      .peer_address = {},
                                      .local_address = {},
                                      .session_id = "aa",
                                      .proof = control::PapProof{crypto::SecretText("secret")}},
                                     login);
  }

  void pass(Duration time) {
    for (const control::Instant until = wheel_.now() + time; wheel_.now() < until;) {
      wheel_.advance(wheel_.now() + control::TimerWheel::kTick);
    }
  }

  /// As many as make the server a dead one, each given the time for it.
  void find_it_dead() {
    std::array<Login, 3> logins;
    for (Login& login : logins) {
      ask(login);
    }
    pass(Duration{10'000});
    ASSERT_EQ(service_->status().servers[0].health, control::radius::Health::kDead);
  }

  asio::io_context io_;
  asio::ip::udp::socket silent_{io_, {asio::ip::address_v4::loopback(), 0}};
  control::TimerWheel wheel_;
  adit::test::SeededEntropy entropy_{1};
  adit::test::RecordingLog log_;
  Book book_;
  Config started_;
  std::optional<RadiusService> service_;
};

TEST_F(RadiusServiceTest, NobodyWaitsForADeadServerThoughAReloadedFileHasNoOtherBackend) {
  start("radius-then-local", "radius");
  find_it_dead();
  Login login;
  ask(login);
  pass(control::TimerWheel::kTick);
  EXPECT_TRUE(login.accepted()) << "chap-secrets still have the user";
}

TEST_F(RadiusServiceTest, ADeadServerIsAskedThoughAReloadedFileHasAnotherBackend) {
  start("radius", "radius-then-local");
  find_it_dead();
  const std::uint64_t sent = service_->status().servers[0].sent;
  Login login;
  ask(login);
  pass(control::TimerWheel::kTick);
  EXPECT_FALSE(login.verdict) << "nobody else has the users";
  EXPECT_EQ(service_->status().servers[0].sent, sent + 1);
}

// `adit test radius` is to tell of the server, and not of what is thought of it.
TEST_F(RadiusServiceTest, ATrialAsksADeadServer) {
  start("radius-then-local", "radius-then-local");
  find_it_dead();
  const std::uint64_t sent = service_->status().servers[0].sent;
  std::string why;
  service_->try_login({.user = "alice", .password = crypto::SecretText("secret")},
                      [&](const control::TrialOutcome& outcome) { why = outcome.why; });
  EXPECT_EQ(service_->status().servers[0].sent, sent + 1);
  pass(Duration{5'000});
  EXPECT_EQ(why, "RADIUS server 127.0.0.1 does not answer");
}

// With the timers that apply without a config file: 3 s, and not what [auth] timeout leaves.
TEST_F(RadiusServiceTest, ChapSecretsWaitForTheServersPatience) {
  start("radius-then-local", "radius-then-local");
  Login login;
  ask(login);
  pass(Duration{2'980});
  EXPECT_FALSE(login.verdict);
  pass(Duration{40});
  EXPECT_TRUE(login.accepted());
}

}  // namespace
}  // namespace adit::app
