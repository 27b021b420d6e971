// SPDX-License-Identifier: Apache-2.0
// Whose an IPv6 address is: prefixes of any length, each with a number, and the longest around an address. A lookup asks
// a hash table for each length that there is in this part of all addresses, the longest first: a concentrator has the /64
// of links, one or two lengths of delegated prefixes, perhaps /128, each in a pool of its own. There are four tables, made
// when first needed, and lengths share two of them: what users' networks of all kinds of lengths cost is bounded, and a
// length of which nothing is left costs nothing. Where prefixes of a pool crowd, those that come from then on are in a page.
// Thread: control writes, any worker reads. Owner: CallIndex.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "dataplane/base/limits.hpp"
#include "dataplane/call/prefix_table.hpp"
#include "dataplane/call/unit_pages.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::dataplane {

class PrefixIndex {
 public:
  /// `prefixes`: expected in each table; it takes twice as many.
  explicit PrefixIndex(std::uint32_t prefixes) noexcept : prefixes_(prefixes), pages_(prefixes) {}
  ~PrefixIndex();
  PrefixIndex(const PrefixIndex&) = delete;
  PrefixIndex& operator=(const PrefixIndex&) = delete;

  // ---- control
  /// Gives `prefix`, which is not ::/0, a number other than 0, instead of the one it has. False: out of memory, or its
  /// length is one too many (kMaxPrefixLengths). The first of each table needs EAL, for its memory.
  [[nodiscard]] bool map(const wire::Ipv6Prefix& prefix, std::uint32_t number) noexcept;
  void unmap(const wire::Ipv6Prefix& prefix) noexcept;
  [[nodiscard]] std::uint64_t octets() const noexcept { return octets_ + pages_.octets(); }

  // ---- workers
  /// Whether there may be a prefix around the address. False of nearly every host beyond, so that a packet to one costs no
  /// table.
  [[nodiscard]] bool may_have(const wire::Ipv6Address& address) const noexcept {
    const Site& site = sites_[site_of(address)];
    return (site.high_lengths.load(std::memory_order_relaxed) |
            site.low_lengths.load(std::memory_order_relaxed)) != 0;
  }
  // locate() and find() are not inlined: that would cost the packets of IPv4, which pass by, three cycles each.
  /// Where the number of the longest prefix around `address` is; if it is 0, find() may know another. nullptr: find() knows,
  /// and what it reads first is prefetched.
  [[nodiscard, gnu::noinline]] const UnitPages::Entry* locate(
      const wire::Ipv6Address& address) const noexcept {
    const Site& site = sites_[site_of(address)];
    const std::uint64_t lengths = site.high_lengths.load(std::memory_order_acquire);
    if (lengths == 0 || site.low_lengths.load(std::memory_order_relaxed) != 0) {
      return nullptr;
    }
    const unsigned length = length_of(lengths);
    const UnitPages::Entry* entry = pages_.locate({.high = address.high, .length = length});
    if (entry == nullptr) {
      high_[length / kHalf]->prefetch({key_of(address.high, length), 0});
    }
    return entry;
  }
  /// The number of the longest prefix around `address`; 0: none.
  [[nodiscard, gnu::noinline]] std::uint32_t find(const wire::Ipv6Address& address) const noexcept {
    const Site& site = sites_[site_of(address)];
    std::uint64_t left = site.low_lengths.load(std::memory_order_acquire);
    for (; left != 0; left &= left - 1) {
      const unsigned length = length_of(left);
      const std::uint32_t number = low_[length / kHalf]->find({address.high, key_of(address.low, length)});
      if (number != 0) {
        return number;
      }
    }
    left = site.high_lengths.load(std::memory_order_acquire);
    for (; left != 0; left &= left - 1) {
      const unsigned length = length_of(left);
      const UnitPages::Entry* entry = pages_.locate({.high = address.high, .length = length});
      std::uint32_t number = entry == nullptr ? 0 : entry->load(std::memory_order_relaxed);
      number = number != 0 ? number : high_[length / kHalf]->find({key_of(address.high, length), 0});
      if (number != 0) {
        return number;
      }
    }
    return 0;
  }

 private:
  static constexpr unsigned kHalf = 64;  // of an address' bits
  // Lengths of a half, 1..64, as a set: the longest is the lowest bit, so that it is the first to be found.
  [[nodiscard]] static constexpr std::uint64_t bit_of(unsigned length) noexcept {
    return std::uint64_t{1} << (kHalf - length);
  }
  [[nodiscard]] static constexpr unsigned length_of(std::uint64_t lengths) noexcept {
    return kHalf - static_cast<unsigned>(std::countr_zero(lengths));
  }
  /// The first `length` bits of a half, 1..64, and behind them a one, if there is room: no two prefixes of a table have the
  /// same key.
  [[nodiscard]] static constexpr std::uint64_t key_of(std::uint64_t half, unsigned length) noexcept {
    const std::uint64_t last = bit_of(length);
    return (half & ~(last - 1)) | last >> 1;
  }

  [[nodiscard]] static constexpr wire::Ipv6Address key_of(const wire::Ipv6Prefix& prefix) noexcept {
    return prefix.length > 64
               ? wire::Ipv6Address{prefix.address.high, key_of(prefix.address.low, prefix.length - 64U)}
               : wire::Ipv6Address{key_of(prefix.address.high, prefix.length), 0};
  }

  /// Which lengths there have been in a part of all addresses. Pools of links and of delegated prefixes are apart, mostly,
  /// so an address has one table to look in, and nothing to be predicted wrongly.
  struct Site {
    std::atomic<std::uint64_t> high_lengths{0}, low_lengths{0};
  };
  static constexpr unsigned kSiteBits =
      40;  // that addresses of a part have in common, as others do by chance
  [[nodiscard]] static constexpr std::size_t site_of(const wire::Ipv6Address& address) noexcept {
    return (address.high >> (kHalf - kSiteBits)) * 0x9e3779b97f4a7c15 >> 56;
  }
  template <typename Change>
  void each_site(const wire::Ipv6Prefix& prefix, Change&& change) noexcept;

  template <typename Key>
  using Tables =
      std::array<std::unique_ptr<PrefixTable<Key>>, 2>;  // of lengths below that of a half; of this one
  template <typename Key>
  bool map(Tables<Key>& tables, const wire::Ipv6Prefix& prefix, std::uint32_t number) noexcept;
  template <typename Key>
  [[nodiscard]] SetOutcome set(Tables<Key>& tables, const wire::Ipv6Prefix& prefix,
                               std::uint32_t number) noexcept;
  template <typename Key>
  void unmap(Tables<Key>& tables, const wire::Ipv6Prefix& prefix) noexcept;
  [[nodiscard]] static Unit unit_of(const wire::Ipv6Prefix& prefix) noexcept {
    return {.high = prefix.address.high, .length = prefix.length};
  }

  /// This many neighbours, within what would be a page, make one worth its 16 KiB.
  static constexpr std::uint32_t kCrowd = 16;

  const std::uint32_t prefixes_;
  std::uint64_t octets_ = 0;
  std::array<std::uint32_t, 129> of_length_{};  // prefixes
  unsigned lengths_ = 0;                        // of which there are any
  std::array<Site, 256> sites_{};
  Tables<HighKey> high_;  // 1 to 63; 64
  Tables<WholeKey> low_;  // 65 to 127; 128
  UnitPages pages_;
  std::unordered_map<std::uint64_t, std::uint32_t>
      strays_;  // prefixes of high_, by Unit::page(): control's, and as many as there are
};

}  // namespace adit::dataplane
