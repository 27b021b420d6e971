// SPDX-License-Identifier: Apache-2.0
#include "dataplane/call/unit_pages.hpp"

#include <rte_malloc.h>

#include <algorithm>
#include <memory>

namespace adit::dataplane {

UnitPages::UnitPages(std::uint32_t prefixes) noexcept
    : most_pages_(std::min<std::uint32_t>(prefixes / 1024 + 16, kSlots / 2)) {}

UnitPages::~UnitPages() {
  for (const Slot& slot : slots_) {
    rte_free(slot.entries.load(std::memory_order_relaxed));
  }
}

UnitPages::Entry* UnitPages::make(const Unit& unit) noexcept {
  const std::uint64_t page = unit.page();
  std::size_t at = slot_of(page);
  while (slots_[at].page.load(std::memory_order_relaxed) != 0) {
    if (slots_[at].page.load(std::memory_order_relaxed) == page) {
      return slots_[at].entries.load(std::memory_order_relaxed) + unit.in_page();
    }
    at = (at + 1) % kSlots;
  }
  void* memory = pages_ == most_pages_ ? nullptr : rte_zmalloc("adit_units", kPageOctets, 64);
  if (memory == nullptr) {
    return nullptr;
  }
  auto* entries = static_cast<Entry*>(memory);
  std::uninitialized_value_construct_n(entries, kEntries);
  slots_[at].entries.store(entries, std::memory_order_relaxed);
  slots_[at].page.store(page, std::memory_order_release);
  ++pages_;
  return entries + unit.in_page();
}

}  // namespace adit::dataplane
