// SPDX-License-Identifier: Apache-2.0
// PAP, authenticator's side, packet by packet.
#include "dataplane/wire/pap.hpp"

#include "tests/controlplane/auth/auth_fixture.hpp"

namespace adit::control {
namespace {

using test::octets;
using test::Octets;

class Pap : public test::AuthFixture {
 protected:
  void request(std::uint8_t identifier, std::string_view user, std::string_view password) {
    Octets data = {static_cast<std::uint8_t>(user.size())};
    data.insert(data.end(), user.begin(), user.end());
    data.push_back(static_cast<std::uint8_t>(password.size()));
    data.insert(data.end(), password.begin(), password.end());
    deliver(1, identifier, data);
  }
  [[nodiscard]] std::string password_of(const AuthRequest& of) const {
    return std::string(wire::text_of(std::get<PapProof>(of.proof).password.bytes()));
  }
};

TEST_F(Pap, AUT_01_RightPasswordGetsAnAckOfItsIdentifier) {
  start(AuthMethod::kPap);
  EXPECT_TRUE(host.frames.empty()) << "the peer speaks first";
  request(9, "alice", "secret");
  ASSERT_EQ(backend.requests.size(), 1u);
  EXPECT_EQ(backend.requests[0].user, "alice");
  EXPECT_EQ(password_of(backend.requests[0]), "secret");
  EXPECT_EQ(backend.requests[0].peer_address, wire::Ipv4Address(192, 0, 2, 7));
  EXPECT_EQ(backend.requests[0].local_address, wire::Ipv4Address(192, 0, 2, 1));
  EXPECT_EQ(backend.requests[0].session_id, "0123");
  EXPECT_EQ(host.events, "");
  backend.answer(AuthAccepted{.address = wire::Ipv4Address(10, 0, 0, 1)});
  EXPECT_EQ(host.events, "sA") << "the Ack leaves before the session goes on";
  EXPECT_EQ(host.frames[0],
            (Octets{0xFF, 0x03, 0xC0, 0x23, 2, 9, 0, 12, 7, 'W', 'e', 'l', 'c', 'o', 'm', 'e'}));
  EXPECT_EQ(host.user, "alice");
  EXPECT_EQ(host.accepted->address, wire::Ipv4Address(10, 0, 0, 1));
}

TEST_F(Pap, AUT_01_WrongPasswordGetsANakAndEndsTheLink) {
  start(AuthMethod::kPap);
  request(1, "alice", "guess");
  backend.answer(AuthRejected{});
  EXPECT_EQ(host.events, "sF");
  EXPECT_EQ(last().code, 3);
  EXPECT_EQ(last().identifier, 1);
  EXPECT_EQ(host.reason, EndReason::kAuthFailed);
  EXPECT_TRUE(authenticator->rejected());
}

TEST_F(Pap, AUT_01_RepeatsWhileTheBackendThinksAreAnsweredOnceWithTheLatestIdentifier) {
  start(AuthMethod::kPap);
  request(1, "alice", "secret");
  request(2, "alice", "secret");
  request(3, "alice", "other");  // not a repetition, so neither passed on nor answered
  EXPECT_EQ(backend.requests.size(), 1u);
  backend.answer(AuthAccepted{});
  EXPECT_EQ(host.events, "sA");
  EXPECT_EQ(last().identifier, 2);
}

TEST_F(Pap, AUT_01_RequestsAfterSuccessGetTheSameAckAndAskNobody) {
  start(AuthMethod::kPap);
  request(1, "alice", "secret");
  backend.answer(AuthAccepted{});
  request(1, "alice", "secret");
  EXPECT_EQ(host.frames[1], host.frames[0]);
  request(2, "mallory", "guess");
  EXPECT_EQ(last().code, 2);
  EXPECT_EQ(host.events, "sAss");
  EXPECT_EQ(backend.requests.size(), 1u);
}

TEST_F(Pap, AUT_01_RequestsAfterFailureGetTheSameNakAndAskNobody) {
  start(AuthMethod::kPap);
  request(1, "alice", "guess");
  backend.answer(AuthRejected{});
  request(2, "alice", "secret");
  EXPECT_EQ(host.events, "sFs");
  EXPECT_EQ(last().code, 3);
  EXPECT_EQ(last().identifier, 2);
  EXPECT_EQ(backend.requests.size(), 1u);
}

TEST_F(Pap, AttemptsAreLimitedAndARepeatedOneCountsOnce) {
  settings.auth.max_failure = 3;
  start(AuthMethod::kPap);
  request(1, "alice", "one");
  backend.answer(AuthRejected{});
  request(1, "alice", "one");  // its Nak was lost
  EXPECT_EQ(host.events, "ss");
  EXPECT_TRUE(authenticator->rejected());
  request(2, "alice", "two");
  backend.answer(AuthRejected{});
  EXPECT_EQ(host.events, "sss");
  request(3, "alice", "three");
  backend.answer(AuthRejected{});
  EXPECT_EQ(host.events, "ssssF");
  EXPECT_EQ(backend.requests.size(), 3u);
}

TEST_F(Pap, AUT_02_EveryLengthCombinationIsReadWithinThePacket) {
  const std::string long_name(255, 'n');
  const std::string long_password(255, 'p');
  for (const auto& [user, password] : std::vector<std::pair<std::string, std::string>>{
           {"", ""}, {"", "p"}, {"n", ""}, {long_name, long_password}}) {
    start(AuthMethod::kPap);
    request(1, user, password);
    EXPECT_EQ(backend.requests.back().user, user);
    EXPECT_EQ(password_of(backend.requests.back()), password);
    backend.answer(AuthRejected{});
  }
  const std::size_t asked = backend.requests.size();
  start(AuthMethod::kPap);
  const std::size_t sent = host.frames.size();
  for (const Octets& bad : std::vector<Octets>{
           {}, {0}, {255}, {1, 'a'}, {2, 'a', 0}, {1, 'a', 1}, {1, 'a', 255, 'p'}, {255, 'a', 1, 'p'}}) {
    deliver(1, 1, bad);
  }
  EXPECT_EQ(backend.requests.size(), asked);
  EXPECT_EQ(host.frames.size(), sent);
}

TEST_F(Pap, AUT_02_EveryTruncationAndWrongLengthIsIgnored) {
  start(AuthMethod::kPap);
  const Octets whole = {1, 7, 0, 10, 2, 'm', 'e', 2, 'p', 'w'};
  for (std::size_t size = 0; size < whole.size(); ++size) {
    authenticator->on_packet(Octets(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
  }
  for (const std::uint8_t length : Octets{0, 3, 4, 9, 11, 255}) {
    Octets wrong = whole;
    wrong[3] = length;
    authenticator->on_packet(wrong);
  }
  for (const std::uint8_t code : Octets{0, 2, 3, 4, 255}) {
    Octets other = whole;
    other[0] = code;
    authenticator->on_packet(other);
  }
  EXPECT_TRUE(backend.requests.empty());
  authenticator->on_packet(whole);
  EXPECT_EQ(backend.requests.size(), 1u);
}

TEST_F(Pap, SilenceEndsTheLinkAtTheDeadline) {
  start(AuthMethod::kPap);
  pass(settings.auth.timeout - TimerWheel::kTick);
  EXPECT_EQ(host.events, "");
  pass(2 * TimerWheel::kTick);
  EXPECT_EQ(host.events, "F");
  EXPECT_EQ(host.reason, EndReason::kAuthTimeout);
  EXPECT_FALSE(authenticator->rejected());
}

TEST_F(Pap, ASilentBackendIsCancelledAtTheDeadlineAndRepeatsStayUnanswered) {
  start(AuthMethod::kPap);
  request(1, "alice", "secret");
  pass(settings.auth.timeout + TimerWheel::kTick);
  EXPECT_EQ(host.events, "F");
  EXPECT_EQ(host.reason, EndReason::kAuthTimeout);
  EXPECT_EQ(backend.cancelled, 1);
  request(2, "alice", "secret");
  EXPECT_EQ(host.events, "F");
}

TEST_F(Pap, AFailingBackendBlamesNobody) {
  start(AuthMethod::kPap);
  request(1, "alice", "secret");
  backend.answer(AuthUnavailable{"no server answers"});
  EXPECT_EQ(host.events, "F") << "no Nak: the password may be right";
  EXPECT_EQ(host.reason, EndReason::kAuthUnavailable);
  EXPECT_FALSE(authenticator->rejected());
}

// RFC 2865 §4.4, §5.6: to the peer it is a rejection; the end has a reason of its own.
TEST_F(Pap, AnUnusableAnswerIsANakAndNoSecondAttempt) {
  settings.auth.max_failure = 3;
  start(AuthMethod::kPap);
  request(1, "alice", "secret");
  backend.answer(AuthUnusable{"Service-Type 1"});
  EXPECT_EQ(host.events, "sF");
  EXPECT_EQ(last().code, static_cast<std::uint8_t>(wire::PapCode::kAuthenticateNak));
  EXPECT_EQ(host.reason, EndReason::kAuthUnusable);
}

TEST_F(Pap, SEC_01_AForgedRequestDoesNotEndASessionThatHasBeenUp) {
  host.been_up = true;
  start(AuthMethod::kPap);
  request(1, "alice", "guess");
  backend.answer(AuthRejected{});
  request(1, "alice", "secret");
  EXPECT_EQ(backend.requests.size(), 1u) << "one guess a second";
  pass(1s);
  request(1, "alice", "secret");
  backend.answer(AuthAccepted{});
  EXPECT_EQ(host.events, "sA") << "no Nak";
}

TEST_F(Pap, SEC_01_NorDoesARequestThatNoServerCanAnswer) {
  host.been_up = true;
  start(AuthMethod::kPap);
  request(1, "alice", "guess");
  backend.answer(AuthUnusable{"the password has 129 octets"});
  pass(1s);
  request(1, "alice", "guess");
  backend.answer(AuthUnavailable{"no server answers"});
  pass(1s);
  EXPECT_EQ(host.events, "");
  pass(settings.auth.timeout);
  EXPECT_EQ(host.events, "F");
  EXPECT_EQ(host.reason, EndReason::kAuthTimeout);
}

TEST_F(Pap, ADestroyedAuthenticatorCancelsItsRequest) {
  start(AuthMethod::kPap);
  request(1, "alice", "secret");
  authenticator.reset();
  EXPECT_EQ(backend.cancelled, 1);
  pass(settings.auth.timeout * 2);
  EXPECT_EQ(host.events, "");
}

}  // namespace
}  // namespace adit::control
