// SPDX-License-Identifier: Apache-2.0
// The two GRE sequence spaces of a call, RFC 2637 §4.2-4.3: what we receive and acknowledge, and what we
// send.
//
// Who knows two addresses and a call ID can forge any GRE packet, and only MPPE tells his from the peer's. So
// what a received number may do depends on what vouches for it:
//   * Encrypted packets are ordered by MPPE's coherency count. One that decrypts proves its number, and the window
//     goes there from wherever it is.
//   * Beside proven numbers, a clear frame or an empty payload is taken up to kGreReach after the last one
//     taken. It moves what is acknowledged, never what decides about encrypted packets.
//   * Without proof (a call without MPPE, or before its first packet that decrypts) the window knows two places
//     at once: that of the last packets and another one. A number far from both is remembered, and taken only if
//     the next one follows it (as in RFC 3550 A.1), and so is one that looks late. The peer, who goes on at the
//     old place, finds it still there.
// What remains to a forger who sees nothing: a clear frame is passed on if he guesses a number within kGreReach,
// and on a call without MPPE may cost the peer a packet or two; two in sequence are always passed on there.
//
// We never hold packets back for acknowledgements: Windows and Linux do not observe that window, and Android
// never acks. So a forged acknowledgement moves nothing but a count.
// Pure. Thread: the call's worker. Owner: the call.
#pragma once

#include <cstdint>
#include <utility>

#include "dataplane/base/limits.hpp"
#include "dataplane/call/stored_flag.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::dataplane {

class GreReceiver {
 public:
  enum class Verdict : std::uint8_t {
    kAhead,      ///< new: those between it and the last are lost or late
    kDuplicate,  ///< equal to the last
    kLate,       ///< shortly before it. RFC 2637 §4.3: discarded, unless Reorder held what overtook it
    kJump,       ///< far from all that was taken, and nothing vouches for it
  };

  /// What the number of a packet whose coherency count is late says about it. Moves nothing.
  [[nodiscard]] Verdict evaluate(wire::GreSeq sequence) const noexcept {
    return proof_ == Proof::kGiven ? behind(sequence, highest_, kGreReach) : Verdict::kAhead;
  }

  /// A packet that anyone may have sent. kAhead: it is taken, and the window has moved as far as it may.
  [[nodiscard]] Verdict take(wire::GreSeq sequence) noexcept {
    const Verdict verdict = proof_ == Proof::kGiven ? take_beside_proven(sequence) : take_unproven(sequence);
    if (verdict == Verdict::kAhead) {
      arrived(sequence);
    }
    return verdict;
  }

  /// A packet has decrypted, and its coherency count is ahead: it is in order, whatever its number.
  void prove(wire::GreSeq sequence) noexcept {
    proof_ = Proof::kGiven;
    started_ = true;
    confirmed_ = true;
    highest_ = sequence;
    other_ = sequence;
    arrived(sequence);
  }

  /// The peer begins to encrypt, with new keys: nothing taken so far vouches for anything.
  void await_proof() noexcept {
    expect_no_proof();
    proof_ = Proof::kAwaited;
  }
  /// The peer does not encrypt any more.
  void expect_no_proof() noexcept {
    elsewhere_ = proof_ == Proof::kGiven ? other_ != highest_ : elsewhere_;
    proof_ = Proof::kNone;
  }

  /// gap() of packets that nothing proves: as many as a coherency count can tell apart.
  static constexpr std::uint32_t kAnyGap = kGreReach;

  /// At most how many packets the peer has sent from the last proven one up to the one with this number; 0:
  /// the number cannot tell. Before the first proof: as many as a coherency count can tell apart.
  [[nodiscard]] std::uint32_t gap(wire::GreSeq sequence) const noexcept {
    if (proof_ != Proof::kGiven) {
      return kAnyGap;
    }
    const std::int32_t distance = sequence.distance_from(highest_);
    return distance > 0 ? static_cast<std::uint32_t>(distance) : 0;
  }

  /// Whether the number of a packet that cannot be decrypted is one that the peer may have come to. Moves nothing.
  [[nodiscard]] bool may_reach(wire::GreSeq sequence) const noexcept {
    return within_reach(sequence, highest_, kUndecipherableReach) ||
           ((elsewhere_ || proof_ == Proof::kGiven) && within_reach(sequence, other_, kUndecipherableReach));
  }

  [[nodiscard]] wire::GreSeq highest() const noexcept { return highest_; }
  /// False: nothing has arrived yet, and any number is accepted.
  [[nodiscard]] bool started() const noexcept { return started_; }
  /// The number that comes next where the last packets were. Clear frames take numbers, too.
  [[nodiscard]] wire::GreSeq expected() const noexcept {
    const bool beside = proof_ == Proof::kGiven && other_.distance_from(highest_) <= kReorderWindow;
    return (beside ? other_ : highest_).next();
  }

  /// Packets taken since the last acknowledgement, counted up to 255.
  [[nodiscard]] std::uint8_t unacknowledged() const noexcept { return unacknowledged_; }

  /// RFC 2637 §4.3: the acknowledgement number is the highest received. The caller sends it.
  [[nodiscard]] wire::GreSeq acknowledge() noexcept {
    unacknowledged_ = 0;
    acknowledged_ = last_;
    has_acknowledged_ = true;
    return last_;
  }
  /// The last number taken; valid once started.
  [[nodiscard]] wire::GreSeq last() const noexcept { return last_; }
  /// What acknowledge() returned last.
  [[nodiscard]] wire::GreSeq acknowledged() const noexcept { return acknowledged_; }
  [[nodiscard]] bool has_acknowledged() const noexcept { return has_acknowledged_; }

  /// False: this memory, which an earlier process has left, never held a window. Any numbers will do: what arrives next
  /// moves them.
  [[nodiscard]] bool is_sound() const noexcept {
    return proof_ <= Proof::kGiven && are_flags(started_, confirmed_, elsewhere_, has_acknowledged_);
  }

 private:
  /// Whether packets that decrypt vouch for their numbers.
  enum class Proof : std::uint8_t { kNone, kAwaited, kGiven };

  /// Ahead of `place` by no more than packets may overtake each other.
  [[nodiscard]] static bool follows(wire::GreSeq sequence, wire::GreSeq place) noexcept {
    return sequence.value - place.value - 1 < kReorderWindow;
  }
  [[nodiscard]] static bool within_reach(wire::GreSeq sequence, wire::GreSeq place,
                                         std::uint32_t reach = kGreReach) noexcept {
    return sequence.value - place.value - 1 < reach;
  }
  /// kAhead unless it is `place`, or less than `reach` before it.
  [[nodiscard]] static Verdict behind(wire::GreSeq sequence, wire::GreSeq place,
                                      std::uint32_t reach) noexcept {
    const std::uint32_t back = place.value - sequence.value;
    return back >= reach ? Verdict::kAhead : back == 0 ? Verdict::kDuplicate : Verdict::kLate;
  }

  [[nodiscard]] Verdict take_unproven(wire::GreSeq sequence) noexcept {
    if (!started_) {  // it may carry any number: 0 by the RFC, 1 from Linux and npppd
      started_ = true;
      highest_ = sequence;
      return Verdict::kAhead;
    }
    if (follows(sequence, highest_)) {
      confirmed_ = true;
      highest_ = sequence;
      return Verdict::kAhead;
    }
    const Verdict verdict = behind(sequence, highest_, kGreMisorder);
    if (verdict == Verdict::kDuplicate) {
      return verdict;
    }
    if (elsewhere_ && (verdict == Verdict::kLate ? sequence == other_.next() : follows(sequence, other_))) {
      confirmed_ = true;
      other_ = std::exchange(highest_, sequence);
      return Verdict::kAhead;
    }
    return take_elsewhere(sequence, verdict);
  }

  /// Nothing goes on here; what comes next will tell whether the peer is there.
  [[nodiscard, gnu::noinline]] Verdict take_elsewhere(wire::GreSeq sequence, Verdict verdict) noexcept {
    bool near = within_reach(sequence, highest_);
    if (elsewhere_ && verdict == Verdict::kAhead) {
      if (const Verdict there = behind(sequence, other_, kGreMisorder); there != Verdict::kAhead) {
        return there;
      }
      near = near || within_reach(sequence, other_);
    }
    other_ = sequence;
    elsewhere_ = true;
    if (!confirmed_) {
      return Verdict::kAhead;
    }
    return verdict == Verdict::kLate ? verdict : near ? Verdict::kAhead : Verdict::kJump;
  }

  [[nodiscard]] Verdict take_beside_proven(wire::GreSeq sequence) noexcept {
    if (sequence == highest_ || sequence == other_) {
      return Verdict::kDuplicate;
    }
    if (!sequence.is_after(highest_)) {
      return Verdict::kLate;
    }
    if (sequence.is_after(other_)) {
      if (!within_reach(sequence, other_)) {
        return Verdict::kJump;
      }
      other_ = sequence;
    }
    return Verdict::kAhead;
  }

  void arrived(wire::GreSeq sequence) noexcept {
    last_ = sequence;
    unacknowledged_ = static_cast<std::uint8_t>(unacknowledged_ + (unacknowledged_ < kMany ? 1 : 0));
  }

  static constexpr std::uint8_t kMany = 255;
  wire::GreSeq highest_{0xffffffff};  // before the first number, which is 0 or 1 with most peers
  wire::GreSeq other_;                // the other place; beside proven numbers: the highest of clear frames
  wire::GreSeq last_;                 // taken
  wire::GreSeq acknowledged_;
  Proof proof_ = Proof::kNone;
  bool started_ = false;
  bool confirmed_ = false;  // a packet has followed another; until then the next may be anywhere, too
  bool elsewhere_ = false;  // `other_` is a place
  bool has_acknowledged_ = false;
  std::uint8_t unacknowledged_ = 0;
};

class GreSender {
 public:
  enum class Ack : std::uint8_t {
    kNew,     ///< higher than before
    kOld,     ///< not higher than before
    kUnsent,  ///< beyond what we have sent: ignored, a sign of spoofing
  };

  /// RFC 2637 §4.1: starts at 0, plus 1 for each packet that carries data. It has moved on before the packet is the port's, so
  /// whoever adopts the call after a crash sends no number twice.
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

  /// What next() returns next.
  [[nodiscard]] wire::GreSeq upcoming() const noexcept { return next_; }
  /// Packets sent and not acknowledged. Grows without bound when the peer never acknowledges.
  [[nodiscard]] std::uint32_t in_flight() const noexcept { return in_flight_; }

 private:
  static constexpr std::uint32_t kHalf = 0x80000000;
  wire::GreSeq next_;
  std::uint32_t in_flight_ = 0;
};

}  // namespace adit::dataplane
