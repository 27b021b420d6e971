// SPDX-License-Identifier: Apache-2.0
// CHAP, authenticator's side: MD5, MS-CHAPv1, MS-CHAPv2, packet by packet, and end to end with local users.
#include "dataplane/wire/chap.hpp"

#include <regex>

#include "controlplane/auth/local_users.hpp"
#include "crypto/digest.hpp"
#include "crypto/mschap.hpp"
#include "tests/controlplane/auth/auth_fixture.hpp"

namespace adit::control {
namespace {

using test::octets;
using test::Octets;

class Chap : public test::AuthFixture {
 protected:
  ~Chap() override { authenticator.reset(); }  // before the users, whom it may still have to notify

  LocalUsers users;

  /// The value of the last Challenge, and its identifier.
  struct Challenge {
    Octets value;
    std::string name;
    std::uint8_t identifier;
  };
  [[nodiscard]] Challenge challenge() const {
    const wire::PppPacket packet = last();
    EXPECT_EQ(packet.code, 1);
    const auto value = wire::parse_chap_value(packet.data);
    EXPECT_TRUE(value.has_value());
    return {{value->value.begin(), value->value.end()},
            std::string(wire::text_of(value->name)),
            packet.identifier};
  }

  void respond(std::uint8_t identifier, wire::Bytes value, std::string_view name) {
    Octets data = {static_cast<std::uint8_t>(value.size())};
    data.insert(data.end(), value.begin(), value.end());
    data.insert(data.end(), name.begin(), name.end());
    deliver(2, identifier, data);
  }

  [[nodiscard]] static Octets v2_response(const Octets& challenge, std::string_view user,
                                          std::string_view password) {
    std::array<std::uint8_t, 16> ours{};
    std::ranges::copy(challenge, ours.begin());
    wire::MsChapV2Response response;
    for (std::size_t i = 0; i < 16; ++i) {
      response.peer_challenge[i] = static_cast<std::uint8_t>(0x40 + i);
    }
    response.nt_response = crypto::nt_response(crypto::challenge_hash(response.peer_challenge, ours, user),
                                               crypto::nt_password_hash(wire::octets_of(password)));
    const auto value = wire::ms_chap_v2_value(response);
    return {value.begin(), value.end()};
  }
};

TEST_F(Chap, ChallengesHaveTheSizesOfTheirMethodAndOurName) {
  settings.auth.challenge_name = "bras7";
  for (const auto& [method, size] :
       {std::pair{AuthMethod::kChapMd5, 16u}, std::pair{AuthMethod::kMsChapV1, 8u},
        std::pair{AuthMethod::kMsChapV2, 16u}}) {
    start(method);
    const Challenge first = challenge();
    EXPECT_EQ(first.value.size(), size);
    EXPECT_EQ(first.name, "bras7");
    start(method);
    EXPECT_NE(challenge().value, first.value) << "a challenge must be new for each link";
  }
}

TEST_F(Chap, TheSameChallengeIsRepeatedUntilTheDeadline) {
  start(AuthMethod::kMsChapV2);
  pass(settings.auth.timeout - TimerWheel::kTick);
  ASSERT_EQ(host.frames.size(), 4u) << "at 0, 3, 6 and 9 s";
  EXPECT_EQ(host.frames[3], host.frames[0]);
  pass(2 * TimerWheel::kTick);
  EXPECT_EQ(host.events, "ssssF");
  EXPECT_EQ(host.reason, EndReason::kAuthTimeout);
  pass(60s);
  EXPECT_EQ(host.events, "ssssF");
  EXPECT_EQ(wheel.armed_count(), 0u);
}

TEST_F(Chap, AUT_03_Md5ResponseReachesTheBackendWithEverythingToCheckIt) {
  start(AuthMethod::kChapMd5);
  const Challenge sent = challenge();
  const auto answer = crypto::chap_md5_response(sent.identifier, wire::octets_of("secret"), sent.value);
  respond(sent.identifier, answer, "alice");
  ASSERT_EQ(backend.requests.size(), 1u);
  const auto& proof = std::get<ChapMd5Proof>(backend.requests[0].proof);
  EXPECT_EQ(proof.identifier, sent.identifier);
  EXPECT_EQ(proof.challenge, sent.value);
  EXPECT_EQ(proof.response, answer);
  backend.answer(AuthAccepted{});
  EXPECT_EQ(host.events, "ssA");
  EXPECT_EQ(last().code, 3);
  EXPECT_EQ(last().identifier, sent.identifier);
}

TEST_F(Chap, AUT_03_ValueSizesOtherThan16FailOrAreIgnored) {
  for (const std::size_t size : {1u, 15u, 17u, 49u}) {
    host = {};
    start(AuthMethod::kChapMd5);
    respond(challenge().identifier, Octets(size, 0x55), "alice");
    EXPECT_EQ(host.events, "ssF") << size;
    EXPECT_EQ(last().code, 4) << size;
    EXPECT_EQ(host.reason, EndReason::kAuthFailed) << size;
  }
  start(AuthMethod::kChapMd5);
  host.events.clear();
  const std::uint8_t identifier = challenge().identifier;
  deliver(2, identifier, Octets{});
  deliver(2, identifier, Octets{0, 'a'});
  deliver(2, identifier, Octets{255, 1, 2, 3});
  deliver(2, identifier, Octets{16, 1, 2, 3});
  EXPECT_EQ(host.events, "");
  EXPECT_TRUE(backend.requests.empty());
}

TEST_F(Chap, AUT_03_AResponseToAnotherIdentifierIsDropped) {
  start(AuthMethod::kMsChapV2);
  const Challenge sent = challenge();
  const Octets response = v2_response(sent.value, "alice", "secret");
  for (int other = 0; other < 256; ++other) {
    if (other != sent.identifier) {
      respond(static_cast<std::uint8_t>(other), response, "alice");
    }
  }
  EXPECT_TRUE(backend.requests.empty());
  respond(sent.identifier, response, "alice");
  EXPECT_EQ(backend.requests.size(), 1u);
}

TEST_F(Chap, AUT_03_ARepeatedResponseGetsTheIdenticalSuccessAndOneRequestIsMade) {
  start(AuthMethod::kMsChapV2);
  const Challenge sent = challenge();
  const Octets response = v2_response(sent.value, "alice", "secret");
  respond(sent.identifier, response, "alice");
  respond(sent.identifier, response, "alice");  // the backend has not answered yet
  backend.answer(AuthAccepted{.authenticator_response = "S=" + std::string(40, 'A')});
  respond(sent.identifier, response, "alice");
  respond(sent.identifier, v2_response(sent.value, "bob", "x"), "bob");
  ASSERT_EQ(host.frames.size(), 4u);
  EXPECT_EQ(host.frames[2], host.frames[1]);
  EXPECT_EQ(host.frames[3], host.frames[1]) << "RFC 1994 §4.1: whatever it says, the same reply";
  EXPECT_EQ(backend.requests.size(), 1u);
  EXPECT_EQ(host.events, "ssAss");
}

TEST_F(Chap, NoChallengeIsRepeatedWhileTheBackendThinksOrAfterwards) {
  start(AuthMethod::kMsChapV2);
  const Challenge sent = challenge();
  respond(sent.identifier, v2_response(sent.value, "alice", "secret"), "alice");
  pass(9s);
  EXPECT_EQ(host.frames.size(), 1u);
  backend.answer(AuthAccepted{.authenticator_response = "S=" + std::string(40, 'A')});
  pass(60s);
  EXPECT_EQ(host.events, "ssA");
}

TEST_F(Chap, AUT_04_MsChapV2EndToEndWithLocalUsers) {
  users.use(parse_users("User * clientPass *\n", {}).users);
  backend_in_use = &users;
  start(AuthMethod::kMsChapV2);
  const Challenge sent = challenge();
  const Octets response = v2_response(sent.value, "User", "clientPass");
  respond(sent.identifier, response, "DOMAIN\\User");
  ASSERT_EQ(host.events, "ssA");
  EXPECT_EQ(last().code, 3);
  // What the client verifies: RFC 2759 §8.8.
  const auto parsed = wire::parse_ms_chap_v2(response);
  std::array<std::uint8_t, 16> ours{};
  std::ranges::copy(sent.value, ours.begin());
  const auto hash_hash = crypto::nt_hash_hash(crypto::nt_password_hash(wire::octets_of("clientPass")));
  EXPECT_EQ(last_text(),
            crypto::authenticator_response(hash_hash, parsed->nt_response,
                                           crypto::challenge_hash(parsed->peer_challenge, ours, "User")) +
                " M=Welcome");
  EXPECT_TRUE(std::regex_match(last_text(), std::regex("S=[0-9A-F]{40} M=.+")));
  EXPECT_EQ(host.user, "DOMAIN\\User");
  ASSERT_TRUE(host.accepted->mppe.has_value());
}

TEST_F(Chap, ASuccessThatCannotProveUsIsNotSent) {
  start(AuthMethod::kMsChapV2);
  const Challenge sent = challenge();
  respond(sent.identifier, v2_response(sent.value, "alice", "secret"), "alice");
  backend.answer(AuthAccepted{});
  EXPECT_EQ(host.events, "sF");
  EXPECT_EQ(host.reason, EndReason::kAuthUnusable);
}

TEST_F(Chap, AUT_06_MalformedV2ResponsesFailWith691AndAskNobody) {
  const auto spoiled = [](std::size_t at) {
    Octets value(49, 0x00);
    value[at] = 1;
    return value;
  };
  std::vector<Octets> values = {Octets(48), Octets(50), Octets(1), Octets(255), spoiled(48)};
  for (std::size_t reserved = 16; reserved < 24; ++reserved) {
    values.push_back(spoiled(reserved));
  }
  for (const Octets& value : values) {
    host = {};
    start(AuthMethod::kMsChapV2);
    respond(challenge().identifier, value, "alice");
    EXPECT_EQ(host.events, "ssF");
    EXPECT_TRUE(last_text().starts_with("E=691 R=0 ")) << last_text();
    EXPECT_TRUE(backend.requests.empty());
  }
}

TEST_F(Chap, AUT_07_FailureHasTheFormOfRfc2759) {
  start(AuthMethod::kMsChapV2);
  const Challenge sent = challenge();
  respond(sent.identifier, v2_response(sent.value, "alice", "guess"), "alice");
  backend.answer(AuthRejected{});
  EXPECT_EQ(host.events, "ssF");
  EXPECT_EQ(last().code, 4);
  EXPECT_EQ(last().identifier, sent.identifier);
  EXPECT_TRUE(std::regex_match(last_text(), std::regex("E=691 R=0 C=[0-9A-F]{32} V=3 M=[ -~]+")))
      << last_text();
}

TEST_F(Chap, AUT_07_OtherErrorsCarryTheirNumberAndAreFinal) {
  settings.auth.max_failure = 3;
  for (const std::uint16_t error : std::vector<std::uint16_t>{646, 647, 648, 649, 709}) {
    host = {};
    start(AuthMethod::kMsChapV2);
    const Challenge sent = challenge();
    respond(sent.identifier, v2_response(sent.value, "alice", "secret"), "alice");
    backend.answer(AuthRejected{error});
    EXPECT_EQ(host.events, "ssF") << error;
    EXPECT_TRUE(last_text().starts_with("E=" + std::to_string(error) + " R=0 C=")) << last_text();
  }
}

TEST_F(Chap, AUT_07_WithAttemptsLeftTheNextResponseAnswersTheChallengeInTheFailure) {
  settings.auth.max_failure = 2;
  users.use(parse_users("alice * secret\n", {}).users);
  backend_in_use = &users;
  start(AuthMethod::kMsChapV2);
  const Challenge sent = challenge();
  const Octets guess = v2_response(sent.value, "alice", "guess");
  respond(sent.identifier, guess, "alice");
  EXPECT_EQ(host.events, "ss");
  EXPECT_TRUE(authenticator->rejected());
  std::smatch match;
  const std::string text = last_text();
  ASSERT_TRUE(std::regex_match(text, match, std::regex("E=691 R=1 C=([0-9A-F]{32}) V=3 M=.*"))) << text;
  respond(sent.identifier, guess, "alice");  // its Failure was lost
  EXPECT_EQ(host.frames[2], host.frames[1]);
  pass(30s);  // the user is typing
  Octets fresh;
  for (std::size_t i = 0; i < 32; i += 2) {
    fresh.push_back(static_cast<std::uint8_t>(std::stoi(match[1].str().substr(i, 2), nullptr, 16)));
  }
  const auto next = static_cast<std::uint8_t>(sent.identifier + 1);
  respond(next, v2_response(fresh, "alice", "secret"), "alice");
  EXPECT_EQ(host.events, "ssssA");
  EXPECT_EQ(last().code, 3);
  EXPECT_EQ(last().identifier, next);
  EXPECT_FALSE(authenticator->rejected());
}

TEST_F(Chap, AUT_07_TheLastAttemptIsFinal) {
  settings.auth.max_failure = 2;
  backend.answer_at_once = AuthRejected{};
  start(AuthMethod::kMsChapV2);
  const Challenge sent = challenge();
  respond(sent.identifier, v2_response(sent.value, "alice", "one"), "alice");
  respond(static_cast<std::uint8_t>(sent.identifier + 1), v2_response(sent.value, "alice", "two"), "alice");
  EXPECT_EQ(host.events, "sssF");
  EXPECT_TRUE(last_text().starts_with("E=691 R=0 "));
}

TEST_F(Chap, Md5HasNoSecondAttempt) {
  settings.auth.max_failure = 3;
  start(AuthMethod::kChapMd5);
  respond(challenge().identifier, Octets(16, 1), "alice");
  backend.answer(AuthRejected{});
  EXPECT_EQ(host.events, "ssF");
  EXPECT_EQ(last().code, 4);
}

TEST_F(Chap, MsChapV1IsServedAndItsLmOnlyFormRefused) {
  start(AuthMethod::kMsChapV1);
  const Challenge sent = challenge();
  wire::MsChapV1Response response;
  response.nt_response.fill(0x33);
  auto value = wire::ms_chap_v1_value(response);
  respond(sent.identifier, value, "alice");
  ASSERT_EQ(backend.requests.size(), 1u);
  const auto& proof = std::get<MsChapV1Proof>(backend.requests[0].proof);
  EXPECT_TRUE(std::ranges::equal(proof.challenge, sent.value));
  EXPECT_EQ(proof.nt_response, response.nt_response);
  backend.answer(AuthRejected{});
  EXPECT_TRUE(std::regex_match(last_text(), std::regex("E=691 R=0 C=[0-9A-F]{16} V=2 M=.+"))) << last_text();

  host = {};
  start(AuthMethod::kMsChapV1);
  value[48] = 0;  // "use the LM response"
  respond(challenge().identifier, value, "alice");
  EXPECT_EQ(host.events, "ssF");
  EXPECT_EQ(backend.requests.size(), 1u);
}

TEST_F(Chap, AUT_06_OtherCodesAndTruncationsAreIgnored) {
  start(AuthMethod::kMsChapV2);
  const Challenge sent = challenge();
  const Octets response = v2_response(sent.value, "alice", "secret");
  Octets whole = {2, sent.identifier, 0, static_cast<std::uint8_t>(4 + 1 + 49 + 5), 49};
  whole.insert(whole.end(), response.begin(), response.end());
  for (const char c : std::string("alice")) {
    whole.push_back(static_cast<std::uint8_t>(c));
  }
  for (std::size_t size = 0; size < whole.size(); ++size) {
    authenticator->on_packet(Octets(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
  }
  for (const std::uint8_t code : Octets{0, 1, 3, 4, 5, 6, 7, 255}) {  // 7: Change-Password without an E=648
    Octets other = whole;
    other[0] = code;
    authenticator->on_packet(other);
  }
  EXPECT_TRUE(backend.requests.empty());
  EXPECT_EQ(host.events, "s");
  whole.resize(whole.size() + 10);  // padding after Length
  authenticator->on_packet(whole);
  EXPECT_EQ(backend.requests.at(0).user, "alice");
}

// LCP has begun anew in the clear: whoever knows the call may have sent the response, before the peer did.
TEST_F(Chap, SEC_01_AForgedResponseDoesNotEndASessionThatHasBeenUp) {
  host.been_up = true;
  start(AuthMethod::kMsChapV2);
  const Challenge first = challenge();
  respond(first.identifier, v2_response(first.value, "alice", "guess"), "alice");
  backend.answer(AuthRejected{});
  EXPECT_EQ(host.events, "s") << "no Failure: pppd would hang up";
  for (unsigned any = 0; any < 256; ++any) {
    respond(static_cast<std::uint8_t>(any), v2_response(first.value, "alice", "guess"), "alice");
  }
  EXPECT_EQ(backend.requests.size(), 1u) << "one guess a second";
  pass(1s);
  const Challenge second = challenge();
  EXPECT_NE(second.value, first.value);
  respond(second.identifier, v2_response(second.value, "alice", "secret"), "alice");
  AuthAccepted accepted;
  accepted.authenticator_response = "S=" + std::string(40, 'A');
  backend.answer(accepted);
  EXPECT_EQ(host.events, "sssA");
  EXPECT_FALSE(authenticator->rejected());
}

TEST_F(Chap, SEC_01_WhoCannotProveItStillHasTheDeadline) {
  host.been_up = true;
  backend.answer_at_once = AuthRejected{};
  start(AuthMethod::kMsChapV2);
  for (int n = 0; n < 12; ++n) {
    if (last().code == 1) {
      respond(challenge().identifier, v2_response(challenge().value, "alice", "guess"), "alice");
    }
    pass(1s);
  }
  EXPECT_EQ(host.events, "ssssssssssF");
  EXPECT_EQ(host.reason, EndReason::kAuthTimeout);
  EXPECT_EQ(backend.requests.size(), 10u);
  EXPECT_EQ(wheel.armed_count(), 0u);
}

class ChangePassword : public Chap {
 protected:
  /// Alice's password has expired; returns the identifier of what is awaited.
  std::uint8_t expired(bool takes_new_password = true) {
    start(AuthMethod::kMsChapV2);
    const Challenge sent = challenge();
    respond(sent.identifier, v2_response(sent.value, "alice", "secret"), "alice");
    backend.answer(AuthRejected{.ms_chap_error = kPasswordExpired, .takes_new_password = takes_new_password});
    return static_cast<std::uint8_t>(sent.identifier + 1);
  }
  /// Octet n of it is n.
  [[nodiscard]] static Octets change() {
    Octets data(wire::kMsChapChangeSize);
    for (std::size_t at = 0; at < data.size(); ++at) {
      data[at] = static_cast<std::uint8_t>(at);
    }
    std::fill_n(data.begin() + 516 + 32, 8, std::uint8_t{0});
    std::fill_n(data.end() - 2, 2, std::uint8_t{0});
    return data;
  }
};

TEST_F(ChangePassword, AUT_17_ThePeerIsInvitedAndTheBackEndGetsAllOfIt) {
  const std::uint8_t next = expired();
  EXPECT_EQ(host.events, "ss");
  std::smatch match;
  const std::string text = last_text();
  ASSERT_TRUE(std::regex_match(text, match, std::regex("E=648 R=1 C=([0-9A-F]{32}) V=3 M=Password expired")))
      << text;
  pass(30s);  // the user is typing
  EXPECT_EQ(host.events, "ss");
  deliver(7, next, change());
  ASSERT_EQ(backend.requests.size(), 2u);
  EXPECT_EQ(backend.requests[1].user, "alice") << "the packet has no name";
  const auto& proof = std::get<MsChapV2Proof>(backend.requests[1].proof);
  ASSERT_NE(proof.change, nullptr);
  EXPECT_EQ(proof.identifier, next);
  EXPECT_TRUE(std::ranges::equal(proof.change->encrypted_password.bytes(), wire::Bytes(change()).first(516)));
  EXPECT_EQ(proof.change->encrypted_hash[0], 516 % 256);
  EXPECT_EQ(proof.peer_challenge[0], 532 % 256);
  EXPECT_EQ(proof.nt_response[0], 556 % 256);
  std::string challenged;
  for (const std::uint8_t octet : proof.challenge) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02X", octet);
    challenged += digits;
  }
  EXPECT_EQ(challenged, match[1].str()) << "the challenge of the Failure";
  backend.answer(AuthAccepted{.authenticator_response = "S=" + std::string(40, 'A')});
  EXPECT_EQ(host.events, "sssA");
  EXPECT_EQ(last().code, 3);
  deliver(7, next, change());  // its Success was lost
  EXPECT_EQ(host.events, "sssAs");
  EXPECT_EQ(backend.requests.size(), 2u);
}

TEST_F(ChangePassword, AUT_17_ARefusedOneIsFinal) {
  const std::uint8_t next = expired();
  deliver(7, next, change());
  backend.answer(AuthRejected{.ms_chap_error = kErrorChangingPassword});
  EXPECT_EQ(host.events, "sssF");
  EXPECT_TRUE(last_text().starts_with("E=709 R=0 C=")) << last_text();
}

TEST_F(ChangePassword, AUT_17_WhereTheBackEndTakesNoneTheFailureIsFinal) {
  const std::uint8_t next = expired(false);
  EXPECT_EQ(host.events, "ssF");
  EXPECT_TRUE(last_text().starts_with("E=648 R=0 C=")) << last_text();
  deliver(7, next, change());
  EXPECT_EQ(backend.requests.size(), 1u);
}

TEST_F(ChangePassword, AUT_17_OutOfTurnNothingIsChanged) {
  start(AuthMethod::kMsChapV2);
  deliver(7, challenge().identifier, change());
  EXPECT_TRUE(backend.requests.empty());
  const std::uint8_t next = expired();
  deliver(7, static_cast<std::uint8_t>(next + 1), change());
  respond(next, v2_response(Octets(16), "alice", "secret"), "alice");
  EXPECT_EQ(backend.requests.size(), 1u) << "another identifier; no further guess by a Response";
}

TEST_F(ChangePassword, AUT_17_AMalformedOneIsAFailureAndAsksNobody) {
  std::vector<Octets> malformed;
  for (const std::size_t size : {0u, 1u, 515u, 581u, 583u, 1000u}) {
    Octets data = change();
    data.resize(size);
    malformed.push_back(data);
  }
  for (const std::size_t reserved : {548u, 555u, 580u, 581u}) {
    malformed.push_back(change());
    malformed.back()[reserved] = 1;
  }
  for (const Octets& data : malformed) {
    host = {};
    backend.requests.clear();
    const std::uint8_t next = expired();
    deliver(7, next, data);
    EXPECT_EQ(host.events, "sssF") << data.size();
    EXPECT_EQ(backend.requests.size(), 1u);
  }
}

TEST_F(ChangePassword, AUT_17_LocalUsersAnswerThatItFailed) {
  users.use(parse_users("alice * secret\n", {}).users);
  const std::uint8_t next = expired();
  deliver(7, next, change());
  users.authenticate(std::move(backend.requests.at(1)), *std::exchange(backend.waiting, nullptr));
  EXPECT_EQ(host.events, "sssF");
  EXPECT_TRUE(last_text().starts_with("E=709 R=0 C=")) << last_text();
}

class Rechallenge : public Chap {
 protected:
  Rechallenge() {
    settings.auth.rechallenge = 100s;
    accepted.authenticator_response = "S=" + std::string(40, 'A');
  }
  /// Lets the peer in, and waits for the next challenge.
  Challenge challenged_again(AuthMethod method) {
    start(method);
    const Challenge first = challenge();
    answer(method, first, "secret");
    backend.answer(accepted);
    EXPECT_EQ(host.events, "ssA");
    host.been_up = true;
    const Challenge second = next_challenge();
    EXPECT_NE(second.identifier, first.identifier);
    EXPECT_NE(second.value, first.value);
    return second;
  }
  /// Within a tenth of the interval.
  Challenge next_challenge() {
    host.events.clear();
    pass(89s);
    EXPECT_EQ(host.events, "");
    for (int n = 0; n < 22 && host.events.empty(); ++n) {
      pass(1s);
    }
    EXPECT_EQ(host.events, "s");
    return challenge();
  }
  void answer(AuthMethod method, const Challenge& to, std::string_view password) {
    if (method == AuthMethod::kMsChapV2) {
      return respond(to.identifier, v2_response(to.value, "alice", password), "alice");
    }
    respond(to.identifier, crypto::chap_md5_response(to.identifier, wire::octets_of(password), to.value),
            "alice");
  }
  AuthAccepted accepted;
};

TEST_F(Rechallenge, AUT_16_ARightProofIsAnsweredAndGrantsNothingAnew) {
  for (const AuthMethod method : {AuthMethod::kMsChapV2, AuthMethod::kChapMd5}) {
    host = {};
    backend.requests.clear();
    const Challenge again = challenged_again(method);
    host.events.clear();
    answer(method, again, "secret");
    ASSERT_EQ(backend.requests.size(), 2u);
    EXPECT_FALSE(backend.requests[0].again);
    EXPECT_TRUE(backend.requests[1].again);
    backend.answer(accepted);
    EXPECT_EQ(host.events, "s") << "a Success, and no second acceptance: the keys stay";
    EXPECT_EQ(last().code, 3);
    EXPECT_EQ(last().identifier, again.identifier);
    EXPECT_NE(next_challenge().value, again.value);
  }
}

TEST_F(Rechallenge, AUT_16_AWrongProofHasTheDeadlineAndAReasonOfItsOwn) {
  const Challenge again = challenged_again(AuthMethod::kMsChapV2);
  backend.answer_at_once = AuthRejected{};
  answer(AuthMethod::kMsChapV2, again, "guess");
  EXPECT_EQ(host.reason, EndReason::kNone) << "it may be anybody's";
  for (int n = 0; n < 12; ++n) {
    pass(1s);
    if (last().code == 1) {
      answer(AuthMethod::kMsChapV2, challenge(), "guess");
    }
  }
  EXPECT_EQ(host.reason, EndReason::kRechallengeFailed);
  EXPECT_EQ(std::ranges::count(host.events, 'F'), 1);
  EXPECT_EQ(wheel.armed_count(), 0u);
}

TEST_F(Rechallenge, AUT_16_ARightProofAfterAForgedOneKeepsTheSession) {
  const Challenge again = challenged_again(AuthMethod::kMsChapV2);
  answer(AuthMethod::kMsChapV2, again, "guess");
  backend.answer(AuthRejected{});
  pass(1s);
  const Challenge next = challenge();
  EXPECT_NE(next.identifier, again.identifier);
  answer(AuthMethod::kMsChapV2, next, "secret");
  backend.answer(accepted);
  EXPECT_EQ(last().code, 3);
  pass(80s);
  EXPECT_EQ(host.reason, EndReason::kNone);
}

TEST_F(Rechallenge, AUT_16_WhoDoesNotAnswerIsAskedAgainAndThenEnded) {
  challenged_again(AuthMethod::kMsChapV2);
  pass(10s);
  EXPECT_EQ(host.events, "ssssF") << "the same challenge each 3 s";
  EXPECT_EQ(host.reason, EndReason::kRechallengeFailed);
  pass(10s);
  EXPECT_EQ(host.events, "ssssF");
  EXPECT_EQ(wheel.armed_count(), 0u);
}

TEST_F(Rechallenge, AUT_16_NobodyToJudgeItIsNoFaultOfThePeers) {
  const Challenge again = challenged_again(AuthMethod::kMsChapV2);
  answer(AuthMethod::kMsChapV2, again, "secret");
  backend.answer(AuthUnavailable{"no server answers"});
  EXPECT_EQ(host.reason, EndReason::kNone);
  answer(AuthMethod::kMsChapV2, next_challenge(), "secret");
  pass(11s);  // no verdict comes
  EXPECT_EQ(host.reason, EndReason::kNone);
  EXPECT_EQ(backend.cancelled, 1);
}

TEST_F(Rechallenge, AUT_16_WhoWasWrongAtTheLoginMayHangUpWhileChallengedAgain) {
  settings.auth.max_failure = 2;
  start(AuthMethod::kMsChapV2);
  const Challenge first = challenge();
  answer(AuthMethod::kMsChapV2, first, "guess");
  backend.answer(AuthRejected{});
  EXPECT_TRUE(authenticator->rejected());
  respond(static_cast<std::uint8_t>(first.identifier + 1), v2_response(Octets(16), "alice", "secret"),
          "alice");
  backend.answer(accepted);
  host.been_up = true;
  next_challenge();
  EXPECT_FALSE(authenticator->rejected()) << "it has been let in";
}

TEST_F(Chap, AUT_16_WithoutAnIntervalNobodyIsChallengedAgain) {
  start(AuthMethod::kChapMd5);
  respond(challenge().identifier, Octets(16, 1), "alice");
  backend.answer(AuthAccepted{});
  EXPECT_EQ(wheel.armed_count(), 0u);
}

// CVE-2020-8597: EAP reached pppd's parser although it had not been negotiated. Here the session would not
// deliver EAP packets, because their protocol is wrong, and they are not valid CHAP either.
TEST_F(Chap, AUT_13_EapPacketsAreNothingToChap) {
  start(AuthMethod::kChapMd5);
  EXPECT_EQ(authenticator->protocol(), wire::PppProtocol::kChap);
  Octets eap = {2, challenge().identifier, 0x05, 0xDC, 4, 16};  // Response, Length 1500, type MD5
  eap.resize(1400, 'A');                                        // a huge name, and Length beyond the packet
  authenticator->on_packet(eap);
  EXPECT_EQ(host.events, "s");
  EXPECT_TRUE(backend.requests.empty());
}

TEST_F(Chap, EveryBitFlipOfAResponseIsHarmless) {
  start(AuthMethod::kMsChapV2);
  const Challenge sent = challenge();
  const Octets response = v2_response(sent.value, "alice", "secret");
  Octets whole = {2, sent.identifier, 0, 58, 49};
  whole.insert(whole.end(), response.begin(), response.end());
  whole.insert(whole.end(), {'b', 'o', 'b', '!'});
  backend.answer_at_once = AuthRejected{};
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    host = {};
    entropy = adit::test::SeededEntropy();
    start(AuthMethod::kMsChapV2);
    Octets flipped = whole;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    authenticator->on_packet(flipped);
    EXPECT_TRUE(host.events == "s" || host.events == "ssF") << "bit " << bit << ": " << host.events;
  }
}

}  // namespace
}  // namespace adit::control
