// SPDX-License-Identifier: Apache-2.0
// EAP, authenticator's side: the lock-step, what it discards, a server's method passed through, and EAP-MSCHAPv2 end to
// end with local users.
#include "dataplane/wire/eap.hpp"

#include "controlplane/auth/chap_secrets.hpp"
#include "controlplane/auth/eap.hpp"
#include "controlplane/auth/local_users.hpp"
#include "crypto/mschap.hpp"
#include "tests/controlplane/auth/auth_fixture.hpp"

namespace adit::control {
namespace {

using test::octets;
using test::Octets;
using wire::EapCode;
using wire::EapType;

/// A backend that hands each proof to LocalUsers, and remembers it.
class Users final : public AuthBackend {
 public:
  void authenticate(AuthRequest request, AuthClient& client) override {
    requests.push_back(request);
    users.authenticate(std::move(request), client);
  }
  void cancel(AuthClient&) override {}
  LocalUsers users;
  std::vector<AuthRequest> requests;
};

class EapTest : public test::AuthFixture {
 protected:
  ~EapTest() override { authenticator.reset(); }

  void begin_local() {
    static_cast<void>(local.users.use(parse_users("alice * secret\n", {}).users));
    backend_in_use = &local;
    start(AuthMethod::kEap);
  }
  void begin_remote() {
    settings.eap.mode = EapMode::kRadius;
    start(AuthMethod::kEap);
  }

  /// The last packet, which is one of EAP.
  [[nodiscard]] wire::EapPacket request() const {
    const auto packet = wire::parse_eap(last().whole);
    EXPECT_TRUE(packet.has_value());
    return *packet;
  }
  void respond(EapType type, wire::Bytes data) { respond_as(request().identifier, type, data); }
  void respond_as(std::uint8_t identifier, EapType type, wire::Bytes data) {
    Octets body{static_cast<std::uint8_t>(type)};
    body.insert(body.end(), data.begin(), data.end());
    deliver(2, identifier, body);
  }
  void identify(std::string_view name) { respond(EapType::kIdentity, wire::octets_of(name)); }

  /// To the challenge in the last Request, or in the Failure that invites to try again.
  [[nodiscard]] Octets proof(std::string_view user, std::string_view password, std::uint8_t identifier,
                             wire::Bytes challenge) {
    wire::MsChapV2Response response;
    response.peer_challenge.fill(0x41);
    const auto hash = crypto::challenge_hash(response.peer_challenge, challenge.first<16>(), user);
    response.nt_response = crypto::nt_response(hash, crypto::nt_password_hash(wire::octets_of(password)));
    const auto value = wire::ms_chap_v2_value(response);
    Octets data(wire::kEapMsChapV2HeaderSize);
    wire::write_eap_ms_chap_v2(data.data(), wire::EapMsChapV2Code::kResponse, identifier,
                               1 + value.size() + user.size());
    data.push_back(static_cast<std::uint8_t>(value.size()));
    data.insert(data.end(), value.begin(), value.end());
    data.insert(data.end(), user.begin(), user.end());
    return data;
  }
  void prove(std::string_view user, std::string_view password) {
    const auto asked = wire::parse_eap_ms_chap_v2(request().data);
    ASSERT_TRUE(asked && asked->code == wire::EapMsChapV2Code::kChallenge);
    const auto value = wire::parse_chap_value(asked->data);
    ASSERT_TRUE(value);
    respond(EapType::kMsChapV2, proof(user, password, asked->identifier, value->value));
  }
  void acknowledge(wire::EapMsChapV2Code code) {
    const std::uint8_t octet = static_cast<std::uint8_t>(code);
    respond(EapType::kMsChapV2, wire::Bytes(&octet, 1));
  }

  static Octets server_request(std::uint8_t identifier, EapType type, std::size_t size) {
    Octets packet{1, identifier, 0, 0, static_cast<std::uint8_t>(type)};
    packet.resize(size, 0x5a);
    wire::store_be(packet.data() + 2, static_cast<std::uint16_t>(size));
    return packet;
  }
  static AuthChallenge challenge(std::uint8_t identifier, EapType type = EapType::kPeap,
                                 std::size_t size = 20) {
    return {.request = server_request(identifier, type, size), .next = {.server = "s0", .state = {1, 2, 3}}};
  }
  [[nodiscard]] const EapProof& asked() const { return std::get<EapProof>(backend.requests.back().proof); }

  Users local;
};

// ---- the lock-step ----------------------------------------------------------------------------------------

TEST_F(EapTest, AsksForTheIdentityFirst) {
  begin_local();
  EXPECT_EQ(request().code, EapCode::kRequest);
  EXPECT_EQ(request().type, EapType::kIdentity);
  EXPECT_EQ(request().whole.size(), 5U);
  EXPECT_EQ(authenticator->name(), "eap");
}

TEST_F(EapTest, ARequestIsRepeatedAsItIsEveryThreeSecondsTenTimes) {
  begin_local();
  pass(Duration{29'900});
  ASSERT_EQ(host.frames.size(), 10U);
  for (const Octets& frame : host.frames) {
    EXPECT_EQ(frame, host.frames[0]) << "RFC 3748 §4.1: the same identifier";
  }
  EXPECT_EQ(host.events.find('F'), std::string::npos);
  pass(Duration{200});
  EXPECT_EQ(host.reason, EndReason::kEapTimeout);
}

TEST_F(EapTest, EachRequestHasAnotherIdentifier) {
  begin_local();
  const std::uint8_t first = request().identifier;
  identify("alice");
  EXPECT_EQ(request().identifier, static_cast<std::uint8_t>(first + 1));
}

TEST_F(EapTest, AResponseUnderAnotherIdentifierIsDiscarded) {
  begin_local();
  const std::uint8_t first = request().identifier;
  respond_as(static_cast<std::uint8_t>(first + 1), EapType::kIdentity, wire::octets_of("alice"));
  EXPECT_EQ(host.frames.size(), 1U);
  identify("alice");
  ASSERT_EQ(host.frames.size(), 2U);
  respond_as(first, EapType::kIdentity, wire::octets_of("mallory"));
  EXPECT_EQ(host.frames.size(), 2U) << "a replay of the one before";
}

TEST_F(EapTest, SuccessFailureAndRequestsFromThePeerAreDiscarded) {
  begin_local();
  for (const std::uint8_t code : Octets{1, 3, 4, 0, 5, 255}) {
    deliver(code, request().identifier, {});
    const std::uint8_t identity = 1;
    deliver(code, request().identifier, wire::Bytes(&identity, 1));
  }
  EXPECT_EQ(host.events, "s");
  EXPECT_FALSE(host.accepted);
  EXPECT_TRUE(local.requests.empty());
}

TEST_F(EapTest, WhatFollowsLengthIsPaddingAndALengthBeyondThePacketDiscardsIt) {
  begin_local();
  const std::uint8_t identifier = request().identifier;
  const Octets too_long{2, identifier, 0, 11, 1, 'a', 'l', 'i', 'c', 'e'};
  authenticator->on_packet(too_long);
  for (std::size_t size = 0; size < 5; ++size) {
    authenticator->on_packet(wire::Bytes(too_long).first(size));
  }
  EXPECT_EQ(host.frames.size(), 1U);
  const Octets padded{2, identifier, 0, 10, 1, 'a', 'l', 'i', 'c', 'e', 0, 0, 0, 'x'};
  authenticator->on_packet(padded);
  EXPECT_EQ(host.frames.size(), 2U);
  prove("alice", "secret");
  EXPECT_EQ(local.requests.back().user, "alice");
}

TEST_F(EapTest, CVE_2020_8597_AnIdentityOfAKilobyteIsRefusedByItsLength) {
  begin_remote();
  identify(std::string(1'024, 'a'));
  EXPECT_TRUE(backend.requests.empty());
  EXPECT_EQ(request().code, EapCode::kFailure);
  EXPECT_EQ(host.reason, EndReason::kAuthFailed);
  EXPECT_EQ(host.user.size(), 253U);
}

TEST_F(EapTest, AnIdentityWithANulIsRefused) {
  for (const std::string_view name : {std::string_view("alice\0bob", 9), std::string_view("alice\0", 6)}) {
    host = {};
    begin_local();
    identify(name);
    EXPECT_TRUE(local.requests.empty());
    EXPECT_EQ(host.reason, EndReason::kAuthFailed);
    EXPECT_EQ(host.user, name);
  }
}

TEST_F(EapTest, TheWholeExchangeHasADeadline) {
  begin_remote();
  identify("alice");
  for (std::uint8_t i = 0; i < 7; ++i) {
    backend.answer(challenge(static_cast<std::uint8_t>(0x20 + i)));
    pass(Duration{9'000});
    EXPECT_EQ(host.events.find('F') != std::string::npos, i == 6) << int{i};
    if (i < 6) {
      respond(EapType::kPeap, octets("x"));
    }
  }
  EXPECT_EQ(host.reason, EndReason::kEapTimeout);
}

// ---- EAP-MSCHAPv2 -----------------------------------------------------------------------------------------

TEST_F(EapTest, AUT_15_EapMsChapV2EndToEnd) {
  begin_local();
  identify("alice");
  EXPECT_EQ(request().type, EapType::kMsChapV2);
  EXPECT_EQ(wire::parse_eap_ms_chap_v2(request().data)->identifier, request().identifier)
      << "the MS-CHAPv2-ID is the identifier of the challenge";
  prove("alice", "secret");
  ASSERT_FALSE(host.accepted) << "the peer has yet to say that it believes us";
  const auto success = wire::parse_eap_ms_chap_v2(request().data);
  ASSERT_TRUE(success && success->code == wire::EapMsChapV2Code::kSuccess);
  EXPECT_TRUE(wire::text_of(success->data).starts_with("S="));
  const std::uint8_t last_request = request().identifier;
  acknowledge(wire::EapMsChapV2Code::kSuccess);
  ASSERT_TRUE(host.accepted);
  EXPECT_EQ(request().code, EapCode::kSuccess);
  EXPECT_EQ(request().identifier, last_request) << "RFC 3748 §4.2";
  EXPECT_EQ(host.user, "alice");
  EXPECT_EQ(authenticator->name(), "eap-mschapv2");
  ASSERT_TRUE(host.accepted->mppe);
  EXPECT_EQ(local.requests.back().method, AuthMethod::kEap);
  pass(Duration{120'000});
  EXPECT_EQ(host.events, "ssssA") << "nothing is repeated, and nothing times out";
}

TEST_F(EapTest, ItsKeysAreThoseOfMsChapV2) {
  begin_local();
  identify("alice");
  prove("alice", "secret");
  acknowledge(wire::EapMsChapV2Code::kSuccess);
  const auto& proof = std::get<MsChapV2Proof>(local.requests.back().proof);
  const auto keys = crypto::mppe_start_keys_v2(
      crypto::nt_hash_hash(crypto::nt_password_hash(wire::octets_of("secret"))), proof.nt_response);
  EXPECT_TRUE(crypto::equal_constant_time(keys.send.bytes(), host.accepted->mppe->send.bytes()));
  EXPECT_TRUE(crypto::equal_constant_time(keys.receive.bytes(), host.accepted->mppe->receive.bytes()));
}

TEST_F(EapTest, ARepeatedLastResponseIsAnsweredBySuccessAgain) {
  begin_local();
  identify("alice");
  prove("alice", "secret");
  acknowledge(wire::EapMsChapV2Code::kSuccess);
  const Octets success = host.frames.back();
  pass(Duration{1'000});
  for (int i = 0; i < 3; ++i) {
    acknowledge(wire::EapMsChapV2Code::kSuccess);
    EXPECT_EQ(host.frames.back(), success);
  }
  EXPECT_EQ(host.events, "ssssAsss") << "accepted once";
}

TEST_F(EapTest, AWrongPasswordIsToldAndThenFails) {
  begin_local();
  identify("alice");
  prove("alice", "wrong");
  const auto failure = wire::parse_eap_ms_chap_v2(request().data);
  ASSERT_TRUE(failure && failure->code == wire::EapMsChapV2Code::kFailure);
  EXPECT_TRUE(wire::text_of(failure->data).starts_with("E=691 R=0 C="));
  EXPECT_NE(wire::text_of(failure->data).find(" V=3"), std::string_view::npos);
  EXPECT_EQ(host.rejections, 1U);
  EXPECT_EQ(host.reason, EndReason::kNone) << "the peer has yet to answer";
  acknowledge(wire::EapMsChapV2Code::kFailure);
  EXPECT_EQ(request().code, EapCode::kFailure);
  EXPECT_EQ(host.reason, EndReason::kAuthFailed);
}

TEST_F(EapTest, APeerThatDoesNotAnswerAFailureIsNotWaitedForLong) {
  begin_local();
  identify("alice");
  prove("alice", "wrong");
  pass(Duration{9'100});
  EXPECT_EQ(host.reason, EndReason::kAuthFailed) << "not a time-out: the verdict was given";
}

TEST_F(EapTest, ARejectedPeerMayTryAgainWhereThatIsAllowed) {
  settings.auth.max_failure = 2;
  begin_local();
  identify("alice");
  prove("alice", "wrong");
  const auto failure = wire::parse_eap_ms_chap_v2(request().data);
  const std::string text(wire::text_of(failure->data));
  ASSERT_TRUE(text.starts_with("E=691 R=1 C="));
  Octets again(16);
  for (std::size_t i = 0; i < again.size(); ++i) {
    again[i] = static_cast<std::uint8_t>(std::stoul(text.substr(12 + 2 * i, 2), nullptr, 16));
  }
  respond(EapType::kMsChapV2,
          proof("alice", "secret", static_cast<std::uint8_t>(failure->identifier + 1), again));
  acknowledge(wire::EapMsChapV2Code::kSuccess);
  EXPECT_TRUE(host.accepted);
  EXPECT_EQ(host.rejections, 1U);
}

// Change-Password is a packet of MS-CHAPv2 itself: within EAP nobody could answer the invitation.
TEST_F(EapTest, AUT_17_AnExpiredPasswordIsNoInvitation) {
  settings.auth.max_failure = 3;
  start(AuthMethod::kEap);
  identify("alice");
  prove("alice", "secret");
  backend.answer(AuthRejected{.ms_chap_error = kPasswordExpired, .takes_new_password = true});
  const auto failure = wire::parse_eap_ms_chap_v2(request().data);
  ASSERT_TRUE(failure && failure->code == wire::EapMsChapV2Code::kFailure);
  EXPECT_TRUE(wire::text_of(failure->data).starts_with("E=648 R=0 C="));
}

TEST_F(EapTest, AUT_16_NobodyIsAskedAgainWithinTheSession) {
  settings.auth.rechallenge = Duration{100'000};
  begin_local();
  identify("alice");
  prove("alice", "secret");
  acknowledge(wire::EapMsChapV2Code::kSuccess);
  ASSERT_TRUE(host.accepted);
  const std::size_t sent = host.frames.size();
  pass(Duration{200'000});
  EXPECT_EQ(host.frames.size(), sent);
  EXPECT_EQ(wheel.armed_count(), 0U);
}

TEST_F(EapTest, APeerThatIsInvitedToRetryMayGiveUp) {
  settings.auth.max_failure = 2;
  begin_local();
  identify("alice");
  prove("alice", "wrong");
  acknowledge(wire::EapMsChapV2Code::kFailure);
  EXPECT_EQ(request().code, EapCode::kFailure);
  EXPECT_EQ(host.reason, EndReason::kAuthFailed);
}

TEST_F(EapTest, APeerThatDoesNotBelieveUsIsNotLetIn) {
  begin_local();
  identify("alice");
  prove("alice", "secret");
  acknowledge(wire::EapMsChapV2Code::kFailure);
  EXPECT_FALSE(host.accepted);
  EXPECT_EQ(host.reason, EndReason::kAuthFailed);
}

TEST_F(EapTest, AcknowledgingASuccessThatWasNotSaidIsAMalformedProof) {
  begin_local();
  identify("alice");
  acknowledge(wire::EapMsChapV2Code::kSuccess);
  EXPECT_FALSE(host.accepted);
  EXPECT_EQ(host.reason, EndReason::kAuthFailed);
  EXPECT_EQ(host.rejections, 1U);
}

TEST_F(EapTest, ANulInTheNameOfTheProofIsRefusedAsInTheIdentity) {
  begin_local();
  identify("alice");
  prove(std::string_view("alice\0bob", 9), "secret");
  EXPECT_TRUE(local.requests.empty());
  EXPECT_EQ(host.reason, EndReason::kAuthFailed);
}

TEST_F(EapTest, EveryTruncationOfAProofIsRefused) {
  begin_local();
  identify("alice");
  const auto challenge = wire::parse_eap_ms_chap_v2(request().data);
  const Octets whole =
      proof("alice", "secret", challenge->identifier, wire::parse_chap_value(challenge->data)->value);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    host = {};
    begin_local();
    identify("alice");
    respond(EapType::kMsChapV2, wire::Bytes(whole).first(size));
    EXPECT_FALSE(host.accepted) << size;
    EXPECT_EQ(host.reason, EndReason::kAuthFailed) << size;
    EXPECT_TRUE(local.requests.empty()) << size;
  }
}

// RFC 3748 §5.3.1: Nak is a Response, which an authenticator never sends.
TEST_F(EapTest, AnOpcodeThatIsNoneIsAMalformedProofAndGetsNoNak) {
  for (const std::uint8_t opcode : Octets{0, 1, 7, 9, 255}) {
    host = {};
    begin_local();
    identify("alice");
    const Octets data{opcode, request().identifier, 0, 5, 0};
    respond(EapType::kMsChapV2, data);
    EXPECT_EQ(request().code, EapCode::kFailure) << int{opcode};
    EXPECT_EQ(host.reason, EndReason::kAuthFailed) << int{opcode};
    EXPECT_TRUE(local.requests.empty()) << int{opcode};
  }
}

TEST_F(EapTest, CVE_2020_8597_AKilobyteOfNameInAProofIsAnUnknownName) {
  begin_local();
  identify("alice");
  prove(std::string(1'024, 'a'), "secret");
  acknowledge(wire::EapMsChapV2Code::kFailure);
  EXPECT_FALSE(host.accepted);
  EXPECT_EQ(request().code, EapCode::kFailure);
  EXPECT_EQ(host.reason, EndReason::kAuthFailed);
}

TEST_F(EapTest, APeerThatWantsNoneOfOurMethodsIsToldWhatItWants) {
  begin_local();
  identify("alice");
  const Octets wanted{13, 25};
  respond(EapType::kNak, wanted);
  EXPECT_EQ(request().code, EapCode::kFailure);
  EXPECT_EQ(host.reason, EndReason::kEapNak);
}

TEST_F(EapTest, ANakAfterTheFirstRequestOfTheMethodIsDiscarded) {
  begin_local();
  identify("alice");
  prove("alice", "secret");
  const std::size_t before = host.frames.size();
  const Octets wanted{13};
  respond(EapType::kNak, wanted);
  EXPECT_EQ(host.frames.size(), before);
  EXPECT_EQ(host.reason, EndReason::kNone);
}

TEST_F(EapTest, ANakAnswersNoIdentityRequest) {
  begin_local();
  const Octets wanted{26};
  respond(EapType::kNak, wanted);
  EXPECT_EQ(host.events, "s");
}

TEST_F(EapTest, WhatFailsAfterTheSessionWasUpIsNotAnswered) {
  host.been_up = true;
  begin_local();
  identify("alice");
  prove("alice", "wrong");
  EXPECT_EQ(host.events, "ss") << "Identity, challenge, and nothing to a proof that may be anybody's";
  pass(Duration{1'000});
  EXPECT_EQ(request().type, EapType::kIdentity) << "asked again";
  identify("alice");
  prove("alice", "secret");
  acknowledge(wire::EapMsChapV2Code::kSuccess);
  EXPECT_TRUE(host.accepted);
}

// ---- passed through ---------------------------------------------------------------------------------------

TEST_F(EapTest, ResponsesGoToTheServerAndItsRequestsToThePeerAsTheyAre) {
  begin_remote();
  identify("alice");
  ASSERT_EQ(backend.requests.size(), 1U);
  EXPECT_EQ(backend.requests[0].user, "alice");
  EXPECT_FALSE(asked().after) << "the exchange begins";
  EXPECT_EQ(wire::parse_eap(asked().packet)->type, EapType::kIdentity);
  EXPECT_EQ(asked().mtu, 1500);

  backend.answer(challenge(0x77));
  const wire::Bytes sent = request().whole;
  EXPECT_EQ(Octets(sent.begin(), sent.end()), server_request(0x77, EapType::kPeap, 20));
  EXPECT_EQ(authenticator->name(), "peap");
  respond(EapType::kPeap, octets("hello"));
  ASSERT_EQ(backend.requests.size(), 2U);
  EXPECT_EQ(backend.requests[1].user, "alice") << "User-Name stays the identity";
  ASSERT_TRUE(asked().after);
  EXPECT_EQ(asked().after->server, "s0");
  EXPECT_EQ(asked().after->state, (Octets{1, 2, 3}));

  backend.answer(AuthAccepted{});
  EXPECT_EQ(request().code, EapCode::kSuccess) << "made here, whatever the Accept contained";
  EXPECT_EQ(request().identifier, 0x77);
  EXPECT_TRUE(host.accepted);
}

TEST_F(EapTest, ARejectIsAFailure) {
  begin_remote();
  identify("alice");
  backend.answer(challenge(0x77));
  respond(EapType::kPeap, octets("hello"));
  backend.answer(AuthRejected{});
  EXPECT_EQ(request().code, EapCode::kFailure);
  EXPECT_EQ(request().identifier, 0x77);
  EXPECT_EQ(host.reason, EndReason::kAuthFailed);
}

TEST_F(EapTest, ANakIsPassedThrough) {
  begin_remote();
  identify("alice");
  backend.answer(challenge(2, EapType::kTls));
  const Octets wanted{26};
  respond(EapType::kNak, wanted);
  ASSERT_EQ(backend.requests.size(), 2U);
  backend.answer(challenge(3, EapType::kMsChapV2));
  EXPECT_EQ(authenticator->name(), "eap-mschapv2");
}

TEST_F(EapTest, AResponseWhileTheServerThinksAndAfterItsVerdictChangesNothing) {
  begin_remote();
  identify("alice");
  identify("mallory");
  EXPECT_EQ(backend.requests.size(), 1U);
  backend.answer(challenge(9));
  respond(EapType::kPeap, octets("x"));
  backend.answer(AuthAccepted{});
  respond_as(9, EapType::kPeap, octets("y"));
  respond_as(10, EapType::kPeap, octets("y"));
  EXPECT_EQ(backend.requests.size(), 2U);
  EXPECT_EQ(host.events, "sssAs") << "Identity, the server's Request, Success; and that once more";
}

TEST_F(EapTest, ARequestLongerThanTheLinkTakesEndsTheExchange) {
  begin_remote();
  identify("alice");
  backend.answer(challenge(2, EapType::kTls, 1'501));
  EXPECT_EQ(host.reason, EndReason::kAuthUnusable);
  EXPECT_EQ(request().code, EapCode::kFailure);
}

TEST_F(EapTest, WhatIsNoRequestIsNotPassedOn) {
  for (const Octets& packet :
       {Octets{}, Octets{2, 1, 0, 5, 1}, Octets{3, 1, 0, 4}, Octets{1, 1, 0, 9, 25}, Octets{1, 1, 0, 4}}) {
    host = {};
    begin_remote();
    identify("alice");
    backend.answer(AuthChallenge{.request = packet, .next = {}});
    EXPECT_EQ(host.reason, EndReason::kAuthUnusable);
  }
}

TEST_F(EapTest, TheServersPatienceIsTheTimeOfThatRequestAlone) {
  begin_remote();
  identify("alice");
  AuthChallenge slow = challenge(2);
  slow.patience = Duration{20'000};
  backend.answer(slow);
  const std::size_t sent = host.frames.size();
  pass(Duration{19'900});
  EXPECT_EQ(host.frames.size(), sent);
  pass(Duration{200});
  EXPECT_EQ(host.frames.size(), sent + 1);
  respond(EapType::kPeap, octets("x"));
  backend.answer(challenge(3));
  pass(Duration{3'100});
  EXPECT_EQ(host.frames.size(), sent + 3);
}

TEST_F(EapTest, AServerThatFallsSilentMidwayIsAskedFromTheBeginningOnce) {
  begin_remote();
  identify("alice");
  backend.answer(challenge(2));
  respond(EapType::kPeap, octets("x"));
  backend.answer(AuthUnavailable{.why = "silent"});
  EXPECT_EQ(request().type, EapType::kIdentity);
  identify("alice");
  EXPECT_FALSE(asked().after) << "at whichever server";
  backend.answer(challenge(2));
  respond(EapType::kPeap, octets("x"));
  backend.answer(AuthUnavailable{.why = "silent"});
  EXPECT_EQ(host.reason, EndReason::kAuthUnavailable);
}

TEST_F(EapTest, TheSecondExchangeHasAllOfItsRequests) {
  begin_remote();
  for (int exchange = 0; exchange < 2; ++exchange) {
    identify("alice");
    for (std::uint8_t round = 1; round <= 40; ++round) {
      backend.answer(challenge(round));
      ASSERT_EQ(host.reason, EndReason::kNone) << exchange << ' ' << int{round};
      respond(EapType::kPeap, octets("x"));
    }
    if (exchange == 0) {
      backend.answer(AuthUnavailable{.why = "silent"});
    }
  }
}

TEST_F(EapTest, AMethodIsFreedAsSoonAsItsPeerIsGivenUp) {
  struct Silent final : EapMethod {
    explicit Silent(EapMethodHost& layer, bool& destroyed) : host(layer), gone(destroyed) {}
    ~Silent() override { gone = true; }
    [[nodiscard]] EapType type() const override { return EapType::kTls; }
    void start() override { host.eap_request({}); }
    void on_response(wire::Bytes) override {}
    void on_accepted(const AuthAccepted&) override {}
    void on_rejected(std::uint16_t, bool) override {}
    [[nodiscard]] bool can_retry() const override { return false; }
    EapMethodHost& host;
    bool& gone;
  };
  struct Maker final : AuthBackend {
    void authenticate(AuthRequest, AuthClient&) override {}
    void cancel(AuthClient&) override {}
    std::unique_ptr<EapMethod> make_eap_method(EapType, EapMethodHost& layer) override {
      return std::make_unique<Silent>(layer, gone);
    }
    bool gone = false;
  } maker;
  backend_in_use = &maker;
  settings.eap.methods = {EapLocalMethod::kTls};
  start(AuthMethod::kEap);
  identify("alice");
  ASSERT_EQ(request().type, EapType::kTls);
  pass(Duration{29'900});
  EXPECT_FALSE(maker.gone);
  pass(Duration{200});
  EXPECT_EQ(host.reason, EndReason::kEapTimeout);
  pass(Duration{100});
  EXPECT_TRUE(maker.gone) << "the session may yet take a while to end";
  authenticator.reset();
}

TEST_F(EapTest, AServerThatIsNeverHeardOfEndsTheCall) {
  begin_remote();
  identify("alice");
  backend.answer(AuthUnavailable{.why = "silent"});
  EXPECT_EQ(host.reason, EndReason::kAuthUnavailable);
}

TEST_F(EapTest, AnExchangeForEverEndsAfterSixtyFourRequests) {
  begin_remote();
  identify("alice");
  int rounds = 0;
  while (host.reason == EndReason::kNone && rounds < 100) {
    backend.answer(challenge(static_cast<std::uint8_t>(++rounds)));
    if (host.reason == EndReason::kNone) {
      respond(EapType::kPeap, octets("x"));
    }
  }
  EXPECT_EQ(rounds, kEapMostRounds);
  EXPECT_EQ(host.reason, EndReason::kAuthUnusable);
}

TEST_F(EapTest, WhereNoServerAnswersOurOwnMethodIsCarriedOut) {
  settings.eap.mode = EapMode::kRadius;
  begin_local();
  identify("alice");
  EXPECT_EQ(request().type, EapType::kMsChapV2) << "LocalUsers takes no packets of EAP";
  prove("alice", "secret");
  acknowledge(wire::EapMsChapV2Code::kSuccess);
  EXPECT_TRUE(host.accepted);
}

TEST_F(EapTest, AnExchangeThatIsGivenUpIsWithdrawnFromTheBackEnd) {
  begin_remote();
  identify("alice");
  authenticator.reset();
  EXPECT_EQ(backend.cancelled, 1);
}

}  // namespace
}  // namespace adit::control
