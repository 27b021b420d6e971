// SPDX-License-Identifier: Apache-2.0
// MPPE sequencing for one direction of a call, RFC 3078 §7.3 and §8.1, without the encryption: how many steps
// ahead a packet is (in stateless mode that determines its key), and whether the receiver may try it. Keys
// live in crypto::MppeChain; packets are decrypted by crypto::mppe_crypt() or StatefulMppe.
// A packet is evaluated first and committed once its plaintext is plausible, so no forged packet moves the
// chain.
// Pure. Thread: the call's worker. Owner: the call.
#pragma once

#include <cstdint>
#include <expected>

#include "dataplane/base/clock.hpp"
#include "dataplane/base/limits.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::dataplane {

enum class MppeRefusal : std::uint8_t {
  kLate,    ///< N = 0, or N > 2048 although the GRE sequence cannot have moved that far: duplicate or late
  kGap,     ///< more packets encrypted than GRE packets sent: forged, or the key chains have diverged
  kBudget,  ///< catching up needs more key changes than the call or the burst may spend
};

class MppeReceiver {
 public:
  /// `at`: the highest GRE sequence number received when MPPE begins; every encrypted packet comes after it.
  explicit MppeReceiver(wire::GreSeq at) noexcept : at_(at) {}
  MppeReceiver() = default;

  /// Key changes from the committed key to the key of a packet with this `count` in GRE packet `sequence`
  /// (which is ahead of all committed ones). RFC 3078 §8.1 takes N = (count - last) mod 4096. As each
  /// encrypted packet has its own GRE sequence number, N cannot exceed the distance that the sequence has
  /// moved; and where it has moved by 4096 or more, the largest such N is meant. So both sides stay in step
  /// over any loss.
  [[nodiscard]] std::expected<std::uint32_t, MppeRefusal> evaluate(wire::CoherencyCount count,
                                                                   wire::GreSeq sequence) const noexcept {
    constexpr std::uint32_t kModulus = wire::CoherencyCount::kModulus;
    const std::int32_t distance = sequence.distance_from(at_);
    const std::uint32_t gap = distance > 0 ? static_cast<std::uint32_t>(distance) : 0;
    const std::uint32_t steps = count.steps_from(last_) == 0 ? kModulus : count.steps_from(last_);
    if (steps > gap) {
      return std::unexpected(steps > kModulus / 2 ? MppeRefusal::kLate : MppeRefusal::kGap);
    }
    return steps + (gap - steps) / kModulus * kModulus;
  }

  /// Whether `skipped` key changes for lost packets, beyond the one that every packet costs, may be spent;
  /// spends them.
  [[nodiscard]] bool spend(std::uint32_t skipped, Milliseconds now) noexcept {
    return skipped == 0 || budget_.take(skipped, now);
  }

  /// True when no encrypted packet was lost before the one with this `count`.
  [[nodiscard]] bool is_next(wire::CoherencyCount count) const noexcept { return count == last_.next(); }

  /// The plaintext was plausible. The caller stores the packet's key in the chain.
  void commit(wire::CoherencyCount count, wire::GreSeq sequence) noexcept {
    last_ = count;
    at_ = sequence;
    failures_ = 0;
  }

  /// A clear frame (PPP control) used up a GRE sequence number that no encrypted packet can have had. Without
  /// this, 4,096 LCP echoes of an idle subscriber would look like 4,096 lost packets. (A clear frame from
  /// before the last encrypted packet does not count: within a burst, stateful mode commits ahead of the
  /// clear frames.)
  void on_clear_frame(wire::GreSeq sequence) noexcept { at_ = sequence.is_after(at_) ? at_.next() : at_; }

  /// A packet was not plausible. True once, after kImplausibleInARow consecutive failures.
  [[nodiscard]] bool on_failure() noexcept {
    failures_ = static_cast<std::uint8_t>(failures_ + (failures_ < 255 ? 1 : 0));
    return failures_ == kImplausibleInARow;
  }
  /// The notice could not be delivered: report again at the next failure.
  void retry_notice() noexcept { failures_ = kImplausibleInARow - 1; }

 private:
  // One before 0, so that the peer's first packet is one step ahead: RFC 3078 names no start value, but
  // everyone begins with 0.
  wire::CoherencyCount last_{wire::CoherencyCount::kModulus - 1};
  std::uint8_t failures_ = 0;
  wire::GreSeq at_;
  TokenBucket<kRekeysPerSecond, kRekeyCapacity> budget_;
};

class MppeSender {
 public:
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
