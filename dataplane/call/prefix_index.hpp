// SPDX-License-Identifier: Apache-2.0
// Whose an IPv6 address is: prefixes of any length, each with a number, and the longest around an address. A lookup asks
// a hash table for each length that is in use, the longest first: a concentrator has the /64 of links, one or two lengths
// of delegated prefixes, perhaps /128. There are four tables, made when first needed, and lengths share two of them: what
// users' networks of all kinds of lengths cost is bounded, and a length of which nothing is left costs nothing.
// Thread: control writes, any worker reads. Owner: CallIndex.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>

#include "dataplane/base/limits.hpp"
#include "dataplane/call/prefix_table.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::dataplane {

class PrefixIndex {
 public:
  /// `prefixes`: expected in each table; it takes twice as many.
  explicit PrefixIndex(std::uint32_t prefixes) noexcept : prefixes_(prefixes) {}
  ~PrefixIndex();
  PrefixIndex(const PrefixIndex&) = delete;
  PrefixIndex& operator=(const PrefixIndex&) = delete;

  // ---- control
  /// Gives `prefix`, which is not ::/0, a number other than 0, instead of the one it has. False: out of memory, or its
  /// length is one too many (kMaxPrefixLengths). The first of each table needs EAL, for its memory.
  [[nodiscard]] bool map(const wire::Ipv6Prefix& prefix, std::uint32_t number) noexcept;
  void unmap(const wire::Ipv6Prefix& prefix) noexcept;
  [[nodiscard]] std::uint64_t octets() const noexcept { return octets_; }

  // ---- workers
  void prefetch(const wire::Ipv6Address& address) const noexcept {
    visit(address, [](const auto& table, const wire::Ipv6Address& prefix) {
      table.prefetch(prefix);
      return false;
    });
  }
  /// The number of the longest prefix around `address`; 0: none.
  [[nodiscard]] std::uint32_t find(const wire::Ipv6Address& address) const noexcept {
    std::uint32_t number = 0;
    visit(address, [&number](const auto& table, const wire::Ipv6Address& prefix) {
      number = table.find(prefix);
      return number != 0;
    });
    return number;
  }

 private:
  /// Calls look(table, key of the prefix around `address`) for each length in use, the longest first, until it returns
  /// true.
  template <typename Look>
  void visit(const wire::Ipv6Address& address, Look&& look) const noexcept {
    std::uint64_t left = long_lengths_.load(std::memory_order_acquire);
    if ((left & kWhole) != 0 && look(*addresses_, address)) {
      return;
    }
    for (left &= ~kWhole; left != 0; left &= left - 1) {
      if (look(*longer_, {address.high, marked(address.low, length_of(left))})) {
        return;
      }
    }
    left = short_lengths_.load(std::memory_order_acquire);
    if ((left & kWhole) != 0 && look(*links_, {address.high, 0})) {
      return;
    }
    for (left &= ~kWhole; left != 0; left &= left - 1) {
      if (look(*shorter_, {marked(address.high, length_of(left)), 0})) {
        return;
      }
    }
  }

  // Lengths of a half, 1..64, as a set: the longest is the lowest bit, so that it is the first to be found.
  static constexpr std::uint64_t kWhole = 1;
  [[nodiscard]] static constexpr std::uint64_t bit_of(unsigned length) noexcept {
    return std::uint64_t{1} << (64 - length);
  }
  [[nodiscard]] static constexpr unsigned length_of(std::uint64_t lengths) noexcept {
    return 64 - static_cast<unsigned>(std::countr_zero(lengths));
  }
  /// The first `length` bits of a half, 1..63, and behind them a one: no two prefixes of a table have the same key.
  [[nodiscard]] static constexpr std::uint64_t marked(std::uint64_t half, unsigned length) noexcept {
    const std::uint64_t mark = std::uint64_t{1} << (63 - length);
    return (half & ~(mark - 1)) | mark;
  }

  template <typename Table>
  bool map(std::unique_ptr<Table>& table, const wire::Ipv6Prefix& prefix, std::uint32_t number) noexcept;
  template <typename Table>
  void unmap(const std::unique_ptr<Table>& table, const wire::Ipv6Prefix& prefix) noexcept;
  [[nodiscard]] static wire::Ipv6Address key_of(const wire::Ipv6Prefix& prefix) noexcept;
  [[nodiscard]] std::atomic<std::uint64_t>& lengths_around(std::uint8_t length) noexcept {
    return length > 64 ? long_lengths_ : short_lengths_;
  }

  const std::uint32_t prefixes_;
  std::uint64_t octets_ = 0;
  std::array<std::uint32_t, 129> of_length_{};  // prefixes
  // Of the upper half of an address, and of its lower half.
  std::atomic<std::uint64_t> short_lengths_{0}, long_lengths_{0};
  std::unique_ptr<PrefixTable<HighKey>> shorter_, links_;      // than 64; 64
  std::unique_ptr<PrefixTable<WholeKey>> longer_, addresses_;  // 65 to 127; 128
};

}  // namespace adit::dataplane
