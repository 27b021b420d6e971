// SPDX-License-Identifier: Apache-2.0
// Stateful MPPE for a call, RFC 3078 §7 and §8.2: which packets can be decrypted after which, and when
// streams restart. Counts, gaps and budgets are handled by MppeReceiver, as in stateless mode.
//
// The RFC and Linux differ: at a flushed packet that is not a flag packet, the RFC restarts the stream with
// the current key, while Linux's ppp_mppe changes the key first. We accept both, since the plaintext shows
// which it was, and send what we have seen the peer send; until then, as Linux does.
//
// Pure. Thread: the call's worker. Owner: the worker's CallTable, if the configuration allows stateful mode.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <expected>
#include <optional>

#include "crypto/mppe_stream.hpp"
#include "dataplane/base/clock.hpp"
#include "dataplane/base/drop_reason.hpp"
#include "dataplane/base/limits.hpp"
#include "dataplane/call/key_mark.hpp"
#include "dataplane/call/mppe_plaintext.hpp"
#include "dataplane/call/reset_requests.hpp"
#include "dataplane/call/stored_flag.hpp"
#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/ids.hpp"
#include "dataplane/wire/mppe.hpp"

namespace adit::dataplane {

/// RFC 3078 §7.3: the key changes before each flag packet, and the stream begins anew. Linux sets A in it, FreeBSD does not.
[[nodiscard]] constexpr bool is_flag_packet(wire::CoherencyCount count) noexcept {
  return (count.value & 0xff) == 0xff;
}

/// Flag packets among the last `steps` packets up to and including `count`.
[[nodiscard]] constexpr std::uint32_t flag_packets(wire::CoherencyCount count, std::uint32_t steps) noexcept {
  const std::uint64_t end = std::uint64_t{steps} / 256 * 256 + 256 + count.value + 1;  // at least `steps`
  return static_cast<std::uint32_t>(end / 256 - (end - steps) / 256);
}

class StatefulReceiver {
 public:
  StatefulReceiver() = default;
  StatefulReceiver(const crypto::MppeChain& chain, Milliseconds now) noexcept
      : stream_(chain), resets_(now) {}

  /// Decrypts in place a packet that lies `steps` after the last good one, or says why it cannot. Only
  /// success moves the stream. There is no loss state: the next packet that continues or restarts the stream
  /// is simply decrypted. `afford(n)` says whether n key changes beyond the one per packet can be spent.
  /// `decompresses()` says of a packet with C whether what `octets` have become decompresses to a plausible plaintext; it is
  /// asked for each trial.
  template <typename Afford, typename Decompresses>
  [[nodiscard]] std::expected<void, DropReason> decrypt(wire::MppeHeader header, std::uint32_t steps,
                                                        wire::MutableBytes octets, Afford&& afford,
                                                        Decompresses&& decompresses) noexcept;
  /// The same without MPPC.
  template <typename Afford>
  [[nodiscard]] std::expected<void, DropReason> decrypt(wire::MppeHeader header, std::uint32_t steps,
                                                        wire::MutableBytes octets, Afford&& afford) noexcept {
    return decrypt(header, steps, octets, afford, [] { return false; });
  }

  /// What decrypt() has taken is committed: its packet has the key of this number.
  void settle(std::uint32_t key) noexcept { mark_.done(key); }

  // ---- of a call that an earlier process has left
  /// Nothing: the process ended while the stream was being stored.
  [[nodiscard]] std::optional<std::uint16_t> key_number() const noexcept { return mark_.number(); }
  /// False: this memory never held a receiver.
  [[nodiscard]] bool is_sound() const noexcept {
    return stream_.is_sound() && are_flags(peer_keeps_key_, lost_);
  }
  /// The stream is not where the peer's is, only its key: a Reset-Request is due at once, and the next packet that restarts
  /// the stream is the first to be decrypted.
  void lose_stream(Milliseconds now) noexcept {
    lost_ = true;
    resets_ = ResetRequests(now);
  }

  /// See ResetRequests.
  [[nodiscard]] bool reset_is_due(Milliseconds now) noexcept { return resets_.due(now); }

  /// The peer has been seen to flush without changing the key.
  [[nodiscard]] bool peer_keeps_key() const noexcept { return peer_keeps_key_; }

 private:
  [[nodiscard]] bool attempt(crypto::MppeStream& trial, wire::MutableBytes octets) noexcept;
  template <typename Decompresses>
  [[nodiscard]] bool attempt(crypto::MppeStream& trial, wire::MutableBytes octets, bool compressed,
                             Decompresses&& decompresses) noexcept;

  void keep(const crypto::MppeStream& trial) noexcept {
    mark_.begin();
    stream_ = trial;
  }

  crypto::MppeStream stream_;
  ResetRequests resets_;
  KeyMark mark_;
  bool peer_keeps_key_ = false;
  bool lost_ = false;
};

class StatefulSender {
 public:
  StatefulSender() = default;
  explicit StatefulSender(const crypto::MppeChain& chain) noexcept : stream_(chain) {}

  /// The peer asks for a restart, which the next packet makes. `repeated`: our answer to the same request was
  /// lost, and as Linux decrypts nothing before that answer, it has not followed the key change that went
  /// with it.
  void flush(bool repeated, bool keep_key) noexcept {
    if (flush_ == Flush::kNone) {
      flush_ = repeated || keep_key ? Flush::kKeepKey : Flush::kChangeKey;
    }
  }

  /// Whether encrypt() will flush the packet with this count.
  [[nodiscard]] bool flushes(wire::CoherencyCount count) const noexcept {
    return is_flag_packet(count) || flush_ != Flush::kNone;
  }

  /// Encrypts in place the packet with this count; returns whether it is flushed.
  [[nodiscard]] bool encrypt(wire::CoherencyCount count, wire::MutableBytes octets) noexcept {
    // A flag packet changes the key once, flushed or not. The first packet is not flushed: Linux would change
    // the key.
    const bool flag = is_flag_packet(count);
    const bool flushed = flag || flush_ != Flush::kNone;
    if (flushed) {
      mark_.begin();
      stream_.restart(flag || flush_ == Flush::kChangeKey ? 1 : 0);
    }
    mark_.done(count.value + 1U);
    flush_ = Flush::kNone;
    stream_.apply(octets);
    return flushed;
  }

  // ---- of a call that an earlier process has left
  /// The number of the last packet's key; nothing: the process ended while the key was being changed.
  [[nodiscard]] std::optional<std::uint16_t> key_number() const noexcept { return mark_.number(); }
  /// False: this memory never held a sender.
  [[nodiscard]] bool is_sound() const noexcept { return stream_.is_sound() && flush_ <= Flush::kChangeKey; }
  /// The stream may have been used beyond where it seems to be, and is not continued. Returns the count of the next
  /// packet: that of the next flag packet, which changes the key, so nothing of this one's stream is used again.
  [[nodiscard]] wire::CoherencyCount lose_stream(std::uint16_t number) noexcept {
    flush_ = Flush::kNone;
    return wire::CoherencyCount(static_cast<std::uint16_t>(number | 0xffU));
  }

 private:
  enum class Flush : std::uint8_t { kNone, kKeepKey, kChangeKey };
  crypto::MppeStream stream_;
  KeyMark mark_;
  Flush flush_ = Flush::kNone;
};

struct StatefulMppe {
  StatefulReceiver receiver;
  StatefulSender sender;
};

template <typename Afford, typename Decompresses>
std::expected<void, DropReason> StatefulReceiver::decrypt(wire::MppeHeader header, std::uint32_t steps,
                                                          wire::MutableBytes octets, Afford&& afford,
                                                          Decompresses&& decompresses) noexcept {
  crypto::MppeStream trial = stream_;
  if (!header.flushed) {
    if (steps != 1 || (lost_ && !is_flag_packet(header.count))) {
      return std::unexpected(DropReason::kMppeOutOfStep);
    }
    if (is_flag_packet(header.count)) {
      trial.restart(1);
    }
    if (!attempt(trial, octets, header.compressed, decompresses)) {
      return std::unexpected(DropReason::kMppeImplausible);
    }
    lost_ = false;
    return {};
  }
  const std::uint32_t changes = flag_packets(header.count, steps);
  if (changes > 1 && !afford(changes - 1)) {
    return std::unexpected(DropReason::kMppeBudget);
  }
  trial.restart(changes);
  // A Linux peer has also changed the key for this packet's flush and for each lost flushed packet. The
  // budget is charged for those only if they turn out to be needed.
  std::uint32_t more = 0;
  for (; !attempt(trial, octets, header.compressed, decompresses); ++more) {
    if (more > kLostFlushes) {
      return std::unexpected(DropReason::kMppeImplausible);
    }
    if (changes + more > 0 && !afford(1)) {
      return std::unexpected(DropReason::kMppeBudget);
    }
    trial.restart(1);
  }
  peer_keeps_key_ = is_flag_packet(header.count) ? peer_keeps_key_ : more == 0;
  lost_ = false;
  return {};
}

/// Of a compressed packet all of it decides, and all of it is restored.
template <typename Decompresses>
bool StatefulReceiver::attempt(crypto::MppeStream& trial, wire::MutableBytes octets, bool compressed,
                               Decompresses&& decompresses) noexcept {
  if (!compressed) {
    return attempt(trial, octets);
  }
  crypto::MppeStream again = trial;
  trial.apply(octets);
  if (!decompresses()) {
    again.apply(octets);
    return false;
  }
  keep(trial);
  return true;
}

/// The head of the plaintext decides; it is restored if it is implausible.
inline bool StatefulReceiver::attempt(crypto::MppeStream& trial, wire::MutableBytes octets) noexcept {
  const std::size_t head = std::min(octets.size(), kMppePlaintextHead);
  std::array<std::uint8_t, kMppePlaintextHead> sealed;
  std::ranges::copy(octets.first(head), sealed.begin());
  trial.apply(octets.first(head));
  if (read_mppe_plaintext(octets).header_length == 0) {
    std::copy_n(sealed.begin(), head, octets.begin());
    return false;
  }
  trial.apply(octets.subspan(head));
  keep(trial);
  return true;
}

}  // namespace adit::dataplane
