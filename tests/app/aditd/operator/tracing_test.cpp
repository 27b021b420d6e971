// SPDX-License-Identifier: Apache-2.0
// Traces as control runs them: whom they tell, what they pass on, how each of them ends, and what a refused one leaves
// behind, which is nothing. The worker is the test: tests/path/trace_test.cpp has the real one.
#include "app/aditd/operator/tracing.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <thread>
#include <variant>
#include <vector>

#include "app/aditd/operator/method.hpp"

namespace adit::app {
namespace {

struct Sink final : StreamSink {
  bool send(std::string_view line) override {
    lines.push_back(Json::parse(line));
    return true;
  }
  [[nodiscard]] std::size_t unsent() const override { return waiting; }
  void when_sent(std::function<void()>) override {}
  void finish() override { finished = true; }
  std::vector<Json> lines;
  std::size_t waiting = 0;
  bool finished = false;
};

control::CallStatus call(std::uint32_t slot) {
  control::CallStatus status;
  status.session_id = "00000000000000f" + std::to_string(slot);
  status.call = {.worker = {0}, .slot = slot, .generation = 1};
  status.session.user = "alice";
  return status;
}

class TracingTest : public testing::Test {
 protected:
  template <typename Message>
  std::optional<Message> told() {
    if (posted.empty() || !std::holds_alternative<Message>(posted.front())) {
      return std::nullopt;
    }
    const auto message = std::get<Message>(posted.front());
    posted.pop_front();
    return message;
  }
  void settle() {
    while (tracing.turn()) {
    }
  }
  void record(std::uint32_t trace, contract::TraceVerdict verdict = contract::TraceVerdict::kForwarded) {
    contract::TraceRecord& made = *ring->reserve();
    made.tsc = 0;
    made.trace = trace;
    made.packet = 5;
    made.layer = contract::TraceLayer::kInner;
    made.direction = contract::Direction::kSend;
    made.verdict = verdict;
    made.drop_reason = 0;
    made.length = 100;
    made.captured = 3;
    made.octets[0] = made.octets[1] = made.octets[2] = 'a';
    ring->publish();
  }

  std::unique_ptr<contract::TraceRing> ring = contract::TraceRing::create();
  std::deque<contract::ToWorker> posted;
  std::vector<std::string> notes;
  bool full = false;
  Tracing tracing{
      {.ring = [this](contract::WorkerId) -> contract::TraceRing& { return *ring; },
       .post =
           [this](contract::WorkerId, const contract::ToWorker& message) {
             if (!full) {
               posted.push_back(message);
             }
             return !full;
           },
       .tsc = [] { return std::uint64_t{0}; },
       .note = [this](const std::string& by, const std::string& whom,
                      const std::string& result) { notes.push_back(by + ": " + whom + ": " + result); }}};
  Sink sink;
};

TEST_F(TracingTest, PassesRecordsOnUntilTheOperatorHangsUp) {
  EXPECT_FALSE(tracing.active());
  auto reader = tracing.begin(call(1), {}, "uid 0", sink);
  ASSERT_TRUE(reader);
  EXPECT_TRUE(tracing.active());
  settle();
  const auto begun = told<contract::BeginTrace>();
  ASSERT_TRUE(begun);
  EXPECT_EQ(begun->call, call(1).call);
  record(begun->number, contract::TraceVerdict::kDropped);
  record(begun->number + 1);  // of a trace that is over
  record(begun->number, contract::TraceVerdict::kRepeated);
  settle();
  ASSERT_EQ(sink.lines.size(), 1U);
  const Json& params = sink.lines[0]["params"];
  EXPECT_EQ(sink.lines[0]["method"], "packet");
  std::vector<std::string> keys;
  for (const auto& [key, value] : params.items()) {
    keys.push_back(key);
  }
  EXPECT_EQ(keys, (std::vector<std::string>{"time", "packet", "direction", "layer", "verdict", "reason",
                                            "text", "octets", "frame"}));
  EXPECT_EQ(params["direction"], "down");
  EXPECT_EQ(params["reason"], "not_ipv4");
  EXPECT_EQ(params["octets"], 100);
  EXPECT_EQ(params["frame"], "YWFh");
  EXPECT_EQ(std::string(params["time"]).size(), std::string("2026-11-29T22:01:02.123456Z").size());
  reader->reset();
  settle();
  const auto ended = told<contract::EndTrace>();
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->number, begun->number);
  EXPECT_TRUE(tracing.active()) << "until the worker has said so";
  record(begun->number);
  ring->end(begun->seat, begun->number);
  settle();
  EXPECT_FALSE(tracing.active());
  EXPECT_EQ(sink.lines.size(), 1U);
  EXPECT_EQ(notes,
            (std::vector<std::string>{"uid 0: sid 00000000000000f1, alice: begun",
                                      "uid 0: sid 00000000000000f1, alice: hang_up, 1 lines, 0 lost"}));
}

TEST_F(TracingTest, EndsWithTheCall) {
  auto reader = tracing.begin(call(1), {}, "uid 0", sink);
  settle();
  const auto begun = told<contract::BeginTrace>();
  record(begun->number);
  ring->count_lost(begun->seat);
  ring->end(begun->seat, begun->number);
  settle();
  ASSERT_EQ(sink.lines.size(), 2U) << "what the call said last is not lost";
  EXPECT_EQ(sink.lines[1]["method"], "end");
  EXPECT_EQ(sink.lines[1]["params"].dump(), R"({"why":"call_ended","lines":1,"lost":1})");
  EXPECT_TRUE(sink.finished);
  EXPECT_FALSE(tracing.active());
  EXPECT_FALSE(told<contract::EndTrace>()) << "the worker knows";
}

TEST_F(TracingTest, EndsWithTheTimeAndWithTheLines) {
  auto timed = tracing.begin(call(1), {.time = std::chrono::seconds(0)}, "uid 0", sink);
  settle();
  EXPECT_EQ(sink.lines.back()["params"]["why"], "time");
  EXPECT_TRUE(sink.finished);
  timed->reset();
  posted.clear();
  Sink other;
  auto counted = tracing.begin(call(2), {.lines = 2}, "uid 0", other);
  settle();
  const auto begun = told<contract::BeginTrace>();
  ASSERT_TRUE(begun);
  for (int n = 0; n < 5; ++n) {
    record(begun->number);
  }
  settle();
  settle();
  EXPECT_TRUE(told<contract::EndTrace>());
  ring->end(begun->seat, begun->number);
  settle();
  ASSERT_EQ(other.lines.size(), 3U);
  EXPECT_EQ(other.lines.back()["params"]["why"], "lines");
}

TEST_F(TracingTest, ARefusedOneLeavesNothingBehind) {
  std::deque<Sink> sinks(contract::kTraceSeats + 1);
  std::vector<std::unique_ptr<Subscription>> readers;
  for (std::uint32_t n = 0; n < contract::kTraceSeats; ++n) {
    auto begun = tracing.begin(call(n), {}, "uid " + std::to_string(n), sinks[n]);
    ASSERT_TRUE(begun);
    readers.push_back(std::move(*begun));
  }
  const auto twice = tracing.begin(call(0), {}, "uid 9", sinks.back());
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error(), "that call is being traced by uid 0");
  const auto many = tracing.begin(call(9), {}, "uid 9", sinks.back());
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error(), "4 calls are being traced already; end one of the traces");
  settle();
  EXPECT_EQ(posted.size(), contract::kTraceSeats);
  EXPECT_EQ(notes.size(), contract::kTraceSeats);
  EXPECT_TRUE(sinks.back().lines.empty());
}

TEST_F(TracingTest, OneThatHangsUpBeforeTheWorkerKnowsIsGoneAtOnce) {
  full = true;
  auto reader = tracing.begin(call(1), {}, "uid 0", sink);
  for (int n = 0; n < 100; ++n) {
    EXPECT_TRUE(tracing.turn()) << "its ring of messages is full: again";
  }
  reader->reset();
  EXPECT_FALSE(tracing.active());
  full = false;
  settle();
  EXPECT_TRUE(posted.empty());
}

TEST_F(TracingTest, ASlowReaderIsSpared) {
  auto reader = tracing.begin(call(1), {}, "uid 0", sink);
  settle();
  const auto begun = told<contract::BeginTrace>();
  sink.waiting = StreamSink::kMaxUnsent - 1;
  record(begun->number);
  settle();
  sink.waiting = 0;
  record(begun->number);
  ring->end(begun->seat, begun->number);
  settle();
  EXPECT_EQ(sink.lines.back()["params"].dump(), R"({"why":"call_ended","lines":1,"lost":1})");
}

}  // namespace
}  // namespace adit::app
