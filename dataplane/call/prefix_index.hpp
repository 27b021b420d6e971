// SPDX-License-Identifier: Apache-2.0
// Whose an IPv6 address is: prefixes of any length, each with a number, and the longest around an address. A lookup asks
// one hash table for each length that is in use, the longest first: a concentrator has the /64 of links, one or two
// lengths of delegated prefixes, perhaps /128.
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
  /// `prefixes`: expected of each length.
  explicit PrefixIndex(std::uint32_t prefixes) noexcept : prefixes_(prefixes) {}
  ~PrefixIndex();
  PrefixIndex(const PrefixIndex&) = delete;
  PrefixIndex& operator=(const PrefixIndex&) = delete;

  // ---- control
  /// Gives `prefix`, which is not ::/0, a number other than 0, instead of the one it has. False: out of memory, or its
  /// length is one too many (kMaxPrefixLengths). The first of each length needs EAL, for its memory.
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
  /// Calls look(table, prefix of `address`) for each length in use, the longest first, until it returns true.
  template <typename Look>
  void visit(const wire::Ipv6Address& address, Look&& look) const noexcept {
    for (std::uint64_t left = long_lengths_.load(std::memory_order_acquire); left != 0;) {
      const auto length = static_cast<unsigned>(std::bit_width(left));  // of the lower half, 1..64
      left &= ~(std::uint64_t{1} << (length - 1));
      const wire::Ipv6Address prefix{address.high, address.low & ones(length)};
      if (look(*long_[length - 1], prefix)) {
        return;
      }
    }
    for (std::uint64_t left = short_lengths_.load(std::memory_order_acquire); left != 0;) {
      const auto length = static_cast<unsigned>(std::bit_width(left));
      left &= ~(std::uint64_t{1} << (length - 1));
      if (look(*short_[length - 1], {address.high & ones(length), 0})) {
        return;
      }
    }
  }
  /// `length`: 1..64.
  [[nodiscard]] static std::uint64_t ones(unsigned length) noexcept {
    return ~std::uint64_t{0} << (64 - length);
  }

  template <typename Table>
  bool map(std::array<std::unique_ptr<Table>, 64>& tables, std::atomic<std::uint64_t>& lengths,
           unsigned length, const wire::Ipv6Address& prefix, std::uint32_t number) noexcept;

  const std::uint32_t prefixes_;
  std::uint64_t octets_ = 0;
  // Bit and element n - 1: prefixes of n bits, or of 64 + n.
  std::atomic<std::uint64_t> short_lengths_{0}, long_lengths_{0};
  std::array<std::unique_ptr<PrefixTable<HighKey>>, 64> short_;
  std::array<std::unique_ptr<PrefixTable<WholeKey>>, 64> long_;
};

}  // namespace adit::dataplane
