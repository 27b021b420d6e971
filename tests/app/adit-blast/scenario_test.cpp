// SPDX-License-Identifier: Apache-2.0
// Scenario files: what they make, and every mistake's line, all of a file at once.
#include "app/adit-blast/plan/scenario.hpp"

#include <gtest/gtest.h>

namespace adit::app::blast {
namespace {

const std::string kHead = "server = \"192.0.2.1\"\naccess = \"eth1\"\n";

std::string problems_of(const std::string& toml) {
  const auto plan = parse_scenario(toml, "t.toml");
  std::string all;
  if (!plan) {
    for (const std::string& line : plan.error()) {
      all += (all.empty() ? "" : "\n") + line;
    }
  }
  return all;
}

TEST(Scenario, ListsPhasesInOrder) {
  const auto plan = parse_scenario(kHead + R"(
core-address = "198.51.100.9"
auth = ["mschap-v2", "pap"]
dial_rate = 100
for = "30s"
[[phase]]
kind = "set-up"
calls = 1_000
[[phase]]
kind = "churn"
churn = "10%"
dial-rate = 50.5
[[phase]]
kind = "hold"
for = 5
up = "1kpps"
[[phase]]
kind = "tear-down"
[[phase]]
kind = "set-up"
[[phase]]
kind = "throughput"
size = [64, "imix", 1400]
)",
                                   "t.toml");
  ASSERT_TRUE(plan.has_value()) << plan.error().front();
  ASSERT_EQ(plan->phases.size(), 7U);
  EXPECT_EQ(plan->auth.size(), 2U);
  EXPECT_EQ(plan->phases[0].calls, 1000U);
  EXPECT_DOUBLE_EQ(plan->phases[0].dial_rate, 100);
  EXPECT_DOUBLE_EQ(plan->phases[1].dial_rate, 50.5);
  EXPECT_EQ(plan->phases[1].duration, std::chrono::seconds(30));
  EXPECT_DOUBLE_EQ(plan->phases[1].churn, 0.1);
  EXPECT_EQ(plan->phases[2].duration, std::chrono::seconds(5));
  EXPECT_EQ(plan->phases[5].sizes.size(), 3U);
  EXPECT_EQ(plan->phases[6].kind, PhaseKind::kTearDown);
}

struct Bad {
  const char* name;
  std::string toml;
  const char* problems;
};

class BadScenario : public testing::TestWithParam<Bad> {};

TEST_P(BadScenario, GetsTheseLines) {
  EXPECT_EQ(problems_of(GetParam().toml), GetParam().problems);
}

const std::string kSetUp = "[[phase]]\nkind = \"set-up\"\n";

INSTANTIATE_TEST_SUITE_P(
    All, BadScenario,
    testing::Values(
        Bad{"Empty", "",
            "t.toml: server: missing; name the address to dial, like \"192.0.2.1\"\n"
            "t.toml: access: missing; name the interface that leads to the server, like \"eth1\"\n"
            "t.toml: phase: missing; write a [[phase]] with kind = \"set-up\""},
        Bad{"Syntax", "server =",
            "t.toml:1:9: server: is not TOML: encountered end-of-file; write a value behind the ="},
        Bad{"AllAtOnce",
            "server = 5\nacess = \"eth1\"\nseed = -1\n[[phase]]\nkind = \"set-up\"\ncalls = \"x\"\nfoo = "
            "1\n[[phase]]\nkind = \"hodl\"\n",
            "t.toml:1:10: server: value 5: is not an address; write \"192.0.2.1\" or \"192.0.2.1:1723\"\n"
            "t.toml:2:1: acess: no such key; did you mean access?\n"
            "t.toml:3:8: seed: value -1: is out of range; write a number from 0 to 9223372036854775807\n"
            "t.toml:6:9: phase.calls: value \"x\": is not a whole number; write a number from 1 to 10000000, "
            "without quotes\n"
            "t.toml:7:1: phase.foo: no such key; did you mean for?\n"
            "t.toml:9:8: phase.kind: value \"hodl\": is not a choice here; did you mean \"hold\"? Else write "
            "\"set-up\", \"hold\", \"traffic\", \"churn\", \"storm\", \"throughput\" or \"tear-down\""},
        Bad{"KindMissing", kHead + "[[phase]]\ncalls = 5\n",
            "t.toml:3:1: phase.kind: missing; write what is to happen: kind = \"set-up\""},
        Bad{"KindAbove", kHead + "kind = \"set-up\"\n" + kSetUp,
            "t.toml:3:1: kind: no such key; write it below a [[phase]]"},
        Bad{"OneTable", kHead + "[phase]\nkind = \"set-up\"\n",
            "t.toml:3:1: phase: is not a list of tables; write [[phase]] above each of them"},
        Bad{"PhaseAsText", kHead + "phase = \"set-up\"\n",
            "t.toml:3:9: phase: value \"set-up\": is not a list of tables; write [[phase]] above each of "
            "them"},
        Bad{"PlanKeyBelow", kHead + kSetUp + "seed = 1\n",
            "t.toml:5:1: phase.seed: no such key; write it above the first [[phase]]"},
        Bad{"WrongPhase", kHead + kSetUp + "up = \"1kpps\"\n",
            "t.toml:5:1: phase.up: means nothing in a phase of kind \"set-up\"; it belongs to: hold, "
            "traffic, churn, storm, throughput"},
        Bad{"DefaultOnce", kHead + "dial-rate = \"fast\"\n" + kSetUp + kSetUp,
            "t.toml:3:13: dial-rate: value \"fast\": is not a number; write one from 0 to 1000000, without "
            "quotes"},
        Bad{"Twice", kHead + "server_pid = 1\nserver-pid = 2\n" + kSetUp + "dial_rate = 1\ndial-rate = 2\n",
            "t.toml:3:14: server-pid: value 1: is there twice, with - and with _; keep one of them\n"
            "t.toml:7:1: phase.dial-rate: is there twice, with - and with _; keep one of them"},
        Bad{"NoCalls", kHead + "[[phase]]\nkind = \"hold\"\n",
            "t.toml:4:8: phase.kind: value \"hold\": has no calls; put a set-up phase before it"},
        Bad{"AfterTearDown", kHead + kSetUp + "[[phase]]\nkind = \"tear-down\"\n[[phase]]\nkind = \"hold\"\n",
            "t.toml:8:8: phase.kind: value \"hold\": has no calls; put a set-up phase before it"},
        Bad{"CallsTogether", kHead + kSetUp + "calls = 40000\n" + kSetUp + "calls = 40000\n",
            "t.toml:8:9: phase.calls: value 40000: is more than 1 client address can dial; each has 65,535 "
            "TCP ports; give more with clients, like \"10.99.0.0/16\""},
        Bad{"ListElement", kHead + "auth = [\"pap\", \"papp\"]\n" + kSetUp,
            "t.toml:3:16: auth: value \"papp\": is not a choice here; did you mean \"pap\"? Else write "
            "\"mschap-v2\", \"mschap-v1\", \"chap-md5\", \"pap\", \"eap-mschapv2\" or \"eap-tls\""},
        Bad{"EmptyLists", kHead + "auth = []\nmppe-key-lengths = []\n" + kSetUp,
            "t.toml:3:8: auth: value []: is an empty list; name a method, like \"mschap-v2\"\n"
            "t.toml:4:20: mppe-key-lengths: value []: is an empty list; name a length, like 128"},
        Bad{"Password", kHead + "password = 12\n" + kSetUp,
            "t.toml:3:12: password: is not text; write 0 to 255 printable ASCII characters in quotes"},
        Bad{"Hostile", kHead + "\"\\u001b[2J\" = 1\n" + kSetUp,
            "t.toml:3:1: \\x1b[2J: no such key; adit-blast run --help and adit-blast traffic --help list "
            "them"},
        Bad{"CoreAlone", kHead + "core = \"eth2\"\n" + kSetUp,
            "t.toml:3:8: core: value \"eth2\": is of no use without core-address; give the address of ours "
            "that subscribers send to"}),
    [](const auto& bad) { return bad.param.name; });

}  // namespace
}  // namespace adit::app::blast
