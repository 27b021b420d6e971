// SPDX-License-Identifier: Apache-2.0
// One worker's mailbox: a message ring and a frame ring in each direction. Thread: control at one end, the
// worker at the other. Allocated once on the worker's NUMA node, never moved.
#pragma once

#include <algorithm>
#include <atomic>
#include <span>

#include "dataplane/contract/messages.hpp"
#include "dataplane/contract/spsc_ring.hpp"

namespace adit::contract {

inline constexpr std::uint32_t kMailboxMessages = 8192;
inline constexpr std::uint32_t kFramesToWorker = 2048;
inline constexpr std::uint32_t kFramesToControl = 4096;

/// A frame of a call that dials is taken by the ring to control while fewer than these are in it. Anybody can have
/// thousands of such calls; the other half has room for subscribers' frames, whatever those send. Of a thousand honest
/// dials at once, two frames each: one that is lost here costs its dial a restart timer.
inline constexpr std::uint32_t kDialFrames = kFramesToControl / 2;

struct Mailbox {
  SpscRing<ToWorker, kMailboxMessages> to_worker;
  SpscRing<FrameSlot, kFramesToWorker> frames_to_worker;
  SpscRing<ToControl, kMailboxMessages> to_control;
  SpscRing<FrameSlot, kFramesToControl> frames_to_control;
  /// Control sets it before it sleeps in epoll; a worker that posts and finds it set clears it and writes the
  /// eventfd.
  alignas(kFalseSharingBytes) std::atomic<bool> control_sleeps{false};
};

/// Posts `message` with its frame: both or neither. False when a ring is full, `most` frames wait already, or this one is
/// too long.
template <typename Message, typename Variant, std::uint32_t kMessages, std::uint32_t kFrames>
[[nodiscard]] bool post_with_frame(SpscRing<Variant, kMessages>& messages,
                                   SpscRing<FrameSlot, kFrames>& frames, const Message& message,
                                   std::span<const std::uint8_t> octets,
                                   std::uint32_t most = kFrames) noexcept {
  if (octets.size() > kMaxPppFrame) {
    return false;
  }
  Variant* slot = messages.claim();
  FrameSlot* frame = frames.claim(most);
  if (slot == nullptr || frame == nullptr) {
    return false;
  }
  std::copy(octets.begin(), octets.end(), frame->octets.begin());
  frame->length = static_cast<std::uint16_t>(octets.size());
  frames.publish();  // first, so that whoever sees the message finds its frame
  *slot = message;
  messages.publish();
  return true;
}

}  // namespace adit::contract
