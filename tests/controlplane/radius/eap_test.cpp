// SPDX-License-Identifier: Apache-2.0
// EAP carried to RADIUS servers and back, RFC 3579: pieces, State, the server that has begun, what replies have to prove,
// and the keys in an Accept.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "controlplane/auth/fallback_auth.hpp"
#include "controlplane/auth/local_users.hpp"
#include "controlplane/radius/auth.hpp"
#include "tests/controlplane/radius/reply_kit.hpp"
#include "tests/kit/event_logs.hpp"
#include "tests/kit/seeded_entropy.hpp"

namespace adit::control::radius {
namespace {

using Values = std::vector<Octets>;

Octets eap_packet(std::uint8_t code, std::uint8_t identifier, std::size_t size) {
  Octets packet{code, identifier, 0, 0};
  packet.resize(size, 0x19);
  wire::store_be(packet.data() + 2, static_cast<std::uint16_t>(size));
  return packet;
}

Octets pieces(const Octets& packet, std::size_t size = kMaxValue) {
  Octets all;
  for (std::size_t at = 0; at < packet.size(); at += size) {
    const std::size_t end = std::min(packet.size(), at + size);
    const Octets piece(packet.begin() + static_cast<std::ptrdiff_t>(at),
                       packet.begin() + static_cast<std::ptrdiff_t>(end));
    const Octets written = attribute(Type::kEapMessage, piece);
    all.insert(all.end(), written.begin(), written.end());
  }
  return all;
}

class RadiusEap : public testing::Test, public Transport, public AuthClient {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(crypto::initialise().has_value()); }
  RadiusEap() {
    for (const std::string_view name : {"s0", "s1"}) {
      settings_.servers.push_back({.name = std::string(name), .secret = crypto::SecretText("xyzzy5461")});
    }
  }
  void make(const NasSettings& nas = {}) {
    client_.emplace(settings_, wheel_, entropy_, log_, *this);
    auth_.emplace(*client_, nas, std::vector<RateMapping>{}, log_);
  }
  bool send(std::size_t server, Service, std::uint32_t lane, Bytes datagram) override {
    server_ = server;
    lane_ = lane;
    sent_.assign(datagram.begin(), datagram.end());
    ++sendings_;
    return true;
  }
  void on_verdict(const AuthVerdict& verdict) override { verdict_ = verdict; }

  void ask(const Octets& packet, std::optional<EapContinuation> after = std::nullopt) {
    verdict_.reset();
    ask(packet, std::move(after), *this);
  }
  void ask(const Octets& packet, std::optional<EapContinuation> after, AuthClient& client) {
    auth_->authenticate({.user = user_,
                         .peer_address = wire::Ipv4Address(192, 0, 2, 7),
                         .local_address = {},
                         .session_id = "00000000000000aa",
                         .proof = EapProof{.packet = packet, .mtu = 1436, .after = std::move(after)}},
                        client);
  }
  void answer(Code code, const Octets& attributes, bool sign = true) {
    Authenticator request{};
    std::copy_n(sent_.begin() + 4, request.size(), request.begin());
    client_->on_datagram(server_, Service::kAuthentication, lane_,
                         reply_of(attributes, sign, code, request, sent_[1]));
  }
  /// The values of all attributes of that type in what was sent.
  [[nodiscard]] std::vector<Octets> sent(Type type) const {
    std::vector<Octets> values;
    for (std::size_t at = kHeaderSize; at + 2 <= sent_.size(); at += sent_[at + 1]) {
      if (sent_[at] == static_cast<std::uint8_t>(type)) {
        values.emplace_back(sent_.begin() + static_cast<std::ptrdiff_t>(at) + 2,
                            sent_.begin() + static_cast<std::ptrdiff_t>(at + sent_[at + 1]));
      }
    }
    return values;
  }
  template <typename Kind>
  [[nodiscard]] const Kind* verdict() const {
    return verdict_ ? std::get_if<Kind>(&*verdict_) : nullptr;
  }
  /// A key of the Accept, hidden as RFC 2548 §2.4.2 says.
  [[nodiscard]] Octets key(std::uint8_t type, const Octets& clear) const {
    Octets padded{static_cast<std::uint8_t>(clear.size())};
    padded.insert(padded.end(), clear.begin(), clear.end());
    padded.resize((padded.size() + 15) / 16 * 16);
    Octets value{0x80, type};
    Octets before(sent_.begin() + 4, sent_.begin() + 20);
    before.insert(before.end(), value.begin(), value.end());
    for (std::size_t at = 0; at < padded.size(); at += 16) {
      const auto mask = crypto::md5({kSecret, before});
      before.clear();
      for (std::size_t i = 0; i < 16; ++i) {
        before.push_back(static_cast<std::uint8_t>(padded[at + i] ^ mask[i]));
      }
      value.insert(value.end(), before.begin(), before.end());
    }
    return vendor(kMicrosoft, type, value);
  }

  TimerWheel wheel_;
  test::SeededEntropy entropy_{1};
  test::RecordingLog log_;
  ClientSettings settings_;
  std::optional<Client> client_;
  std::optional<RadiusAuth> auth_;
  std::size_t server_ = 0;
  std::uint32_t lane_ = 0;
  int sendings_ = 0;
  std::string user_ = "alice";
  Octets sent_;
  std::optional<AuthVerdict> verdict_;
};

TEST_F(RadiusEap, UserNameIsTheIdentityWhateverIsDoneToRealms) {
  make({.strip_realm = true, .default_realm = "it.example"});
  for (const char* identity : {"alice@example.net", "alice"}) {
    user_ = identity;
    ask(eap_packet(2, 7, 20));
    EXPECT_EQ(sent(Type::kUserName), (Values{text(identity)}));
    const Octets success = attribute(Type::kEapMessage, eap_packet(3, 7, 4));
    answer(Code::kAccessAccept, success);
    ASSERT_NE(verdict<AuthAccepted>(), nullptr);
    EXPECT_EQ(verdict<AuthAccepted>()->user, identity);
  }
}

TEST_F(RadiusEap, AResponseGoesInPiecesOf253OctetsWithWhatTheServerHasToKnow) {
  make();
  const Octets response = eap_packet(2, 7, 1'400);
  ask(response, EapContinuation{.server = "s1", .state = hex("0102")});
  const std::vector<Octets> parts = sent(Type::kEapMessage);
  ASSERT_EQ(parts.size(), 6U);
  Octets whole;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    EXPECT_EQ(parts[i].size(), i < 5 ? 253U : 1'400U - 5 * 253U);
    whole.insert(whole.end(), parts[i].begin(), parts[i].end());
  }
  EXPECT_EQ(whole, response);
  EXPECT_EQ(sent(Type::kState), (Values{hex("0102")}));
  EXPECT_EQ(sent(Type::kFramedMtu), (Values{hex("00000598")})) << "1436 - 4";
  EXPECT_EQ(sent(Type::kUserName), (Values{text("alice")}));
  EXPECT_EQ(sent(Type::kMessageAuthenticator).size(), 1U);
  EXPECT_EQ(sent_[kHeaderSize], 80) << "first, as ever";
  EXPECT_TRUE(sent(Type::kUserPassword).empty());
}

TEST_F(RadiusEap, TheFirstRequestHasNoState) {
  make();
  ask(eap_packet(2, 1, 10));
  EXPECT_TRUE(sent(Type::kState).empty());
}

TEST_F(RadiusEap, AChallengeIsPutTogetherFromItsPieces) {
  const Octets request = eap_packet(1, 9, 1'200);
  for (const std::size_t size : {253, 252, 100, 1}) {
    make();
    ask(eap_packet(2, 8, 10));
    answer(Code::kAccessChallenge, joined({pieces(request, size), attribute(Type::kState, hex("aabb"))}));
    const auto* challenge = verdict<AuthChallenge>();
    ASSERT_NE(challenge, nullptr) << size;
    EXPECT_EQ(challenge->request, request);
    EXPECT_EQ(challenge->next.state, hex("aabb"));
    EXPECT_EQ(challenge->next.server, "s" + std::to_string(server_));
    EXPECT_FALSE(challenge->patience);
    if (size == 1) {
      break;
    }
  }
}

TEST_F(RadiusEap, SessionTimeoutInAChallengeIsTheTimeUntilTheRequestIsRepeated) {
  for (const auto& [value, expected] :
       {std::pair{"0000000a", std::optional(Duration{10'000})},
        std::pair{"00015180", std::optional(Duration{60'000})},
        std::pair{"00000000", std::optional<Duration>()}, std::pair{"0005", std::optional<Duration>()}}) {
    make();
    ask(eap_packet(2, 8, 10));
    answer(Code::kAccessChallenge,
           joined({pieces(eap_packet(1, 9, 20)), attribute(Type::kSessionTimeout, hex(value))}));
    ASSERT_NE(verdict<AuthChallenge>(), nullptr);
    EXPECT_EQ(verdict<AuthChallenge>()->patience, expected) << value;
  }
}

TEST_F(RadiusEap, AReplyWithoutMessageAuthenticatorIsNoneWhateverTheServersSetting) {
  for (ServerSettings& server : settings_.servers) {
    server.must_sign = false;
  }
  for (const Code code : {Code::kAccessChallenge, Code::kAccessAccept, Code::kAccessReject}) {
    make();
    ask(eap_packet(2, 8, 10));
    for (const Octets& attributes : {pieces(eap_packet(1, 9, 20)), Octets{}}) {
      answer(code, attributes, false);
      EXPECT_FALSE(verdict_) << static_cast<int>(code);
    }
    EXPECT_EQ(client_->status()[server_].refused, 2U);
    answer(code, joined({pieces(eap_packet(1, 9, 20))}));
    EXPECT_TRUE(verdict_) << "the genuine reply still counts";
  }
}

// As hostapd sends it.
TEST_F(RadiusEap, MessageAuthenticatorMayBeTheLastAttribute) {
  for (const bool right : {true, false}) {
    make();
    ask(eap_packet(2, 8, 10));
    Octets attributes = pieces(eap_packet(1, 9, 20));
    const std::size_t at = kHeaderSize + attributes.size() + 2;
    attributes.insert(attributes.end(), {80, 18});
    attributes.resize(attributes.size() + 16);
    Octets reply{11, sent_[1], 0, static_cast<std::uint8_t>(kHeaderSize + attributes.size())};
    reply.insert(reply.end(), sent_.begin() + 4, sent_.begin() + 20);
    reply.insert(reply.end(), attributes.begin(), attributes.end());
    const auto signature = crypto::hmac_md5(kSecret, {reply});
    std::ranges::copy(signature, reply.begin() + static_cast<std::ptrdiff_t>(at));
    reply.back() = static_cast<std::uint8_t>(reply.back() ^ (right ? 0U : 1U));
    const auto digest = crypto::md5({reply, kSecret});
    std::ranges::copy(digest, reply.begin() + 4);
    client_->on_datagram(server_, Service::kAuthentication, lane_, reply);
    EXPECT_EQ(verdict<AuthChallenge>() != nullptr, right);
  }
}

TEST_F(RadiusEap, AWrongMessageAuthenticatorIsRefused) {
  for (const Code code : {Code::kAccessChallenge, Code::kAccessAccept, Code::kAccessReject}) {
    make();
    ask(eap_packet(2, 8, 10));
    Authenticator request{};
    std::copy_n(sent_.begin() + 4, request.size(), request.begin());
    Octets reply = reply_of(pieces(eap_packet(1, 9, 20)), true, code, request, sent_[1]);
    reply[25] ^= 1;
    const Octets before(reply.begin(), reply.begin() + 4), after(reply.begin() + 20, reply.end());
    const auto digest = crypto::md5({before, request, after, kSecret});
    std::ranges::copy(digest, reply.begin() + 4);
    client_->on_datagram(server_, Service::kAuthentication, lane_, reply);
    EXPECT_FALSE(verdict_) << static_cast<int>(code);
  }
}

TEST_F(RadiusEap, AChallengeAfterTheAcceptIsNothing) {
  make();
  ask(eap_packet(2, 8, 10));
  answer(Code::kAccessAccept, pieces(eap_packet(3, 8, 4)));
  ASSERT_NE(verdict<AuthAccepted>(), nullptr);
  verdict_.reset();
  answer(Code::kAccessChallenge, pieces(eap_packet(1, 9, 20)));
  EXPECT_FALSE(verdict_);
}

TEST_F(RadiusEap, TwoExchangesOfOneUserAtOnceKeepTheirStates) {
  struct Exchange : AuthClient {
    void on_verdict(const AuthVerdict& verdict) override { next = std::get<AuthChallenge>(verdict).next; }
    std::optional<EapContinuation> next;
    Octets sent;
    std::size_t server = 0;
    std::uint32_t lane = 0;
  } both[2];
  make();
  for (std::uint8_t round = 0; round < 3; ++round) {
    for (Exchange& one : both) {
      ask(eap_packet(2, 8, 10), one.next, one);
      EXPECT_EQ(sent(Type::kState), one.next ? Values{one.next->state} : Values{});
      one.sent = sent_;
      one.server = server_;
      one.lane = lane_;
    }
    for (const std::size_t i : {std::size_t{1}, std::size_t{0}}) {  // answered the other way round
      sent_ = both[i].sent;
      server_ = both[i].server;
      lane_ = both[i].lane;
      const Octets state{static_cast<std::uint8_t>(i), round};
      answer(Code::kAccessChallenge, joined({pieces(eap_packet(1, 9, 20)), attribute(Type::kState, state)}));
      ASSERT_TRUE(both[i].next);
      EXPECT_EQ(both[i].next->state, state);
    }
  }
}

TEST_F(RadiusEap, TheExchangeStaysWithItsServer) {
  make();
  for (int i = 0; i < 8; ++i) {
    ask(eap_packet(2, 8, 10), EapContinuation{.server = "s1", .state = {}});
    EXPECT_EQ(server_, 1U);
    answer(Code::kAccessReject, {});
  }
}

TEST_F(RadiusEap, AServerThatFallsSilentIsNotReplacedMidway) {
  make();
  ask(eap_packet(2, 8, 10), EapContinuation{.server = "s1", .state = {}});
  for (int i = 0; i < 200 && !verdict_; ++i) {
    wheel_.advance(wheel_.now() + Duration{100});
    EXPECT_EQ(server_, 1U);
  }
  EXPECT_NE(verdict<AuthUnavailable>(), nullptr);
}

TEST_F(RadiusEap, AtTheStartAnotherServerIsAsked) {
  make();
  ask(eap_packet(2, 1, 10));
  const std::size_t first = server_;
  for (int i = 0; i < 40 && server_ == first; ++i) {
    wheel_.advance(wheel_.now() + Duration{100});
  }
  EXPECT_NE(server_, first);
}

TEST_F(RadiusEap, AnAcceptHasTheKeysOf32And16Octets) {
  for (const std::size_t size : {std::size_t{32}, std::size_t{16}}) {
    make();
    ask(eap_packet(2, 8, 10));
    Octets ours(size), theirs(size);
    for (std::size_t i = 0; i < size; ++i) {
      ours[i] = static_cast<std::uint8_t>(i);
      theirs[i] = static_cast<std::uint8_t>(0x80 + i);
    }
    answer(Code::kAccessAccept, joined({pieces(eap_packet(3, 8, 4)), key(16, ours), key(17, theirs)}));
    const auto* accepted = verdict<AuthAccepted>();
    ASSERT_NE(accepted, nullptr);
    ASSERT_TRUE(accepted->mppe);
    EXPECT_TRUE(std::ranges::equal(accepted->mppe->send.bytes(), Bytes(ours).first(16)));
    EXPECT_TRUE(std::ranges::equal(accepted->mppe->receive.bytes(), Bytes(theirs).first(16)));
  }
}

TEST_F(RadiusEap, TheRadiusCodeWins) {
  make();
  ask(eap_packet(2, 8, 10));
  answer(Code::kAccessReject, pieces(eap_packet(3, 8, 4)));
  EXPECT_NE(verdict<AuthRejected>(), nullptr) << "a Reject with EAP-Success";
  ask(eap_packet(2, 8, 10));
  answer(Code::kAccessAccept, {});
  EXPECT_NE(verdict<AuthAccepted>(), nullptr) << "an Accept without any";
  ask(eap_packet(2, 8, 10));
  answer(Code::kAccessAccept, pieces(eap_packet(1, 8, 10)));
  EXPECT_NE(verdict<AuthAccepted>(), nullptr) << "an Accept with a Request";
  ask(eap_packet(2, 8, 10));
  answer(Code::kAccessAccept, pieces(eap_packet(4, 8, 4)));
  EXPECT_NE(verdict<AuthRejected>(), nullptr) << "but an Accept with EAP-Failure lets nobody in";
}

TEST_F(RadiusEap, AChallengeWithoutARequestIsUnusable) {
  for (const Octets& attributes : {Octets{}, pieces(eap_packet(2, 8, 10)), pieces(eap_packet(3, 8, 4)),
                                   attribute(Type::kEapMessage, hex("0109 0020 19"))}) {
    make();
    ask(eap_packet(2, 8, 10));
    answer(Code::kAccessChallenge, attributes);
    EXPECT_NE(verdict<AuthUnusable>(), nullptr);
  }
}

TEST_F(RadiusEap, AResponseThatDoesNotFitIntoAPacketIsNotSent) {
  make();
  ask(eap_packet(2, 8, 4'096));
  wheel_.advance(wheel_.now() + Duration{1'000});
  EXPECT_EQ(sendings_, 0);
  EXPECT_NE(verdict<AuthUnusable>(), nullptr);
}

TEST_F(RadiusEap, ACertificateThatWeHaveCheckedIsNotForServers) {
  make();
  auth_->authenticate({.user = "alice",
                       .peer_address = {},
                       .local_address = {},
                       .session_id = "aa",
                       .proof = CertificateProof{}},
                      *this);
  EXPECT_NE(verdict<AuthUnavailable>(), nullptr);
  EXPECT_EQ(sendings_, 0);
}

TEST_F(RadiusEap, WithoutAServerChapSecretsHaveOurOwnMethodCarriedOutButNotMidway) {
  make();
  LocalUsers users;
  FallbackAuth both(*auth_, users, Duration{3'000});
  const auto ask_both = [&](std::optional<EapContinuation> after) {
    verdict_.reset();
    both.authenticate(
        {.user = "alice",
         .peer_address = {},
         .local_address = {},
         .session_id = "aa",
         .proof = EapProof{.packet = eap_packet(2, 8, 10), .mtu = 1436, .after = std::move(after)},
         .within = Duration{60'000}},
        *this);
    for (int i = 0; i < 600 && !verdict_; ++i) {
      wheel_.advance(wheel_.now() + Duration{100});
    }
  };
  ask_both(std::nullopt);
  EXPECT_NE(verdict<AuthByOwnMethod>(), nullptr);
  ask_both(EapContinuation{.server = "s0", .state = {}});
  EXPECT_NE(verdict<AuthUnavailable>(), nullptr);
}

}  // namespace
}  // namespace adit::control::radius
