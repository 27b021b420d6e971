// SPDX-License-Identifier: Apache-2.0
// Single-producer, single-consumer ring of fixed slots. Wait-free both sides; a full ring is an outcome, not an error.
// Slots are written and read in place, so large elements (PPP frames) are never copied twice.
// Thread: one producer thread calls claim/publish/push, one consumer thread calls front/release.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace adit::contract {

/// Two cache lines: the adjacent-line prefetcher pulls pairs, so one line apart still false-shares.
inline constexpr std::size_t kFalseSharingBytes = 128;

template <typename T, std::uint32_t kCapacity>
class SpscRing {
  static_assert((kCapacity & (kCapacity - 1)) == 0, "capacity is a power of two");
  static_assert(std::is_trivially_copyable_v<T>, "values cross threads, never resources");

 public:
  /// Producer: the next free slot to fill in place, or nullptr when full, or when `most` elements are in the ring. The
  /// consumer sees it only after publish().
  [[nodiscard]] T* claim(std::uint32_t most = kCapacity) noexcept {
    const std::uint32_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_seen_ >= most) {
      head_seen_ = head_.load(std::memory_order_acquire);
      if (tail - head_seen_ >= most) {
        return nullptr;
      }
    }
    return &slots_[tail & (kCapacity - 1)];
  }
  void publish() noexcept {
    tail_.store(tail_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  [[nodiscard]] bool push(const T& value) noexcept {
    T* slot = claim();
    if (slot == nullptr) {
      return false;
    }
    *slot = value;
    publish();
    return true;
  }

  /// Consumer: the oldest element, or nullptr when empty. Valid until release().
  [[nodiscard]] T* front() noexcept {
    const std::uint32_t head = head_.load(std::memory_order_relaxed);
    if (head == tail_seen_) {
      tail_seen_ = tail_.load(std::memory_order_acquire);
      if (head == tail_seen_) {
        return nullptr;
      }
    }
    return &slots_[head & (kCapacity - 1)];
  }
  void release() noexcept {
    head_.store(head_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  /// Any thread; only a hint, and at most the capacity.
  [[nodiscard]] std::uint32_t depth() const noexcept {
    const std::uint32_t head = head_.load(std::memory_order_acquire);
    const std::uint32_t tail = tail_.load(std::memory_order_acquire);
    return tail - head < kCapacity ? tail - head : kCapacity;
  }
  [[nodiscard]] static constexpr std::uint32_t capacity() noexcept { return kCapacity; }

  /// Either side; only a hint.
  [[nodiscard]] bool empty() const noexcept {
    return head_.load(std::memory_order_acquire) == tail_.load(std::memory_order_acquire);
  }

 private:
  alignas(kFalseSharingBytes) std::atomic<std::uint32_t> head_{0};  // written by the consumer
  std::uint32_t tail_seen_ = 0;                                     // consumer's last look at tail_
  alignas(kFalseSharingBytes) std::atomic<std::uint32_t> tail_{0};  // written by the producer
  std::uint32_t head_seen_ = 0;                                     // producer's last look at head_
  alignas(kFalseSharingBytes) std::array<T, kCapacity> slots_{};
};

}  // namespace adit::contract
