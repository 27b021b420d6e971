// SPDX-License-Identifier: Apache-2.0
// Every line of a call or a connection that ends has its cause in words, whatever ends it: one scenario, or more, for
// each reason that there is.
#include <functional>
#include <set>

#include "tests/controlplane/concentrator/concentrator_kit.hpp"

namespace adit::control {
namespace {

/// Ends of connections without a call, and of none; scenarios of the last two need MPPE (session_keys_test.cpp) and CHAP
/// (client_dialup_test.cpp).
const std::set<EndReason> kOfNoCall = {EndReason::kUnsupportedVersion, EndReason::kStartTimeout,
                                       EndReason::kIncomingDenied,     EndReason::kInternal,
                                       EndReason::kMppeDesynchronised, EndReason::kRechallengeFailed};

struct Scenario {
  EndReason reason;
  std::string why;                               ///< how the line's cause begins
  std::function<void(House&, DialIn&)> end;      ///< from a connection that has just been accepted
  std::function<void(Settings&)> settings = {};  ///< other than the kit's
};

/// As far as the back end, which is being asked.
void ask(DialIn& client) {
  EXPECT_FALSE(client.dial("later"));
}
/// What the back end says.
std::function<void(House&, DialIn&)> verdict(const AuthVerdict& verdict) {
  return [verdict](House& house, DialIn& client) {
    ask(client);
    house.auth.answer(verdict);
  };
}
/// What a user asks for who gets in.
std::function<void(House&, DialIn&)> up(const std::string& user,
                                        const std::function<void(House&, DialIn&)>& then) {
  return [user, then](House& house, DialIn& client) {
    EXPECT_TRUE(client.dial(user));
    then(house, client);
  };
}
/// Asks for a call, by which one frame comes if it `speaks`.
void call(House& house, DialIn& client, bool speaks) {
  client.start();
  client.call(7);
  house.run_workers();
  client.ref = house.calls_by_id.begin()->second;
  if (speaks) {
    client.send_ppp(kLcp, {9, 1, 0, 0, 0, 0, 0, 0});
  }
}
/// EAP alone is offered; with `mode`, by whom the methods are carried out.
std::function<void(Settings&)> by_eap(EapMode mode) {
  return [mode](Settings& settings) {
    settings.auth.methods = {AuthMethod::kEap};
    settings.eap.mode = mode;
    settings.ppp.mppe = MppePolicy::kRequire;
  };
}
std::function<void(House&, DialIn&)> dials(const std::string& user) {
  return [user](House&, DialIn& client) { EXPECT_FALSE(client.dial(user)); };
}
/// Dials beside, and gets in.
void another(House& house, std::string_view user) {
  DialIn other(house, 2, wire::Ipv4Address(198, 51, 100, 7));
  EXPECT_TRUE(other.dial(user));
}
void pass(House& house, Duration time) {
  house.advance(time);
}

std::vector<Scenario> ended_by_the_peer() {
  return {
      {EndReason::kUserRequest, "Stop-Control-Connection-Request",
       up("alice", [](House&, DialIn& client) { client.send(pptp::StopControlConnectionRequest{}); })},
      {EndReason::kUserRequest, "Call-Clear-Request",
       up("alice", [](House&, DialIn& client) { client.send(pptp::CallClearRequest{7}); })},
      {EndReason::kUserRequest, "Call-Disconnect-Notify",
       up("alice",
          [](House&, DialIn& client) {
            pptp::CallDisconnectNotify notify;
            notify.call_id = 7;
            client.send(notify);
          })},
      {EndReason::kUserRequest, "the peer hangs up: bye",
       [](House&, DialIn& client) {
         ask(client);
         client.send_ppp(kLcp, {5, 1, 0, 0, 'b', 'y', 'e'});
       }},
      {EndReason::kPeerClosed, "it closed TCP", up("alice", [](House&, DialIn& client) { client.reset(); })},
      {EndReason::kPeerClosed, "no GRE came from 192.0.2.2",
       [](House& house, DialIn& client) {
         call(house, client, false);
         client.reset();
       }},
      {EndReason::kMalformed, "wrong magic cookie",
       up("alice",
          [](House& house, DialIn& client) {
            std::vector<std::uint8_t> nonsense(16);
            nonsense[1] = 16;
            nonsense[3] = 1;
            house.concentrator->on_bytes(client.id, nonsense);
          })},
      {EndReason::kLimit, "message rate",
       up("alice",
          [](House&, DialIn& client) {
            for (std::uint32_t i = 0; i < 300; ++i) {
              client.send(pptp::EchoRequest{i});
            }
          })},
      {EndReason::kOutputOverflow, "it does not read",
       up("alice",
          [](House& house, DialIn& client) {
            house.concentrator->on_closed(client.id, EndReason::kOutputOverflow);
            house.open.erase(client.id);
          })},
      {EndReason::kLcpFailed, "lcp: peer rejects LCP itself",
       [](House&, DialIn& client) {
         ask(client);
         client.send_ppp(kLcp, {8, 1, 0, 0, 0xC0, 0x21});
       }},
      {EndReason::kAuthRefused, "no method is allowed",
       [](House& house, DialIn& client) { call(house, client, false); },
       [](Settings& settings) { settings.auth.methods = {}; }},
      {EndReason::kMppeRefused, "ccp: the authentication method makes no MPPE keys", verdict(AuthAccepted{}),
       [](Settings& settings) { settings.ppp.mppe = MppePolicy::kRequire; }},
      {EndReason::kIpcpFailed, "ipcp: ",
       [](House& house, DialIn& client) {
         verdict(AuthAccepted{})(house, client);
         client.send_ppp(kLcp, {8, 1, 0, 0, 0x80, 0x21});
       }},
      {EndReason::kAddressRefused, "ipcp: peer keeps asking for what was refused",
       [](House& house, DialIn& client) {
         verdict(AuthAccepted{})(house, client);
         for (std::uint8_t id = 1; id <= 12; ++id) {
           client.send_ppp(kIpcp, {1, id, 0, 0});
         }
       }},
      {EndReason::kIpv6Failed, "ipv6cp: peer does not speak IPv6CP",
       [](House& house, DialIn& client) {
         verdict(AuthAccepted{})(house, client);
         client.send_ppp(kLcp, {8, 1, 0, 0, 0x80, 0x57});
       },
       [](Settings& settings) { settings.ipv6.mode = Ipv6Policy::kRequire; }}};
}

std::vector<Scenario> ended_by_time() {
  return {{EndReason::kEchoTimeout, "no Echo-Reply",
           up("alice", [](House& house, DialIn&) { pass(house, 121s); }),
           [](Settings& settings) { settings.ppp.lcp_echo_interval = 0s; }},
          {EndReason::kLostCarrier, "lcp: echoes unanswered",
           up("alice", [](House& house, DialIn&) { pass(house, 100s); }),
           [](Settings& settings) { settings.pptp.echo_interval = 0s; }},
          {EndReason::kLcpTimeout, "lcp: ",
           [](House& house, DialIn& client) {
             call(house, client, true);
             pass(house, 60s);
           }},
          {EndReason::kNoGre, "no GRE came from 192.0.2.2: ",
           [](House& house, DialIn& client) {
             call(house, client, false);
             pass(house, 60s);
           }},
          {EndReason::kNotConnected, "no Incoming-Call-Connected",
           [](House& house, DialIn& client) {
             client.start();
             EXPECT_NE(client.ring(7), 0);
             pass(house, 31s);
           },
           [](Settings& settings) { settings.pptp.incoming_calls = true; }},
          {EndReason::kAuthTimeout, "no verdict in time",
           [](House& house, DialIn& client) {
             ask(client);
             pass(house, 11s);
           }},
          {EndReason::kSetupTimeout, "no login within pptp.login-timeout",
           [](House& house, DialIn& client) {
             ask(client);
             pass(house, 6s);
           },
           [](Settings& settings) { settings.pptp.login_timeout = 5s; }},
          {EndReason::kNetworkTimeout, "IP was not up in time after login",
           [](House& house, DialIn& client) {
             verdict(AuthAccepted{})(house, client);
             pass(house, 61s);
           },
           [](Settings& settings) { settings.ppp.max_configure = 100; }},
          {EndReason::kEapTimeout, "no EAP-Response from the peer",
           [](House& house, DialIn& client) {
             EXPECT_FALSE(client.dial(""));
             pass(house, 40s);
           },
           by_eap(EapMode::kLocal)},
          {EndReason::kSessionTimeout, "Session-Timeout, 60 s",
           up("timed-alice", [](House& house, DialIn&) { pass(house, 70s); })},
          {EndReason::kIdleTimeout, "Idle-Timeout, no packet for 8 s",
           up("idle-alice", [](House& house, DialIn&) { pass(house, 20s); })}};
}

std::vector<Scenario> ended_by_us() {
  return {
      {EndReason::kAdminReset, "a test asks",
       up("alice", [](House& house, DialIn&) { (void)terminate(*house.concentrator, {}, true); })},
      {EndReason::kAdminReset, "a test asks",
       up("alice", [](House& house, DialIn&) { (void)terminate(*house.concentrator, {}, false); })},
      {EndReason::kAdminReset, "Disconnect-Request of desk",
       up("alice",
          [](House& house, DialIn&) {
            std::string sid;
            for_each_call(*house.concentrator, [&](const CallStatus& status) { sid = status.session_id; });
            EXPECT_EQ(house.concentrator->remove(sid, "Disconnect-Request of desk"), Removal::kRemoved);
          })},
      {EndReason::kShutdown, "aditd is stopping",
       up("alice", [](House& house, DialIn&) { drain(*house.concentrator); })},
      {EndReason::kEvicted, "gave way to another source, scarce: descriptors",
       [](House& house, DialIn& client) {
         ask(client);
         EXPECT_TRUE(house.concentrator->on_no_descriptors());
       }},
      {EndReason::kNoResource, "its worker's ring is full",
       up("alice",
          [](House& house, DialIn& client) {
            house.ring_capacity = 0;
            client.send_ppp(kLcp, {1, 9, 0, 0});
            house.advance(1010ms);
            house.ring_capacity = 64;
          })},
      {EndReason::kPoolEmpty, "pool default is empty",
       [](House& house, DialIn& client) {
         another(house, "bob");
         EXPECT_FALSE(client.dial("alice"));
       },
       [](Settings& settings) {
         settings.ip.pools[0].ranges[0].last = settings.ip.pools[0].ranges[0].first;
       }},
      {EndReason::kPoolUnknown, "pool nosuch is no [[ip-pool]]", verdict(AuthAccepted{.pool = "nosuch"})},
      {EndReason::kAddressInUse, "10.99.0.1 is in use by sid ",
       [](House& house, DialIn& client) {
         another(house, "fixed-10.99.0.1");
         EXPECT_FALSE(client.dial("fixed-10.99.0.1"));
       }},
      {EndReason::kEapBusy, "the queue is full",
       verdict(AuthUnavailable{.why = "the queue is full", .reason = EndReason::kEapBusy})},
      {EndReason::kEapNak, "the peer refuses every method of ours", dials("alice"), by_eap(EapMode::kLocal)},
      {EndReason::kEapNoKeys, "ccp: EAP has made no keys for MPPE", dials("alice"), by_eap(EapMode::kRadius)},
      {EndReason::kReplaced, "by sid ", up("alice", [](House& house, DialIn&) { another(house, "alice"); }),
       [](Settings& settings) { settings.single_session = SingleSession::kReplace; }},
      {EndReason::kAuthFailed, "wrong password", verdict(AuthRejected{.why = "wrong password"})},
      {EndReason::kAuthUnavailable, "no server answers", verdict(AuthUnavailable{"no server answers"})},
      {EndReason::kAuthUnusable, "Access-Challenge", verdict(AuthUnusable{"Access-Challenge"})}};
}

void expect_cause(const Scenario& scenario) {
  Settings settings = House::pap_settings();
  if (scenario.settings) {
    scenario.settings(settings);
  }
  House house(settings);
  DialIn client(house, 1);
  scenario.end(house, client);
  house.advance(10s);
  house.run_workers();
  house.advance(10s);
  house.run_workers();
  client.reset();
  house.run_workers();
  const auto ended = house.log.named("call_ended");
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].fields.at("reason"), to_text(scenario.reason));
  EXPECT_TRUE(ended[0].fields.at("why").starts_with(scenario.why)) << ended[0].fields.at("why");
  for (const auto& closed : house.log.named("connection_closed")) {
    EXPECT_FALSE(closed.fields.at("detail").empty()) << closed.line;
  }
}

TEST(Causes, EveryReasonByWhichACallEndsHasOneInWords) {
  std::vector<Scenario> all = ended_by_the_peer();
  for (auto more : {ended_by_time(), ended_by_us()}) {
    std::ranges::move(more, std::back_inserter(all));
  }
  std::set<EndReason> reasons = kOfNoCall;
  for (const Scenario& scenario : all) {
    SCOPED_TRACE(std::string(to_text(scenario.reason)) + ": " + scenario.why);
    reasons.insert(scenario.reason);
    expect_cause(scenario);
  }
  for (int number = 1; number <= static_cast<int>(EndReason::kInternal); ++number) {
    EXPECT_TRUE(reasons.contains(static_cast<EndReason>(number)))
        << "no call ends by " << to_text(static_cast<EndReason>(number));
  }
}

TEST(Causes, AConnectionWithoutACallHasOneToo) {
  House house;
  DialIn silent(house, 1), idle(house, 2), old(house, 3), gone(house, 4);
  idle.start();
  pptp::StartControlConnectionRequest request;
  request.version = 0;
  old.send(request);
  gone.reset();
  house.advance(60s);
  std::map<std::string, std::string> causes;
  for (const auto& closed : house.log.named("connection_closed")) {
    causes[closed.fields.at("detail")] = closed.fields.at("reason");
  }
  EXPECT_EQ(causes, (std::map<std::string, std::string>{
                        {"no Start-Control-Connection-Request", "start_timeout"},
                        {"no Outgoing-Call-Request", "start_timeout"},
                        {"its version of PPTP is below 1.0", "unsupported_version"},
                        {"it closed TCP without a Stop-Control-Connection-Request", "peer_closed"}}));
}

// One connection, two requests: what the first lacked is no cause of the second's.
TEST(Causes, ARefusedCallHasItsOwn) {
  House house(House::pap_settings(), 1, 1);
  DialIn first(house, 1), second(house, 2);
  ASSERT_TRUE(first.dial("alice"));
  second.start();
  second.call(7);
  first.reset();
  house.run_workers();
  second.call(8);
  second.call(8);
  const auto refused = house.log.named("call_refused");
  ASSERT_EQ(refused.size(), 2U);
  EXPECT_EQ(refused[0].fields.at("why"), "raise common.max-sessions");
  EXPECT_EQ(refused[1].fields.at("reason"), "malformed");
  EXPECT_EQ(refused[1].fields.at("why"), "another call of this connection has its ID");
  drain(*house.concentrator);
  DialIn late(house, 3);
  EXPECT_FALSE(late.accepted);
  EXPECT_EQ(house.log.named("connection_refused").back().fields.at("why"), "aditd is stopping");
}

}  // namespace
}  // namespace adit::control
