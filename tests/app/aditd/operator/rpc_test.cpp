// SPDX-License-Identifier: Apache-2.0
// JSON-RPC 2.0, request by request: right ones, wrong ones, hostile ones. No socket here.
#include "app/aditd/operator/rpc.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "crypto/mppe_implementations.hpp"
#include "tests/app/aditd/operator/fake_backend.hpp"

namespace adit::app {
namespace {

using Json = nlohmann::ordered_json;

std::string whole(RpcReply reply) {
  std::string text;
  while (reply.more()) {
    text += reply.next();
  }
  return text;
}

class Rpc : public testing::Test {
 protected:
  RpcReply reply(std::string_view line) {
    RpcReply kept;
    handle_rpc(line, backend_, [&](RpcReply reply) { kept = std::move(reply); });
    return kept;
  }
  std::string ask(std::string_view line) { return whole(reply(line)); }
  Json result(const std::string& method) {
    const Json reply = Json::parse(ask(R"({"jsonrpc":"2.0","id":7,"method":")" + method + "\"}"));
    EXPECT_EQ(reply.at("jsonrpc"), "2.0");
    EXPECT_EQ(reply.at("id"), 7);
    return reply.at("result");
  }
  FakeBackend backend_;
};

TEST_F(Rpc, ShowsSessions) {
  EXPECT_EQ(result("show.sessions").dump(), R"({"sessions":[]})");
  backend_.rows = {FakeBackend::alice()};
  EXPECT_EQ(
      result("show.sessions").dump(),
      R"({"sessions":[{"sid":"00000000000000ff","username":"alice","calling_sid":"192.0.2.7","called_sid":"192.0.2.1",)"
      R"("ip":"10.64.0.2","type":"pptp","auth":"mschap-v2","mppe":true,"mppe_mode":"128","state":"active","phase":"up",)"
      R"("uptime_seconds":3661,"rx_bytes":2048,"tx_bytes":3000000,"rx_packets":10,"tx_packets":20,"drops":1,)"
      R"("mru":1400,"worker":1,"call_id":4711,"peer_call_id":0,"rate_limit":"10240/2048","routes":"10.20.0.0/24"}]})");
}

TEST_F(Rpc, NamesStatesAsAccelPppDoes) {
  using Phase = control::SessionStatus::Phase;
  for (const auto& [phase, ending, state] :
       {std::tuple(Phase::kEstablish, false, "start"), std::tuple(Phase::kAuthenticate, false, "start"),
        std::tuple(Phase::kNetwork, false, "start"), std::tuple(Phase::kUp, false, "active"),
        std::tuple(Phase::kTerminate, false, "finish"), std::tuple(Phase::kUp, true, "finish")}) {
    SessionRow row = FakeBackend::alice();
    row.call.session.phase = phase;
    row.call.ending = ending;
    backend_.rows = {row};
    EXPECT_EQ(result("show.sessions")["sessions"][0]["state"], state);
  }
}

TEST_F(Rpc, ListsManySessionsInPieces) {
  backend_.rows.assign(3'000, FakeBackend::alice());
  RpcReply sessions = reply(R"({"jsonrpc":"2.0","id":1,"method":"show.sessions"})");
  EXPECT_EQ(backend_.listed, 0u);
  std::string text;
  std::size_t pieces = 0;
  while (sessions.more()) {
    const std::size_t before = backend_.listed;
    text += sessions.next();
    EXPECT_LE(backend_.listed - before, control::kCallsPerSlice) << "no more is gathered than is sent";
    ++pieces;
  }
  EXPECT_EQ(pieces, 47u);
  EXPECT_EQ(Json::parse(text)["result"]["sessions"].size(), 3'000u);
  EXPECT_EQ(text.find('\n'), text.size() - 1);
}

TEST_F(Rpc, ATrialLoginIsAnsweredWhenTheServerHas) {
  const std::string line =
      R"({"jsonrpc":"2.0","id":4,"method":"try.radius","params":{"user":"alice","password":"secret","method":"pap"}})";
  std::string answered;
  handle_rpc(line, backend_, [&](RpcReply reply) { answered = whole(std::move(reply)); });
  EXPECT_EQ(answered, "") << "nobody has answered so far";
  ASSERT_EQ(backend_.trials.size(), 1U);
  EXPECT_EQ(backend_.trials[0].first.user, "alice");
  control::AuthAccepted accepted;
  accepted.address = wire::Ipv4Address(10, 64, 0, 9);
  backend_.trials[0].second({.verdict = control::TrialOutcome::Verdict::kAccepted, .accepted = accepted});
  const Json reply = Json::parse(answered);
  EXPECT_EQ(reply["id"], 4);
  EXPECT_EQ(reply["result"]["verdict"], "accepted");
  EXPECT_EQ(reply["result"]["address"], "10.64.0.9");
  for (const char* wrong : {R"({"user":"alice","password":"x","method":"eap"})", R"({"user":"alice"})",
                            R"({"user":"","password":"x","method":"pap"})", "null", "[1,2,3]"}) {
    const Json refused = Json::parse(
        ask(R"({"jsonrpc":"2.0","id":4,"method":"try.radius","params":)" + std::string(wrong) + "}"));
    EXPECT_EQ(refused["error"]["code"], -32602) << wrong;
  }
  EXPECT_EQ(backend_.trials.size(), 1U);
}

namespace {
std::string trial(const std::string& user) {
  return R"({"jsonrpc":"2.0","id":4,"method":"try.radius","params":{"user":")" + user +
         R"(","password":"secret","method":"pap"}})";
}
}  // namespace

TEST_F(Rpc, ATrialLoginTakesANameAsItIsShownOrAsItStands) {
  std::string answered;
  handle_rpc(trial(R"(\\xffbob)"), backend_, [&](RpcReply reply) { answered = whole(std::move(reply)); });
  ASSERT_EQ(backend_.trials.size(), 1U);
  EXPECT_EQ(backend_.trials[0].first.user,
            "\xff"
            "bob");
  backend_.trials[0].second({.verdict = control::TrialOutcome::Verdict::kRejected, .why = "unknown"});
  ASSERT_EQ(backend_.trials.size(), 2U) << "nobody is called so";
  EXPECT_EQ(backend_.trials[1].first.user, "\\xffbob");
  EXPECT_EQ(answered, "");
  backend_.trials[1].second({.verdict = control::TrialOutcome::Verdict::kRejected, .why = "no \xff"});
  EXPECT_EQ(Json::parse(answered)["result"]["why"], "no \\xff");
  handle_rpc(trial("alice"), backend_, [&](RpcReply reply) { answered = whole(std::move(reply)); });
  backend_.trials.at(2).second({.verdict = control::TrialOutcome::Verdict::kRejected});
  EXPECT_EQ(backend_.trials.size(), 3U) << "there is one way to read it";
}

TEST_F(Rpc, ATrialLoginIntoAnUnknownPoolIsNotAccepted) {
  std::string answered;
  handle_rpc(trial("alice"), backend_, [&](RpcReply reply) { answered = whole(std::move(reply)); });
  control::AuthAccepted accepted;
  accepted.pool = "gold\xff";
  backend_.trials.at(0).second({.verdict = control::TrialOutcome::Verdict::kAccepted, .accepted = accepted});
  const Json outcome = Json::parse(answered)["result"];
  EXPECT_EQ(outcome["verdict"], "unusable");
  EXPECT_EQ(outcome["pool"], "gold\\xff");
  EXPECT_EQ(outcome["why"], "no [[ip-pool]] has the name: the call would end as pool_unknown");
}

TEST_F(Rpc, ATrialLoginIntoAnUnknownIpv6PoolSaysWhatTheCallDoesWithout) {
  const auto outcome_with = [&](const control::Ipv6Terms& terms) {
    std::string answered;
    handle_rpc(trial("alice"), backend_, [&](RpcReply reply) { answered = whole(std::move(reply)); });
    control::AuthAccepted accepted;
    accepted.ipv6 = terms;
    backend_.trials.back().second(
        {.verdict = control::TrialOutcome::Verdict::kAccepted, .accepted = accepted});
    return Json::parse(answered)["result"];
  };
  const Json unknown = outcome_with({.delegated_pool = "gold"});
  EXPECT_EQ(unknown["verdict"], "accepted") << "the call comes up";
  EXPECT_EQ(unknown["why"], "no [[ipv6-pool]] of use delegate has the name gold: the call would do without");
  EXPECT_EQ(outcome_with({.denied = true, .link_pool = "none"})["why"], "");
  EXPECT_EQ(outcome_with({})["why"], "") << "who is given no name has no pool by intention";
}

TEST_F(Rpc, SEC_11_SessionsOfHostileNamesAreStillJson) {
  SessionRow row = FakeBackend::alice();
  row.call.session.user = "a\nb\x1b\"\\\xff\xfe" + std::string(1, '\0') + "c";
  backend_.rows = {row};
  EXPECT_EQ(result("show.sessions")["sessions"][0]["username"], R"(a\nb\x1b\"\\\xff\xfe\x00c)")
      << "as the log shows it, and as commands take it";
}

TEST_F(Rpc, ShowsTheRest) {
  backend_.stats_.calls_active = 3;
  backend_.stats_.auth_rejected = 4;
  backend_.stats_.ended = {{control::EndReason::kAuthFailed, 4}, {control::EndReason::kUserRequest, 9}};
  const Json stat = result("show.stat");
  EXPECT_EQ(stat["sessions"].dump(), R"({"starting":0,"active":3,"finishing":0})");
  EXPECT_EQ(stat["auth"].dump(), R"({"accepted":0,"rejected":4})");
  EXPECT_EQ(stat["ended"].dump(), R"({"auth_failed":4,"user_request":9})");
  EXPECT_GT(stat["rss_kb"].get<int>(), 0);
  EXPECT_EQ(stat["version"], ADIT_VERSION);
  EXPECT_EQ(stat["mppe_engine"], crypto::mppe_implementation());
  EXPECT_EQ(stat["packet_buffers"].dump(), R"([{"pool":"adit_packets_0","total":20480,"free":12000}])");
  EXPECT_EQ(result("show.drops")["drops"].dump(), R"({"not_ipv4":0,"wrong_peer":12345})");
  EXPECT_EQ(result("show.drops")["texts"]["wrong_peer"], "GRE from another address");
  EXPECT_EQ(result("show.workers")["workers"][0]["rx_packets"], 1'000'000);
  EXPECT_EQ(
      result("show.pools").dump(),
      R"({"pools":[{"name":"default","family":"ipv4","use":"address","total":65533,"used":2,"quarantined":1,)"
      R"("reserved":3,"available":65527},{"name":"default","family":"ipv6","use":"link","total":65536,)"
      R"("used":1,"quarantined":0,"reserved":1,"available":65534}]})");
  EXPECT_EQ(result("version").dump(), R"({"name":"aditd","version":")" ADIT_VERSION "\"}");
}

TEST_F(Rpc, ShowsWhomAdmissionLimited) {
  EXPECT_EQ(
      result("show.admission")["sources"].dump(),
      R"([{"source":"192.0.2.9","before_login":3,"after_login":1,"refused":7,"evicted":2,"failed_logins":40,"delayed":20,"seconds_ago":5}])");
}

TEST_F(Rpc, ShowsThousandsOfSourcesInPieces) {
  backend_.sources_.assign(4'096, backend_.sources_[0]);
  RpcReply sources = reply(R"({"jsonrpc":"2.0","id":1,"method":"show.admission"})");
  std::string text;
  while (sources.more()) {
    const std::string piece = sources.next();
    EXPECT_LT(piece.size(), 16u * 1024);
    text += piece;
  }
  EXPECT_EQ(Json::parse(text)["result"]["sources"].size(), 4'096u);
}

TEST_F(Rpc, AnswersWhenTheLastCallHasBeenAskedToEnd) {
  backend_.answers_terminate = false;
  std::string answered;
  handle_rpc(R"({"jsonrpc":"2.0","id":4,"method":"terminate","params":{"by":"all"}})", backend_,
             [&](RpcReply reply) { answered = whole(std::move(reply)); });
  EXPECT_EQ(answered, "");
  ASSERT_EQ(backend_.terminating.size(), 1u);
  backend_.terminating[0](20'000);
  EXPECT_EQ(answered, "{\"jsonrpc\":\"2.0\",\"id\":4,\"result\":{\"terminated\":20000}}\n");
}

TEST_F(Rpc, ShowsEveryCounterOfTheTables) {
  const Json counters = result("show.counters");
  ASSERT_EQ(counters["workers"].size(), dataplane::kWorkerCounterTexts.size());
  ASSERT_EQ(counters["ports"].size(), 4U);
  const Json row = result("show.workers")["workers"][0];
  for (const Json& counter : counters["workers"]) {
    const std::string name = counter["name"];
    EXPECT_EQ(row[name], counter["by_worker"][0]) << name;
    EXPECT_FALSE(counter["text"].get<std::string>().empty()) << name;
  }
  EXPECT_EQ(
      counters["workers"][4].dump(),
      R"({"name":"rx_packets","unit":"packets","sum":1000000,"text":"frames received from devices","by_worker":[1000000]})");
  EXPECT_EQ(
      counters["ports"][2].dump(),
      R"({"name":"punted","unit":"packets","sum":12,"text":"of those, passed to the kernel","by_port":{"wan":12}})");
}

TEST_F(Rpc, Terminates) {
  using By = control::SessionSelector::By;
  backend_.terminates = 2;
  EXPECT_EQ(
      ask(R"({"jsonrpc":"2.0","id":1,"method":"terminate","params":{"by":"username","value":"al ice"}})"),
      "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"terminated\":2}}\n");
  ask(R"({"jsonrpc":"2.0","id":1,"method":"terminate","params":{"by":"ip","value":"10.64.0.2","hard":true}})");
  ask(R"({"jsonrpc":"2.0","id":1,"method":"terminate","params":{"by":"sid","value":"ff","hard":false}})");
  ask(R"({"jsonrpc":"2.0","id":1,"method":"terminate","params":{"by":"all"}})");
  ASSERT_EQ(backend_.terminated.size(), 4u);
  EXPECT_EQ(backend_.terminated[0].selector.by, By::kUsername);
  EXPECT_EQ(backend_.terminated[0].selector.value, "al ice");
  EXPECT_FALSE(backend_.terminated[0].hard);
  EXPECT_EQ(backend_.terminated[1].selector.by, By::kIp);
  EXPECT_TRUE(backend_.terminated[1].hard);
  EXPECT_EQ(backend_.terminated[2].selector.by, By::kSessionId);
  EXPECT_EQ(backend_.terminated[3].selector.by, By::kAll);
}

TEST_F(Rpc, AnswersNoNotification) {
  EXPECT_EQ(ask(R"({"jsonrpc":"2.0","method":"show.sessions"})"), "");
  EXPECT_EQ(ask(R"({"jsonrpc":"2.0","method":"nothing"})"), "");
  EXPECT_EQ(ask(R"({"jsonrpc":"2.0","method":"terminate","params":{"by":"all"}})"), "");
  EXPECT_EQ(backend_.terminated.size(), 1u);
}

TEST_F(Rpc, ReturnsTheIdAsItWas) {
  EXPECT_EQ(Json::parse(ask(R"({"jsonrpc":"2.0","id":"x\n","method":"version"})"))["id"], "x\n");
  EXPECT_EQ(Json::parse(ask(R"({"jsonrpc":"2.0","id":null,"method":"version"})"))["id"], nullptr);
  EXPECT_EQ(Json::parse(ask(R"({"jsonrpc":"2.0","id":1.5,"method":"show.sessions"})"))["id"], 1.5);
}

struct BadRequest {
  const char* line;
  int code;
};

TEST_F(Rpc, SEC_12_AnswersEveryMistakeWithAnError) {
  const BadRequest requests[] = {
      {"", -32700},
      {"hello", -32700},
      {"{", -32700},
      {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"version\"} trailing", -32700},
      {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}", -32700},
      {"null", -32600},
      {"42", -32600},
      {"\"show.sessions\"", -32600},
      {"[]", -32600},
      {R"([{"jsonrpc":"2.0","id":1,"method":"version"}])", -32600},
      {"{}", -32600},
      {R"({"id":1,"method":"version"})", -32600},
      {R"({"jsonrpc":"1.0","id":1,"method":"version"})", -32600},
      {R"({"jsonrpc":2.0,"id":1,"method":"version"})", -32600},
      {R"({"jsonrpc":"2.0","id":1})", -32600},
      {R"({"jsonrpc":"2.0","id":1,"method":5})", -32600},
      {R"({"jsonrpc":"2.0","id":{"a":1},"method":"version"})", -32600},
      {R"({"jsonrpc":"2.0","id":[1],"method":"show.sessions"})", -32600},
      {R"({"jsonrpc":"2.0","id":true,"method":"version"})", -32600},
      {R"({"jsonrpc":"2.0","id":1,"method":"show.sesion"})", -32601},
      {R"({"jsonrpc":"2.0","id":1,"method":"halt"})", -32601},
      {R"({"jsonrpc":"2.0","id":1,"method":""})", -32601},
      {R"({"jsonrpc":"2.0","id":1,"method":"show.sessions","params":{"x":1}})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"show.stat","params":"x"})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"terminate"})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"terminate","params":[]})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"terminate","params":{}})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"terminate","params":{"by":"everyone"}})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"terminate","params":{"by":1}})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"terminate","params":{"by":"username"}})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"terminate","params":{"by":"username","value":""}})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"terminate","params":{"by":"username","value":7}})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"terminate","params":{"by":"ip","value":"10.64.0.300"}})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"terminate","params":{"by":"all","hard":"yes"}})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"terminate","params":{"by":"all","hrad":true}})", -32602},
  };
  for (const BadRequest& request : requests) {
    const std::string reply = ask(request.line);
    ASSERT_EQ(reply.find('\n'), reply.size() - 1) << request.line;
    const Json json = Json::parse(reply);
    EXPECT_EQ(json.at("error").at("code"), request.code) << request.line;
    EXPECT_FALSE(json.at("error").at("message").get<std::string>().empty());
    EXPECT_FALSE(json.contains("result"));
  }
  EXPECT_TRUE(backend_.terminated.empty()) << "no wrong request may end a call";
}

TEST_F(Rpc, SEC_12_SurvivesDeepNesting) {
  const auto code = [&](const std::string& line) { return Json::parse(ask(line)).at("error").at("code"); };
  const std::string deep = std::string(30'000, '[') + std::string(30'000, ']');
  EXPECT_EQ(code(deep), -32700);
  EXPECT_EQ(code(std::string(60'000, '[')), -32700);
  EXPECT_EQ(code(R"({"jsonrpc":"2.0","id":)" + deep + R"(,"method":"version"})"), -32700);
  EXPECT_EQ(code(R"({"jsonrpc":"2.0","id":1,"method":"terminate","params":)" + deep + "}"), -32700);
  EXPECT_EQ(code(R"({"jsonrpc":"2.0","id":1,"method":"terminate","params":[[["by"]]]})"), -32602);
}

TEST_F(Rpc, SEC_12_AnyMutationGetsAReplyOrNone) {
  const std::string valid =
      R"({"jsonrpc":"2.0","id":1,"method":"terminate","params":{"by":"all","hard":true}})";
  std::mt19937 random(42);
  for (int round = 0; round < 5'000; ++round) {
    std::string line = valid;
    for (unsigned changes = random() % 4 + 1; changes > 0; --changes) {
      line[random() % line.size()] = static_cast<char>(random());
    }
    const std::string reply = ask(line);
    ASSERT_TRUE(reply.empty() || Json::accept(reply)) << line << " -> " << reply;
  }
}

TEST_F(Rpc, WhatChangesSomethingIsNotedWithWhoAskedForIt) {
  const auto by_alice = [&](const std::string& line) {
    handle_rpc(line, backend_, [](RpcReply) {}, {.by = "uid 1000"});
  };
  backend_.terminates = 2;
  by_alice(R"({"jsonrpc":"2.0","id":1,"method":"show.stat"})");
  EXPECT_TRUE(backend_.noted.empty()) << "who only looks";
  by_alice(R"({"jsonrpc":"2.0","id":1,"method":"terminate","params":{"by":"username","value":"bob"}})");
  by_alice(R"({"jsonrpc":"2.0","method":"terminate","params":{"by":"nobody"}})");
  backend_.reloads = OperatorBackend::ReloadReport{};
  by_alice(R"({"jsonrpc":"2.0","id":1,"method":"reload"})");
  EXPECT_EQ(backend_.noted,
            (std::vector<std::string>{
                R"(uid 1000 terminate {"by":"username","value":"bob"} {"terminated":2})",
                R"(uid 1000 terminate {"by":"nobody"} by must be "username", "ip", "sid" or "all")",
                R"(uid 1000 reload  {"reloaded":true,"users":0})"}));
}

TEST_F(Rpc, AChangeOfRatesIsNoted) {
  backend_.terminates = 3;  // calls that it matches
  handle_rpc(R"({"jsonrpc":"2.0","id":1,"method":"shaper","params":{"by":"all","rate":"512"}})", backend_,
             [](RpcReply) {}, {.by = "uid 1000"});
  handle_rpc(R"({"jsonrpc":"2.0","id":1,"method":"shaper","params":{"by":"all","rate":"fast"}})", backend_,
             [](RpcReply) {}, {.by = "uid 1000"});
  ASSERT_EQ(backend_.noted.size(), 2u);
  EXPECT_EQ(backend_.noted[0], R"(uid 1000 shaper {"by":"all","rate":"512"} {"shaped":3})");
  EXPECT_TRUE(backend_.noted[1].starts_with(
      R"(uid 1000 shaper {"by":"all","rate":"fast"} rate is not in kbit/s: fast)"))
      << backend_.noted[1];
}

TEST_F(Rpc, OfAnAnswerThatIsATableItsOutcomeIsNoted) {
  handle_rpc(R"({"jsonrpc":"2.0","id":1,"method":"port","params":{"restart":"wan"}})", backend_,
             [](RpcReply) {}, {.by = "uid 0"});
  handle_rpc(R"({"jsonrpc":"2.0","id":1,"method":"port","params":{"restart":"lan"}})", backend_,
             [](RpcReply) {}, {.by = "uid 0"});
  handle_rpc(R"({"jsonrpc":"2.0","id":1,"method":"worker","params":{"worker":0,"in_use":false}})", backend_,
             [](RpcReply) {}, {.by = "uid 0"});
  EXPECT_EQ(backend_.noted, (std::vector<std::string>{
                                R"(uid 0 port {"restart":"wan"} done)",
                                R"(uid 0 port {"restart":"lan"} port 'lan' was not restarted: no such port)",
                                R"(uid 0 worker {"worker":0,"in_use":false} done)"}));
}

// aditd may be told to stop, or die of it, before it is done.
TEST_F(Rpc, WhatTakesTimeIsNotedWhenItBegins) {
  backend_.answers_terminate = false;
  handle_rpc(R"({"jsonrpc":"2.0","id":1,"method":"terminate","params":{"by":"all"}})", backend_,
             [](RpcReply) {}, {.by = "uid 0"});
  EXPECT_EQ(backend_.noted, std::vector<std::string>{R"(uid 0 terminate {"by":"all"} begun)"});
  ASSERT_EQ(backend_.terminating.size(), 1u);
  backend_.terminating[0](7);
  ASSERT_EQ(backend_.noted.size(), 2u);
  EXPECT_EQ(backend_.noted[1], R"(uid 0 terminate {"by":"all"} {"terminated":7})");
}

TEST_F(Rpc, WhoTerminatesIsTold) {
  handle_rpc(R"({"jsonrpc":"2.0","id":1,"method":"terminate","params":{"by":"all"}})", backend_,
             [](RpcReply) {}, {.by = "uid 1000"});
  ASSERT_EQ(backend_.terminated.size(), 1u);
  EXPECT_EQ(backend_.terminated[0].by, "uid 1000");
}

TEST_F(Rpc, ANameIsTakenAsItIsShown) {
  backend_.terminates = 1;
  ask(R"({"jsonrpc":"2.0","id":1,"method":"terminate","params":{"by":"username","value":"\\xff\\\\bob"}})");
  ASSERT_EQ(backend_.terminated.size(), 1u);
  EXPECT_EQ(backend_.terminated[0].selector.value, "\xff\\bob");
}

TEST_F(Rpc, ANameWithALoneBackslashMayBeWrittenAsItIs) {
  backend_.terminates = 0;
  ask(R"({"jsonrpc":"2.0","id":1,"method":"terminate","params":{"by":"username","value":"CORP\\nancy"}})");
  ASSERT_EQ(backend_.terminated.size(), 2u);
  EXPECT_EQ(backend_.terminated[0].selector.value, "CORP\nancy") << "what that is shown as comes first";
  EXPECT_EQ(backend_.terminated[1].selector.value, "CORP\\nancy");
}

}  // namespace
}  // namespace adit::app
