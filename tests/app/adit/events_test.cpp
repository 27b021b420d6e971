// SPDX-License-Identifier: Apache-2.0
// adit events: its words as aditd's params, and an event as a line for a person.
#include "app/adit/events.hpp"

#include <gtest/gtest.h>

namespace adit::app {
namespace {

std::string params_of(const Words& words) {
  const auto params = events_params({}, words);
  return params ? params->dump() : params.error();
}

TEST(AditEvents, ItsWordsAreParams) {
  EXPECT_EQ(params_of({}), "{}");
  EXPECT_EQ(params_of({{"--after", {"17"}}}), R"({"after":17})");
  EXPECT_EQ(params_of({{"--once", {"yes"}}}), R"({"follow":false,"after":0})");
  EXPECT_EQ(params_of({{"--once", {"yes"}}, {"--after", {"5"}}}), R"({"follow":false,"after":5})");
  EXPECT_EQ(
      params_of({{"--event", {"call_up", "call_ended"}},
                 {"--user", {"al\xffice"}},
                 {"--peer", {"192.0.2.7"}},
                 {"--level", {"info"}}}),
      R"({"filter":{"event":["call_up","call_ended"],"user":"al\\xffice","peer":"192.0.2.7","level":"info"}})");
  EXPECT_EQ(params_of({{"--event", {"call_up,call_ended", "admin"}}}),
            R"({"filter":{"event":["call_up","call_ended","admin"]}})");
  for (const std::vector<std::string>& wrong :
       {std::vector<std::string>{""}, {"call_up,"}, {"call_up", ""}}) {
    EXPECT_EQ(params_of({{"--event", wrong}}), "--event: a name is empty; write call_up,call_ended");
  }
  EXPECT_EQ(params_of({{"--peer", {"192.0.2"}}}),
            "--peer: value 192.0.2 is no IPv4 address; write it as 192.0.2.7");
  for (const char* wrong : {"-1", "x", "1.5", "99999999999999999999"}) {
    EXPECT_EQ(params_of({{"--after", {wrong}}}),
              "--after: value " + std::string(wrong) + " is no number; write the seq of an event");
  }
}

TEST(AditEvents, AnEventIsALine) {
  EXPECT_EQ(render_event({{"seq", 17},
                          {"time", "2026-01-31T12:00:00.123Z"},
                          {"level", "warning"},
                          {"event", "auth_failed"},
                          {"peer", "192.0.2.7"},
                          {"user", "al ice\\n"},
                          {"why", ""},
                          {"drops", 3}}),
            R"(2026-01-31T12:00:00.123Z warning auth_failed peer=192.0.2.7 user="al ice\n" drops=3)");
  EXPECT_EQ(render_event({{"event", "x\x1b[31m\n"}, {"k", "a\x1b"}}), "x\\x1b[31m\\n k=a\\x1b")
      << "whatever answers there, the terminal is safe";
}

}  // namespace
}  // namespace adit::app
