// SPDX-License-Identifier: Apache-2.0
// RFC 5176 against a whole concentrator: which clients are accepted, which session is selected, what changes,
// and every Error-Cause.
#include <gtest/gtest.h>

#include "controlplane/radius/dae/dynamic_authorization.hpp"
#include "crypto/library.hpp"
#include "tests/controlplane/concentrator/concentrator_kit.hpp"
#include "tests/kit/ipv6_kit.hpp"

namespace adit::control::radius {
namespace {

using Octets = std::vector<std::uint8_t>;

constexpr wire::Ipv4Address kDesk{198, 51, 100, 9};
constexpr std::uint32_t kNow = 1'790'000'000;

class DynamicAuthorizationTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(crypto::initialise().has_value()); }

  explicit DynamicAuthorizationTest(const Settings& settings = without_echoes()) : house_(settings) {
    make({});
  }
  void make(DaeClientSettings client) {
    client.name = "desk";
    client.address = kDesk;
    client.secret = crypto::SecretText("secret");
    dae_.emplace(
        DaeSettings{.clients = {client}}, NasSettings{}, default_rates(), house_.wheel,
        [this] { return clock_; }, house_.log, *house_.concentrator);
  }
  void SetUp() override { ASSERT_TRUE(alice_.dial("alice")); }

  using Fill = std::function<void(RequestWriter&)>;
  Octets request(Code code, const Fill& fill, std::string_view secret = "secret", bool dated = true,
                 bool sign = true) {
    RequestWriter request(code, ++identifier_, {});
    if (sign) {
      request.begin_signed();
    }
    if (dated) {
      request.number(Type::kEventTimestamp, static_cast<std::uint32_t>(clock_));
    }
    fill(request);
    return std::move(request).finish(crypto::octets_of(secret)).value();
  }
  /// The answer as text: "none", "ack", "ack 201", "nak 503".
  std::string send(const Octets& octets, wire::Ipv4Address source = kDesk) {
    const Octets answer = dae_->on_datagram(source, octets);
    if (answer.empty()) {
      return "none";
    }
    Authenticator asked;
    std::copy_n(octets.begin() + 4, asked.size(), asked.begin());
    const auto packet = read_reply(answer, asked, crypto::octets_of("secret"), true);
    if (!packet || packet->identifier() != octets[1]) {
      return "not authentic";
    }
    const bool ack = static_cast<std::uint8_t>(packet->code()) == octets[0] + 1;
    const bool nak = static_cast<std::uint8_t>(packet->code()) == octets[0] + 2;
    const Attribute* cause = packet->find(Type::kErrorCause);
    return (ack   ? "ack"
            : nak ? "nak"
                  : "?") +
           (cause == nullptr ? "" : ' ' + std::to_string(number_of(*cause).value_or(0)));
  }
  std::string disconnect(const Fill& fill) { return send(request(Code::kDisconnectRequest, fill)); }
  std::string coa(const Fill& fill) { return send(request(Code::kCoaRequest, fill)); }

  static Settings without_echoes() {  // the clock jumps in these tests
    Settings settings = House::pap_settings();
    settings.ppp.lcp_echo_interval = Duration{0};
    settings.pptp.echo_interval = std::chrono::hours(24);
    return settings;
  }
  static void is_alice(RequestWriter& request) { request.text(Type::kUserName, "alice"); }
  [[nodiscard]] CallStatus call_of(const DialIn& line) const {
    CallStatus found;
    for_each_call(*house_.concentrator, [&](const CallStatus& call) {
      if (call.call == line.ref) {
        found = call;
      }
    });
    return found;
  }
  [[nodiscard]] std::size_t calls_up() const { return house_.concentrator->stats().calls_active; }
  [[nodiscard]] DaeClientStatus status() const { return dae_->status()[0]; }
  contract::UpdateLimits limits(const DialIn& line) {
    house_.run_workers();
    return house_.installed.at(House::key(line.ref)).limits.value_or(contract::UpdateLimits{});
  }

  House house_;
  DialIn alice_{house_, 1};
  std::optional<DynamicAuthorization> dae_;
  std::uint64_t clock_ = kNow;
  std::uint8_t identifier_ = 0;
};

TEST_F(DynamicAuthorizationTest, RAD_13_DisconnectEndsTheSessionBeforeItsAck) {
  EXPECT_EQ(disconnect(is_alice), "ack");
  EXPECT_EQ(calls_up(), 0U);
  house_.run_workers();
  ASSERT_EQ(house_.log.named("call_ended").size(), 1U);
  EXPECT_EQ(house_.log.named("call_ended")[0].fields.at("reason"), "admin_reset");
  EXPECT_EQ(disconnect(is_alice), "nak 503");
}

class IgnoringCase : public DynamicAuthorizationTest {
 protected:
  static Settings ignoring_case() {
    Settings settings = without_echoes();
    settings.ignore_case = true;
    return settings;
  }
  IgnoringCase() : DynamicAuthorizationTest(ignoring_case()) {}
};

TEST_F(IgnoringCase, RAD_13_AnotherSpellingNamesTheSameUser) {
  const auto is_shouted = [](RequestWriter& request) { request.text(Type::kUserName, "ALICE"); };
  const auto is_hers = [&](RequestWriter& request) {
    request.text(Type::kAcctSessionId, call_of(alice_).session_id);
    request.text(Type::kUserName, "Alice");
    request.number(Type::kSessionTimeout, 600);
  };
  EXPECT_EQ(coa(is_hers), "ack");
  EXPECT_EQ(disconnect(is_shouted), "ack");
  EXPECT_EQ(calls_up(), 0U);
}

TEST_F(DynamicAuthorizationTest, RAD_13_OtherwiseItNamesAnother) {
  EXPECT_EQ(disconnect([](RequestWriter& request) { request.text(Type::kUserName, "ALICE"); }), "nak 503");
}

TEST_F(DynamicAuthorizationTest, RAD_13_WrongSecretWrongSourceAndOtherCodesGetNoAnswer) {
  EXPECT_EQ(send(request(Code::kDisconnectRequest, is_alice, "guessed")), "none");
  EXPECT_EQ(send(request(Code::kDisconnectRequest, is_alice), wire::Ipv4Address(198, 51, 100, 10)), "none");
  EXPECT_EQ(send(request(Code::kDisconnectRequest, is_alice, "secret", true, false)), "none") << "unsigned";
  EXPECT_EQ(send(request(Code::kAccountingRequest, is_alice)), "none");
  EXPECT_EQ(send(Octets(7)), "none");
  Octets altered = request(Code::kDisconnectRequest, is_alice);
  altered.back() ^= 1;
  EXPECT_EQ(send(altered), "none");
  EXPECT_EQ(calls_up(), 1U);
  EXPECT_EQ(status().forged, 5U);
  EXPECT_EQ(dae_->strangers(), 1U);
}

// A reply's rules are others: a request may have its Message-Authenticator anywhere (RFC 5176 §3.5).
TEST_F(DynamicAuthorizationTest, RAD_13_WhatIsDroppedSaysWhyInWordsOfItsOwn) {
  const auto why = [this](const Octets& octets, wire::Ipv4Address source = kDesk) -> std::string {
    EXPECT_EQ(send(octets, source), "none");
    const auto dropped = house_.log.named("dae_dropped");
    return dropped.empty() ? "" : dropped.back().fields.at("why");
  };
  const Octets unsigned_one = request(Code::kDisconnectRequest, is_alice, "secret", true, false);
  EXPECT_EQ(why(unsigned_one),
            "it lacks Message-Authenticator; send it, or set require-message-authenticator = false");
  EXPECT_EQ(why(request(Code::kDisconnectRequest, is_alice, "secret", false)),
            "it lacks Event-Timestamp; send it, or set require-event-timestamp = false");
  EXPECT_EQ(why(request(Code::kDisconnectRequest, is_alice, "guessed")),
            "its authenticator is wrong: another secret, or forged");
  EXPECT_EQ(why(request(Code::kAccountingRequest, is_alice)), "it is not a Disconnect- or CoA-Request");
  EXPECT_EQ(why(request(Code::kDisconnectRequest, is_alice), wire::Ipv4Address(198, 51, 100, 10)),
            "no [[dae-client]] has this address");
  EXPECT_EQ(house_.log.named("dae_dropped").size(), 5U);
  make({.must_sign = false});
  EXPECT_EQ(send(unsigned_one), "ack") << "the key that the words name";
}

TEST_F(DynamicAuthorizationTest, RAD_13_StaleEventTimestamp) {
  const auto dated = [](std::uint32_t at) {
    return [at](RequestWriter& request) {
      request.number(Type::kEventTimestamp, at);
      request.text(Type::kUserName, "nobody");
    };
  };
  const auto sent_at = [&](std::uint32_t at) {
    return send(request(Code::kDisconnectRequest, dated(at), "secret", false));
  };
  EXPECT_EQ(sent_at(kNow - 301), "none");
  EXPECT_EQ(sent_at(kNow + 301), "none");
  EXPECT_EQ(sent_at(kNow - 300), "nak 503");
  EXPECT_EQ(sent_at(kNow + 300), "nak 503");
  EXPECT_EQ(send(request(Code::kDisconnectRequest, is_alice, "secret", false)), "none") << "without one";
  EXPECT_EQ(status().stale, 3U);
  EXPECT_EQ(calls_up(), 1U);
  make({.must_date = false});
  EXPECT_EQ(send(request(Code::kDisconnectRequest, is_alice, "secret", false)), "ack");
}

TEST_F(DynamicAuthorizationTest, RAD_13_ReplayGetsTheSameAnswerAndDoesNothing) {
  const Octets first = request(Code::kDisconnectRequest, is_alice);
  const Octets answer = dae_->on_datagram(kDesk, first);
  alice_.reset();
  house_.run_workers();
  DialIn again(house_, 2);
  ASSERT_TRUE(again.dial("alice"));
  house_.advance(Duration{299'000});
  clock_ += 299;
  EXPECT_EQ(dae_->on_datagram(kDesk, first), answer);
  EXPECT_EQ(calls_up(), 1U) << "her new call is not the one that was meant";
  EXPECT_EQ(status().repeated, 1U);
  house_.advance(Duration{302'000});
  clock_ += 302;
  EXPECT_TRUE(dae_->on_datagram(kDesk, first).empty()) << "forgotten, and by now stale";
  EXPECT_EQ(calls_up(), 1U);
}

TEST_F(DynamicAuthorizationTest, RAD_13_EveryIdentificationAttributeMustMatch) {
  const CallStatus call = call_of(alice_);
  struct Row {
    const char* name;
    std::function<void(RequestWriter&, bool right)> fill;
    const char* wrong;
  };
  const std::vector<Row> rows = {
      {"User-Name", [](RequestWriter& r, bool right) { r.text(Type::kUserName, right ? "alice" : "bob"); },
       "nak 503"},
      {"Acct-Session-Id",
       [&](RequestWriter& r, bool right) {
         r.text(Type::kAcctSessionId, right ? call.session_id : "0123456789abcdef");
       },
       "nak 503"},
      {"Framed-IP-Address",
       [&](RequestWriter& r, bool right) {
         r.address(Type::kFramedIpAddress, right ? alice_.address : wire::Ipv4Address(10, 64, 0, 99));
       },
       "nak 503"},
      {"NAS-Port",
       [&](RequestWriter& r, bool right) {
         r.number(Type::kNasPort,
                  static_cast<std::uint32_t>(std::stoull(call.session_id, nullptr, 16)) + (right ? 0 : 1));
       },
       "nak 503"},
      {"NAS-Port-Id",
       [&](RequestWriter& r, bool right) {
         r.text(Type::kNasPortId, "pptp-" + (right ? call.session_id : "0123456789abcdef"));
       },
       "nak 503"},
      {"Calling-Station-Id",
       [](RequestWriter& r, bool right) {
         r.text(Type::kCallingStationId, right ? "192.0.2.2" : "192.0.2.3");
       },
       "nak 503"},
      {"Called-Station-Id",
       [](RequestWriter& r, bool right) {
         r.text(Type::kCalledStationId, right ? "192.0.2.1" : "192.0.2.3");
       },
       "nak 503"},
      {"NAS-Identifier",
       [](RequestWriter& r, bool right) { r.text(Type::kNasIdentifier, right ? "adit" : "another"); },
       "nak 403"},
      {"NAS-IP-Address",
       [](RequestWriter& r, bool right) {
         r.address(Type::kNasIpAddress, wire::Ipv4Address(192, 0, 2, right ? 1 : 7));
       },
       "nak 403"},
  };
  for (const Row& wrong : rows) {
    EXPECT_EQ(disconnect([&](RequestWriter& request) {
                for (const Row& row : rows) {
                  row.fill(request, &row != &wrong);
                }
              }),
              wrong.wrong)
        << wrong.name;
    ASSERT_EQ(calls_up(), 1U) << wrong.name;
  }
  EXPECT_EQ(disconnect([&](RequestWriter& request) {
              for (const Row& row : rows) {
                row.fill(request, true);
              }
            }),
            "ack");
}

TEST_F(DynamicAuthorizationTest, ErrorCausesOfRequestsThatCannotBe) {
  EXPECT_EQ(disconnect([](RequestWriter&) {}), "nak 402") << "names no session";
  EXPECT_EQ(coa(is_alice), "nak 402") << "asks for nothing";
  const auto with = [](const Fill& more) {
    return [more](RequestWriter& request) {
      is_alice(request);
      more(request);
    };
  };
  EXPECT_EQ(disconnect(with([](auto& r) { r.number(Type::kSessionTimeout, 60); })), "nak 401");
  EXPECT_EQ(coa(with([](auto& r) { r.number(Type::kFramedMtu, 1400); })), "nak 401");
  EXPECT_EQ(coa(with([](auto& r) { r.vendor(kMicrosoft, microsoft::kEncryptionPolicy, Octets(4)); })),
            "nak 401");
  EXPECT_EQ(coa(with([](auto& r) { r.octets(Type{241}, Octets{1, 2}); })), "nak 406");
  EXPECT_EQ(coa(with([](auto& r) { r.number(Type::kServiceType, kServiceAuthorizeOnly); })), "nak 405");
  EXPECT_EQ(coa(with([](auto& r) { r.octets(Type::kSessionTimeout, Octets(3)); })), "nak 404");
  EXPECT_EQ(coa(with([](auto& r) { r.text(Type::kFramedRoute, "10.0.0.0/8"); })), "nak 407");
  EXPECT_EQ(coa(with([](auto& r) { r.text(Type::kFilterId, "gold"); })), "nak 407");
  make({.allow = {Code::kDisconnectRequest}});
  EXPECT_EQ(coa(with([](auto& r) { r.number(Type::kSessionTimeout, 60); })), "nak 501");
  EXPECT_EQ(calls_up(), 1U);
  EXPECT_EQ(house_.log.named("dae_refused").size(), 11U);
}

// RFC 5176 §3.2: behind a Service-Type that is right there may be one that is not.
TEST_F(DynamicAuthorizationTest, EveryServiceTypeHasToBeFramed) {
  const auto then = [](std::uint32_t service) {
    return [service](RequestWriter& request) {
      is_alice(request);
      request.number(Type::kServiceType, kServiceFramed);
      request.number(Type::kServiceType, service);
    };
  };
  EXPECT_EQ(disconnect(then(kServiceAuthorizeOnly)), "nak 405");
  EXPECT_EQ(coa(then(6)), "nak 405");
  EXPECT_EQ(calls_up(), 1U);
  EXPECT_EQ(disconnect(then(kServiceFramed)), "ack");
}

TEST_F(DynamicAuthorizationTest, EveryDateHasToBeOfNow) {
  EXPECT_EQ(disconnect([](RequestWriter& request) {
              is_alice(request);
              request.number(Type::kEventTimestamp, kNow - 400);
            }),
            "none");
  EXPECT_EQ(calls_up(), 1U);
}

TEST_F(DynamicAuthorizationTest, RefusalsNameTheValue) {
  const auto why = [&](const char* event) { return house_.log.named(event).back().fields.at("why"); };
  const auto with = [](const Fill& more) {
    return [more](RequestWriter& request) {
      is_alice(request);
      more(request);
    };
  };
  coa(with([](auto& r) { r.number(Type::kServiceType, kServiceAuthorizeOnly); }));
  EXPECT_EQ(why("dae_refused"), "Service-Type 17 is Authorize-Only: send the change itself");
  coa(with([](auto& r) { r.number(Type::kServiceType, 6); }));
  EXPECT_EQ(why("dae_refused"), "Service-Type 6 is not Framed (2)");
  EXPECT_EQ(coa(with([](auto& r) {
              r.text(Type::kFilterId, "8000/2000");
              r.text(Type::kFilterId, "std.in");
            })),
            "nak 407")
      << "what cannot be done is not left out";
  EXPECT_EQ(why("dae_refused"), "Filter-Id \"std.in\" is no rate, and there are no filters");
  EXPECT_EQ(coa(with([](auto& r) {
              r.vendor(kCisco, 1, crypto::octets_of("lcp:interface-config#1=ip unnumbered"));
            })),
            "nak 407");
  EXPECT_EQ(why("dae_refused"), "Cisco-AVPair \"lcp:interface-config#1=ip unnumbered\" is no rate");
  const auto dated = [&](const Fill& fill) {
    send(request(Code::kDisconnectRequest, fill, "secret", false));
  };
  dated([](auto& r) { r.number(Type::kEventTimestamp, kNow - 301); });
  EXPECT_EQ(why("dae_dropped"), "Event-Timestamp 1789999699 is 301 s from our clock");
  dated([](auto& r) { r.octets(Type::kEventTimestamp, Octets{1, 2}); });
  EXPECT_EQ(why("dae_dropped"), "Event-Timestamp 0x0102 is no number of four octets");
}

// RFC 5176 §3.6: what a Disconnect-Request may have besides the identification.
TEST_F(DynamicAuthorizationTest, WhatADisconnectRequestMayHaveIsNoChange) {
  EXPECT_EQ(disconnect([](RequestWriter& request) {
              is_alice(request);
              request.text(Type::kReplyMessage, "bye");
              request.octets(Type::kClass, Octets{1, 2});
              request.number(Type::kAcctTerminateCause, 6);
            }),
            "ack");
}

TEST_F(DynamicAuthorizationTest, RAD_13_SeveralMatches) {
  DialIn second(house_, 2, wire::Ipv4Address(192, 0, 2, 3));
  ASSERT_TRUE(second.dial("alice"));
  EXPECT_EQ(disconnect(is_alice), "nak 508");
  EXPECT_EQ(calls_up(), 2U);
  EXPECT_EQ(disconnect([](RequestWriter& request) {
              is_alice(request);
              request.text(Type::kCallingStationId, "192.0.2.3");
            }),
            "ack");
  EXPECT_EQ(calls_up(), 1U);
}

TEST_F(DynamicAuthorizationTest, RAD_13_OneOfVeryManySessionsIsNamedByItsId) {
  std::vector<std::unique_ptr<DialIn>> lines;
  for (ConnectionId id = 2; id <= kCallsPerSlice + 1; ++id) {
    lines.push_back(std::make_unique<DialIn>(house_, id, wire::Ipv4Address(192, 0, 3, 1)));
    ASSERT_TRUE(lines.back()->dial("alice"));
  }
  const auto from = [](RequestWriter& request) {
    is_alice(request);
    request.text(Type::kCallingStationId, "192.0.2.2");
  };
  EXPECT_EQ(disconnect(from), "nak 508") << "a search among all calls would hold up everybody";
  EXPECT_EQ(calls_up(), kCallsPerSlice + 1);
  EXPECT_EQ(disconnect([&, id = call_of(alice_).session_id](RequestWriter& request) {
              from(request);
              request.text(Type::kAcctSessionId, id);
            }),
            "ack");
  EXPECT_EQ(disconnect(from), "nak 503") << "those that are left can be searched again";
  EXPECT_EQ(calls_up(), kCallsPerSlice);
}

TEST_F(DynamicAuthorizationTest, SessionsThatHaveEndedAndAreNotForgottenYet) {
  const auto by_session = [id = call_of(alice_).session_id](RequestWriter& request) {
    request.text(Type::kAcctSessionId, id);
  };
  house_.ring_capacity = 0;
  alice_.reset();
  EXPECT_EQ(disconnect(by_session), "nak 504") << "its worker takes no message";
  house_.ring_capacity = 8192;
  house_.advance(Duration{1000});
  EXPECT_EQ(disconnect(by_session), "ack 201") << "its worker is about to forget it";
  house_.run_workers();
  EXPECT_EQ(disconnect(by_session), "nak 503");
}

TEST_F(DynamicAuthorizationTest, RAD_13_CoaChangesRateTimeoutsClassAndRoutesInPlace) {
  EXPECT_EQ(coa([](RequestWriter& request) {
              is_alice(request);
              request.text(Type::kFilterId, "8000/2000");
              request.text(Type::kFramedRoute, "10.20.0.0/24 0.0.0.0 1");
              request.text(Type::kFramedRoute, "10.21.0.0/24");
              request.text(Type::kFramedRoute, "10.20.0.0/24");
              request.octets(Type::kClass, Octets{'g', 'o', 'l', 'd'});
              request.number(Type::kAcctInterimInterval, 20);
              request.number(Type::kIdleTimeout, 3600);
            }),
            "ack");
  EXPECT_EQ(limits(alice_).down, 1'000'000U);
  EXPECT_EQ(limits(alice_).up, 250'000U);
  EXPECT_EQ(house_.routes.size(), 2U);
  EXPECT_TRUE(house_.installed.at(House::key(alice_.ref)).has_routes);
  EXPECT_TRUE(house_.installed.at(House::key(alice_.ref)).ip);
  EXPECT_EQ(house_.log.named("radius_interim_raised").size(), 1U) << "20 s are less than a minute";
  house_.advance(Duration{53'000});
  EXPECT_EQ(house_.accounting.said.back(), "start alice");
  house_.advance(Duration{14'000});
  EXPECT_EQ(house_.accounting.said.back(), "interim alice 0");
  EXPECT_EQ(house_.accounting.classes, (std::vector<Octets>{{'g', 'o', 'l', 'd'}}));

  EXPECT_EQ(coa([](RequestWriter& request) {
              is_alice(request);
              request.text(Type::kFramedRoute, "10.21.0.0/24");
            }),
            "ack");
  EXPECT_EQ(house_.routes.size(), 1U) << "those that are named, and no others";
  EXPECT_EQ(limits(alice_).down, 1'000'000U) << "what is not named stays";
  EXPECT_EQ(calls_up(), 1U);
  alice_.reset();
  EXPECT_TRUE(house_.routes.empty());
}

// ---- IPv6 -------------------------------------------------------------------------------------------------

/// She has the three kinds of prefix, each from its pool.
class WithIpv6 : public DynamicAuthorizationTest {
 protected:
  static Settings dual_stack() {
    Settings settings = without_echoes();
    settings.ipv6.mode = Ipv6Policy::kPrefer;
    settings.ipv6.server_duid = {0, 3, 0, 1, 1, 2, 3, 4, 5, 6};
    settings.ipv6.pools = {
        {.prefix = test::net6("2001:db8:64::/48")},
        {.prefix = test::net6("2001:db8:65::/48"), .length = 128, .use = Ipv6Use::kAddress},
        {.prefix = test::net6("2001:db8:100::/40"), .length = 56, .use = Ipv6Use::kDelegate}};
    return settings;
  }
  WithIpv6() : DynamicAuthorizationTest(dual_stack()) {}
  void SetUp() override {
    DynamicAuthorizationTest::SetUp();
    alice_.send_ppp(0x8057, {1, 1, 0, 0, 1, 10, 0, 0, 0, 0, 0, 0, 0, 2});
    alice_.serve();
    solicit();
    binding_ = call_of(alice_).session.ipv6.value_or(Ipv6Binding{});
    ASSERT_EQ(binding_.interface_id, 2U);
    ASSERT_TRUE(binding_.link && binding_.address && binding_.delegated);
  }
  /// By DHCPv6, at once: RFC 8415 §18.2.1.
  void solicit() {
    using test::operator+;
    const Octets message = Octets{static_cast<std::uint8_t>(wire::Dhcpv6Type::kSolicit), 0, 0, 1} +
                           test::dhcpv6_option(wire::Dhcpv6Code::kClientId, {0, 3, 0, 1, 2, 2, 2, 2, 2, 2}) +
                           test::rapid_commit() + test::ia_na(1) + test::ia_pd(2);
    Octets packet = Octets(wire::kIpv6Size + wire::kUdpSize) + message;
    wire::write_udp6(packet.data(),
                     {.source = wire::link_local(2), .destination = wire::kAllDhcpAgents, .hop_limit = 1},
                     wire::kDhcpv6ClientPort, wire::kDhcpv6ServerPort, message.size());
    house_.concentrator->on_worker_message(contract::PppFrameIn{alice_.ref}, Octets{0, 0x57} + packet);
    house_.run_workers();
  }
  std::string identified_by(const Fill& fill) {
    return coa([&](RequestWriter& request) {
      fill(request);
      request.number(Type::kSessionTimeout, 3600);
    });
  }

  Ipv6Binding binding_;
};

TEST_F(WithIpv6, RAD_13_WhatSheHasFindsHer) {
  const wire::Ipv6Prefix host{.address = *binding_.address, .length = 128};
  EXPECT_EQ(identified_by([&](auto& r) { r.prefix(Type::kFramedIpv6Prefix, *binding_.link); }), "ack");
  EXPECT_EQ(identified_by([&](auto& r) { r.prefix(Type::kFramedIpv6Prefix, host); }), "ack");
  EXPECT_EQ(identified_by([&](auto& r) { r.address(Type::kFramedIpv6Address, *binding_.address); }), "ack");
  EXPECT_EQ(identified_by([&](auto& r) { r.prefix(Type::kDelegatedIpv6Prefix, *binding_.delegated); }),
            "ack");
  EXPECT_EQ(identified_by([&](auto& r) { r.interface_id(Type::kFramedInterfaceId, 2); }), "nak 402")
      << "others may have it, too";
  EXPECT_EQ(disconnect([&](auto& r) { r.prefix(Type::kFramedIpv6Prefix, *binding_.link); }), "ack");
  EXPECT_EQ(calls_up(), 0U);
}

TEST_F(WithIpv6, RAD_13_EachHasToBeHers) {
  const wire::Ipv6Prefix other = test::net6("2001:db8:77::/64");
  const std::vector<std::function<void(RequestWriter&, bool right)>> rows = {
      [](RequestWriter& r, bool right) { r.text(Type::kUserName, right ? "alice" : "bob"); },
      [&](RequestWriter& r, bool right) {
        r.prefix(Type::kFramedIpv6Prefix, right ? *binding_.link : other);
      },
      [&](RequestWriter& r, bool right) {
        r.address(Type::kFramedIpv6Address, right ? *binding_.address : other.address);
      },
      [&](RequestWriter& r, bool right) {
        r.prefix(Type::kDelegatedIpv6Prefix, right ? *binding_.delegated : *binding_.link);
      },
      [&](RequestWriter& r, bool right) { r.interface_id(Type::kFramedInterfaceId, right ? 2 : 3); },
  };
  for (const auto& wrong : rows) {
    EXPECT_EQ(identified_by([&](RequestWriter& request) {
                for (const auto& row : rows) {
                  row(request, &row != &wrong);
                }
              }),
              "nak 503")
        << &wrong - rows.data();
  }
  EXPECT_EQ(identified_by([&](RequestWriter& request) {
              for (const auto& row : rows) {
                row(request, true);
              }
            }),
            "ack");
  for (const Type type : {Type::kFramedIpv6Prefix, Type::kFramedIpv6Address, Type::kDelegatedIpv6Prefix}) {
    EXPECT_EQ(identified_by([type](auto& r) { r.octets(type, Octets{0, 200, 1}); }), "nak 503");
  }
}

TEST_F(WithIpv6, RAD_13_HerNetworksBehindChangeInPlace) {
  const auto routes = [&](std::vector<std::string> texts) {
    return coa([&](RequestWriter& request) {
      is_alice(request);
      for (const std::string& text : texts) {
        request.text(Type::kFramedIpv6Route, text);
      }
    });
  };
  const auto at = [&](std::string_view network) {
    const auto found = house_.prefixes6.find(test::net6(network));
    return found != house_.prefixes6.end() && found->second == alice_.ref;
  };
  const std::size_t own = house_.prefixes6.size();
  EXPECT_EQ(routes({"2001:db8:20::/48 :: 1", "2001:db8:21::/48", "2001:db8:20::/48",
                    "2001:db8:22::/48 " + wire::to_string(*binding_.address) + " 1"}),
            "ack");
  EXPECT_TRUE(at("2001:db8:20::/48") && at("2001:db8:21::/48") && at("2001:db8:22::/48"));
  EXPECT_EQ(house_.prefixes6.size(), own + 3);
  house_.run_workers();
  const auto& worker = house_.installed.at(House::key(alice_.ref));
  ASSERT_TRUE(worker.ipv6);
  EXPECT_TRUE(worker.ipv6->has_routes);
  EXPECT_EQ(worker.ipv6->link_prefix, binding_.link->address.high) << "what she has stays";
  EXPECT_EQ(worker.ipv6->delegated_length, binding_.delegated->length);

  EXPECT_EQ(routes({"2001:db8:21::/48"}), "ack");
  EXPECT_EQ(house_.prefixes6.size(), own + 1) << "those that are named, and no others";
  EXPECT_TRUE(at("2001:db8:21::/48"));
  for (const char* wrong : {"2001:db8:23::/48 2001:db8:99::1 1", "2001:db8:23::1/48", "fe80::/64", "::/0"}) {
    EXPECT_EQ(routes({"2001:db8:24::/48", wrong}), "nak 407") << wrong;
  }
  EXPECT_EQ(house_.prefixes6.size(), own + 1) << "with one wrong value nothing changes";
  EXPECT_EQ(calls_up(), 1U);
  alice_.reset();
  EXPECT_TRUE(house_.prefixes6.empty());
}

TEST_F(DynamicAuthorizationTest, NetworksOfIpv6AreNotForWhoHasNone) {
  EXPECT_EQ(coa([](RequestWriter& request) {
              is_alice(request);
              request.text(Type::kFramedIpv6Route, "2001:db8:20::/48");
            }),
            "nak 401");
  EXPECT_TRUE(house_.prefixes6.empty());
}

TEST_F(WithIpv6, WhatSheHasIsNotChanged) {
  const auto with = [this](const Fill& more) {
    return coa([&](RequestWriter& request) {
      request.text(Type::kAcctSessionId, call_of(alice_).session_id);
      more(request);
    });
  };
  const auto other = test::net6("2001:db8:77::/64");
  EXPECT_EQ(with([&](auto& r) { r.prefix(Type::kFramedIpv6Prefix, other); }), "nak 503")
      << "as another Framed-IP-Address";
  EXPECT_EQ(with([&](auto& r) { r.address(Type::kFramedIpv6Address, other.address); }), "nak 503");
  EXPECT_EQ(with([&](auto& r) { r.prefix(Type::kDelegatedIpv6Prefix, other); }), "nak 503");
  for (const Type type : {Type::kFramedIpv6Pool, Type::kDnsServerIpv6Address, Type::kDelegatedIpv6PrefixPool,
                          Type::kStatefulIpv6AddressPool}) {
    EXPECT_EQ(with([type](auto& r) { r.text(type, "2001:db8:20::/48"); }), "nak 401")
        << static_cast<int>(type);
  }
  EXPECT_EQ(call_of(alice_).session.ipv6, binding_);
}

TEST_F(WithIpv6, ADelegationIsInAnInterimRecordAtOnce) {
  house_.advance(Duration{6'000});
  EXPECT_EQ(std::ranges::count(house_.accounting.said, "interim alice 0"), 1)
      << "for all that came with the first DHCPv6 exchange";
  EXPECT_EQ(house_.accounting.ipv6, binding_);
}

TEST_F(DynamicAuthorizationTest, WhoHasNoIpv6IsNotFoundByIt) {
  EXPECT_EQ(disconnect([](RequestWriter& request) {
              is_alice(request);
              request.prefix(Type::kFramedIpv6Prefix, test::net6("2001:db8:64::/64"));
            }),
            "nak 503");
  EXPECT_EQ(disconnect([](RequestWriter& request) {
              is_alice(request);
              request.interface_id(Type::kFramedInterfaceId, 2);
            }),
            "nak 503");
  EXPECT_EQ(calls_up(), 1U);
}

// ---- changes ----------------------------------------------------------------------------------------------

// Records have room for 2,048 octets of them: eight of 253, with two octets each before them.
TEST_F(DynamicAuthorizationTest, ClassesThatNoRecordHasRoomForAreRefused) {
  const auto classes = [this](int count) {
    return coa([count](RequestWriter& request) {
      is_alice(request);
      for (int n = 0; n < count; ++n) {
        request.octets(Type::kClass, Octets(253, 7));
      }
    });
  };
  EXPECT_EQ(classes(9), "nak 506");
  EXPECT_EQ(classes(8), "ack");
}

TEST_F(DynamicAuthorizationTest, TheLongestTimeoutsEndNothing) {
  EXPECT_EQ(coa([](RequestWriter& request) {
              is_alice(request);
              request.number(Type::kSessionTimeout, 0xffff'ffff);
              request.number(Type::kIdleTimeout, 0xffff'ffff);
            }),
            "ack");
  house_.advance(Duration{600'000});
  EXPECT_EQ(calls_up(), 1U);
}

TEST_F(DynamicAuthorizationTest, SessionTimeoutCountsFromIpUp) {
  const auto timeout = [this](std::uint32_t seconds) {
    return coa([seconds](RequestWriter& request) {
      is_alice(request);
      request.number(Type::kSessionTimeout, seconds);
    });
  };
  house_.advance(Duration{30'000});
  EXPECT_EQ(timeout(40), "ack");
  house_.advance(Duration{9'000});
  EXPECT_EQ(timeout(0), "ack") << "none from now on";
  house_.advance(Duration{60'000});
  EXPECT_EQ(calls_up(), 1U);
  EXPECT_EQ(timeout(40), "ack") << "over already";
  house_.advance(Duration{100});
  alice_.serve();
  house_.run_workers();
  ASSERT_EQ(house_.log.named("call_ended").size(), 1U);
  EXPECT_EQ(house_.log.named("call_ended")[0].fields.at("reason"), "session_timeout");
}

TEST_F(DynamicAuthorizationTest, AWorkerWithoutRoomChangesNothing) {
  house_.ring_capacity = 0;
  const auto faster = [](RequestWriter& request) {
    is_alice(request);
    request.text(Type::kFilterId, "8000");
    request.number(Type::kSessionTimeout, 1);
  };
  EXPECT_EQ(coa(faster), "nak 506");
  house_.ring_capacity = 8192;
  house_.advance(Duration{5'000});
  EXPECT_EQ(calls_up(), 1U) << "nor did the timeout";
  EXPECT_EQ(coa(faster), "ack");
}

TEST_F(DynamicAuthorizationTest, ABadValueAppliesNothingOfTheRest) {
  EXPECT_EQ(coa([](RequestWriter& request) {
              is_alice(request);
              request.text(Type::kFilterId, "8000/2000");
              request.text(Type::kFramedRoute, "nowhere");
            }),
            "nak 407");
  EXPECT_EQ(limits(alice_).down, 0U);
  EXPECT_TRUE(house_.routes.empty());
}

TEST_F(DynamicAuthorizationTest, ProxyStateComesBack) {
  const Octets octets = request(Code::kDisconnectRequest, [](RequestWriter& request) {
    is_alice(request);
    request.text(Type::kProxyState, "one");
    request.text(Type::kProxyState, "two");
  });
  const Octets answer = dae_->on_datagram(kDesk, octets);
  Authenticator asked;
  std::copy_n(octets.begin() + 4, asked.size(), asked.begin());
  const auto packet = read_reply(answer, asked, crypto::octets_of("secret"), true);
  ASSERT_TRUE(packet);
  std::vector<std::string> states;
  for (const Attribute& attribute : packet->attributes()) {
    if (attribute.type == Type::kProxyState) {
      states.emplace_back(attribute.text());
    }
  }
  EXPECT_EQ(states, (std::vector<std::string>{"one", "two"}));
}

}  // namespace
}  // namespace adit::control::radius
