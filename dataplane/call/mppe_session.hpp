// SPDX-License-Identifier: Apache-2.0
// MPPE sequencing for one direction of a call, RFC 3078 §7.3 and §8.1, without the encryption: how many steps
// ahead a packet is (in stateless mode that determines its key), and whether the receiver may try it. Keys
// live in crypto::MppeChain; packets are decrypted by crypto::mppe_crypt() or StatefulMppe.
// A packet is evaluated first and committed once its plaintext is plausible, so no forged packet moves the
// chain. The keys of a chain are numbered: key n has the count n - 1, modulo 4096.
// Pure. Thread: the call's worker. Owner: the call.
#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/base/clock.hpp"
#include "dataplane/base/limits.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::dataplane {

class MppeReceiver {
 public:
  MppeReceiver() = default;
  /// Of a call that an earlier process has left: where it seems to be, and the number modulo 4096 of the key that its chain
  /// holds, which was stored last. They differ by what was under way when that process ended.
  MppeReceiver(std::uint32_t seems, std::uint16_t number) noexcept
      : key_(seems + ((number - seems + kWrap / 2) % kWrap) - kWrap / 2) {}

  /// Counts that look the same: a packet's key may be this many further on, as often as `gap` allows.
  static constexpr std::uint32_t kWrap = wire::CoherencyCount::kModulus;

  /// Key changes from the committed key to the nearest one that a packet with this `count` can have; nothing: it
  /// is late, or a duplicate. `gap`: GreReceiver::gap(). RFC 3078 §8.1 takes N = (count - last) mod 4096, and
  /// half of that as ahead. As each encrypted packet has a GRE sequence number, N may be more where that has
  /// moved as far. It need not be: a peer may skip numbers, or drop packets after it has encrypted them.
  [[nodiscard]] std::optional<std::uint32_t> evaluate(wire::CoherencyCount count,
                                                      std::uint32_t gap) const noexcept {
    const wire::CoherencyCount last(static_cast<std::uint16_t>(key_ - 1));
    const std::uint32_t steps = count.steps_from(last) == 0 ? kWrap : count.steps_from(last);
    return steps <= gap || steps <= kWrap / 2 ? std::optional(steps) : std::nullopt;
  }

  /// False: no loss explains these numbers, or a very long one. Such a packet is tried at the worker's expense
  /// rather than the call's, or a forger could use up what the peer's own losses need.
  [[nodiscard]] static bool agree(std::uint32_t steps, std::uint32_t gap) noexcept {
    return (steps <= gap && gap <= kGreReach) || steps <= kReorderWindow;
  }

  /// Whether `skipped` key changes for lost packets, beyond the one that every packet costs, may be spent;
  /// spends them.
  [[nodiscard]] bool spend(std::uint32_t skipped, Milliseconds now) noexcept {
    return skipped == 0 || budget_.take(skipped, now);
  }

  /// The number of the last good packet's key. RFC 3078 names no start value for the count, but everyone begins
  /// with 0: the first packet is one step ahead.
  [[nodiscard]] std::uint32_t key() const noexcept { return key_; }
  [[nodiscard]] bool is_ahead(std::uint32_t key) const noexcept {
    return static_cast<std::int32_t>(key - key_) > 0;
  }

  /// The plaintext was plausible. The caller stores the packet's key in the chain.
  void commit(std::uint32_t key) noexcept {
    key_ = key;
    failures_ = 0;
  }

  /// A packet could not be decrypted. True when there were kImplausibleInARow of them, over kUndecipherableMs,
  /// and no good one in between: the chains have parted, and control ought to know. `counts`:
  /// GreReceiver::may_reach(); others cannot part a call, but a peer that has failed often and sends fast goes there.
  [[nodiscard]] bool on_failure(Milliseconds now, bool counts) noexcept {
    const auto ticks = static_cast<std::uint16_t>(now.value / kTickMs);
    if (counts) {
      failing_since_ = failures_ == 0 ? ticks : failing_since_;
      failures_ = static_cast<std::uint8_t>(failures_ + (failures_ < 255 ? 1 : 0));
    }
    constexpr std::uint16_t kLong = kUndecipherableMs / kTickMs + 2;
    return failures_ >= kImplausibleInARow && static_cast<std::uint16_t>(ticks - failing_since_) >= kLong;
  }
  /// Control knows: count anew.
  void on_told() noexcept { failures_ = 0; }

 private:
  static constexpr std::uint32_t kTickMs = 256;  // so that a time fits 16 bits
  std::uint32_t key_ = 0;
  std::uint16_t failing_since_ = 0;
  std::uint8_t failures_ = 0;
  TokenBucket<kRekeysPerSecond, kRekeyCapacity> budget_;
};
static_assert(sizeof(MppeReceiver) == 16);

class MppeSender {
 public:
  MppeSender() = default;
  explicit MppeSender(wire::CoherencyCount next) noexcept : next_(next) {}

  /// RFC 3078 §7.3: the count of the next packet; the key changes before each.
  [[nodiscard]] wire::CoherencyCount next() noexcept {
    const wire::CoherencyCount count = next_;
    next_ = next_.next();
    return count;
  }

 private:
  wire::CoherencyCount next_;
};

}  // namespace adit::dataplane
