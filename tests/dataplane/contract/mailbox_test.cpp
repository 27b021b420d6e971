// SPDX-License-Identifier: Apache-2.0
// A worker's letter boxes: a message and its frame go together or not at all, and arrive in the order of posting, with
// control and worker on threads of their own (scripts/test runs this executable in a -Db_sanitize=thread build).
#include "dataplane/contract/mailbox.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

namespace adit::contract {
namespace {

using Octets = std::vector<std::uint8_t>;

CallRef call(std::uint32_t slot) {
  return CallRef{WorkerId{1}, slot, 1};
}

TEST(Mailbox, MessageAndFrameArriveTogether) {
  SpscRing<ToWorker, 4> messages;
  SpscRing<FrameSlot, 4> frames;
  const Octets octets = {0xFF, 0x03, 0xC0, 0x21};
  ASSERT_TRUE(post_with_frame(messages, frames, SendPppFrame{call(5)}, octets));
  ASSERT_NE(messages.front(), nullptr);
  const auto* message = std::get_if<SendPppFrame>(messages.front());
  ASSERT_NE(message, nullptr);
  EXPECT_EQ(message->call, call(5));
  const FrameSlot* frame = frames.front();
  ASSERT_NE(frame, nullptr);
  EXPECT_EQ(Octets(frame->octets.begin(), frame->octets.begin() + frame->length), octets);
}

TEST(Mailbox, NeitherWhenOneRingIsFull) {
  const Octets octets = {1};
  SpscRing<ToWorker, 1> few_messages;
  SpscRing<FrameSlot, 4> many_frames;
  ASSERT_TRUE(few_messages.push(RemoveCall{call(1)}));
  EXPECT_FALSE(post_with_frame(few_messages, many_frames, SendPppFrame{call(1)}, octets));
  EXPECT_TRUE(many_frames.empty());

  SpscRing<ToWorker, 4> many_messages;
  SpscRing<FrameSlot, 1> few_frames;
  ASSERT_TRUE(post_with_frame(many_messages, few_frames, SendPppFrame{call(1)}, octets));
  many_messages.release();
  EXPECT_FALSE(post_with_frame(many_messages, few_frames, SendPppFrame{call(2)}, octets));
  EXPECT_TRUE(many_messages.empty());
}

TEST(Mailbox, FramesHaveABound) {
  SpscRing<ToControl, 2> messages;
  SpscRing<FrameSlot, 2> frames;
  EXPECT_TRUE(post_with_frame(messages, frames, PppFrameIn{call(1)}, Octets(kMaxPppFrame)));
  EXPECT_FALSE(post_with_frame(messages, frames, PppFrameIn{call(1)}, Octets(kMaxPppFrame + 1)));
  messages.release();
  EXPECT_TRUE(messages.empty());
}

TEST(Mailbox, FramesOfSomeFillAPartOfTheRing) {
  SpscRing<ToControl, 4> messages;
  SpscRing<FrameSlot, 4> frames;
  const Octets octets = {1};
  EXPECT_TRUE(post_with_frame(messages, frames, PppFrameIn{call(1)}, octets, 1));
  EXPECT_FALSE(post_with_frame(messages, frames, PppFrameIn{call(1)}, octets, 1));
  EXPECT_TRUE(post_with_frame(messages, frames, PppFrameIn{call(2)}, octets));
  messages.release();
  messages.release();
  EXPECT_TRUE(messages.empty()) << "nothing of the one that was refused";
}

TEST(Mailbox, EmptyFrameIsAFrame) {
  SpscRing<ToControl, 2> messages;
  SpscRing<FrameSlot, 2> frames;
  ASSERT_TRUE(post_with_frame(messages, frames, PppFrameIn{call(1)}, {}));
  ASSERT_NE(frames.front(), nullptr);
  EXPECT_EQ(frames.front()->length, 0);
}

// What stands at `index` of the stream that a side sends: every third message carries a frame that tells its index.
std::uint8_t frame_length(std::uint32_t index) {
  return static_cast<std::uint8_t>(1 + index % 200);
}
bool has_frame(std::uint32_t index) {
  return index % 3 == 0;
}

template <typename Framed, typename Bare, typename Messages, typename Frames>
bool post(Messages& messages, Frames& frames, std::uint32_t index) {
  if (!has_frame(index)) {
    return messages.push(Bare{call(index)});
  }
  return post_with_frame(messages, frames, Framed{call(index)},
                         Octets(frame_length(index), static_cast<std::uint8_t>(index)));
}

template <typename Framed, typename Bare, typename Messages, typename Frames>
bool take(Messages& messages, Frames& frames, std::uint32_t index, std::uint32_t& wrong) {
  const auto* message = messages.front();
  if (message == nullptr) {
    return false;
  }
  if (has_frame(index)) {
    const auto* framed = std::get_if<Framed>(message);
    const FrameSlot* frame = frames.front();  // posted before the message, so it must be there
    const bool right = framed != nullptr && framed->call == call(index) && frame != nullptr &&
                       frame->length == frame_length(index) &&
                       frame->octets[frame->length - 1U] == static_cast<std::uint8_t>(index);
    wrong += right ? 0U : 1U;
    if (frame != nullptr) {
      frames.release();
    }
  } else {
    const auto* bare = std::get_if<Bare>(message);
    wrong += bare != nullptr && bare->call == call(index) ? 0U : 1U;
  }
  messages.release();
  return true;
}

TEST(Mailbox, ControlAndWorkerTalkBothWays) {
  constexpr std::uint32_t kMessages = 50'000;
  const auto mailbox = std::make_unique<Mailbox>();
  std::uint32_t worker_wrong = 0;
  std::atomic<std::uint32_t> wakeups{0};
  std::thread worker([&] {
    std::uint32_t sent = 0;
    std::uint32_t received = 0;
    while (sent < kMessages || received < kMessages) {
      bool moved = false;
      if (sent < kMessages &&
          post<PppFrameIn, MppeDesynchronised>(mailbox->to_control, mailbox->frames_to_control, sent)) {
        ++sent;
        moved = true;
        if (mailbox->control_sleeps.load(std::memory_order_relaxed) &&
            mailbox->control_sleeps.exchange(false)) {
          wakeups.fetch_add(1);
        }
      }
      if (received < kMessages &&
          take<SendPppFrame, RemoveCall>(mailbox->to_worker, mailbox->frames_to_worker, received,
                                         worker_wrong)) {
        ++received;
        moved = true;
      }
      if (!moved) {
        std::this_thread::yield();
      }
    }
  });
  std::uint32_t control_wrong = 0;
  std::uint32_t sent = 0;
  std::uint32_t received = 0;
  std::uint32_t sleeps = 0;
  while (sent < kMessages || received < kMessages) {
    bool moved = false;
    if (sent < kMessages &&
        post<SendPppFrame, RemoveCall>(mailbox->to_worker, mailbox->frames_to_worker, sent)) {
      ++sent;
      moved = true;
    }
    if (received < kMessages &&
        take<PppFrameIn, MppeDesynchronised>(mailbox->to_control, mailbox->frames_to_control, received,
                                             control_wrong)) {
      ++received;
      moved = true;
    }
    if (!moved) {
      sleeps += mailbox->control_sleeps.exchange(true) ? 0U : 1U;
      std::this_thread::yield();
    }
  }
  worker.join();
  EXPECT_EQ(worker_wrong, 0U);
  EXPECT_EQ(control_wrong, 0U);
  EXPECT_LE(wakeups.load(), sleeps);  // one wake-up per announced sleep at most
  EXPECT_TRUE(mailbox->frames_to_worker.empty());
  EXPECT_TRUE(mailbox->frames_to_control.empty());
}

}  // namespace
}  // namespace adit::contract
