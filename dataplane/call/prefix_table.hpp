// SPDX-License-Identifier: Apache-2.0
// IPv6 prefixes, each with a number: a hash table that workers read while control writes. It compares all bits of a key, so
// whoever keeps prefixes of several lengths in one tells them apart by their bits (PrefixIndex). A prefix has two
// cache lines to choose from: its first, and where that is nearly full, the emptier one. A line knows whether prefixes
// that begin there are elsewhere, so of 100 lookups 95 or more read one line, found or not: a second one, which nobody
// has predicted or prefetched, costs more than all else.
// Thread: control writes, any worker reads. Owner: PrefixIndex.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>

#include "dataplane/wire/ipv6_address.hpp"

namespace adit::dataplane {

/// The bits of a key in the upper half of an address.
struct HighKey {
  std::uint64_t high = 0;
  explicit HighKey(const wire::Ipv6Address& prefix) noexcept : high(prefix.high) {}
  [[nodiscard]] std::array<std::uint64_t, 1> words() const noexcept { return {high}; }
};

/// In both halves.
struct WholeKey {
  wire::Ipv6Address all;
  explicit WholeKey(const wire::Ipv6Address& prefix) noexcept : all(prefix) {}
  [[nodiscard]] std::array<std::uint64_t, 2> words() const noexcept { return {all.high, all.low}; }
};

enum class SetOutcome : std::uint8_t {
  kAdded,
  kReplaced,  ///< the number of one that was there
  kNoRoom,
};

template <typename Key>
class PrefixTable {
 public:
  /// Room for so many `prefixes` and some more, in hugepages if there are any. Without memory for it, octets() is 0, and
  /// nothing else may be called.
  explicit PrefixTable(std::uint32_t prefixes) noexcept;
  ~PrefixTable();
  PrefixTable(const PrefixTable&) = delete;
  PrefixTable& operator=(const PrefixTable&) = delete;

  // ---- control
  /// Gives `prefix` a number other than 0, instead of the one it has.
  [[nodiscard]] SetOutcome set(const wire::Ipv6Address& prefix, std::uint32_t number) noexcept;
  /// False: it is not there.
  bool erase(const wire::Ipv6Address& prefix) noexcept;
  [[nodiscard]] std::uint64_t octets() const noexcept { return buckets_.size_bytes(); }

  // ---- workers
  void prefetch(const wire::Ipv6Address& prefix) const noexcept {
    __builtin_prefetch(&buckets_[buckets_of(Key(prefix))[0]]);
  }
  /// 0: none.
  [[nodiscard]] std::uint32_t find(const wire::Ipv6Address& prefix) const noexcept {
    const Key key(prefix);
    const auto [first, second] = buckets_of(key);
    const std::uint32_t here = buckets_[first].find(key);
    if (here != 0 || buckets_[first].elsewhere.load(std::memory_order_relaxed) == 0) [[likely]] {
      return here;
    }
    if (const std::uint32_t number = buckets_[second].find(key); number != 0) {
      return number;
    }
    return crowded_.load(std::memory_order_relaxed) == 0 ? 0 : find_crowded(key);
  }

 private:
  static constexpr std::size_t kLine = 64;
  static constexpr std::size_t kWords = std::tuple_size_v<decltype(Key(wire::Ipv6Address{}).words())>;
  static constexpr std::size_t kWays = kLine / (kWords * sizeof(std::uint64_t) + sizeof(std::uint32_t));
  /// Prefixes that found both of their lines full: filled to two fifths, as the table is at most, one in 100,000.
  static constexpr std::size_t kCrowd = 64;

  struct alignas(kLine) Bucket {
    std::array<std::array<std::atomic<std::uint64_t>, kWords>, kWays> keys{};
    std::array<std::atomic<std::uint32_t>, kWays> numbers{};  ///< 0: free
    std::atomic<std::uint32_t> elsewhere{0};  ///< prefixes whose first line this is, and that are not here

    [[nodiscard]] bool has(std::size_t way, const Key& key) const noexcept {
      const auto words = key.words();
      std::uint64_t different = 0;
      for (std::size_t word = 0; word < kWords; ++word) {
        different |= keys[way][word].load(std::memory_order_acquire) ^ words[word];
      }
      return different == 0;
    }
    /// A way's number goes before its key changes, and the new one comes after: the same number before and behind a key
    /// is that key's. (Acquire and release on the keys themselves: ThreadSanitizer knows no fences.)
    [[nodiscard]] std::uint32_t find(const Key& key) const noexcept {
      // All of them, without a branch: which one it is, no processor predicts, and it would wait for the line to know.
      std::uint32_t ways = 0;
#pragma GCC unroll 8
      for (std::size_t way = 0; way < kWays; ++way) {
        ways |= static_cast<std::uint32_t>(has(way, key)) << way;
      }
      for (; ways != 0; ways &= ways - 1) {  // more than one when an earlier number of the key is gone
        const auto way = static_cast<std::size_t>(std::countr_zero(ways));
        const std::uint32_t number = numbers[way].load(std::memory_order_acquire);
        if (number != 0 && has(way, key) && numbers[way].load(std::memory_order_relaxed) == number) {
          return number;
        }
      }
      return 0;
    }
    void set(std::size_t way, const Key& key, std::uint32_t number) noexcept {
      const auto words = key.words();
      for (std::size_t word = 0; word < kWords; ++word) {
        keys[way][word].store(words[word], std::memory_order_release);
      }
      numbers[way].store(number, std::memory_order_release);
    }
  };
  static_assert(sizeof(Bucket) == kLine);

  struct Place {
    Bucket* bucket = nullptr;  // nullptr: nowhere
    std::size_t way = 0;
  };

  [[nodiscard]] std::array<std::size_t, 2> buckets_of(const Key& key) const noexcept {
    // Dietzfelbinger's multiply-shift: the upper bits of a product with a secret odd number.
    const auto words = key.words();
    std::uint64_t hash = words[0] * secrets_[0];
    if constexpr (kWords == 2) {
      hash += (words[1] ^ words[1] >> 32) * secrets_[1];
    }
    return {hash >> shift_, (hash << (64 - shift_)) >> shift_};
  }
  [[nodiscard]] Bucket& first_of(const Key& key) noexcept { return buckets_[buckets_of(key)[0]]; }
  [[nodiscard]] std::uint32_t find_crowded(const Key& key) const noexcept;
  [[nodiscard]] Place place_of(const Key& key) noexcept;
  [[nodiscard]] Place free_place(const Key& key) noexcept;

  unsigned shift_ = 63;
  std::array<std::uint64_t, kWords> secrets_;  // nobody can choose prefixes that share a line
  std::span<Bucket> buckets_;
  std::array<Bucket, (kCrowd + kWays - 1) / kWays> crowd_{};
  std::atomic<std::uint32_t> crowded_{0};
};

}  // namespace adit::dataplane
