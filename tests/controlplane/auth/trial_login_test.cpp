// SPDX-License-Identifier: Apache-2.0
// Trial logins with local users, which compute the right proof themselves, and with backends that grant
// wrongly.
#include "controlplane/auth/trial_login.hpp"

#include <gtest/gtest.h>

#include "controlplane/auth/local_users.hpp"
#include "crypto/library.hpp"
#include "tests/kit/seeded_entropy.hpp"

namespace adit::control {
namespace {

class TrialLoginTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(crypto::initialise().has_value()); }

  TrialOutcome run(const std::string& password, AuthMethod method, AuthBackend& backend) {
    TrialOutcome kept;
    trials_.run({"alice", crypto::SecretText(password), method}, backend,
                [&](const TrialOutcome& outcome) { kept = outcome; });
    return kept;
  }

  TimerWheel wheel_;
  test::SeededEntropy entropy_{1};
  LocalUsers users_{parse_users("alice * secret 10.64.0.9\n", {}).users};
  TrialLogins trials_{wheel_, entropy_};
};

/// Grants what `users` grants, with changes.
class Changed final : public AuthBackend, AuthClient {
 public:
  Changed(AuthBackend& users, std::function<void(AuthAccepted&)> change)
      : users_(users), change_(std::move(change)) {}
  void authenticate(AuthRequest request, AuthClient& client) override {
    client_ = &client;
    users_.authenticate(std::move(request), *this);
  }
  void cancel(AuthClient&) override {}
  void on_verdict(const AuthVerdict& verdict) override {
    AuthAccepted accepted = std::get<AuthAccepted>(verdict);
    change_(accepted);
    client_->on_verdict(accepted);
  }

 private:
  AuthBackend& users_;
  std::function<void(AuthAccepted&)> change_;
  AuthClient* client_ = nullptr;
};

TEST_F(TrialLoginTest, EveryMethodProvesThePasswordAndChecksWhatComesBack) {
  for (const AuthMethod method :
       {AuthMethod::kPap, AuthMethod::kChapMd5, AuthMethod::kMsChapV1, AuthMethod::kMsChapV2}) {
    const TrialOutcome right = run("secret", method, users_);
    EXPECT_EQ(right.verdict, TrialOutcome::Verdict::kAccepted) << static_cast<int>(method);
    EXPECT_EQ(right.why, "");
    EXPECT_EQ(right.accepted->address, wire::Ipv4Address(10, 64, 0, 9));
    EXPECT_EQ(right.keys_are_right, method == AuthMethod::kMsChapV1 || method == AuthMethod::kMsChapV2);
    EXPECT_EQ(run("guess", method, users_).verdict, TrialOutcome::Verdict::kRejected);
  }
}

TEST_F(TrialLoginTest, WhatAClientWouldNotTakeIsSaid) {
  Changed proof(users_, [](AuthAccepted& accepted) { accepted.authenticator_response[5] ^= 1; });
  EXPECT_NE(run("secret", AuthMethod::kMsChapV2, proof).why.find("MS-CHAP2-Success"), std::string::npos);
  Changed none(users_, [](AuthAccepted& accepted) { accepted.mppe.reset(); });
  EXPECT_NE(run("secret", AuthMethod::kMsChapV2, none).why.find("no keys"), std::string::npos);
  Changed swapped(users_, [](AuthAccepted& accepted) {
    accepted.mppe = MppeStartKeys{accepted.mppe->receive, accepted.mppe->send};
  });
  EXPECT_NE(run("secret", AuthMethod::kMsChapV2, swapped).why.find("keys are not"), std::string::npos);
}

}  // namespace
}  // namespace adit::control
