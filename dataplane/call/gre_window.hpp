// SPDX-License-Identifier: Apache-2.0
// The two GRE sequence spaces of a call, RFC 2637 §4.2-4.3: what we receive and acknowledge, and what we
// send.
// A received number is evaluated first and committed later, so that a packet which turns out to be forged
// (MPPE) moves nothing.
// We never hold packets back for acknowledgements: Windows and Linux do not observe that window, and Android
// never acks.
// Pure. Thread: the call's worker. Owner: the call.
#pragma once

#include <cstdint>

#include "dataplane/wire/ids.hpp"

namespace adit::dataplane {

class GreReceiver {
 public:
  enum class Verdict : std::uint8_t {
    kAhead,      ///< new: 1 or more after the highest so far; those in between are lost or late
    kDuplicate,  ///< equal to the highest so far
    kLate,       ///< below the highest. RFC 2637 §4.3: discarded, unless Reorder held what overtook it
  };

  /// The first packet may carry any number: 0 by the RFC, 1 from Linux and npppd, anything if the first ones
  /// were lost.
  [[nodiscard]] Verdict evaluate(wire::GreSeq sequence) const noexcept {
    if (!started_ || sequence.is_after(highest_)) {
      return Verdict::kAhead;
    }
    return sequence == highest_ ? Verdict::kDuplicate : Verdict::kLate;
  }

  /// `sequence` was evaluated as kAhead and is, as far as we can tell, genuine.
  void commit(wire::GreSeq sequence) noexcept {
    highest_ = sequence;
    started_ = true;
    unacknowledged_ = static_cast<std::uint8_t>(unacknowledged_ + (unacknowledged_ < kMany ? 1 : 0));
  }

  [[nodiscard]] wire::GreSeq highest() const noexcept { return highest_; }
  /// False: nothing has arrived yet, and any number is accepted.
  [[nodiscard]] bool started() const noexcept { return started_; }

  /// Packets committed since the last acknowledgement, counted up to 255.
  [[nodiscard]] std::uint8_t unacknowledged() const noexcept { return unacknowledged_; }

  /// RFC 2637 §4.3: the acknowledgement number is the highest received. The caller sends it.
  [[nodiscard]] wire::GreSeq acknowledge() noexcept {
    unacknowledged_ = 0;
    return highest_;
  }

 private:
  static constexpr std::uint8_t kMany = 255;
  wire::GreSeq highest_{0xffffffff};  // before the first number, which is 0 or 1 with most peers
  bool started_ = false;
  std::uint8_t unacknowledged_ = 0;
};

class GreSender {
 public:
  enum class Ack : std::uint8_t {
    kNew,     ///< higher than before
    kOld,     ///< not higher than before
    kUnsent,  ///< beyond what we have sent: ignored, a sign of spoofing
  };

  /// RFC 2637 §4.1: starts at 0, plus 1 for each packet that carries data.
  [[nodiscard]] wire::GreSeq next() noexcept {
    const wire::GreSeq sequence = next_;
    next_ = next_.next();
    ++in_flight_;
    return sequence;
  }

  Ack on_ack(wire::GreSeq ack) noexcept {
    // Both as distances back from the next number: an acknowledged one lies 1..in_flight_ before it.
    const std::uint32_t back = next_.value - ack.value;
    if (back == 0 || back > kHalf) {
      return Ack::kUnsent;
    }
    if (back > in_flight_) {
      return Ack::kOld;
    }
    in_flight_ = back - 1;
    return Ack::kNew;
  }

  /// Packets sent and not acknowledged. Grows without bound when the peer never acknowledges.
  [[nodiscard]] std::uint32_t in_flight() const noexcept { return in_flight_; }

 private:
  static constexpr std::uint32_t kHalf = 0x80000000;
  wire::GreSeq next_;
  std::uint32_t in_flight_ = 0;
};

}  // namespace adit::dataplane
