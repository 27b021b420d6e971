// SPDX-License-Identifier: Apache-2.0
// Asking workers about calls: each question is answered once, whatever workers do.
#include "app/aditd/call_inquiries.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace adit::app {
namespace {

class Inquiries : public testing::Test {
 protected:
  void ask(std::uint32_t slot) {
    inquiries.ask({.worker = {}, .slot = slot, .generation = 1},
                  [this](const std::optional<contract::CallState>& state) {
                    answers.push_back(state ? static_cast<int>(state->next_sequence) : -1);
                  });
  }
  void answer(std::uint32_t slot, std::uint32_t sequence) {
    contract::CallState state;
    state.call = {.worker = {}, .slot = slot, .generation = 1};
    state.next_sequence = sequence;
    inquiries.on_state(state);
  }
  void pass(control::Duration time) { wheel.advance(wheel.now() + time); }

  control::TimerWheel wheel;
  bool ring_has_room = true;
  std::vector<std::uint32_t> posted;
  std::vector<int> answers;
  CallInquiries inquiries{wheel, [this](const contract::ReadCall& question) {
                            posted.push_back(question.call.slot);
                            return ring_has_room;
                          }};
};

TEST_F(Inquiries, AreAnsweredByTheirCallsWorker) {
  ask(1);
  ask(2);
  ask(1);
  answer(1, 10);
  EXPECT_EQ(answers, (std::vector{10, 10}));
  answer(2, 20);
  answer(2, 30);  // which nobody asked for
  EXPECT_EQ(answers, (std::vector{10, 10, 20}));
  pass(CallInquiries::kPatience * 10);
  EXPECT_EQ(answers.size(), 3U);
}

TEST_F(Inquiries, AreRepeatedAndGivenUp) {
  ring_has_room = false;
  ask(1);
  for (int time = 0; time < 10; ++time) {
    pass(CallInquiries::kPatience);
  }
  EXPECT_EQ(posted.size(), static_cast<std::size_t>(CallInquiries::kTries));
  EXPECT_EQ(answers, (std::vector{-1}));
  answer(1, 10);  // late
  EXPECT_EQ(answers.size(), 1U);
}

TEST_F(Inquiries, AreBounded) {
  for (std::uint32_t slot = 0; slot <= CallInquiries::kAtOnce; ++slot) {
    ask(slot);
  }
  EXPECT_EQ(posted.size(), CallInquiries::kAtOnce);
  EXPECT_EQ(answers, (std::vector{-1}));
}

}  // namespace
}  // namespace adit::app
