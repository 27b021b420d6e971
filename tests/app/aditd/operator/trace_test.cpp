// SPDX-License-Identifier: Apache-2.0
// The request that begins a trace: whom it means, and what is wrong with it. tracing_test.cpp has what follows.
#include <gtest/gtest.h>

#include "app/aditd/operator/method.hpp"
#include "app/aditd/operator/rpc.hpp"
#include "tests/app/aditd/operator/fake_backend.hpp"

namespace adit::app {
namespace {

struct NoSink final : StreamSink {
  bool send(std::string_view) override { return true; }
  [[nodiscard]] std::size_t unsent() const override { return 0; }
  void when_sent(std::function<void()>) override {}
  void finish() override {}
};

class TraceRequest : public testing::Test {
 protected:
  Json ask(const std::string& params, Access access = Access::kFull) {
    std::string text;
    handle_rpc(R"({"jsonrpc":"2.0","id":1,"method":"trace","params":)" + params + '}', backend_,
               [&](RpcReply reply) {
                 subscription_ = reply.take_subscription();
                 while (reply.more()) {
                   text += reply.next();
                 }
               },
               {.by = "uid 7", .access = access, .sink = &sink_});
    return Json::parse(text);
  }
  std::string error(const std::string& params) {
    const Json reply = ask(params);
    EXPECT_EQ(subscription_, nullptr);
    return reply.contains("error") ? reply["error"]["message"].get<std::string>() : reply.dump();
  }
  void SetUp() override { backend_.rows = {FakeBackend::alice()}; }

  FakeBackend backend_;
  NoSink sink_;
  std::unique_ptr<Subscription> subscription_;
};

TEST_F(TraceRequest, FindsTheCallByWhateverItIsNamed) {
  for (const char* params :
       {R"({"value":"alice"})", R"({"value":"10.64.0.2"})", R"({"value":"00000000000000ff"})",
        R"({"value":"alice","by":"username"})", R"({"value":"10.64.0.2","by":"ip","for":30,"lines":0})"}) {
    EXPECT_EQ(ask(params)["result"].dump(),
              R"({"calls":1,"sid":"00000000000000ff","username":"alice","peer":"192.0.2.7",)"
              R"("address":"10.64.0.2","seconds":30})")
        << params;
    EXPECT_NE(subscription_, nullptr) << params;
  }
  EXPECT_EQ(backend_.traced, (std::vector<std::string>(5, "uid 7 00000000000000ff 30 0")));
  ask(R"({"value":"alice","for":600,"lines":9})");
  EXPECT_EQ(backend_.traced.back(), "uid 7 00000000000000ff 600 9");
}

TEST_F(TraceRequest, NobodyAndSeveral) {
  for (const char* params :
       {R"({"value":"bob"})", R"({"value":"alice","by":"sid"})", R"({"value":"x","by":"ip"})"}) {
    EXPECT_EQ(ask(params)["result"].dump(), R"({"calls":0})");
    EXPECT_EQ(subscription_, nullptr);
  }
  backend_.rows.push_back(FakeBackend::alice());
  backend_.rows.back().call.session_id = "0000000000000100";
  EXPECT_EQ(error(R"({"value":"alice"})"),
            "2 calls match; name one by its sid: 00000000000000ff, 0000000000000100");
  EXPECT_TRUE(backend_.traced.empty());
}

TEST_F(TraceRequest, WhatIsWrongIsSaid) {
  const std::string usage =
      R"(trace takes {"value": "alice", "by": "username", "for": 30, "lines": 1000}; all but the value may be left out)";
  for (const char* params : {"null", "[]", "{}", R"({"value":""})", R"({"value":3})",
                             R"({"value":"a","lines":-1})", R"({"value":"a","file":"/etc/passwd"})"}) {
    EXPECT_EQ(error(params), usage) << params;
  }
  for (const char* seconds : {"0", "601", "-1", "1.5", "\"30\""}) {
    EXPECT_EQ(error(std::string(R"({"value":"alice","for":)") + seconds + '}'),
              "for must be a number of seconds from 1 to 600");
  }
  EXPECT_EQ(error(R"({"value":"alice","by":"peer"})"), R"(by must be "username", "ip" or "sid")");
  EXPECT_TRUE(backend_.traced.empty());
}

TEST_F(TraceRequest, TheReadOnlySocketShowsNobodysPackets) {
  EXPECT_EQ(ask(R"({"value":"alice"})", Access::kRead)["error"]["message"],
            "this socket is read-only: trace is for cli.socket");
  EXPECT_TRUE(backend_.traced.empty());
}

}  // namespace
}  // namespace adit::app
