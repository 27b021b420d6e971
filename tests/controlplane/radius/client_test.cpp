// SPDX-License-Identifier: Apache-2.0
// The RADIUS client against servers that answer, are silent, slow, forged, or gone; on a clock that the test
// controls.
#include <set>
#include <tuple>

#include "tests/controlplane/radius/client_kit.hpp"

namespace adit::control::radius {
namespace {

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
  EXPECT_EQ(status.requests, (std::array<std::uint64_t, kServiceCount>{1, 0}));
  EXPECT_EQ(status.replies, (std::array<std::uint64_t, kReplyKinds.size()>{1, 0, 0, 0}));
  EXPECT_EQ(status.round_trips[0].count(), 1U);
  EXPECT_EQ(status.round_trips[0].sum, 200U);
  EXPECT_EQ(status.round_trips[1].count(), 0U);
}

TEST_F(RadiusClient, RAD_02_RepeatsAreTheSameOctetsAndThenTheNextServerIsAsked) {
  make(2);
  ask();
  pass(Duration{1'400});
  ASSERT_EQ(sent_.size(), 3U);
  EXPECT_EQ(sent_[1].packet, sent_[0].packet);
  EXPECT_EQ(sent_[2].packet, sent_[0].packet);
  EXPECT_EQ(sent_[2].lane, sent_[0].lane);
  pass(Duration{200});
  ASSERT_EQ(sent_of(Code::kAccessRequest).size(), 4U);
  EXPECT_NE(sent_of(Code::kAccessRequest)[3].server, sent_[0].server);
  EXPECT_NE(sent_of(Code::kAccessRequest)[3].packet, sent_[0].packet) << "another authenticator";
  pass(Duration{10'000});
  EXPECT_EQ(answers_.size(), 1U);
  EXPECT_NE(answers_[0].find("does not answer"), std::string::npos);
  EXPECT_EQ(sent_of(Code::kAccessRequest).size(), 6U);
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
  pass(Duration{9'500});  // the first requests to both servers have been given up
  EXPECT_EQ(client_->status()[0].health, Health::kDead);
  EXPECT_EQ(client_->status()[1].health, Health::kDead);
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
  EXPECT_EQ(client_->status()[1].health, Health::kAlive);
  EXPECT_EQ(log_.named("radius_server_alive").size(), 1U);
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

TEST_F(RadiusClient, WaitingOnesFollowWhenOthersGoOnToTheNextServer) {
  ClientSettings settings{.tries = 1, .max_fail = 1000, .lanes = 1};
  settings.servers.push_back({.name = "preferred", .secret = crypto::SecretText("secret"), .priority = 1});
  settings.servers.push_back({.name = "other", .secret = crypto::SecretText("secret"), .priority = 2});
  make(0, settings);
  for (int n = 0; n < 300; ++n) {
    ask();
  }
  ASSERT_EQ(client_->waiting(), 44U);
  pass(Duration{600});
  EXPECT_EQ(client_->status()[1].in_flight, 256U);
  EXPECT_EQ(client_->status()[0].in_flight, 256U) << "their answers may still come";
  for (std::size_t n = 0; n < sent_.size(); ++n) {
    if (sent_[n].server == 1) {
      answer(Sent(sent_[n]));
    }
  }
  EXPECT_EQ(answers_, std::vector<std::string>(300, "code 2")) << "the 44 as well";
  EXPECT_EQ(client_->waiting(), 0U);
}

// Records that no server takes fill their own lanes and their own queue. With one queue for both services a
// login waits behind thousands of them, or is refused.
TEST_F(RadiusClient, LoginsDoNotWaitBehindRecordsThatNobodyTakes) {
  make(1, {.lanes = 1, .max_waiting = 4096});
  for (int n = 0; n < 6000; ++n) {
    record();
  }
  EXPECT_EQ(client_->waiting(), 4096U);
  EXPECT_EQ(sent_of(Service::kAccounting), 256U);
  for (int n = 0; n < 300; ++n) {
    ask();
  }
  EXPECT_EQ(sent_of(Service::kAuthentication), 256U) << "as many as without any record";
  for (std::size_t n = 0; n < sent_.size(); ++n) {
    if (sent_[n].service == Service::kAuthentication) {
      answer(Sent(sent_[n]));
    }
  }
  EXPECT_EQ(answers_, std::vector<std::string>(300, "code 2")) << "without any time having passed";
  EXPECT_EQ(client_->waiting(), 4096U);
}

// What is thought of a server's accounting is not thought of its authentication.
TEST_F(RadiusClient, AServerWhoseAccountingIsSilentStaysTheFirstForLogins) {
  ClientSettings settings;
  for (const std::uint32_t priority : {1U, 2U}) {
    settings.servers.push_back({.name = "p" + std::to_string(priority),
                                .secret = crypto::SecretText("secret"),
                                .priority = priority});
  }
  make(0, settings);
  for (int n = 0; n < 10; ++n) {
    record();
  }
  pass(Duration{10'000});
  EXPECT_EQ(client_->status()[0].health, Health::kDead);
  ASSERT_EQ(log_.named("radius_server_dead").size(), 1U);
  EXPECT_EQ(log_.named("radius_server_dead")[0].fields.at("service"), "accounting");
  sent_.clear();
  ask();
  record();
  ASSERT_EQ(sent_.size(), 2U);
  EXPECT_EQ(sent_[0].server, 0U) << "the login";
  EXPECT_EQ(sent_[1].server, 1U) << "the record";
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

// What an operator wants to know is what the server does now.
TEST_F(RadiusClient, ATrialAsksADeadServer) {
  make(1, {.max_fail = 1});
  ask();
  pass(Duration{4'000});
  ASSERT_EQ(client_->status()[0].health, Health::kDead);
  sent_.clear();
  ask();
  EXPECT_TRUE(sent_of(Code::kAccessRequest).empty());
  client_->request(Code::kAccessRequest, [](RequestWriter&, Bytes) {}, [](const auto&) {}, {.trial = true});
  EXPECT_EQ(sent_of(Code::kAccessRequest).size(), 1U);
}

// Records go to a dead one again after dead-time, and then it is not a dead one that answers.
TEST_F(RadiusClient, ThatAnAccountingServerIsBackIsToldOnce) {
  make(1, {.max_fail = 1});
  record();
  pass(Duration{10'000});
  ASSERT_EQ(client_->status()[0].health, Health::kDead);
  pass(Duration{40'000});
  for (int n = 0; n < 2; ++n) {
    record();
    answer(Sent(sent_.back()), Code::kAccountingResponse);
  }
  ASSERT_EQ(client_->status()[0].health, Health::kAlive);
  EXPECT_EQ(log_.named("radius_server_dead").size(), 1U);
  ASSERT_EQ(log_.named("radius_server_alive").size(), 1U);
  EXPECT_EQ(log_.named("radius_server_alive")[0].fields.at("service"), "accounting");
}

// Its answer to Status-Server has been believed, and was not worth it.
TEST_F(RadiusClient, AReloadDoesNotBelieveStatusServerOnceMore) {
  make(1, {.max_fail = 1});
  pass(Duration{100});
  ask();
  pass(Duration{1'600});
  ASSERT_EQ(sent_of(Code::kStatusServer).size(), 1U);
  answer(sent_of(Code::kStatusServer)[0]);
  pass(Duration{2'000});
  ASSERT_EQ(client_->status()[0].health, Health::kDead);
  const std::unique_ptr<Client> before = std::move(client_);
  sent_.clear();
  make(1, {.max_fail = 1});
  client_->inherit(*before);
  ASSERT_EQ(sent_of(Code::kStatusServer).size(), 1U);
  answer(sent_of(Code::kStatusServer)[0]);
  EXPECT_EQ(client_->status()[0].health, Health::kDead);
}

TEST_F(RadiusClient, WhatIsKnownOfAServerOutlivesAReload) {
  const ClientSettings settings{.max_fail = 1};
  make(1, settings);
  ask();
  pass(Duration{200});
  answer(sent_[0]);
  pass(Duration{100});  // what was asked before an answer does not count against the server
  ask();
  pass(Duration{10'000});
  const ServerStatus known = client_->status()[0];
  ASSERT_EQ(known.health, Health::kDead);
  ASSERT_EQ(known.answered, 1U);
  const std::unique_ptr<Client> before = std::move(client_);
  sent_.clear();
  answers_.clear();
  make(1, settings);
  client_->inherit(*before);
  const ServerStatus inherited = client_->status()[0];
  EXPECT_EQ(inherited.health, Health::kDead);
  EXPECT_EQ(std::tuple(inherited.answered, inherited.repeated, inherited.timeouts, inherited.p50),
            std::tuple(known.answered, known.repeated, known.timeouts, known.p50));
  ask();
  pass(Duration{100});
  EXPECT_EQ(answers_.size(), 1U) << "nobody waits for it anew";
  ASSERT_EQ(sent_of(Code::kStatusServer).size(), 1U) << "but it is looked after";
  answer(sent_of(Code::kStatusServer)[0]);
  EXPECT_EQ(client_->status()[0].health, Health::kAlive);
}

TEST_F(RadiusClient, AServerThatIsAnotherIsNotKnown) {
  make(1);
  ask();
  answer(sent_[0]);
  ClientSettings changed = client_->settings();
  changed.servers[0].secret = crypto::SecretText("another");
  Client next(changed, wheel_, entropy_, log_, *this);
  next.inherit(*client_);
  EXPECT_EQ(next.status()[0].health, Health::kUntried);
  EXPECT_EQ(next.status()[0].answered, 0U);
  changed.servers[0].secret = crypto::SecretText("secret");
  changed.servers[0].priority = 7;
  changed.timeout = Duration{900};
  Client same(changed, wheel_, entropy_, log_, *this);
  same.inherit(*client_);
  EXPECT_EQ(same.status()[0].answered, 1U);
}

TEST_F(RadiusClient, WithoutAServerTheAnswerIsNoAndComesLater) {
  make(0);
  ask();
  EXPECT_TRUE(answers_.empty());
  pass(Duration{100});
  EXPECT_EQ(answers_.size(), 1U);
}

}  // namespace
}  // namespace adit::control::radius
