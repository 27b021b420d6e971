// SPDX-License-Identifier: Apache-2.0
// What calls have in IPv6: from whom each leases what, what the worker and the index are told, and who has it after
// another call has come or gone.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "controlplane/concentrator/concentrator_core.hpp"
#include "controlplane/concentrator/connection_record.hpp"
#include "tests/controlplane/concentrator/concentrator_kit.hpp"

namespace adit::control {
namespace {

using wire::Ipv6Prefix;

Ipv6Prefix prefix(std::string_view text) {
  return wire::parse_ipv6_prefix(text).value();
}

Settings dual_stack() {
  Settings settings = House::pap_settings();
  settings.ipv6.mode = Ipv6Policy::kAllow;
  settings.ipv6.pools = {
      {.prefix = prefix("2001:db8:64::/48")},
      {.prefix = prefix("2001:db8:65::/48"), .length = 128, .use = Ipv6Use::kAddress},
      {.prefix = prefix("2001:db8:100::/40"), .length = 56, .use = Ipv6Use::kDelegate},
      {.name = "gold", .prefix = prefix("2001:db8:66::/48")},
      {.name = "tiny", .prefix = prefix("2001:db8:67::/64")},
  };
  return settings;
}

/// Calls of a core, with the house for its workers and index; no session runs.
class CallPrefixesTest : public testing::Test {
 protected:
  CallPrefixesTest()
      : house_(dual_stack()),
        core_(house_.settings, 2, 64, house_.wheel, house_.entropy, house_.log, house_.auth, house_,
              kUnsteered, nullptr) {}

  /// A call, installed, of which nobody knows the user yet.
  CallRecord& dial() {
    const ConnectionId id = ++connections_;
    house_.open.insert(id);
    EXPECT_TRUE(core_.accept(id, wire::Ipv4Address(192, 0, 2, 2), wire::Ipv4Address(192, 0, 2, 1)));
    ConnectionRecord& connection = *core_.find_connection(id);
    const auto call = core_.install(connection, wire::PeerCallId{static_cast<std::uint16_t>(id)});
    EXPECT_TRUE(call && *call != nullptr);
    (*call)->start_ppp();
    run_workers();
    return **call;
  }
  CallRecord& dial(const std::string& user, const Ipv6Terms& terms = {}) {
    CallRecord& call = dial();
    AuthAccepted accepted;
    accepted.ipv6 = terms;
    call.admit(user, accepted);
    call.enable_ip(wire::Ipv4Address(0x0a40'0000 + static_cast<std::uint32_t>(connections_)), 1500, false);
    return call;
  }
  /// Ends it, and its worker has removed it.
  void hang_up(CallRecord& call) {
    call.end(EndReason::kUserRequest, "");
    run_workers();
  }
  void run_workers() {
    house_.answer_removals = false;
    std::vector<contract::CallRef> removed;
    for (const auto& ring : house_.rings) {
      for (const auto& [message, frame] : ring) {
        if (const auto* remove = std::get_if<contract::RemoveCall>(&message)) {
          removed.push_back(remove->call);
        }
      }
    }
    house_.run_workers();
    for (const contract::CallRef& call : removed) {
      core_.on_worker_message(contract::CallRemoved{call, {}}, {});
      core_.sweep();
    }
  }
  House::Installed& worker_has(const CallRecord& call) {
    run_workers();
    return house_.installed.at(House::key(call.ref));
  }
  static std::optional<Ipv6Prefix> leased(CallRecord& call, Ipv6Use use) {
    const auto prefix = call.lease_ipv6(use);
    return prefix ? std::optional(*prefix) : std::nullopt;
  }
  void pass(Duration time) { house_.advance(time); }
  PoolStatus pool(std::size_t index) { return core_.pools6.status().at(index); }

  House house_;
  ConcentratorCore core_;
  ConnectionId connections_ = 0;
};

TEST_F(CallPrefixesTest, EachUseOnceAndTheSameEachTime) {
  CallRecord& call = dial("alice");
  const auto link = leased(call, Ipv6Use::kLink), address = leased(call, Ipv6Use::kAddress),
             delegated = leased(call, Ipv6Use::kDelegate);
  EXPECT_EQ(link, prefix("2001:db8:64::/64"));
  EXPECT_EQ(address, prefix("2001:db8:65::1/128"));
  EXPECT_EQ(delegated, prefix("2001:db8:100::/56"));
  EXPECT_EQ(leased(call, Ipv6Use::kLink), link);
  EXPECT_EQ(leased(call, Ipv6Use::kAddress), address);
  EXPECT_EQ(leased(call, Ipv6Use::kDelegate), delegated);
  EXPECT_EQ(core_.directory.at_prefix(*delegated), &call);
  EXPECT_EQ(core_.directory.around(prefix("2001:db8:100:ff::1/128")), &call);
  hang_up(call);
  EXPECT_EQ(core_.directory.at_prefix(*delegated), nullptr);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(pool(i).used, 0U);
    EXPECT_EQ(pool(i).quarantined, 0U) << "no packet had it";
  }
}

TEST_F(CallPrefixesTest, IP6_10_TheUsersOwnTermsComeFirstAndNameThePools) {
  Ipv6Terms terms{.link = prefix("2001:db8:9::/64"), .delegated_pool = "silver"};
  terms.address = wire::parse_ipv6_address("2001:db8:9:1::7");
  CallRecord& call = dial("alice", terms);
  EXPECT_EQ(leased(call, Ipv6Use::kLink), prefix("2001:db8:9::/64"));
  EXPECT_EQ(leased(call, Ipv6Use::kAddress), prefix("2001:db8:9:1::7/128"));
  const auto none = call.lease_ipv6(Ipv6Use::kDelegate);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().reason, EndReason::kPoolUnknown);
  EXPECT_EQ(none.error().why, "pool silver of use delegate is no [[ipv6-pool]]");
  CallRecord& gold = dial("bob", {.link_pool = "gold"});
  EXPECT_EQ(leased(gold, Ipv6Use::kLink), prefix("2001:db8:66::/64"));
}

TEST_F(CallPrefixesTest, IP6_01_WhoIsDeniedGetsNothing) {
  CallRecord& denied = dial("alice", {.denied = true});
  EXPECT_FALSE(denied.lease_ipv6(Ipv6Use::kLink));
  CallRecord& nobody = dial();
  EXPECT_FALSE(nobody.lease_ipv6(Ipv6Use::kLink)) << "before the login";
  EXPECT_EQ(pool(0).used, 0U);
}

TEST_F(CallPrefixesTest, AnEmptyPoolSaysSo) {
  CallRecord& first = dial("alice", {.link_pool = "tiny"});
  ASSERT_TRUE(first.lease_ipv6(Ipv6Use::kLink));
  const auto none = dial("bob", {.link_pool = "tiny"}).lease_ipv6(Ipv6Use::kLink);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().reason, EndReason::kPoolEmpty);
  EXPECT_EQ(none.error().why, "pool tiny of use link is empty: all its prefixes are in use");
}

TEST_F(CallPrefixesTest, AFixedPrefixInUseNamesTheSessionThatHasIt) {
  const Ipv6Terms own{.delegated = prefix("2001:db8:7::/56")};
  CallRecord& first = dial("alice", own);
  ASSERT_TRUE(first.lease_ipv6(Ipv6Use::kDelegate));
  const auto refused = dial("bob", own).lease_ipv6(Ipv6Use::kDelegate);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, EndReason::kAddressInUse);
  EXPECT_TRUE(refused.error().why.starts_with("2001:db8:7::/56 is in use by sid " + first.session_id() +
                                              ", peer 192.0.2.2, user "))
      << refused.error().why;
}

TEST_F(CallPrefixesTest, IP6_09_TheNextCallOfTheSameUserTakesOverWhatTheLastOneHad) {
  const Ipv6Terms own{.link = prefix("2001:db8:7::/64")};
  CallRecord& old = dial("alice", own);
  ASSERT_TRUE(old.lease_ipv6(Ipv6Use::kLink));
  const auto delegated = leased(old, Ipv6Use::kDelegate);
  CallRecord& parallel = dial("alice", own);
  EXPECT_FALSE(parallel.lease_ipv6(Ipv6Use::kLink)) << "the first is still there";
  EXPECT_NE(leased(parallel, Ipv6Use::kDelegate), delegated);
  CallRecord& stranger = dial("mallory", own);
  old.end(EndReason::kReplaced, "");  // its worker has yet to remove it
  EXPECT_FALSE(stranger.lease_ipv6(Ipv6Use::kLink));
}

TEST_F(CallPrefixesTest, WhatAUserHadLastIsTakenOverFromACallThatIsOver) {
  CallRecord& old = dial("alice", {.link = prefix("2001:db8:7::/64")});
  const auto link = leased(old, Ipv6Use::kLink), delegated = leased(old, Ipv6Use::kDelegate);
  old.enable_ipv6({.link = *link, .delegated = *delegated}, 1436, false);
  old.end(EndReason::kReplaced, "");
  CallRecord& next = dial("alice", {.link = prefix("2001:db8:7::/64")});
  EXPECT_EQ(leased(next, Ipv6Use::kLink), link);
  EXPECT_EQ(leased(next, Ipv6Use::kDelegate), delegated);
  run_workers();
  EXPECT_EQ(core_.directory.at_prefix(*link), &next);
  EXPECT_EQ(pool(2).used, 1U);
  EXPECT_EQ(pool(2).quarantined, 0U);
}

TEST_F(CallPrefixesTest, IP6_09_AUserWhoReturnsGetsThePrefixItHad) {
  CallRecord& first = dial("alice");
  const auto delegated = leased(first, Ipv6Use::kDelegate);
  first.enable_ipv6({.delegated = *delegated}, 1436, false);
  hang_up(first);
  EXPECT_EQ(pool(2).quarantined, 1U);
  EXPECT_NE(leased(dial("bob"), Ipv6Use::kDelegate), delegated);
  EXPECT_EQ(leased(dial("alice"), Ipv6Use::kDelegate), delegated);
}

TEST_F(CallPrefixesTest, IP6_09_ARedialBeforeTheOldCallHasTimedOutCostsNoPrefix) {
  const auto lease = [](CallRecord& call) {
    const Ipv6Prefix delegated = call.lease_ipv6(Ipv6Use::kDelegate).value();
    call.enable_ipv6({.delegated = delegated}, 1436, false);
    return delegated;
  };
  CallRecord& old = dial("alice");
  const Ipv6Prefix first = lease(old);
  CallRecord& redial = dial("alice");
  const Ipv6Prefix second = lease(redial);
  ASSERT_NE(second, first);
  hang_up(redial);
  CallRecord& third = dial("alice");
  EXPECT_EQ(lease(third), second);
  hang_up(old);
  EXPECT_EQ(lease(dial("alice")), first) << "the third still has its own";
}

TEST_F(CallPrefixesTest, IP6_10_TheWorkerAndTheIndexAreToldOfAllThatItHas) {
  Ipv6Terms terms;
  terms.routes = {prefix("2001:db8:20::/48")};
  CallRecord& call = dial("alice", terms);
  Ipv6Binding binding{.interface_id = 0x1234, .link = call.lease_ipv6(Ipv6Use::kLink).value()};
  call.enable_ipv6(binding, 1400, true);
  const contract::EnableIpv6 first = worker_has(call).ipv6.value();
  EXPECT_EQ(first.interface_id, 0x1234U);
  EXPECT_EQ(first.link_prefix, 0x2001'0db8'0064'0000U);
  EXPECT_EQ(first.delegated_length, 0);
  EXPECT_TRUE(first.has_routes);
  EXPECT_EQ(first.peer_mru, 1400);
  EXPECT_TRUE(first.require_mppe);
  EXPECT_EQ(house_.prefixes6,
            (std::map<Ipv6Prefix, contract::CallRef>{{prefix("2001:db8:20::/48"), call.ref},
                                                     {prefix("2001:db8:64::/64"), call.ref}}));
  const int changes = house_.changes6;
  binding.delegated = call.lease_ipv6(Ipv6Use::kDelegate).value();
  binding.address = call.lease_ipv6(Ipv6Use::kAddress).value().address;
  call.enable_ipv6(binding, 1400, true);
  EXPECT_EQ(house_.changes6, changes + 2) << "what it had stays mapped";
  EXPECT_EQ(core_.stats.calls_with_ipv6, 1U);
  EXPECT_EQ(worker_has(call).ipv6->delegated, 0x2001'0db8'0100'0000U);
  EXPECT_EQ(worker_has(call).ipv6->delegated_length, 56);
  EXPECT_EQ(house_.prefixes6.at(prefix("2001:db8:65::1/128")), call.ref);
  binding.delegated.reset();  // released by DHCPv6
  call.enable_ipv6(binding, 1400, true);
  EXPECT_EQ(worker_has(call).ipv6->delegated_length, 0);
  EXPECT_FALSE(house_.prefixes6.contains(prefix("2001:db8:100::/56")));
  call.disable_ipv6();
  EXPECT_FALSE(worker_has(call).ipv6.has_value());
  EXPECT_TRUE(house_.prefixes6.empty());
  EXPECT_EQ(core_.stats.calls_with_ipv6, 0U);
  EXPECT_EQ(call.status().routes6, terms.routes) << "as granted";
}

TEST_F(CallPrefixesTest, WithoutAddressOrRoutesNothingLeadsElsewhere) {
  CallRecord& call = dial("alice");
  call.enable_ipv6(
      {.link = call.lease_ipv6(Ipv6Use::kLink).value(), .delegated = prefix("2001:db8:100::/56")}, 1436,
      false);
  EXPECT_FALSE(worker_has(call).ipv6->has_routes);
}

TEST_F(CallPrefixesTest, EitherFamilyIsACallThatIsUp) {
  CallRecord& call = dial();
  AuthAccepted accepted;
  accepted.rate = SubscriberRate{.down = 16, .up = 8};
  call.admit("alice", accepted);
  call.enable_ipv6({.link = call.lease_ipv6(Ipv6Use::kLink).value()}, 1436, false);
  EXPECT_TRUE(worker_has(call).ipv6.has_value());
  EXPECT_EQ(worker_has(call).limits->down, 2'000U) << "one bucket for both families";
  EXPECT_EQ(house_.prefixes6.size(), 1U);
  EXPECT_EQ(core_.stats.calls_active, 1U);
  const Instant since = call.up_since().value();

  pass(Duration{5'000});
  call.enable_ip(call.lease_address({}, "default").value(), 1436, false);
  EXPECT_TRUE(worker_has(call).ip);
  EXPECT_EQ(call.up_since(), since);
  EXPECT_EQ(house_.log.named("call_up").size(), 1U);

  call.disable_ipv6();
  EXPECT_EQ(core_.stats.calls_active, 1U) << "by IPv4";
  call.enable_ipv6({.link = call.lease_ipv6(Ipv6Use::kLink).value()}, 1436, false);
  call.disable_ip();
  EXPECT_EQ(core_.stats.calls_active, 1U) << "by IPv6";
  call.disable_ipv6();
  EXPECT_EQ(core_.stats.calls_active, 0U);
  EXPECT_EQ(core_.stats.calls_starting, 1U);
}

TEST_F(CallPrefixesTest, AnAddressThatIsReturnedIsFree) {
  CallRecord& call = dial();
  call.admit("alice", {});
  const wire::Ipv4Address address = call.lease_address({}, "default").value();
  call.enable_ipv6({.link = call.lease_ipv6(Ipv6Use::kLink).value()}, 1436, false);
  call.return_address();
  EXPECT_TRUE(call.address().is_none());
  EXPECT_EQ(core_.directory.at_address(address), nullptr);
  EXPECT_EQ(core_.pools.status().at(0).used, 0U);
  CallRecord& other = dial();
  other.admit("bob", {});
  EXPECT_EQ(other.lease_address(address, "default"), address);
  hang_up(call);
  EXPECT_EQ(core_.directory.at_address(address), &other) << "the end of the first takes nothing from it";
  EXPECT_EQ(core_.pools.status().at(0).used, 1U);
}

// Its worker may not have heard that IPv4 is off.
TEST_F(CallPrefixesTest, AnAddressIsNotReturnedByACallWhoseRingIsFull) {
  CallRecord& call = dial();
  call.admit("alice", {});
  call.enable_ip(call.lease_address({}, "default").value(), 1436, false);
  house_.ring_capacity = 0;
  call.disable_ip();
  call.return_address();
  EXPECT_FALSE(call.address().is_none());
  EXPECT_EQ(core_.pools.status().at(0).used, 1U);
  house_.ring_capacity = 8192;
  core_.sweep();
  run_workers();
  EXPECT_EQ(core_.pools.status().at(0).used, 0U);
}

TEST_F(CallPrefixesTest, PacketsGoInOrderAndWhatDoesNotFitIsCounted) {
  CallRecord& call = dial("alice");
  call.enable_ipv6({.link = call.lease_ipv6(Ipv6Use::kLink).value()}, 1436, false);
  const House::Frame packet(40, 0x60);
  call.send_ipv6(packet);
  EXPECT_EQ(worker_has(call).packets6, std::vector<House::Frame>{packet});
  house_.ring_capacity = 0;
  call.send_ipv6(packet);
  EXPECT_EQ(core_.stats.frames_dropped, 1U);
}

TEST_F(CallPrefixesTest, OfTwoCallsWithOneNetworkTheLatestHasIt) {
  Ipv6Terms terms;
  terms.routes = {prefix("2001:db8:20::/48")};
  CallRecord& old = dial("alice", terms);
  CallRecord& redial = dial("alice", terms);
  old.enable_ipv6({.interface_id = 1}, 1436, false);
  redial.enable_ipv6({.interface_id = 1}, 1436, false);
  EXPECT_EQ(house_.prefixes6.at(terms.routes[0]), redial.ref);
  EXPECT_TRUE(old.status().routes6.empty());
  EXPECT_EQ(redial.status().routes6, terms.routes);
  hang_up(old);
  EXPECT_EQ(house_.prefixes6.at(terms.routes[0]), redial.ref) << "the end of the first never clears it";
  CallRecord& third = dial("alice", terms);
  third.enable_ipv6({.interface_id = 1}, 1436, false);
  hang_up(third);
  EXPECT_EQ(house_.prefixes6.at(terms.routes[0]), redial.ref) << "the one before gets it back";
  hang_up(redial);
  EXPECT_TRUE(house_.prefixes6.empty());
}

TEST_F(CallPrefixesTest, WhatIsTheMachinesIsNobodys) {
  core_.set_machine_networks6(
      {{.prefix = prefix("2001:db8:64::1/128"), .holder = "core0", .own_address = true},
       {.prefix = prefix("2001:db8:64:1::/64"), .holder = "core0"},
       {.prefix = prefix("2001:db8::/32"), .holder = "core1"},
       {.prefix = prefix("fe80::1/128"), .holder = "core0", .own_address = true}});
  CallRecord& pooled = dial("alice");
  EXPECT_EQ(leased(pooled, Ipv6Use::kLink), prefix("2001:db8:64:2::/64"))
      << "the first has an address of the machine's, the machine is in the second";
  CallRecord& fixed = dial("bob", {.address = wire::parse_ipv6_address("2001:db8:64::1")});
  const auto refused = fixed.lease_ipv6(Ipv6Use::kAddress);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().why, "2001:db8:64::1/128 is the machine's own: core0");
  core_.set_machine_networks6({});
  EXPECT_TRUE(fixed.lease_ipv6(Ipv6Use::kAddress)) << "it has left the machine";
}

TEST_F(CallPrefixesTest, AnAddressThatTheMachineGetsIsItsFromThenOnAndTheLogSaysSo) {
  CallRecord& call = dial("alice", {.address = wire::parse_ipv6_address("2001:db8:20::77")});
  const Ipv6Prefix own = call.lease_ipv6(Ipv6Use::kAddress).value();
  call.enable_ipv6({.address = own.address}, 1436, false);
  ASSERT_TRUE(house_.prefixes6.contains(own));
  core_.set_machine_networks6({{.prefix = own, .holder = "core0", .own_address = true}});
  EXPECT_FALSE(house_.prefixes6.contains(own));
  ASSERT_EQ(house_.log.named("subscriber_address_taken").size(), 1U);
  EXPECT_EQ(house_.log.named("subscriber_address_taken")[0].fields.at("ip"), "2001:db8:20::77");
  core_.set_machine_networks6({});
  EXPECT_EQ(house_.prefixes6.at(own), call.ref);
}

TEST_F(CallPrefixesTest, ANetworkOfTheMachinesInAGrantedOneIsToldOf) {
  core_.set_machine_networks6({{.prefix = prefix("2001:db8:20:1::/64"), .holder = "core0"}});
  Ipv6Terms terms;
  terms.routes = {prefix("2001:db8:20::/48")};
  CallRecord& call = dial("alice", terms);
  call.enable_ipv6({.interface_id = 1}, 1436, false);
  const auto warnings = house_.log.named("overlaps_own_network");
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings[0].fields.at("granted"), "2001:db8:20::/48");
  EXPECT_EQ(warnings[0].fields.at("own"), "2001:db8:20:1::/64");
}

TEST_F(CallPrefixesTest, IP6_05_TwoThousandAdvertisementsASecondForAllCallsTogether) {
  CallRecord& one = dial("alice");
  CallRecord& other = dial("bob");
  int sent = 0;
  for (int tick = 0; tick < 50; ++tick) {  // a second
    house_.advance(Duration{20});
    for (int i = 0; i < 100; ++i) {
      sent += (one.may_advertise() ? 1 : 0) + (other.may_advertise() ? 1 : 0);
    }
  }
  EXPECT_LE(sent, 2'200);
  EXPECT_GE(sent, 1'950);
}

TEST_F(CallPrefixesTest, ACallIsFoundByWhatItHas) {
  CallRecord& call = dial("alice");
  ASSERT_TRUE(call.lease_ipv6(Ipv6Use::kLink));
  for (const char* ip : {"2001:db8:64::/64", "2001:db8:64::7:8"}) {
    std::size_t found = 0;
    core_.directory.visit_named({.by = SessionSelector::By::kIp, .value = ip}, 9,
                                [&](const CallRecord& one) { found += &one == &call ? 1 : 0; });
    EXPECT_EQ(found, 1U) << ip;
  }
  for (const char* ip : {"2001:db8:64::/63", "2001:db8:64:1::1", "2001:db8::zz", ""}) {
    EXPECT_EQ(core_.directory.visit_named({.by = SessionSelector::By::kIp, .value = ip}, 9,
                                          [](const CallRecord&) {}),
              0U)
        << ip;
  }
}

}  // namespace
}  // namespace adit::control
