// SPDX-License-Identifier: Apache-2.0
// The stories of calls: found by whatever an operator knows of them, while they go on and afterwards; bounded, and strangers
// push out nobody's but their own.
#include <gtest/gtest.h>

#include "controlplane/concentrator/story_book.hpp"
#include "tests/controlplane/concentrator/concentrator_kit.hpp"

namespace adit::control {
namespace {

using wire::Ipv4Address;
using StoryBy = StorySelector::By;
using namespace std::chrono_literals;

const Ipv4Address kPeer(203, 0, 113, 9);

StoryRow row_of(Ipv4Address peer, std::string session_id, bool logged_in = false) {
  StoryRow row{
      .story = CallStory({}), .session_id = std::move(session_id), .peer = peer, .logged_in = logged_in};
  row.story.pass(Gate::kEnd, Instant{1s});
  return row;
}

std::vector<std::string> ids(const StoryBook& book, const StoryKeys& keys) {
  std::vector<const StoryRow*> found;
  book.find(keys, found);
  std::vector<std::string> names;
  for (const StoryRow* row : found) {
    names.push_back(row->session_id);
  }
  return names;
}

TEST(StoryBook, StrangersPushOutNobodysButTheirOwn) {
  StoryBook book;
  book.add(row_of(kPeer, "user", true), {.user = "alice", .number = 1, .peer = kPeer});
  book.add(row_of(kPeer, "named"), {.user = "bob", .number = 2, .peer = kPeer});
  book.add(row_of(kPeer, "nameless"), {.user = {}, .number = 3, .peer = kPeer});
  for (std::uint32_t i = 0; i < kStoriesKept; ++i) {
    const Ipv4Address stranger(0x0A00'0000U + i);
    book.add(row_of(stranger, "stranger"), {.user = {}, .number = 100 + i, .peer = stranger});
  }
  EXPECT_EQ(ids(book, {.user = {}, .peer = kPeer}), (std::vector<std::string>{"user", "named"}));
  for (std::uint32_t i = 0; i < kStoriesKept; ++i) {
    book.add(row_of(Ipv4Address(1, 2, 3, 4), "liar"),
             {.user = "name" + std::to_string(i), .number = 9'000 + i});
  }
  EXPECT_EQ(ids(book, {.user = {}, .peer = kPeer}), std::vector<std::string>{"user"});
  EXPECT_EQ(ids(book, {.user = "alice"}), std::vector<std::string>{"user"});
  EXPECT_TRUE(ids(book, {.user = "bob"}).empty());
  EXPECT_TRUE(ids(book, {.user = {}, .number = 3}).empty());
}

TEST(StoryBook, OfOneKeyTheNewestAreTold) {
  StoryBook book;
  for (std::uint64_t i = 1; i <= 3 * kStoriesKept; ++i) {
    book.add(row_of(kPeer, std::to_string(i)), {.user = "alice", .number = i, .peer = kPeer});
  }
  const auto told = ids(book, {.user = "alice", .number = 3 * kStoriesKept, .peer = kPeer});
  ASSERT_EQ(told.size(), kStoriesTold);
  EXPECT_EQ(told.front(), std::to_string(3 * kStoriesKept));
  EXPECT_TRUE(ids(book, {.user = {}, .number = 2 * kStoriesKept}).empty());
  EXPECT_EQ(ids(book, {.user = {}, .number = 2 * kStoriesKept + 1}).size(), 1U);
}

TEST(Stories, OfACallAreFoundByWhateverNamesIt) {
  House house;
  DialIn client(house, 1, kPeer);
  ASSERT_TRUE(client.dial("alice"));
  const auto told = [&](StoryBy by, const std::string& value) {
    return house.concentrator->stories({by, value});
  };
  const auto live = told(StoryBy::kUsername, "alice");
  ASSERT_EQ(live.size(), 1U);
  EXPECT_EQ(live[0].reason, EndReason::kNone);
  EXPECT_TRUE(live[0].story.passed(Gate::kIpcp));
  const std::string sid = live[0].session_id, address = wire::to_string(client.address);
  const auto expect_all = [&](std::size_t many) {
    for (const auto& [by, value] :
         {std::pair(StoryBy::kUsername, std::string("alice")), std::pair(StoryBy::kSessionId, sid),
          std::pair(StoryBy::kIp, address), std::pair(StoryBy::kPeer, wire::to_string(kPeer))}) {
      EXPECT_EQ(told(by, value).size(), many) << value;
      EXPECT_EQ(told(StoryBy::kAny, value).size(), many) << value;
    }
    EXPECT_TRUE(told(StoryBy::kIp, wire::to_string(kPeer)).empty());
    EXPECT_TRUE(told(StoryBy::kPeer, address).empty());
    EXPECT_TRUE(told(StoryBy::kUsername, sid).empty());
  };
  expect_all(1);
  client.reset();
  house.run_workers();
  expect_all(1);
  const auto ended = told(StoryBy::kAny, "CORP\\Alice");
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].reason, EndReason::kPeerClosed);
  EXPECT_EQ(ended[0].totals.uplink_packets, 10U);
  DialIn again(house, 2, kPeer);
  ASSERT_TRUE(again.dial("alice"));
  EXPECT_EQ(told(StoryBy::kAny, "alice").size(), 2U);
  EXPECT_EQ(told(StoryBy::kAny, "alice")[0].reason, EndReason::kNone) << "the newest first";
}

/// Lets in who comes until it no longer does.
struct Door final : AuthBackend {
  bool open = true;
  void authenticate(AuthRequest, AuthClient& client) override {
    client.on_verdict(open ? AuthVerdict(AuthAccepted{}) : AuthRejected{.why = "wrong password"});
  }
  void cancel(AuthClient&) override {}
};

TEST(Stories, StrangersHideNobodyByNamesThatTheyMakeUp) {
  Door door;
  House house(House::pap_settings(), 2, 64, 1, &door);
  DialIn alice(house, 1, kPeer);
  ASSERT_TRUE(alice.dial("alice"));
  door.open = false;
  const std::string address = wire::to_string(alice.address);
  for (std::uint32_t i = 0; i < 2 * kStoriesTold; ++i) {
    DialIn stranger(house, 100 + i, Ipv4Address(0x0A00'0000U + i));
    EXPECT_FALSE(stranger.dial(i % 2 == 0 ? "alice" : address));
    house.advance(1s);
    stranger.serve();
    stranger.reset();
    house.run_workers();
  }
  const auto told = [&](const std::string& value) {
    return house.concentrator->stories({StoryBy::kAny, value});
  };
  EXPECT_EQ(told("alice")[0].reason, EndReason::kNone) << "who is up comes first";
  EXPECT_EQ(told("alice")[1].reason, EndReason::kAuthFailed);
  ASSERT_EQ(told(address).size(), 1U) << "an address is no name";
  EXPECT_EQ(told(address)[0].session.user, "alice");
  alice.reset();
  house.run_workers();
  EXPECT_TRUE(std::ranges::any_of(told("alice"), &StoryRow::logged_in));
  EXPECT_FALSE(told("alice")[0].logged_in && told("alice")[0].reason == EndReason::kNone);
}

TEST(Stories, AreToldOfConnectionsWithoutACall) {
  House house;
  DialIn client(house, 1, kPeer);
  const StorySelector selector{StoryBy::kAny, wire::to_string(kPeer)};
  auto told = house.concentrator->stories(selector);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_FALSE(told[0].story.passed(Gate::kStart));
  client.start();
  EXPECT_TRUE(house.concentrator->stories(selector)[0].story.passed(Gate::kStart));
  house.advance(60s);
  told = house.concentrator->stories(selector);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].reason, EndReason::kStartTimeout);
  EXPECT_EQ(told[0].session_id, "");
}

TEST(Stories, AreToldOfWhatIsRefusedAtTheDoor) {
  Settings settings = House::pap_settings();
  settings.pptp.max_connections_per_address = 1;
  House house(settings);
  DialIn first(house, 1, kPeer), second(house, 2, kPeer);
  EXPECT_FALSE(second.accepted);
  const auto told = house.concentrator->stories({StoryBy::kPeer, wire::to_string(kPeer)});
  ASSERT_EQ(told.size(), 2U);
  EXPECT_TRUE(std::ranges::any_of(told, [](const StoryRow& row) { return row.reason == EndReason::kLimit; }));
}

// What a client asks for and cannot have, by name.
TEST(Stories, LCP_13_RefusedWishesAreTold) {
  House house;
  DialIn client(house, 1, kPeer);
  client.start();
  client.call(7);
  house.run_workers();
  client.ref = house.calls_by_id.begin()->second;
  const auto link = [&] {
    return house.concentrator->stories({StoryBy::kPeer, wire::to_string(kPeer)})[0].story.link();
  };
  client.send_ppp(kLcp, {1, 1, 0, 0, 13, 3, 6});
  EXPECT_TRUE(link().refused_callback);
  EXPECT_FALSE(link().refused_multilink);
  client.send_ppp(kLcp, {1, 2, 0, 0, 17, 4, 5, 220});
  EXPECT_TRUE(link().refused_multilink);
  EXPECT_FALSE(link().refused_quality);
  client.send_ppp(kLcp, {1, 3, 0, 0, 4, 8, 0xC0, 0x25, 0, 0, 0, 100});
  EXPECT_TRUE(link().refused_quality);
}

TEST(Stories, OfAnotherNegotiationTheFirstIsKept) {
  House house;
  DialIn client(house, 1, kPeer);
  ASSERT_TRUE(client.dial("alice"));
  const auto before = house.concentrator->stories({StoryBy::kPeer, wire::to_string(kPeer)})[0];
  client.send_ppp(kLcp, {1, 77, 0, 0, 1, 4, 0x02, 0x40});  // anybody's: MRU 576
  house.advance(5s);
  const auto after = house.concentrator->stories({StoryBy::kPeer, wire::to_string(kPeer)})[0];
  EXPECT_EQ(after.story.link().peer_mru, before.story.link().peer_mru);
  EXPECT_EQ(after.story.link().lcp.peer_asked, before.story.link().lcp.peer_asked);
}

}  // namespace
}  // namespace adit::control
