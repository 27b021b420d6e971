// SPDX-License-Identifier: Apache-2.0
// When the second backend is asked, and when it is not.
#include "controlplane/auth/fallback_auth.hpp"

#include "tests/controlplane/auth/auth_fixture.hpp"

namespace adit::control::test {
namespace {

class VerdictRecorder final : public AuthClient {
 public:
  void on_verdict(const AuthVerdict& verdict) override { verdicts.push_back(verdict); }
  std::vector<AuthVerdict> verdicts;
};

class FallbackAuthTest : public testing::Test {
 protected:
  void ask() {
    fallback_.authenticate({.user = "alice",
                            .peer_address = {},
                            .local_address = {},
                            .session_id = "1",
                            .proof = PapProof{crypto::SecretText("secret")}},
                           client_);
  }
  ScriptedBackend first_, second_;
  FallbackAuth fallback_{first_, second_, Duration{3'000}};
  VerdictRecorder client_;
};

TEST_F(FallbackAuthTest, AsksTheSecondWhenTheFirstIsNotAvailable) {
  ask();
  EXPECT_TRUE(second_.requests.empty());
  first_.answer(AuthUnavailable{"no server"});
  ASSERT_EQ(second_.requests.size(), 1u);
  EXPECT_EQ(second_.requests[0].user, "alice");
  EXPECT_TRUE(client_.verdicts.empty());
  second_.answer(AuthUnavailable{"neither"});
  ASSERT_EQ(client_.verdicts.size(), 1u);
  EXPECT_EQ(std::get<AuthUnavailable>(client_.verdicts[0]).why, "neither");
}

// A first backend that takes all the time there is leaves none in which the second one's verdict could reach anybody.
TEST_F(FallbackAuthTest, TheFirstIsGivenAPartOfTheTime) {
  ask();
  EXPECT_EQ(first_.requests[0].within, Duration{3'000});
  fallback_.use(Duration{60'000});
  ask();
  EXPECT_EQ(first_.requests[1].within, Duration{7'500}) << "of ten seconds";
  first_.answer(AuthUnavailable{});
  ASSERT_EQ(second_.requests.size(), 1u);
  EXPECT_EQ(second_.requests[0].within, Duration{2'500}) << "what is left";
}

TEST_F(FallbackAuthTest, ARejectionIsFinal) {
  ask();
  first_.answer(AuthRejected{.ms_chap_error = 647});
  ASSERT_EQ(client_.verdicts.size(), 1u);
  EXPECT_EQ(std::get<AuthRejected>(client_.verdicts[0]).ms_chap_error, 647);
  EXPECT_TRUE(second_.requests.empty());
}

// RADIUS is silent, and chap-secrets have the few who must get in whatever happens: for all others "no such user" would be
// E=691, a guess that slows the next attempt down, and a line that fail2ban bans for.
TEST_F(FallbackAuthTest, WhomTheSecondDoesNotKnowTheFirstCouldNotJudge) {
  ask();
  first_.answer(AuthUnavailable{"no server answers"});
  second_.answer(AuthRejected{.why = "no such user", .fault = AuthRejected::Fault::kUnknownUser});
  ASSERT_EQ(client_.verdicts.size(), 1u);
  ASSERT_TRUE(std::holds_alternative<AuthUnavailable>(client_.verdicts[0]));
  EXPECT_EQ(std::get<AuthUnavailable>(client_.verdicts[0]).why, "no server answers");
}

// Or whoever asks could tell whom chap-secrets have. It is a guess all the same.
TEST_F(FallbackAuthTest, SEC_09_AWrongPasswordAtTheSecondIsAnsweredLikeAnUnknownName) {
  ask();
  first_.answer(AuthUnavailable{"no server answers"});
  second_.answer(AuthRejected{.why = "no such user", .fault = AuthRejected::Fault::kUnknownUser});
  ask();
  first_.answer(AuthUnavailable{"no server answers"});
  second_.answer(AuthRejected{.why = "wrong password"});
  ASSERT_EQ(client_.verdicts.size(), 2u);
  for (const AuthVerdict& verdict : client_.verdicts) {
    ASSERT_TRUE(std::holds_alternative<AuthUnavailable>(verdict));
  }
  EXPECT_FALSE(std::get<AuthUnavailable>(client_.verdicts[0]).wrong_proof);
  EXPECT_TRUE(std::get<AuthUnavailable>(client_.verdicts[1]).wrong_proof);
  EXPECT_EQ(std::get<AuthUnavailable>(client_.verdicts[1]).why,
            "no server answers; the second backend: wrong password");
}

TEST_F(FallbackAuthTest, WhatTheSecondSaysOfAnAccountIsPassedOn) {
  ask();
  first_.answer(AuthUnavailable{});
  second_.answer(AuthRejected{.ms_chap_error = 647});
  ASSERT_EQ(client_.verdicts.size(), 1u);
  EXPECT_TRUE(std::holds_alternative<AuthRejected>(client_.verdicts[0]));
}

// RADIUS knows "alice@it", and chap-secrets "alice": one call at a time, one line in accounting.
TEST(FallbackAuthNames, ASubscriberHasTheFirstOnesNameWhoeverJudges) {
  class OfARealm final : public ScriptedBackend {
    [[nodiscard]] std::string account_of(std::string_view user) const override {
      return std::string(user.substr(0, user.find('@'))) + "@it";
    }
  } first;
  ScriptedBackend second;
  FallbackAuth fallback(first, second, Duration{3'000});
  for (const std::string entry : {"alice", ""}) {  // the second one may have no name for who matched
    VerdictRecorder client;
    fallback.authenticate({.user = "alice@example.net",
                           .peer_address = {},
                           .local_address = {},
                           .session_id = "1",
                           .proof = PapProof{crypto::SecretText("secret")}},
                          client);
    first.answer(AuthUnavailable{});
    second.answer(AuthAccepted{.user = entry});
    ASSERT_EQ(client.verdicts.size(), 1u);
    EXPECT_EQ(std::get<AuthAccepted>(client.verdicts[0]).user, "alice@it");
  }
}

// An answer that is of no use is still an answer: who falls back here is let in although RADIUS said no.
TEST_F(FallbackAuthTest, AnUnusableAnswerIsFinal) {
  ask();
  first_.answer(AuthUnusable{"Access-Challenge"});
  ASSERT_EQ(client_.verdicts.size(), 1u);
  EXPECT_TRUE(std::holds_alternative<AuthUnusable>(client_.verdicts[0]));
  EXPECT_TRUE(second_.requests.empty());
}

TEST_F(FallbackAuthTest, CancelSilencesWhicheverIsAsked) {
  ask();
  first_.answer(AuthUnavailable{});
  fallback_.cancel(client_);
  EXPECT_EQ(second_.cancelled, 1);
  EXPECT_TRUE(client_.verdicts.empty());
}

TEST_F(FallbackAuthTest, AnswersAtOnceWhenBothDo) {
  first_.answer_at_once = AuthUnavailable{};
  second_.answer_at_once = AuthAccepted{};
  ask();
  ASSERT_EQ(client_.verdicts.size(), 1u);
  EXPECT_TRUE(std::holds_alternative<AuthAccepted>(client_.verdicts[0]));
}

}  // namespace
}  // namespace adit::control::test
