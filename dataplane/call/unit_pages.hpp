// SPDX-License-Identifier: Apache-2.0
// Numbers of prefixes that lie side by side, as a pool gives them away: pages of 4,096 neighbours of one length. They are 4
// octets each, where a hash table has 32, and are found without a search; so those of 65,536 links are in a core's L2.
// Pages are never given back. Thread: control writes, any worker reads. Owner: PrefixIndex.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace adit::dataplane {

/// A prefix of 1 to 64 bits: the upper half of any address in it, and its length.
struct Unit {
  std::uint64_t high = 0;
  unsigned length = 64;

  static constexpr unsigned kBitsOfPage = 12;
  [[nodiscard]] constexpr std::size_t in_page() const noexcept {
    return (high >> (64 - length)) & ((1U << kBitsOfPage) - 1);
  }
  /// Which page, among those of all lengths; never 0.
  [[nodiscard]] constexpr std::uint64_t page() const noexcept {
    return (high >> (64 - length)) >> kBitsOfPage | std::uint64_t{length} << 56;
  }
};

class UnitPages {
 public:
  using Entry = std::atomic<std::uint32_t>;

  /// As many pages as a few for each 4,096 `prefixes`, 512 at most: 16 KiB each, made when asked for.
  explicit UnitPages(std::uint32_t prefixes) noexcept;
  ~UnitPages();
  UnitPages(const UnitPages&) = delete;
  UnitPages& operator=(const UnitPages&) = delete;

  // ---- control
  /// Its entry, of a new page if there is none for it; nullptr: no room for another page. Needs EAL.
  [[nodiscard]] Entry* make(const Unit& unit) noexcept;
  [[nodiscard]] std::uint64_t octets() const noexcept { return pages_ * kPageOctets; }

  // ---- workers
  /// nullptr: it has no page.
  [[nodiscard]] const Entry* locate(const Unit& unit) const noexcept {
    const std::uint64_t wanted = unit.page();
    for (std::size_t at = slot_of(wanted);; at = (at + 1) % kSlots) {
      const std::uint64_t page = slots_[at].page.load(std::memory_order_acquire);
      if (page == wanted) {
        return slots_[at].entries.load(std::memory_order_relaxed) + unit.in_page();
      }
      if (page == 0) {
        return nullptr;
      }
    }
  }

 private:
  static constexpr std::size_t kSlots = 1024;  // open addressing, half full at most
  static constexpr std::size_t kEntries = std::size_t{1} << Unit::kBitsOfPage;
  static constexpr std::size_t kPageOctets = kEntries * sizeof(Entry);

  [[nodiscard]] static constexpr std::size_t slot_of(std::uint64_t page) noexcept {
    return page * 0x9e3779b97f4a7c15 >> 54;
  }

  struct Slot {
    std::atomic<std::uint64_t> page{0};  // Unit::page(); 0: free; written after `entries`
    std::atomic<Entry*> entries{nullptr};
  };
  const std::uint32_t most_pages_;
  std::uint32_t pages_ = 0;
  std::array<Slot, kSlots> slots_{};
};

}  // namespace adit::dataplane
