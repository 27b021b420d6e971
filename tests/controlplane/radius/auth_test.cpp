// SPDX-License-Identifier: Apache-2.0
// From a server's reply to the verdict on a user, and the resulting log line.
#include "controlplane/radius/auth.hpp"

#include <algorithm>
#include <optional>

#include "controlplane/auth/fallback_auth.hpp"
#include "tests/controlplane/radius/reply_kit.hpp"
#include "tests/kit/event_logs.hpp"
#include "tests/kit/seeded_entropy.hpp"

namespace adit::control::radius {
namespace {

class RadiusAuthTest : public testing::Test, public Transport, public AuthClient {
 protected:
  bool send(std::size_t, Service, std::uint32_t lane, Bytes datagram) override {
    lane_ = lane;
    sent_.assign(datagram.begin(), datagram.end());
    return true;
  }
  void on_verdict(const AuthVerdict& verdict) override { verdict_ = verdict; }

  /// Alice logs in, and the server answers with `code` and these attributes.
  const AuthVerdict& ask(const std::vector<RateMapping>& rates, Code code, const Octets& attributes) {
    ClientSettings settings;
    settings.servers.push_back({.name = "s0",
                                .address = wire::Ipv4Address(192, 0, 2, 1),
                                .secret = crypto::SecretText("xyzzy5461")});
    Client client(settings, wheel_, entropy_, log_, *this);
    RadiusAuth auth(client, nas_, rates, log_);
    auth.authenticate({.user = user_,
                       .peer_address = wire::Ipv4Address(192, 0, 2, 7),
                       .local_address = {},
                       .session_id = "00000000000000aa",
                       .proof = proof_,
                       .stations = stations_},
                      *this);
    Authenticator request{};
    std::copy_n(sent_.begin() + 4, request.size(), request.begin());
    client.on_datagram(0, Service::kAuthentication, lane_,
                       reply_of(attributes, true, code, request, sent_[1]));
    return verdict_.value();
  }

  /// The same at a server that is silent for a minute.
  const AuthVerdict& ask_in_vain(const std::string& user, const std::string& password) {
    ClientSettings settings;
    settings.servers.push_back({.name = "s0", .secret = crypto::SecretText("xyzzy5461")});
    Client client(settings, wheel_, entropy_, log_, *this);
    RadiusAuth auth(client, NasSettings{}, {}, log_);
    auth.authenticate({.user = user,
                       .peer_address = wire::Ipv4Address(192, 0, 2, 7),
                       .local_address = {},
                       .session_id = "aa",
                       .proof = PapProof{crypto::SecretText(password)}},
                      *this);
    wheel_.advance(wheel_.now() + Duration{60'000});
    return verdict_.value();
  }

  TimerWheel wheel_;
  test::SeededEntropy entropy_{1};
  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    for (const test::LoggedEvent& event : log_.events) {
      all.push_back(event.line);
    }
    return all;
  }
  test::RecordingLog log_;
  NasSettings nas_;
  std::string user_ = "alice";
  AuthProof proof_ = PapProof{crypto::SecretText("secret")};
  SharedStationIds stations_;
  std::uint32_t lane_ = 0;
  Octets sent_;
  std::optional<AuthVerdict> verdict_;
};

TEST_F(RadiusAuthTest, ARejectTellsItsCauseWithWhatTheServerSaid) {
  const AuthVerdict& verdict =
      ask(default_rates(), Code::kAccessReject,
          joined({attribute(Type::kReplyMessage, text("no credit")), vendor(kMicrosoft, 2,
                                                                            text("\x01"
                                                                                 "E=649 R=0"))}));
  ASSERT_TRUE(std::holds_alternative<AuthRejected>(verdict));
  EXPECT_EQ(std::get<AuthRejected>(verdict).ms_chap_error, 649);
  EXPECT_EQ(std::get<AuthRejected>(verdict).why, "RADIUS server s0 rejects: no credit");
  EXPECT_EQ(lines(), std::vector<std::string>{}) << "the failed login is the session's line";
}

TEST_F(RadiusAuthTest, AUT_17_ANewPasswordGoesToTheServerInPieces) {
  auto wanted = std::make_shared<MsChapV2NewPassword>();
  std::string encrypted;
  for (int at = 0; at < 516; ++at) {
    encrypted += static_cast<char>(at % 251);
  }
  wanted->encrypted_password = crypto::SecretText(encrypted);
  wanted->encrypted_hash.fill(0x44);
  MsChapV2Proof proof{.identifier = 9, .change = wanted};
  proof.challenge.fill(0x11);
  proof.peer_challenge.fill(0x22);
  proof.nt_response.fill(0x33);
  proof_ = proof;
  ask(default_rates(), Code::kAccessReject,
      vendor(kMicrosoft, 2,
             text("\x09"
                  "E=709 R=0")));
  std::string pieces;
  Octets cpw, challenge;
  std::uint8_t number = 0;
  // Each attribute: type, length, and of a vendor's the vendor (4), type and length.
  for (std::size_t at = 20; at < sent_.size(); at += sent_[at + 1]) {
    if (sent_[at] != 26) {
      continue;
    }
    const Bytes value = Bytes(sent_).subspan(at + 8, sent_[at + 1] - 8U);
    if (sent_[at + 6] == 6) {
      EXPECT_EQ(Octets(value.begin(), value.begin() + 4), (Octets{6, 9, 0, ++number}));
      pieces += wire::text_of(value.subspan(4));
    } else if (sent_[at + 6] == 27) {
      cpw.assign(value.begin(), value.end());
    } else if (sent_[at + 6] == 11) {
      challenge.assign(value.begin(), value.end());
    } else {
      EXPECT_NE(sent_[at + 6], 25) << "no MS-CHAP2-Response beside it";
    }
  }
  EXPECT_EQ(number, 3);
  EXPECT_EQ(pieces, encrypted);
  EXPECT_EQ(challenge, Octets(16, 0x11));
  EXPECT_EQ(cpw,
            joined({{7, 9}, Octets(16, 0x44), Octets(16, 0x22), Octets(8, 0), Octets(24, 0x33), {0, 0}}));
  EXPECT_EQ(std::get<AuthRejected>(*verdict_).ms_chap_error, 709);
  EXPECT_FALSE(std::get<AuthRejected>(*verdict_).takes_new_password);
}

TEST_F(RadiusAuthTest, AUT_17_OnlyMsChapV2IsAskedForANewPassword) {
  const Octets expired = vendor(kMicrosoft, 2,
                                text("\x01"
                                     "E=648 R=1"));
  proof_ = MsChapV2Proof{};
  EXPECT_TRUE(std::get<AuthRejected>(ask(default_rates(), Code::kAccessReject, expired)).takes_new_password);
  proof_ = MsChapV1Proof{};
  EXPECT_FALSE(std::get<AuthRejected>(ask(default_rates(), Code::kAccessReject, expired)).takes_new_password);
  proof_ = MsChapV2Proof{};
  const Octets disabled = vendor(kMicrosoft, 2,
                                 text("\x01"
                                      "E=647 R=0"));
  EXPECT_FALSE(
      std::get<AuthRejected>(ask(default_rates(), Code::kAccessReject, disabled)).takes_new_password);
}

TEST_F(RadiusAuthTest, CTL_24_TheNumbersOfACallThatWasBroughtInAreItsStations) {
  stations_ = std::make_shared<const StationIds>(StationIds{"0305551234", ""});
  ask(default_rates(), Code::kAccessReject, {});
  const std::string packet(sent_.begin(), sent_.end());
  EXPECT_NE(packet.find("\x1f\x0c"
                        "0305551234"),
            std::string::npos)
      << "Calling-Station-Id";
  EXPECT_NE(packet.find("\x1e\x09"
                        "0.0.0.0"),
            std::string::npos)
      << "Called-Station-Id: no number, its address";
  EXPECT_NE(packet.find("192.0.2.7"), std::string::npos) << "Tunnel-Client-Endpoint";
}

TEST_F(RadiusAuthTest, SEC_09_AnAccountIsWhatServersAreAskedFor) {
  ClientSettings settings;
  settings.servers.push_back({.name = "s0", .secret = crypto::SecretText("xyzzy5461")});
  Client client(settings, wheel_, entropy_, log_, *this);
  EXPECT_EQ(RadiusAuth(client, NasSettings{}, {}, log_).account_of("alice@1"), "alice@1");
  RadiusAuth auth(client, NasSettings{.strip_realm = true}, {}, log_);
  EXPECT_EQ(auth.account_of("alice@1"), "alice");
  EXPECT_EQ(auth.account_of("alice@2"), "alice");
  EXPECT_EQ(FallbackAuth(auth, auth, Duration{3'000}).account_of("alice@3"), "alice");
}

// The same user may be another NAS's, to which all of it means something.
TEST_F(RadiusAuthTest, WhereNobodyHasIpv6NothingOfItIsRead) {
  const Octets good = attribute(Type::kDelegatedIpv6Prefix, hex("0038 20010db8010000")),
               bad = attribute(Type::kFramedIpv6Prefix, hex("0038 20010db8006400"));
  for (const Octets& granted : {good, bad}) {
    const AuthVerdict verdict = ask(default_rates(), Code::kAccessAccept, granted);
    ASSERT_TRUE(std::holds_alternative<AuthAccepted>(verdict));
    EXPECT_EQ(std::get<AuthAccepted>(verdict).ipv6, Ipv6Terms{});
  }
  nas_.serves_ipv6 = true;
  EXPECT_TRUE(std::holds_alternative<AuthUnusable>(ask(default_rates(), Code::kAccessAccept, bad)));
  const AuthVerdict verdict = ask(default_rates(), Code::kAccessAccept, good);
  ASSERT_TRUE(std::holds_alternative<AuthAccepted>(verdict));
  EXPECT_TRUE(std::get<AuthAccepted>(verdict).ipv6.delegated);
}

TEST_F(RadiusAuthTest, EncryptionAttributesThatConflictAreTold) {
  const Octets allowed = vendor(kMicrosoft, 7, hex("00000001")),
               required = vendor(kMicrosoft, 7, hex("00000002"));
  ask(default_rates(), Code::kAccessAccept, joined({required, required}));
  EXPECT_EQ(lines(), std::vector<std::string>{}) << "they agree";
  ask(default_rates(), Code::kAccessAccept,
      joined({required, allowed, vendor(kMicrosoft, 8, hex("0000000e")),
              vendor(kMicrosoft, 8, hex("0000000c"))}));
  EXPECT_EQ(lines(), std::vector<std::string>{
                         "radius_mppe_conflict user=alice sid=00000000000000aa peer=192.0.2.7 server=s0 "
                         "policy=required key_lengths=56,128"});
}

TEST_F(RadiusAuthTest, RatesAreOfTheAttributesThatAreListed) {
  const std::vector<RateMapping> rates = {
      {"Acme-Down", 32473, 1, ValueType::kInteger, RateForm::kKbit, RateDirection::kDown},
      {"Acme-Up", 32473, 2, ValueType::kInteger, RateForm::kKbit, RateDirection::kUp}};
  const AuthVerdict& verdict =
      ask(rates, Code::kAccessAccept,
          joined({vendor(32473, 1, hex("00002800")), vendor(32473, 2, hex("00000800")),
                  vendor(kMikrotik, 8, text("nonsense"))}));
  ASSERT_TRUE(std::holds_alternative<AuthAccepted>(verdict));
  EXPECT_EQ(std::get<AuthAccepted>(verdict).rate, (SubscriberRate{.down = 10'240, .up = 2048}));
  EXPECT_TRUE(log_.events.empty());
}

TEST_F(RadiusAuthTest, RAD_15_ARateThatIsNoneRefusesTheCallByItsAttributesName) {
  const std::vector<RateMapping> rates = {
      {"Acme-Down", 32473, 1, ValueType::kInteger, RateForm::kKbit, RateDirection::kDown}};
  const AuthVerdict& verdict = ask(rates, Code::kAccessAccept, vendor(32473, 1, hex("2800")));
  EXPECT_TRUE(std::holds_alternative<AuthUnusable>(verdict));
  EXPECT_EQ(lines(), std::vector<std::string>{
                         "radius_answer_unusable user=alice sid=00000000000000aa peer=192.0.2.7 server=s0 "
                         "why=Acme-Down 0x2800 is no rate in kbit/s of type integer"});
}

// RFC 2865 §4.4: "If the NAS does not support challenge/response, it MUST treat an Access-Challenge as though
// it had received an Access-Reject instead."
TEST_F(RadiusAuthTest, AnAuthenticAnswerIsAnAnswerWhateverItIs) {
  for (const Code code : {Code::kAccessChallenge, Code::kAccountingResponse}) {
    EXPECT_TRUE(std::holds_alternative<AuthUnusable>(ask(default_rates(), code, {})));
  }
  EXPECT_TRUE(std::holds_alternative<AuthUnusable>(
      ask(default_rates(), Code::kAccessAccept, attribute(Type::kServiceType, hex("00000001")))));
  EXPECT_EQ(log_.named("radius_answer_unusable").size(), 3U);
}

// RFC 2869 §5.16: "The value MUST NOT be smaller than 60."
TEST_F(RadiusAuthTest, AnInterimIntervalOfASecondIsAMinuteAndTold) {
  const auto interval = [this](const char* value) {
    return std::get<AuthAccepted>(
               ask(default_rates(), Code::kAccessAccept, attribute(Type::kAcctInterimInterval, hex(value))))
        .interim_interval;
  };
  EXPECT_EQ(interval("00000001"), Duration{60'000});
  EXPECT_EQ(lines(), std::vector<std::string>{
                         "radius_interim_raised user=alice sid=00000000000000aa peer=192.0.2.7 to=60s"});
  EXPECT_EQ(interval("0000003c"), Duration{60'000});
  EXPECT_EQ(interval("00000000"), std::nullopt) << "none";
  EXPECT_EQ(log_.events.size(), 1U);
}

// [radius] strip-realm, default-realm: both as accel-ppp's.
TEST(RealmsOfUsers, AreStrippedAndAdded) {
  const auto name = [](bool strip, const char* realm, const char* claimed) {
    return name_at_servers({.strip_realm = strip, .default_realm = realm}, claimed);
  };
  EXPECT_EQ(name(false, "", "alice@a.example"), "alice@a.example");
  EXPECT_EQ(name(true, "", "alice@a.example"), "alice");
  EXPECT_EQ(name(true, "", "alice@a@b"), "alice") << "from the first @";
  EXPECT_EQ(name(true, "", "alice"), "alice");
  EXPECT_EQ(name(false, "isp.example", "alice"), "alice@isp.example");
  EXPECT_EQ(name(false, "isp.example", "alice@a.example"), "alice@a.example");
  EXPECT_EQ(name(true, "isp.example", "alice@a.example"), "alice@isp.example");
  EXPECT_EQ(name(true, "isp.example", "@a.example"), "@a.example") << "never an empty name";
  EXPECT_EQ(name(false, "isp.example", "CORP\\alice"), "CORP\\alice@isp.example");
}

TEST_F(RadiusAuthTest, TheNameThatServersAreAskedForIsTheSessions) {
  nas_.strip_realm = true;
  user_ = "alice@a.example";
  const AuthVerdict& verdict = ask(default_rates(), Code::kAccessAccept, {});
  EXPECT_EQ(std::get<AuthAccepted>(verdict).user, "alice");
  const Octets name{1, 7, 'a', 'l', 'i', 'c', 'e'};
  EXPECT_FALSE(std::ranges::search(sent_, name).empty());
  EXPECT_EQ(std::get<AuthAccepted>(
                ask(default_rates(), Code::kAccessAccept, attribute(Type::kUserName, text("al"))))
                .user,
            "al")
      << "unless the server names it";
}

TEST_F(RadiusAuthTest, SilenceIsNoAnswer) {
  EXPECT_TRUE(std::holds_alternative<AuthUnavailable>(ask_in_vain("alice", "secret")));
  EXPECT_FALSE(sent_.empty());
}

// An Access-Request without User-Password, or without User-Name, is accepted by some servers.
TEST_F(RadiusAuthTest, ARequestThatIsNotWholeDoesNotLeave) {
  EXPECT_TRUE(std::holds_alternative<AuthUnusable>(ask_in_vain(std::string(254, 'a'), "secret")));
  EXPECT_TRUE(std::holds_alternative<AuthUnusable>(ask_in_vain("alice", std::string(129, 'p'))));
  EXPECT_TRUE(sent_.empty());
  EXPECT_EQ(lines(), (std::vector<std::string>{
                         "radius_request_unfit user=" + std::string(254, 'a') +
                             " sid=aa peer=192.0.2.7 why=User-Name of 254 octets is longer than 253",
                         "radius_request_unfit user=alice sid=aa peer=192.0.2.7 "
                         "why=User-Password of 129 octets is longer than 128"}));
}

TEST_F(RadiusAuthTest, NoVerdictSaysWhoAndWhence) {
  EXPECT_TRUE(std::holds_alternative<AuthUnavailable>(ask_in_vain("alice", "secret")));
  const auto told = log_.named("radius_no_verdict");
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].fields.at("user"), "alice");
  EXPECT_EQ(told[0].fields.at("sid"), "aa");
  EXPECT_EQ(told[0].fields.at("peer"), "192.0.2.7");
}

}  // namespace
}  // namespace adit::control::radius
