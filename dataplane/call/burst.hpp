// SPDX-License-Identifier: Apache-2.0
// A burst of packets between stages, and its grouping by call. Pure. Thread: worker. Owner: the stages.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/call/call.hpp"

struct rte_mbuf;

namespace adit::dataplane {

template <typename Packet, std::size_t kCapacity>
class Burst {
 public:
  void clear() noexcept { size_ = 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  Packet& push(const Packet& packet) noexcept { return packets_[size_++] = packet; }
  /// The next packet. It still holds what the previous burst left in it; the caller sets what later stages
  /// read.
  Packet& append() noexcept { return packets_[size_++]; }
  Packet& operator[](std::size_t at) noexcept { return packets_[at]; }
  Packet* begin() noexcept { return packets_.data(); }
  Packet* end() noexcept { return packets_.data() + size_; }

  /// Makes a packet of each of `mbufs`, in order; filter() says what `stage` does, which finds `mbuf` and `call` set.
  template <typename StageFunction>
  void fill(std::span<rte_mbuf* const> mbufs, StageFunction&& stage) noexcept {
    clear();
    for (rte_mbuf* mbuf : mbufs) {
      Packet& next = packets_[size_];
      next.mbuf = mbuf;
      next.call = nullptr;
      if (stage(next)) {
        ++size_;
      }
    }
  }

  /// Keeps, in order, the packets for which `stage` returns true. The others have been dropped, handed off or
  /// consumed.
  template <typename StageFunction>
  void filter(StageFunction&& stage) noexcept {
    std::size_t kept = 0;
    for (std::size_t at = 0; at < size_; ++at) {
      if (stage(packets_[at])) {
        if (kept != at) {
          packets_[kept] = packets_[at];
        }
        ++kept;
      }
    }
    size_ = kept;
  }

 private:
  std::array<Packet, kCapacity> packets_{};
  std::size_t size_ = 0;
};

/// Visits a burst's packets grouped by call, in order within each call, in O(packets), so that mppe_crypt()
/// derives a run of keys once instead of once per packet. `mark` says which of the call's two BurstMarks to
/// use.
template <std::size_t kCapacity>
class ByCall {
 public:
  /// Calls visit(packet) for each packet that `wanted` accepts.
  template <typename Packets, typename Wanted, typename Mark, typename Visit>
  void visit(Packets& packets, Wanted&& wanted, Mark&& mark, Visit&& visit) noexcept {
    ++burst_;
    std::size_t calls = 0;
    for (std::uint16_t at = 0; at < packets.size(); ++at) {
      if (!wanted(packets[at])) {
        continue;
      }
      BurstMark& seen = mark(*packets[at].call);
      next_[at] = kNone;
      // The second half guards against a mark left 2^32 bursts ago.
      if (seen.burst == burst_ && seen.last < at && packets[seen.last].call == packets[at].call) {
        next_[seen.last] = at;
      } else {
        first_[calls++] = at;
      }
      seen = {burst_, at};
    }
    for (std::size_t call = 0; call < calls; ++call) {
      for (std::uint16_t at = first_[call]; at != kNone; at = next_[at]) {
        visit(packets[at]);
      }
    }
  }

 private:
  static constexpr std::uint16_t kNone = 0xffff;
  static_assert(kCapacity < kNone);
  std::array<std::uint16_t, kCapacity> first_;
  std::array<std::uint16_t, kCapacity> next_;
  std::uint32_t burst_ = 0;
};

}  // namespace adit::dataplane
