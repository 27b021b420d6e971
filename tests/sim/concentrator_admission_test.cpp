// SPDX-License-Identifier: Apache-2.0
// Admission while strangers hold as much as they are let: whoever dials meanwhile gets in, from whichever
// address. An honest dial takes a second here, its Outgoing-Call-Request comes after half of it.
#include <gtest/gtest.h>

#include <deque>

#include "tests/controlplane/concentrator/concentrator_kit.hpp"

namespace adit::control {
namespace {

using wire::Ipv4Address;

constexpr Duration kStep{100};

class Siege {
 public:
  explicit Siege(Settings settings, std::uint32_t slots = 8192)
      : house(with_pool(std::move(settings)), 2, slots) {}

  static Settings with_pool(Settings settings) {
    settings.ip.pools[0].ranges = {{Ipv4Address(10, 64, 0, 2), Ipv4Address(10, 64, 255, 254)}};
    settings.pptp.echo_interval = Duration{0};
    return settings;
  }

  /// `connections` of strangers from `sources` addresses in turn; with calls, they go as far as they can.
  void strangers(std::uint32_t connections, std::uint32_t sources, bool with_calls) {
    for (std::uint32_t i = 0; i < connections; ++i) {
      DialIn stranger(house, ++ids_, Ipv4Address(0x0A00'0000U + strangers_++ % sources));
      if (with_calls) {
        stranger.start();
        stranger.call(7);
      }
    }
  }
  void honest(Ipv4Address from) {
    ++dialled;
    dials_.push_back({std::make_unique<DialIn>(house, ++ids_, from), 0});
    dials_.back().line->start();
  }
  void step() {
    house.run_workers();
    house.advance(kStep);
    for (Dial& dial : dials_) {
      if (++dial.steps == 5) {
        dial.line->call(9);
      }
      if (dial.steps == 10) {
        up += dial.line->begin_ppp("alice") ? 1 : 0;
        lines.push_back(std::move(dial.line));
      }
    }
    std::erase_if(dials_, [](const Dial& dial) { return dial.line == nullptr; });
  }
  void finish() {
    while (!dials_.empty()) {
      step();
    }
  }

  House house;
  std::vector<std::unique_ptr<DialIn>> lines;
  int dialled = 0, up = 0;

 private:
  struct Dial {
    std::unique_ptr<DialIn> line;
    int steps;
  };
  ConnectionId ids_ = 0;
  std::uint32_t strangers_ = 0;
  std::vector<Dial> dials_;
};

struct Attack {
  std::uint32_t sources;
  std::uint32_t per_step;
  bool with_calls;
};

class Admission : public testing::TestWithParam<Attack> {};

TEST_P(Admission, SEC_07_HonestDialsSucceedWhileStrangersHoldAllThatTheyCan) {
  const Attack& attack = GetParam();
  Settings settings = House::pap_settings();
  settings.pptp.max_starting = 2'000;
  Siege siege(settings, 1'000);  // slots for as many calls as there may be connections
  for (int i = 0; i < 30; ++i) {
    siege.strangers(attack.per_step, attack.sources, attack.with_calls);
    siege.step();
  }
  ASSERT_GE(siege.house.concentrator->stats().connections_before_login, attack.with_calls ? 1'800U : 2'000U);
  for (std::uint32_t i = 0; i < 300; ++i) {
    siege.strangers(attack.per_step, attack.sources, attack.with_calls);
    siege.honest(Ipv4Address(0xC633'6400U + i));
    siege.step();
  }
  siege.finish();
  EXPECT_EQ(siege.up, siege.dialled);
  EXPECT_LE(siege.house.concentrator->stats().connections_before_login, 2'000U);
  EXPECT_LE(siege.house.log.named("admission_scarce").size(), 5U) << "one line in ten seconds";
}

INSTANTIATE_TEST_SUITE_P(Sources, Admission,
                         testing::Values(Attack{1, 100, false}, Attack{10, 100, false},
                                         Attack{2'000, 100, false}, Attack{100'000, 100, false},
                                         Attack{1, 100, true}, Attack{10, 100, true},
                                         Attack{100'000, 100, true}),
                         [](const auto& test) {
                           return std::to_string(test.param.sources) + "Addresses" +
                                  (test.param.with_calls ? "WithCalls" : "");
                         });

TEST(AdmissionOfOneAddress, AnHonestStormFromItGetsOnThoughNotAllOfItFits) {
  Settings settings = House::pap_settings();
  settings.pptp.max_starting = 100;
  Siege siege(settings);
  for (int i = 0; i < 100; ++i) {  // 30 in each tenth of a second: 300 would be under way
    for (int n = 0; n < 30; ++n) {
      siege.honest(Ipv4Address(198, 51, 100, 1));
    }
    siege.step();
  }
  siege.finish();
  EXPECT_GE(siege.up, 900)
      << "100 a second for ten seconds: those who came first are not evicted by the last";
}

TEST(AdmissionOfOneAddress, ThousandSubscribersBehindItComeBackBesideStrangers) {
  Settings settings = House::pap_settings();
  settings.pptp.max_starting = 2'000;
  Siege siege(settings);
  for (int i = 0; i < 100; ++i) {
    siege.strangers(100, 10, false);
    for (int n = 0; n < 10; ++n) {
      siege.honest(Ipv4Address(198, 51, 100, 1));
    }
    siege.step();
  }
  siege.finish();
  EXPECT_EQ(siege.dialled, 1'000);
  EXPECT_EQ(siege.up, siege.dialled);
}

TEST(AdmissionOfOneAddress, SubscribersThatAreUpVouchForThoseWhoDialBesideTenThousandStrangers) {
  Settings settings = House::pap_settings();
  settings.pptp.max_starting = 1'000;
  Siege siege(settings);
  const Ipv4Address shared(198, 51, 100, 1);
  for (int n = 0; n < 200; ++n) {
    siege.honest(shared);
  }
  siege.finish();
  ASSERT_EQ(siege.up, 200);
  for (int i = 0; i < 50; ++i) {  // each stranger holds one connection: no more than any subscriber
    siege.strangers(100, 10'000, false);
    siege.honest(shared);
    siege.honest(shared);
    siege.step();
  }
  siege.finish();
  EXPECT_EQ(siege.up, siege.dialled);
}

TEST(AdmissionOfOneAddress, WhenNothingIsScarceNobodyIsLimited) {
  Siege siege(House::pap_settings());
  siege.strangers(9'999, 1, false);
  EXPECT_EQ(siege.house.concentrator->stats().connections_before_login, 9'999U);
  EXPECT_TRUE(siege.house.log.named("connection_refused").empty());
  EXPECT_TRUE(siege.house.limited_sources().empty());
}

// Against sources counted naively, at random.
TEST(AdmissionOfAll, WhoGivesWayIsAlwaysOfASourceThatHoldsMost) {
  constexpr std::size_t kMost = 30;
  Settings settings = House::pap_settings();
  settings.pptp.max_starting = kMost;
  settings.pptp.echo_interval = Duration{0};
  settings.ip.pools[0].ranges = {{Ipv4Address(10, 64, 0, 2), Ipv4Address(10, 64, 255, 254)}};
  House house(settings, 2, 4096);
  std::mt19937 random(11);
  struct Line {
    Ipv4Address source;
    std::unique_ptr<DialIn> dial;
  };
  std::vector<Line> lines;
  const auto weight = [&](Ipv4Address source, int more) {
    int before = more;
    int after = 0;
    for (const Line& line : lines) {
      if (line.source == source) {
        (line.dial->up ? after : before) += 1;
      }
    }
    return before == 0 ? -1 : std::max(before - after, 0);  // -1: there is nothing to give
  };
  int evictions = 0;
  int refusals = 0;
  for (ConnectionId id = 1; id <= 6'000; ++id) {
    const Ipv4Address source(198, 18, 0, static_cast<std::uint8_t>(std::min(random() % 12, random() % 12)));
    const auto before_login =
        static_cast<std::size_t>(std::ranges::count_if(lines, [](const Line& l) { return !l.dial->up; }));
    ASSERT_EQ(house.concentrator->stats().connections_before_login, before_login);
    int most = -1;
    for (const Line& line : lines) {
      most = std::max(most, weight(line.source, 0));
    }
    const int newcomer = weight(source, 1);
    std::map<Ipv4Address, int> weights;
    for (const Line& line : lines) {
      weights[line.source] = weight(line.source, 0);
    }
    lines.push_back({source, std::make_unique<DialIn>(house, id, source)});
    const bool accepted = lines.back().dial->accepted;
    const auto gone =
        std::ranges::find_if(lines, [&](const Line& l) { return !l.dial->connected() && l.dial->id != id; });
    if (before_login < kMost) {
      ASSERT_TRUE(accepted && gone == lines.end());
    } else if (newcomer > most) {
      ASSERT_TRUE(accepted ? gone != lines.end() && gone->source == source : gone == lines.end()) << id;
      refusals += accepted ? 0 : 1;
    } else {
      ASSERT_TRUE(accepted && gone != lines.end()) << id;
      ASSERT_EQ(weights[gone->source], most) << id;
      ASSERT_FALSE(gone->dial->up) << id;
      ++evictions;
    }
    std::erase_if(lines, [](const Line& l) { return !l.dial->connected(); });
    switch (random() % 6) {
      case 0:
        lines[random() % lines.size()].dial->reset();
        break;
      case 1:
        if (auto& line = lines[random() % lines.size()]; !line.dial->up) {
          ASSERT_TRUE(line.dial->dial("alice"));
        }
        break;
      case 2:
        house.advance(Duration{random() % 1'500});
        break;
      default:
        break;
    }
    house.run_workers();
    std::erase_if(lines, [](const Line& l) { return !l.dial->connected(); });
  }
  EXPECT_GT(evictions, 500);
  EXPECT_GT(refusals, 100);
}

// The peer renegotiates LCP just before each phase of PPP has taken too long, as often as it is let.
TEST(LoginDeadline, SEC_05_NothingThatAPeerSendsMovesIt) {
  Settings settings = House::pap_settings();
  settings.pptp.echo_interval = Duration{0};
  settings.ppp.lcp_echo_interval = Duration{0};
  constexpr Duration kPeriod{9'990};
  House house(settings);
  DialIn line(house, 1);
  line.start();
  line.call(7);
  EXPECT_FALSE(line.begin_ppp("later")) << "the back end does not answer";
  Duration lasted{0};
  for (; line.connected() && lasted < Duration{86'400'000}; lasted += kPeriod) {
    house.advance(kPeriod);
    house.auth.waiting.clear();
    if (house.calls_by_id.contains({Ipv4Address(192, 0, 2, 1), line.local_id})) {
      line.send_ppp(0xC021, {1, static_cast<std::uint8_t>(lasted / kPeriod), 0, 0});
      line.serve();
    }
    line.send(pptp::EchoRequest{1});
  }
  EXPECT_LE(lasted, settings.pptp.login_timeout + settings.pptp.stop_timeout + kPeriod);
  house.run_workers();
  ASSERT_EQ(house.log.named("call_ended").size(), 1U);
  ASSERT_EQ(house.log.named("connection_closed").size(), 1U);
  EXPECT_EQ(house.log.named("connection_closed")[0].fields.at("reason"), "setup_timeout");
}

TEST(LoginDeadline, DoesNotConcernWhoHasLoggedIn) {
  Settings settings = House::pap_settings();
  settings.pptp.echo_interval = Duration{0};
  settings.ppp.lcp_echo_interval = Duration{0};
  House house(settings);
  DialIn line(house, 1);
  ASSERT_TRUE(line.dial("alice"));
  house.advance(Duration{600'000});
  EXPECT_TRUE(line.connected());
}

TEST(LoginDeadline, ReturnsWithTheEndOfTheLastCallThatHadLoggedIn) {
  Settings settings = House::pap_settings();
  settings.pptp.echo_interval = Duration{0};
  settings.pptp.max_calls_per_connection = 2;
  settings.ppp.lcp_echo_interval = Duration{0};
  settings.ppp.lcp_timeout = Duration{3'600'000};
  settings.ppp.setup_timeout = Duration{3'600'000};
  settings.ppp.max_configure = 10'000;
  House house(settings);
  DialIn line(house, 1);
  ASSERT_TRUE(line.dial("alice", 7));
  line.call(8);  // and never a frame of PPP
  EXPECT_EQ(house.concentrator->stats().connections_before_login, 0U);
  house.advance(Duration{300'000});
  EXPECT_TRUE(line.connected());
  line.send(pptp::CallClearRequest{7});
  EXPECT_EQ(house.concentrator->stats().connections_before_login, 1U);
  house.advance(settings.pptp.login_timeout + settings.pptp.stop_timeout + Duration{20});
  EXPECT_FALSE(line.connected());
}

TEST(NoDescriptors, TheSourceThatHoldsMostGivesOneBack) {
  House house;
  DialIn alice(house, 1, Ipv4Address(192, 0, 2, 9));
  DialIn silent(house, 2);
  ASSERT_TRUE(alice.dial("alice"));
  DialIn idle(house, 3, Ipv4Address(192, 0, 2, 10));
  DialIn more(house, 4);
  EXPECT_TRUE(house.concentrator->on_no_descriptors());
  EXPECT_TRUE(idle.connected());
  EXPECT_FALSE(more.connected());
  EXPECT_TRUE(house.concentrator->on_no_descriptors());
  EXPECT_TRUE(house.concentrator->on_no_descriptors());
  EXPECT_FALSE(house.concentrator->on_no_descriptors()) << "only those who have logged in are left";
  EXPECT_TRUE(alice.connected());
}

TEST(LimitedSources, AreListedWithWhatWasDoneToThem) {
  Settings settings = House::pap_settings();
  settings.pptp.max_starting = 2;
  House house(settings);
  const Ipv4Address greedy(192, 0, 2, 2), other(192, 0, 2, 3);
  DialIn first(house, 1, greedy), second(house, 2, greedy), third(house, 3, greedy), fourth(house, 4, other);
  EXPECT_FALSE(third.accepted);
  EXPECT_FALSE(second.connected());
  EXPECT_TRUE(fourth.accepted);
  house.advance(Duration{2'000});
  const auto sources = house.limited_sources();
  ASSERT_EQ(sources.size(), 1U);
  EXPECT_EQ(sources[0].address, greedy);
  EXPECT_EQ(sources[0].before_login, 1U);
  EXPECT_EQ(sources[0].history.refused, 1U);
  EXPECT_EQ(sources[0].history.evicted, 1U);
  EXPECT_EQ(sources[0].since, Duration{2'000});
  EXPECT_EQ(house.log.named("connection_closed")[0].fields.at("reason"), "evicted");
}

}  // namespace
}  // namespace adit::control
