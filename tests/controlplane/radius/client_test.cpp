// SPDX-License-Identifier: Apache-2.0
// The RADIUS client against servers that answer, are silent, slow, forging, or gone; on a clock of the test's own.
#include "controlplane/radius/client.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "controlplane/radius/radius_accounting.hpp"
#include "crypto/digest.hpp"
#include "crypto/library.hpp"
#include "tests/controlplane/seeded_entropy.hpp"

namespace adit::control::radius {
namespace {

using Octets = std::vector<std::uint8_t>;

struct Sent {
  std::size_t server;
  Service service;
  std::uint32_t lane;
  Octets packet;
  [[nodiscard]] std::uint8_t identifier() const { return packet[1]; }
};

class Log final : public EventLog {
 public:
  void event(Severity, std::string_view name, std::initializer_list<Field> fields) override {
    ++events[std::string(name)];
    for (const Field& field : fields) {
      if (field.key == "why") {
        why = field.value;
      }
    }
  }
  std::map<std::string, int> events;
  std::string why;
};

class RadiusClient : public testing::Test, public Transport {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(crypto::initialise().has_value()); }
  void make(std::size_t servers, ClientSettings settings = {}) {
    for (std::size_t n = 0; n < servers; ++n) {
      settings.servers.push_back({.name = "s" + std::to_string(n),
                                  .address = wire::Ipv4Address(192, 0, 2, static_cast<std::uint8_t>(n + 1)),
                                  .secret = crypto::SecretText("secret")});
    }
    client_ = std::make_unique<Client>(settings, wheel_, entropy_, log_, *this);
  }
  bool send(std::size_t server, Service service, std::uint32_t lane, Bytes datagram) override {
    sent_.push_back({server, service, lane, Octets(datagram.begin(), datagram.end())});
    return true;
  }
  void ask(const std::string& user = "alice") {
    client_->request(
        Code::kAccessRequest, [user](RequestWriter& request, Bytes) { request.text(Type::kUserName, user); },
        [this](const auto& reply) {
          answers_.push_back(reply ? "code " + std::to_string(static_cast<int>(reply->packet.code()))
                                   : reply.error());
        });
  }
  static Octets reply_to(const Sent& request, Code code = Code::kAccessAccept,
                         std::string_view secret = "secret") {
    Octets packet{static_cast<std::uint8_t>(code), request.identifier(), 0, 38};
    packet.insert(packet.end(), request.packet.begin() + 4, request.packet.begin() + 20);
    packet.insert(packet.end(), {80, 18});
    packet.resize(38);
    const auto key = crypto::octets_of(secret);
    const auto signature = crypto::hmac_md5(key, {packet});
    std::ranges::copy(signature, packet.begin() + 22);
    const auto digest = crypto::md5({packet, key});
    std::ranges::copy(digest, packet.begin() + 4);
    return packet;
  }
  void answer(const Sent& request, Code code = Code::kAccessAccept) {
    client_->on_datagram(request.server, request.service, request.lane, reply_to(request, code));
  }
  void pass(Duration time) {
    for (Duration at{0}; at < time; at += Duration{100}) {
      wheel_.advance(wheel_.now() + Duration{100});
    }
  }

  TimerWheel wheel_;
  test::SeededEntropy entropy_{1};
  Log log_;
  std::vector<Sent> sent_;
  std::vector<std::string> answers_;
  std::unique_ptr<Client> client_;
};

TEST_F(RadiusClient, AnsweredOnce) {
  make(1);
  ask();
  ASSERT_EQ(sent_.size(), 1U);
  EXPECT_EQ(sent_[0].packet[20], 80) << "Message-Authenticator first";
  pass(Duration{200});
  answer(sent_[0]);
  EXPECT_EQ(answers_, std::vector<std::string>{"code 2"});
  answer(sent_[0]);
  EXPECT_EQ(answers_.size(), 1U);
  const ServerStatus status = client_->status()[0];
  EXPECT_EQ(status.unmatched, 1U);
  EXPECT_EQ(status.in_flight, 0U);
  EXPECT_GE(status.p50, Duration{200});
  EXPECT_LE(status.p50, Duration{256});
}

TEST_F(RadiusClient, RAD_02_RepeatsAreTheSameOctetsAndThenTheNextServerIsAsked) {
  make(2);
  ask();
  pass(Duration{8900});
  ASSERT_EQ(sent_.size(), 3U);
  EXPECT_EQ(sent_[1].packet, sent_[0].packet);
  EXPECT_EQ(sent_[2].packet, sent_[0].packet);
  EXPECT_EQ(sent_[2].lane, sent_[0].lane);
  pass(Duration{200});
  ASSERT_EQ(sent_.size(), 4U);
  EXPECT_NE(sent_[3].server, sent_[0].server);
  EXPECT_NE(sent_[3].packet, sent_[0].packet) << "another authenticator";
  pass(Duration{10'000});
  EXPECT_EQ(answers_.size(), 1U);
  EXPECT_NE(answers_[0].find("does not answer"), std::string::npos);
  EXPECT_EQ(sent_.size(), 6U);
}

TEST_F(RadiusClient, ForgedAndForeignRepliesChangeNothing) {
  make(1);
  ask();
  client_->on_datagram(0, Service::kAuthentication, sent_[0].lane,
                       reply_to(sent_[0], Code::kAccessAccept, "guessed"));
  client_->on_datagram(0, Service::kAuthentication, sent_[0].lane, Octets(7));
  client_->on_datagram(0, Service::kAuthentication, sent_[0].lane, Octets(4000, 2));
  client_->on_datagram(0, Service::kAccounting, sent_[0].lane, reply_to(sent_[0]));
  client_->on_datagram(0, Service::kAuthentication, (sent_[0].lane + 1) % 4, reply_to(sent_[0]));
  EXPECT_TRUE(answers_.empty());
  answer(sent_[0]);
  EXPECT_EQ(answers_.size(), 1U) << "the true one still counts";
  EXPECT_GE(client_->status()[0].refused, 2U);
}

TEST_F(RadiusClient, DeadServersAreLeftAloneProbedAndComeBack) {
  make(2, {.max_fail = 2});
  for (int n = 0; n < 4; ++n) {
    ask();
  }
  pass(Duration{9'500});  // both servers' first requests are given up
  EXPECT_FALSE(client_->status()[0].alive);
  EXPECT_FALSE(client_->status()[1].alive);
  pass(Duration{10'000});
  EXPECT_EQ(answers_.size(), 4U);
  const auto probe =
      std::ranges::find_if(sent_, [](const Sent& each) { return each.packet[0] == 12 && each.server == 1; });
  ASSERT_NE(probe, sent_.end()) << "Status-Server";
  sent_.clear();
  pass(Duration{5'000});
  for (const Sent& each : std::vector(sent_)) {
    if (each.packet[0] == 12 && each.server == 1) {
      answer(each);
    }
  }
  EXPECT_TRUE(client_->status()[1].alive);
  EXPECT_EQ(log_.events["radius_server_alive"], 1);
  sent_.clear();
  ask();
  ASSERT_EQ(sent_.size(), 1U);
  EXPECT_EQ(sent_[0].server, 1U) << "the living one";
}

TEST_F(RadiusClient, PriorityThenWeight) {
  ClientSettings settings;
  for (const auto& [priority, weight] : {std::pair(2U, 1U), std::pair(1U, 1U), std::pair(1U, 3U)}) {
    settings.servers.push_back({.name = "x",
                                .address = wire::Ipv4Address(192, 0, 2, 9),
                                .secret = crypto::SecretText("secret"),
                                .priority = priority,
                                .weight = weight});
  }
  make(0, settings);
  for (int n = 0; n < 400; ++n) {
    ask();
  }
  EXPECT_EQ(client_->status()[0].in_flight, 0U);
  EXPECT_EQ(client_->status()[1].in_flight, 100U);
  EXPECT_EQ(client_->status()[2].in_flight, 300U);
}

TEST_F(RadiusClient, RAD_14_ASilentServerAndTenThousandLoginsAreBounded) {
  make(1, {.lanes = 2, .max_waiting = 1000});
  for (int n = 0; n < 10'000; ++n) {
    ask();
  }
  EXPECT_EQ(client_->status()[0].in_flight, 512U);
  EXPECT_EQ(client_->waiting(), 1000U);
  pass(Duration{200});
  EXPECT_EQ(answers_.size(), 10'000U - 1512);
  EXPECT_NE(answers_[0].find("too many"), std::string::npos);
  std::set<std::pair<std::uint32_t, int>> used;
  for (std::size_t n = 0; n < 512; ++n) {
    EXPECT_TRUE(used.emplace(sent_[n].lane, sent_[n].identifier()).second) << "no identifier twice";
  }
  pass(Duration{60'000});
  EXPECT_EQ(answers_.size(), 10'000U);
  EXPECT_EQ(client_->status()[0].in_flight, 0U);
  EXPECT_EQ(client_->waiting(), 0U);
}

TEST_F(RadiusClient, WaitingOnesFollowWhenIdentifiersAreFree) {
  make(1, {.lanes = 1});
  for (int n = 0; n < 300; ++n) {
    ask();
  }
  EXPECT_EQ(client_->waiting(), 44U);
  for (std::size_t n = 0; n < sent_.size(); ++n) {
    answer(Sent(sent_[n]));
  }
  EXPECT_EQ(answers_.size(), 300U);
  EXPECT_EQ(client_->waiting(), 0U);
}

TEST_F(RadiusClient, ThirtyPercentLossLeaksNothing) {
  make(2, {.lanes = 1});
  std::size_t seen = 0;
  std::uint32_t dice = 1;
  const auto lost = [&dice] { return (dice = dice * 1664525 + 1013904223) >> 24 < 77; };
  for (int n = 0; n < 5000; ++n) {
    ask();
    for (; seen < sent_.size(); ++seen) {
      if (!lost() && !lost()) {
        answer(Sent(sent_[seen]), sent_[seen].packet[0] == 12 ? Code::kAccessAccept : Code::kAccessAccept);
      }
    }
    if (n % 10 == 0) {
      wheel_.advance(wheel_.now() + Duration{100});
    }
  }
  for (int n = 0; n < 1200; ++n) {
    wheel_.advance(wheel_.now() + Duration{100});
    for (; seen < sent_.size(); ++seen) {
      if (!lost()) {
        answer(Sent(sent_[seen]));
      }
    }
  }
  EXPECT_EQ(answers_.size(), 5000U);
  EXPECT_EQ(client_->status()[0].in_flight + client_->status()[1].in_flight, 0U);
  EXPECT_GT(std::ranges::count(answers_, "code 2"), 4800);
}

TEST_F(RadiusClient, CancelledOnesAreNotHeardOf) {
  make(1);
  const auto ticket = client_->request(
      Code::kAccessRequest, [](RequestWriter&, Bytes) {},
      [this](const auto&) { answers_.emplace_back("heard"); });
  client_->cancel(ticket);
  client_->cancel(ticket);
  answer(sent_[0]);
  pass(Duration{20'000});
  EXPECT_TRUE(answers_.empty());
  EXPECT_EQ(client_->status()[0].in_flight, 0U);
}

TEST_F(RadiusClient, WithoutAServerTheAnswerIsNoAndComesLater) {
  make(0);
  ask();
  EXPECT_TRUE(answers_.empty());
  pass(Duration{100});
  EXPECT_EQ(answers_.size(), 1U);
}

class RadiusAccountingTest : public RadiusClient {
 protected:
  void SetUp() override {
    make(1);
    accounting_ = std::make_unique<RadiusAccounting>(*client_, NasSettings{}, wheel_, log_, 1'700'000'000);
  }
  /// The value of a number in the n-th packet sent; none: it is not there.
  std::optional<std::uint32_t> number(std::size_t n, Type type) const {
    const Octets& packet = sent_[n].packet;
    for (std::size_t at = 20; at + 2 <= packet.size(); at += packet[at + 1]) {
      if (packet[at] == static_cast<std::uint8_t>(type)) {
        return wire::load_be<std::uint32_t>(packet.data() + at + 2);
      }
    }
    return std::nullopt;
  }
  void answer_accounting(std::size_t n) {
    const Sent request = sent_[n];
    Octets packet{5, request.identifier(), 0, 20};
    packet.insert(packet.end(), request.packet.begin() + 4, request.packet.begin() + 20);
    const auto digest = crypto::md5({packet, crypto::octets_of("secret")});
    std::ranges::copy(digest, packet.begin() + 4);
    client_->on_datagram(0, Service::kAccounting, request.lane, packet);
  }
  const AccountedCall call_{.session_id = "00000000000000ff",
                            .user = "alice",
                            .peer = wire::Ipv4Address(192, 0, 2, 7),
                            .local = wire::Ipv4Address(192, 0, 2, 1),
                            .address = wire::Ipv4Address(10, 64, 0, 2),
                            .classes = {{1, 2}}};
  std::unique_ptr<RadiusAccounting> accounting_;
};

TEST_F(RadiusAccountingTest, StopHasSixtyFourBitsItsCauseAndAnAuthenticator) {
  const contract::CallTotals totals{
      .uplink_packets = 3, .uplink_octets = 0x1'0000'0007, .downlink_packets = 4, .downlink_octets = 9};
  accounting_->stopped(call_, totals, Duration{61'000}, EndReason::kIdleTimeout);
  ASSERT_EQ(sent_.size(), 1U);
  EXPECT_EQ(sent_[0].service, Service::kAccounting);
  EXPECT_EQ(number(0, Type::kAcctStatusType), 2U);
  EXPECT_EQ(number(0, Type::kAcctInputOctets), 7U) << "input is what the user sent";
  EXPECT_EQ(number(0, Type::kAcctInputGigawords), 1U);
  EXPECT_EQ(number(0, Type::kAcctOutputOctets), 9U);
  EXPECT_EQ(number(0, Type::kAcctSessionTime), 61U);
  EXPECT_EQ(number(0, Type::kAcctTerminateCause), 4U);
  EXPECT_EQ(number(0, Type::kEventTimestamp), 1'700'000'000U);
  EXPECT_EQ(number(0, Type::kAcctDelayTime), 0U);
  Octets packet = sent_[0].packet;
  const Octets authenticator(packet.begin() + 4, packet.begin() + 20);
  std::fill_n(packet.begin() + 4, 16, std::uint8_t{0});
  const auto right = crypto::md5({packet, crypto::octets_of("secret")});
  EXPECT_EQ(authenticator, Octets(right.begin(), right.end()));
  answer_accounting(0);
  pass(Duration{60'000});
  EXPECT_EQ(sent_.size(), 1U);
  EXPECT_EQ(accounting_->waiting(), 0U);
}

TEST_F(RadiusAccountingTest, StopsAreKeptAndOfferedAgainInOrderWithTheirDelay) {
  for (const char* user : {"first", "second"}) {
    AccountedCall call = call_;
    call.user = user;
    accounting_->started(call);
    accounting_->stopped(call, {}, Duration{1000}, EndReason::kUserRequest);
    pass(Duration{100});
  }
  pass(Duration{9'500});
  EXPECT_EQ(accounting_->waiting(), 2U) << "Starts are not kept";
  pass(Duration{10'500});
  std::erase_if(sent_,
                [](const Sent& each) { return each.service != Service::kAccounting; });  // without probes
  sent_.erase(sent_.begin(), sent_.end() - 1);
  EXPECT_EQ(number(0, Type::kAcctStatusType), 2U);
  EXPECT_GE(number(0, Type::kAcctDelayTime), 18U);
  EXPECT_EQ(number(0, Type::kEventTimestamp), 1'700'000'000U) << "when it happened";
  answer_accounting(0);
  pass(Duration{200});
  ASSERT_EQ(sent_.size(), 2U) << "at once, now that one answers";
  answer_accounting(1);
  EXPECT_EQ(accounting_->waiting(), 0U);
  pass(Duration{60'000});
  EXPECT_EQ(sent_.size(), 2U) << "never twice";
}

}  // namespace
}  // namespace adit::control::radius
