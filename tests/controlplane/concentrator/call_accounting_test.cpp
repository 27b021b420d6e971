// SPDX-License-Identifier: Apache-2.0
// When servers are told of what a subscriber gets in IPv6: with the Start, at once after it, never record upon record.
#include <gtest/gtest.h>

#include "controlplane/concentrator/call_record.hpp"
#include "controlplane/concentrator/concentrator_core.hpp"
#include "controlplane/concentrator/connection_record.hpp"
#include "tests/controlplane/concentrator/concentrator_kit.hpp"
#include "tests/kit/ipv6_kit.hpp"

namespace adit::control {
namespace {

using test::net6;

/// Nobody minds that the peer is silent.
Settings with_ipv6() {
  constexpr Duration kLong = std::chrono::hours(24);
  Settings settings = House::pap_settings();
  settings.ipv6.mode = Ipv6Policy::kAllow;
  settings.pptp.start_timeout = settings.pptp.login_timeout = settings.pptp.call_timeout = kLong;
  settings.ppp.lcp_timeout = settings.ppp.setup_timeout = kLong;
  settings.ppp.max_configure = 1'000'000;
  return settings;
}

/// A call of a core of its own, whose session does nothing.
class CallAccountingTest : public testing::Test {
 protected:
  CallAccountingTest()
      : house_(with_ipv6()),
        core_(house_.settings, 2, 64, house_.wheel, house_.entropy, house_.log, house_.auth, house_,
              kUnsteered, &house_.accounting) {
    house_.open.insert(1);
    EXPECT_TRUE(core_.accept(1, wire::Ipv4Address(192, 0, 2, 2), wire::Ipv4Address(192, 0, 2, 1)));
    const auto call = core_.install(*core_.find_connection(1), wire::PeerCallId{1});
    EXPECT_TRUE(call && *call != nullptr);
    call_ = *call;
    call_->start_ppp();
    call_->admit("alice", {});
    house_.run_workers();
  }
  void ipv4_up() {
    call_->enable_ip(call_->lease_address({}, "default").value(), 1400, false);
    house_.run_workers();
  }
  void bind(const Ipv6Binding& binding) { call_->enable_ipv6(binding, 1400, false); }
  void pass(Duration time) { house_.wheel.advance(house_.wheel.now() + time); }
  [[nodiscard]] std::size_t interims() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        house_.accounting.said, [](const std::string& said) { return said.starts_with("interim "); }));
  }

  House house_;
  ConcentratorCore core_;
  CallRecord* call_ = nullptr;
  const Ipv6Binding link_{.interface_id = 7, .link = net6("2001:db8:64:7::/64")};
  const Ipv6Binding both_{.interface_id = 7, .link = link_.link, .delegated = net6("2001:db8:100::/56")};
};

TEST_F(CallAccountingTest, TheFirstFamilyIsTheStartAndTheSecondIsNoOther) {
  const wire::Ipv4Address address = call_->lease_address({}, "default").value();
  bind(link_);
  EXPECT_EQ(house_.accounting.said.size(), 1U);
  EXPECT_EQ(house_.accounting.started_with, link_);
  EXPECT_EQ(house_.accounting.address, address) << "its own, though IPCP has yet to open";
  pass(Duration{10'000});
  call_->enable_ip(address, 1400, false);
  pass(Duration{10'000});
  EXPECT_EQ(house_.accounting.said.size(), 1U);
  EXPECT_TRUE(house_.accounting.kept.empty());
}

TEST_F(CallAccountingTest, AnAddressThatIsReturnedIsToldOfNoMore) {
  ASSERT_TRUE(call_->lease_address({}, "default"));
  call_->return_address();
  bind(link_);
  EXPECT_TRUE(house_.accounting.address.is_none());

  const wire::Ipv4Address again = call_->lease_address({}, "default").value();  // LCP has begun anew
  call_->enable_ip(again, 1400, false);
  EXPECT_EQ(house_.accounting.kept.back().address, again);
  pass(Duration{20});
  EXPECT_EQ(interims(), 1U);
  EXPECT_EQ(house_.accounting.address, again);
  call_->disable_ip();
  call_->return_address();
  EXPECT_TRUE(house_.accounting.kept.back().address.is_none());
  pass(Duration{5'000});
  EXPECT_EQ(interims(), 2U);
  EXPECT_TRUE(house_.accounting.address.is_none());
  EXPECT_EQ(house_.accounting.ipv6, link_);
}

TEST_F(CallAccountingTest, WhatComesLaterIsKeptAndToldAtOnce) {
  ipv4_up();
  EXPECT_EQ(house_.accounting.started_with, std::nullopt);
  bind(link_);
  ASSERT_EQ(house_.accounting.kept.size(), 1U);
  EXPECT_EQ(house_.accounting.kept.back().ipv6, link_);
  pass(Duration{20});
  EXPECT_EQ(interims(), 1U);
  EXPECT_EQ(house_.accounting.ipv6, link_);
  bind(link_);
  pass(Duration{30'000});
  EXPECT_EQ(interims(), 1U) << "nothing has changed";
}

TEST_F(CallAccountingTest, OneRecordForAllChangesOfFiveSeconds) {
  ipv4_up();
  bind(link_);
  pass(Duration{20});
  ASSERT_EQ(interims(), 1U);
  for (int n = 0; n < 10; ++n) {  // a DHCPv6 client that cannot decide
    bind(both_);
    bind(link_);
    pass(Duration{100});
  }
  bind(both_);
  EXPECT_EQ(house_.accounting.kept.back().ipv6, both_) << "kept at once";
  pass(Duration{3'000});
  EXPECT_EQ(interims(), 1U);
  pass(Duration{1'100});
  EXPECT_EQ(interims(), 2U);
  EXPECT_EQ(house_.accounting.ipv6, both_);
  pass(Duration{40'000});
  EXPECT_EQ(interims(), 2U);
  bind(link_);
  pass(Duration{20});
  EXPECT_EQ(interims(), 3U) << "at once again";
}

TEST_F(CallAccountingTest, TheEndSaysWhatItHadLast) {
  ipv4_up();
  bind(both_);
  pass(Duration{20});
  call_->disable_ipv6();  // as a session does that ends
  pass(Duration{10'000});
  EXPECT_EQ(interims(), 1U);
  call_->end(EndReason::kUserRequest, "");
  pass(Duration{10'000});
  house_.answer_removals = false;
  house_.run_workers();
  core_.on_worker_message(contract::CallRemoved{call_->ref, {}}, {});
  EXPECT_EQ(house_.accounting.stopped_with, both_);
}

}  // namespace
}  // namespace adit::control
