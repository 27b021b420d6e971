// SPDX-License-Identifier: Apache-2.0
// Accounting records, and what becomes of them when servers are unreachable and when processes end.
#include "controlplane/radius/accounting.hpp"
#include "tests/controlplane/radius/client_kit.hpp"
#include "tests/kit/ipv6_kit.hpp"

namespace adit::control::radius {
namespace {

class RadiusAccountingTest : public RadiusClient {
 protected:
  static constexpr std::uint32_t kSlots = 5;

  void SetUp() override {
    make(1);
    live();
  }
  /// Starts a process with the spool that the previous one left.
  void live() {
    accounting_.reset();
    spool_ = std::make_unique<Spool>(memory_);
    accounting_ = std::make_unique<RadiusAccounting>(
        *client_, NasSettings{}, wheel_, [this] { return unix_now(); }, log_, *spool_);
  }
  [[nodiscard]] std::uint64_t unix_now() const {
    return 1'700'000'000 + static_cast<std::uint64_t>(wheel_.now().since_start / std::chrono::seconds(1));
  }
  /// The value of a number in the n-th packet sent; empty: not present.
  std::optional<std::uint32_t> number(std::size_t n, Type type) const {
    const Octets& packet = sent_[n].packet;
    for (std::size_t at = 20; at + 2 <= packet.size(); at += packet[at + 1]) {
      if (packet[at] == static_cast<std::uint8_t>(type)) {
        return wire::load_be<std::uint32_t>(packet.data() + at + 2);
      }
    }
    return std::nullopt;
  }
  std::string text(std::size_t n, Type type) const {
    const Octets& packet = sent_[n].packet;
    for (std::size_t at = 20; at + 2 <= packet.size(); at += packet[at + 1]) {
      if (packet[at] == static_cast<std::uint8_t>(type)) {
        return {packet.begin() + static_cast<std::ptrdiff_t>(at) + 2,
                packet.begin() + static_cast<std::ptrdiff_t>(at) + packet[at + 1]};
      }
    }
    return "";
  }
  static constexpr Type kIpv6[] = {Type::kFramedInterfaceId, Type::kFramedIpv6Prefix,
                                   Type::kFramedIpv6Address, Type::kDelegatedIpv6Prefix};
  /// The value in hexadecimal digits; empty: not present.
  [[nodiscard]] std::optional<std::string> value(std::size_t n, Type type) const {
    const std::string octets = text(n, type);
    std::string digits;
    for (const char octet : octets) {
      digits += "0123456789abcdef"[static_cast<unsigned char>(octet) >> 4];
      digits += "0123456789abcdef"[octet & 15];
    }
    return octets.empty() ? std::nullopt : std::optional(digits);
  }
  /// The last packet sent that is no probe.
  [[nodiscard]] std::size_t last_record() const {
    std::size_t n = sent_.size() - 1;
    while (sent_[n].packet[0] != static_cast<std::uint8_t>(Code::kAccountingRequest)) {
      --n;
    }
    return n;
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
  std::vector<std::byte> memory_ = std::vector<std::byte>(Spool::size_for(kSlots));
  std::unique_ptr<Spool> spool_;
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
  EXPECT_EQ(accounting_->status().waiting, 0U);
}

// A process that goes on with calls: their sessions go on in their slots, and the others' Stops are sent.
TEST_F(RadiusAccountingTest, UPG_30_SessionsOfAdoptedCallsGoOnAndOnlyTheOthersAreStopped) {
  AccountedCall other = call_;
  other.session_id = "00000000000000aa";
  other.user = "bob";
  accounting_->started(call_);
  accounting_->started(other);
  accounting_->noted(other, {.uplink_octets = 55}, Duration{9'000});
  answer_accounting(0);
  answer_accounting(1);
  const std::size_t before = sent_.size();
  live();
  accounting_->await_sessions();
  EXPECT_TRUE(accounting_->adopted(call_));
  EXPECT_EQ(sent_.size(), before) << "nobody is told of it";
  accounting_->sessions_are_here();
  EXPECT_TRUE(accounting_->announced());
  ASSERT_EQ(sent_.size(), before + 1);
  EXPECT_EQ(number(before, Type::kAcctStatusType), 2U);
  EXPECT_EQ(text(before, Type::kUserName), "bob");
  EXPECT_EQ(number(before, Type::kAcctInputOctets), 55U);
  EXPECT_EQ(number(before, Type::kAcctTerminateCause), 11U);
  answer_accounting(before);
  EXPECT_EQ(sent_.size(), before + 1) << "no Accounting-On";
  EXPECT_EQ(accounting_->status().used, 1U);

  accounting_->stopped(call_, {.uplink_octets = 7}, Duration{61'000}, EndReason::kUserRequest);
  ASSERT_EQ(sent_.size(), before + 2);
  EXPECT_EQ(text(before + 1, Type::kUserName), "alice");
  answer_accounting(before + 1);
  EXPECT_EQ(accounting_->status().used, 0U);
  live();
  accounting_->announce_start();
  EXPECT_EQ(number(sent_.size() - 1, Type::kAcctStatusType), 7U) << "no Stop was left";
}

TEST_F(RadiusAccountingTest, UPG_31_ASessionWhoseStopIsWrittenIsNotGoneOnWith) {
  accounting_->started(call_);
  answer_accounting(0);
  accounting_->stopped(call_, {}, Duration{1'000}, EndReason::kUserRequest);
  live();
  accounting_->await_sessions();
  EXPECT_FALSE(accounting_->adopted(call_));
  AccountedCall unkept = call_;
  unkept.session_id = "00000000000000bb";
  EXPECT_TRUE(accounting_->adopted(unkept)) << "its Start had found the spool full";
  accounting_->sessions_are_here();
  EXPECT_EQ(number(sent_.size() - 1, Type::kAcctStatusType), 2U);
  EXPECT_EQ(text(sent_.size() - 1, Type::kUserName), "alice");
  EXPECT_EQ(accounting_->status().used, 2U);
}

TEST_F(RadiusAccountingTest, WhoAsksAndAboutWhichSession) {
  accounting_->started(call_);
  EXPECT_EQ(number(0, Type::kNasIpAddress), wire::Ipv4Address(192, 0, 2, 1).value);
  EXPECT_EQ(text(0, Type::kNasIdentifier), "adit");
  EXPECT_EQ(number(0, Type::kNasPort), 0xffU);
  EXPECT_EQ(text(0, Type::kNasPortId), "pptp-00000000000000ff");
  EXPECT_EQ(number(0, Type::kNasPortType), 5U) << "Virtual";
  EXPECT_EQ(number(0, Type::kServiceType), 2U) << "Framed";
  EXPECT_EQ(number(0, Type::kFramedProtocol), 1U) << "PPP";
  EXPECT_EQ(text(0, Type::kCalledStationId), "192.0.2.1");
  EXPECT_EQ(text(0, Type::kCallingStationId), "192.0.2.7");
  EXPECT_EQ(number(0, Type::kTunnelType), 1U) << "PPTP, tag 0";
  EXPECT_EQ(number(0, Type::kTunnelMediumType), 1U) << "IPv4";
  EXPECT_EQ(text(0, Type::kTunnelClientEndpoint), "192.0.2.7");
  EXPECT_EQ(text(0, Type::kTunnelServerEndpoint), "192.0.2.1");
  EXPECT_EQ(text(0, Type::kAcctSessionId), call_.session_id);
  EXPECT_EQ(number(0, Type::kFramedIpAddress), call_.address.value);
  EXPECT_EQ(number(0, Type::kAcctAuthentic), 2U) << "Local";
}

// ---- IPv6 -------------------------------------------------------------------------------------------------

TEST_F(RadiusAccountingTest, RecordsSayWhatTheSubscriberHasInIpv6) {
  AccountedCall call = call_;
  accounting_->started(call);
  for (const Type type : kIpv6) {
    EXPECT_FALSE(value(0, type)) << "there is none";
  }
  call.ipv6 = Ipv6Binding{.interface_id = 0x0011'2233'4455'6677, .link = test::net6("2001:db8:64:7::/64")};
  accounting_->changed(call);
  EXPECT_EQ(sent_.size(), 1U) << "that is for the Stop";
  accounting_->interim(call, {}, Duration{1000});
  EXPECT_EQ(value(1, Type::kFramedInterfaceId), "0011223344556677");
  EXPECT_EQ(value(1, Type::kFramedIpv6Prefix), "004020010db800640007");
  EXPECT_EQ(value(1, Type::kFramedIpv6Address), std::nullopt);
  EXPECT_EQ(value(1, Type::kDelegatedIpv6Prefix), std::nullopt);
  call.ipv6->address = test::ip6("2001:db8:65::8");
  call.ipv6->delegated = test::net6("2001:db8:100::/56");
  accounting_->stopped(call, {}, Duration{1000}, EndReason::kUserRequest);
  EXPECT_EQ(number(2, Type::kAcctStatusType), 2U);
  EXPECT_EQ(value(2, Type::kFramedInterfaceId), "0011223344556677");
  EXPECT_EQ(value(2, Type::kFramedIpv6Prefix), "004020010db800640007");
  EXPECT_EQ(value(2, Type::kFramedIpv6Address), "20010db8006500000000000000000008");
  EXPECT_EQ(value(2, Type::kDelegatedIpv6Prefix), "003820010db8010000");
}

TEST_F(RadiusAccountingTest, ASubscriberWithoutIpv4HasNoFramedIpAddress) {
  AccountedCall call = call_;
  call.address = {};
  call.ipv6 = Ipv6Binding{.interface_id = 7, .link = test::net6("2001:db8:64:7::/64")};
  accounting_->started(call);
  accounting_->stopped(call, {}, Duration{1000}, EndReason::kUserRequest);
  for (const std::size_t record : {0U, 1U}) {
    EXPECT_FALSE(value(record, Type::kFramedIpAddress));
    EXPECT_EQ(value(record, Type::kFramedIpv6Prefix), "004020010db800640007");
  }
}

TEST_F(RadiusAccountingTest, AStopAfterACrashSaysWhatTheSubscriberHadLast) {
  accounting_->announce_start();
  answer_accounting(0);
  AccountedCall call = call_;
  accounting_->started(call);
  answer_accounting(1);
  call.ipv6 = Ipv6Binding{.interface_id = 7, .link = test::net6("2001:db8:64:7::/64")};
  accounting_->changed(call);
  call.ipv6->delegated = test::net6("2001:db8:100::/56");
  accounting_->changed(call);
  live();
  sent_.clear();
  accounting_->announce_start();
  ASSERT_EQ(sent_.size(), 1U);
  EXPECT_EQ(number(0, Type::kAcctStatusType), 2U);
  EXPECT_EQ(text(0, Type::kUserName), "alice");
  EXPECT_EQ(value(0, Type::kFramedIpv6Prefix), "004020010db800640007");
  EXPECT_EQ(value(0, Type::kDelegatedIpv6Prefix), "003820010db8010000");
}

// A slot has room for all but the Class, whatever the names: of IPv6 nothing is left out in its favour.
TEST_F(RadiusAccountingTest, TheLongestNamesLeaveASlotRoomForIpv6) {
  accounting_.reset();
  accounting_ = std::make_unique<RadiusAccounting>(
      *client_, NasSettings{.identifier = std::string(253, 'n'), .address = wire::Ipv4Address(192, 0, 2, 1)},
      wheel_, [this] { return unix_now(); }, log_, *spool_);
  AccountedCall call = call_;
  call.user = std::string(253, 'u');
  call.peer = call.local = wire::Ipv4Address(192, 100, 200, 107);
  call.classes = {Octets(253, 7)};
  accounting_->started(call);
  call.ipv6 = Ipv6Binding{.interface_id = ~std::uint64_t{0},
                          .link = test::net6("2001:db8:64:7::/64"),
                          .address = test::ip6("2001:db8:65::8"),
                          .delegated = test::net6("2001:db8:100:1::/64")};
  accounting_->changed(call);
  live();
  sent_.clear();
  accounting_->announce_start();
  ASSERT_FALSE(sent_.empty());
  EXPECT_EQ(text(0, Type::kUserName), call.user);
  for (const Type type : kIpv6) {
    EXPECT_TRUE(value(0, type)) << static_cast<int>(type);
  }
}

// ---- Stops that wait --------------------------------------------------------------------------------------

TEST_F(RadiusAccountingTest, StopsAreKeptAndOfferedAgainInOrderWithTheirDelay) {
  for (const char* user : {"first", "second"}) {
    AccountedCall call = call_;
    call.user = user;
    accounting_->started(call);
    accounting_->stopped(call, {}, Duration{1000}, EndReason::kUserRequest);
    pass(Duration{100});
  }
  pass(Duration{9'500});
  EXPECT_EQ(accounting_->status().waiting, 2U) << "Starts are not kept";
  pass(Duration{10'500});
  std::erase_if(sent_, [](const Sent& each) { return each.packet[0] != 4; });  // without probes
  sent_.erase(sent_.begin(), sent_.end() - 1);
  EXPECT_EQ(number(0, Type::kAcctStatusType), 2U);
  EXPECT_GE(number(0, Type::kAcctDelayTime), 18U);
  EXPECT_EQ(number(0, Type::kEventTimestamp), 1'700'000'000U) << "when it happened";
  answer_accounting(0);
  pass(Duration{200});
  ASSERT_EQ(sent_.size(), 2U) << "at once, now that one answers";
  answer_accounting(1);
  EXPECT_EQ(accounting_->status().waiting, 0U);
  pass(Duration{60'000});
  EXPECT_EQ(sent_.size(), 2U) << "never twice";
}

TEST_F(RadiusAccountingTest, AStopThatWaitsIsTheNextProcess) {
  accounting_->started(call_);
  accounting_->stopped(call_, {.uplink_octets = 7}, Duration{5'000}, EndReason::kUserRequest);
  pass(Duration{20'000});
  EXPECT_EQ(accounting_->status().waiting, 1U);
  live();
  sent_.clear();
  accounting_->announce_start();
  ASSERT_EQ(sent_.size(), 1U);
  EXPECT_EQ(number(0, Type::kAcctStatusType), 2U);
  EXPECT_EQ(number(0, Type::kAcctInputOctets), 7U);
  EXPECT_EQ(number(0, Type::kAcctSessionTime), 5U);
  EXPECT_EQ(number(0, Type::kAcctTerminateCause), 1U);
  EXPECT_EQ(number(0, Type::kAcctDelayTime), 20U);
  EXPECT_EQ(text(0, Type::kUserName), "alice");
  EXPECT_EQ(text(0, Type::kAcctSessionId), call_.session_id);
  EXPECT_EQ(text(0, Type::kClass), "\1\2");
  EXPECT_FALSE(accounting_->announced());
  answer_accounting(0);
  EXPECT_EQ(accounting_->status().used, 0U);
  ASSERT_EQ(sent_.size(), 2U);
  EXPECT_EQ(number(1, Type::kAcctStatusType), 7U) << "Accounting-On, once its counters are known";
  EXPECT_FALSE(accounting_->announced());
  answer_accounting(1);
  EXPECT_TRUE(accounting_->announced());
  live();
  sent_.clear();
  accounting_->announce_start();
  answer_accounting(0);
  EXPECT_EQ(sent_.size(), 1U) << "never twice";
}

TEST_F(RadiusAccountingTest, ASessionWhoseProcessWasKilledStopsOnceWithWhatWasLastNoted) {
  accounting_->announce_start();
  answer_accounting(0);
  accounting_->started(call_);
  answer_accounting(1);
  pass(Duration{60'000});
  accounting_->noted(call_, {.uplink_packets = 1, .uplink_octets = 0x2'0000'0003}, Duration{60'000});
  pass(Duration{30'000});
  live();
  pass(Duration{10'000});  // the server counts as dead
  sent_.clear();
  accounting_->announce_start();
  ASSERT_EQ(sent_.size(), 1U);
  EXPECT_EQ(number(0, Type::kAcctStatusType), 2U);
  EXPECT_EQ(number(0, Type::kAcctInputOctets), 3U);
  EXPECT_EQ(number(0, Type::kAcctInputGigawords), 2U);
  EXPECT_EQ(number(0, Type::kAcctSessionTime), 90U) << "until the process was last alive";
  EXPECT_EQ(number(0, Type::kEventTimestamp), 1'700'000'090U);
  EXPECT_EQ(number(0, Type::kAcctDelayTime), 10U);
  EXPECT_EQ(number(0, Type::kAcctTerminateCause), 11U) << "NAS reboot";
  answer_accounting(0);
  answer_accounting(1);
  pass(Duration{60'000});
  EXPECT_EQ(sent_.size(), 2U);
  EXPECT_EQ(accounting_->status().used, 0U);
}

// A slot is too small for four Class of 253 octets. The Stop has them all the same, also after a server was
// away; the next process, which has nothing but the slot, knows whose it is.
TEST_F(RadiusAccountingTest, ClassesThatASlotHasNoRoomForAreInTheStop) {
  AccountedCall call = call_;
  accounting_->started(call);
  call.classes.assign(4, Octets(253, 7));  // a CoA
  accounting_->stopped(call, {}, Duration{1000}, EndReason::kUserRequest);
  pass(Duration{60'000});
  EXPECT_EQ(accounting_->status().waiting, 1U);
  std::erase_if(sent_, [](const Sent& each) { return each.packet[0] != 4; });  // without probes
  const std::size_t last = sent_.size() - 1;
  EXPECT_EQ(number(last, Type::kAcctStatusType), 2U);
  EXPECT_EQ(text(last, Type::kUserName), "alice");
  EXPECT_EQ(std::ranges::search(sent_[last].packet, Octets{25, 255, 7, 7}).size(), 4U);
  EXPECT_GT(sent_[last].packet.size(), 4U * 255U);
  sent_.clear();
  live();
  accounting_->announce_start();
  ASSERT_FALSE(sent_.empty());
  EXPECT_EQ(text(0, Type::kUserName), "alice");
  EXPECT_EQ(text(0, Type::kClass), "");
}

TEST_F(RadiusAccountingTest, ASessionWithLargeClassesHasASlot) {
  AccountedCall call = call_;
  call.classes.assign(4, Octets(253, 7));
  accounting_->started(call);
  EXPECT_EQ(accounting_->status().used, 1U);
  EXPECT_TRUE(log_.named("accounting_spool_full").empty());
}

TEST_F(RadiusAccountingTest, AFullSpoolIsToldAndCountedAndNothingElseSuffers) {
  for (std::uint32_t n = 0; n < kSlots + 1; ++n) {
    AccountedCall call = call_;
    call.session_id = "session-" + std::to_string(n);
    accounting_->started(call);
  }
  EXPECT_EQ(log_.named("accounting_spool_full").size(), 1U);
  EXPECT_EQ(accounting_->status().used, kSlots);
  EXPECT_EQ(accounting_->status().unkept, 1U);
  AccountedCall unkept = call_;
  unkept.session_id = "session-" + std::to_string(kSlots);
  accounting_->stopped(unkept, {}, Duration{0}, EndReason::kUserRequest);
  pass(Duration{30'000});
  EXPECT_EQ(log_.named("accounting_stop_lost").size(), 1U);
  EXPECT_EQ(accounting_->status().lost, 1U);
  EXPECT_EQ(accounting_->status().waiting, 0U);
}

TEST_F(RadiusAccountingTest, RAD_19_OnAtTheStartUntilItIsTakenAndOffAtTheEnd) {
  accounting_->announce_start();
  pass(Duration{40'000});
  const auto is = [this](std::uint32_t status) {
    std::size_t found = 0;
    for (std::size_t n = 0; n < sent_.size(); ++n) {
      found += sent_[n].service == Service::kAccounting && number(n, Type::kAcctStatusType) == status ? 1 : 0;
    }
    return found;
  };
  EXPECT_GE(is(7), 4U) << "offered again while nobody answers";
  EXPECT_EQ(is(8), 0U);
  while (accounting_->status().in_flight == 0) {
    pass(Duration{100});
  }
  EXPECT_FALSE(accounting_->announce_stop()) << "not before the last request is over";
  answer_accounting(last_record());
  EXPECT_FALSE(accounting_->announce_stop());
  EXPECT_EQ(is(8), 1U);
  EXPECT_FALSE(accounting_->announce_stop());
  answer_accounting(last_record());
  EXPECT_TRUE(accounting_->announce_stop());
  EXPECT_EQ(is(8), 1U);
}

TEST_F(RadiusAccountingTest, OnIsGivenUpWhenASessionStartsBeforeAServerHasTakenIt) {
  accounting_->announce_start();
  EXPECT_FALSE(accounting_->announced());
  pass(Duration{9'100});
  EXPECT_TRUE(accounting_->announced()) << "nobody answers: calls may start";
  accounting_->started(call_);
  sent_.clear();
  pass(Duration{60'000});
  for (std::size_t n = 0; n < sent_.size(); ++n) {
    EXPECT_NE(number(n, Type::kAcctStatusType), 7U);
  }
}

TEST_F(RadiusAccountingTest, OnThatIsUnderWayIsRepeatedNoMoreOnceASessionHasStarted) {
  accounting_->announce_start();
  ASSERT_EQ(number(0, Type::kAcctStatusType), 7U);
  pass(Duration{2000});
  accounting_->started(call_);
  pass(Duration{60'000});
  for (std::size_t n = 1; n < sent_.size(); ++n) {
    EXPECT_NE(number(n, Type::kAcctStatusType), 7U);
  }
  EXPECT_EQ(accounting_->status().in_flight, 0U);
  accounting_->stopped(call_, {}, Duration{1000}, EndReason::kUserRequest);
  answer_accounting(sent_.size() - 1);
  EXPECT_EQ(accounting_->status().used, 0U) << "Stops go on";
}

TEST_F(RadiusAccountingTest, AStopThatTheServerChokesOnDoesNotKeepOthers) {
  for (const char* user : {"poison", "poison too", "third", "fourth"}) {
    AccountedCall call = call_;
    call.session_id = user;
    call.user = user;
    accounting_->started(call);
    accounting_->stopped(call, {}, Duration{1000}, EndReason::kUserRequest);
  }
  std::vector<std::string> taken;
  for (int second = 0; second < 200; ++second) {
    for (std::size_t n = 0; n < sent_.size(); ++n) {
      if (sent_[n].packet[0] == 4 && second > 12 && !text(n, Type::kUserName).starts_with("poison")) {
        answer_accounting(n);
        taken.push_back(text(n, Type::kUserName));
      }
    }
    sent_.clear();
    pass(Duration{1000});
  }
  EXPECT_EQ(taken.size(), 2U);
  EXPECT_EQ(accounting_->status().used, 2U) << "the poison alone";
  EXPECT_EQ(accounting_->status().waiting, 2U);
}

/// The client of a second server, from a configuration that was read later.
TEST_F(RadiusAccountingTest, RAD_16_RequestsUnderWayEndWhereTheyWereSentAndOthersGoToTheNewServers) {
  RadiusAuth auth(*client_, {}, {}, log_);
  struct Heard final : AuthClient {
    void on_verdict(const AuthVerdict& verdict) override { verdicts.push_back(verdict.index()); }
    std::vector<std::size_t> verdicts;
  } before, later, dropped;
  auth.authenticate(
      {.user = "before", .peer_address = {}, .local_address = {}, .session_id = "1", .proof = PapProof{}},
      before);
  auth.authenticate(
      {.user = "dropped", .peer_address = {}, .local_address = {}, .session_id = "2", .proof = PapProof{}},
      dropped);
  accounting_->started(call_);
  ASSERT_EQ(sent_.size(), 3U);
  struct NewWay final : Transport {
    bool send(std::size_t, Service, std::uint32_t, Bytes datagram) override {
      sent.emplace_back(datagram.begin(), datagram.end());
      return true;
    }
    std::vector<Octets> sent;
  } way;
  Client next({.servers = {{.name = "new", .address = {}, .secret = crypto::SecretText("another")}}}, wheel_,
              entropy_, log_, way);
  auth.use(next, {});
  accounting_->use(next);
  auth.authenticate(
      {.user = "later", .peer_address = {}, .local_address = {}, .session_id = "3", .proof = PapProof{}},
      later);
  accounting_->stopped(call_, {}, Duration{1000}, EndReason::kUserRequest);
  EXPECT_EQ(sent_.size(), 3U);
  ASSERT_EQ(way.sent.size(), 2U) << "by the new way";
  EXPECT_FALSE(client_->idle());
  answer(sent_[0]);  // with the previous secret
  EXPECT_EQ(before.verdicts, std::vector<std::size_t>{0}) << "accepted";
  auth.cancel(dropped);
  EXPECT_FALSE(client_->idle()) << "the Start";
  answer_accounting(2);
  EXPECT_TRUE(client_->idle()) << "it may go";
  client_.reset();
  next.on_datagram(0, Service::kAuthentication, 1,
                   reply_to({0, Service::kAuthentication, 1, way.sent[0]}, Code::kAccessReject, "another"));
  EXPECT_EQ(later.verdicts, std::vector<std::size_t>{1}) << "rejected";
  EXPECT_TRUE(dropped.verdicts.empty());
  accounting_.reset();
}

TEST(Spool, AWriteThatWasCutShortLeavesTheOneBefore) {
  std::vector<std::byte> memory(Spool::size_for(2));
  const std::vector<std::uint8_t> identity{1, 2, 3};
  {
    Spool spool(memory);
    const auto slot = spool.open(identity, 100);
    ASSERT_TRUE(slot);
    spool.note(*slot, {.totals = {.uplink_octets = 5}, .unix_at = 110, .session_time = 10});
  }
  const std::vector<std::byte> before = memory;
  {
    Spool spool(memory);
    spool.note(0, {.totals = {.uplink_octets = 9}, .unix_at = 120, .session_time = 20});
  }
  std::size_t changed = 0;
  for (std::size_t at = 0; at < memory.size(); ++at) {  // killed before any one of the octets that differ
    if (before[at] == memory[at]) {
      continue;
    }
    ++changed;
    std::vector<std::byte> torn = memory;
    torn[at] = before[at];
    Spool spool(torn);
    const auto left = spool.recover(11);
    ASSERT_EQ(left.size(), 1U) << at;
    EXPECT_EQ(spool.usage(left[0]).totals.uplink_octets, 5U) << at;
    EXPECT_EQ(spool.identity(left[0]).size(), 3U);
    EXPECT_EQ(spool.damaged(), 0U);
  }
  EXPECT_GT(changed, 4U);
}

TEST(Spool, DamagedIdentitiesAreGivenUpAndCounted) {
  std::vector<std::byte> memory(Spool::size_for(2));
  const std::vector<std::uint8_t> identity(Spool::kMaxIdentity, 7);
  {
    Spool spool(memory);
    ASSERT_TRUE(spool.open(identity, 1));
    ASSERT_TRUE(spool.open(identity, 2));
    EXPECT_FALSE(spool.open(identity, 3)) << "full";
  }
  memory[memory.size() - 1] ^= std::byte{1};
  Spool spool(memory);
  EXPECT_EQ(spool.recover(11).size(), 1U);
  EXPECT_EQ(spool.damaged(), 1U);
  EXPECT_TRUE(spool.open(identity, 4)) << "its slot is free again";
  EXPECT_FALSE(spool.open(std::vector<std::uint8_t>(Spool::kMaxIdentity + 1), 5));
}

TEST(Spool, StopsComeBackInTheirOrder) {
  std::vector<std::byte> memory(Spool::size_for(8));
  const std::vector<std::uint8_t> identity{1};
  Spool spool(memory);
  std::vector<Spool::Slot> slots;
  for (std::uint64_t n = 0; n < 8; ++n) {
    slots.push_back(spool.open(identity, n).value());
  }
  const std::vector<Spool::Slot> order{slots[5], slots[1], slots[6], slots[0]};
  for (const Spool::Slot slot : order) {
    spool.stop(slot, {.unix_at = 50});
  }
  spool.release(order[2]);
  Spool next(memory);
  const auto left = next.recover(11);
  ASSERT_EQ(left.size(), 7U);
  EXPECT_EQ((std::vector(left.begin(), left.begin() + 3)),
            (std::vector<Spool::Slot>{order[0], order[1], order[3]}));
  EXPECT_EQ(next.used(), 7U);
}

TEST_F(RadiusAccountingTest, ClassesThatNoPacketHasRoomForAreLeftOutAndTold) {
  AccountedCall call = call_;
  call.classes.assign(16, Octets(253));
  accounting_->started(call);
  ASSERT_EQ(sent_.size(), 1U) << "a Start without Class is better than none";
  EXPECT_EQ(text(0, Type::kUserName), "alice");
  EXPECT_EQ(text(0, Type::kClass), "");
  const auto told = log_.named("accounting_record_unfit");
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].fields.at("user"), "alice");
  EXPECT_EQ(told[0].fields.at("sid"), call_.session_id);
  EXPECT_EQ(told[0].fields.at("peer"), "192.0.2.7");
  EXPECT_TRUE(told[0].fields.at("why").ends_with("; its records go without Class")) << told[0].line;
}

TEST_F(RadiusAccountingTest, ARecordThatCannotBeSaysWhose) {
  AccountedCall call = call_;
  call.user = std::string(254, 'a');  // longer than any attribute
  accounting_->started(call);
  wheel_.advance(wheel_.now() + Duration{100});
  EXPECT_TRUE(sent_.empty());
  auto told = log_.named("accounting_record_unfit");
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].fields.at("user"), call.user);
  EXPECT_EQ(told[0].fields.at("why"), "User-Name of 254 octets is longer than 253");
  EXPECT_EQ(spool_->used(), 0U) << "the next process could not say whose it was";
}

// With counters and cause it is longer than what identifies the session.
TEST_F(RadiusAccountingTest, AStopThatDoesNotFitSaysWhose) {
  AccountedCall call = call_;
  call.classes.assign(15, Octets(253));
  call.classes.emplace_back();
  for (std::size_t size = 1; size < 254 && log_.named("accounting_record_unfit").empty(); ++size) {
    call.classes.back().resize(size);
    accounting_->stopped(call, {}, Duration{0}, EndReason::kUserRequest);
    answer_accounting(last_record());
    wheel_.advance(wheel_.now() + Duration{100});  // what does not fit is told on a timer
  }
  const auto told = log_.named("accounting_record_unfit");
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].fields.at("user"), "alice");
  EXPECT_EQ(told[0].fields.at("sid"), call_.session_id);
  EXPECT_EQ(told[0].fields.at("peer"), "192.0.2.7");
  EXPECT_FALSE(told[0].fields.at("why").ends_with("without Class")) << told[0].line;
}

}  // namespace
}  // namespace adit::control::radius
