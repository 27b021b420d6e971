// SPDX-License-Identifier: Apache-2.0
#include "dataplane/call/call_index.hpp"

#include <rte_malloc.h>

#include <memory>

namespace adit::dataplane {
namespace {

/// 65,536 entries of 4 octets, in hugepages if there are any: 64k calls then need one TLB entry instead of
/// 64.
CallIndex::Entry* make_page(std::uint32_t entries, std::size_t octets) noexcept {
  void* memory = rte_zmalloc("adit_index", octets, 64);
  if (memory == nullptr) {
    return nullptr;
  }
  auto* page = static_cast<CallIndex::Entry*>(memory);
  std::uninitialized_value_construct_n(page, entries);
  return page;
}

}  // namespace

CallIndex::~CallIndex() {
  for (const LocalAddress& local : locals_) {
    rte_free(local.page.load(std::memory_order_relaxed));
  }
  for (const auto& page : subscribers_) {
    rte_free(page.load(std::memory_order_relaxed));
  }
}

bool CallIndex::add_local_address(wire::Ipv4Address local) noexcept {
  if (local.is_none() || is_local(local)) {
    return !local.is_none();
  }
  if (local_count_ == kMaxLocalAddresses) {
    return false;
  }
  std::uint32_t at = local_slot(key_of(local));
  while (locals_[at].address.load(std::memory_order_relaxed) != 0) {
    at = (at + 1) & (kLocalSlots - 1);
  }
  Entry* page = make_page(kPageEntries, kPageEntries * sizeof(Entry));
  if (page == nullptr) {
    return false;
  }
  locals_[at].page.store(page, std::memory_order_relaxed);
  locals_[at].address.store(key_of(local), std::memory_order_release);
  ++local_count_;
  ++call_pages_;
  return true;
}

bool CallIndex::map_call(wire::Ipv4Address local, wire::Ipv4Address peer, wire::LocalCallId id,
                         const contract::CallRef& call) noexcept {
  if (!add_local_address(local)) {
    return false;
  }
  if (calls_of(local)[id.value].exchange(pack(call), std::memory_order_relaxed) == 0) {
    peers_.add(peer);
  }
  return true;
}

void CallIndex::unmap_call(wire::Ipv4Address local, wire::Ipv4Address peer, wire::LocalCallId id) noexcept {
  Entry* page = calls_of(local);
  if (page != nullptr && page[id.value].exchange(0, std::memory_order_relaxed) != 0) {
    peers_.remove(peer);
  }
}

/// The page of the address's /16; nullptr when out of memory.
CallIndex::Entry* CallIndex::make_subscriber_page(wire::Ipv4Address address) noexcept {
  std::atomic<Entry*>& root = subscribers_[address.value >> 16];
  Entry* page = root.load(std::memory_order_relaxed);
  if (page != nullptr || (page = make_page(kPageEntries, kSubscriberPage)) == nullptr) {
    return page;
  }
  const wire::Ipv4Prefix all{.address = wire::Ipv4Address(address.value & 0xffff0000), .length = 16};
  for (auto own = machine_.lower_bound(all); own != machine_.end() && all.contains(own->address); ++own) {
    fill(page, *own, 0);
  }
  root.store(page, std::memory_order_release);
  ++subscriber_pages_;
  return page;
}

/// One load and, where no longer prefix is in the way, two stores an address.
void CallIndex::fill(Entry* page, const wire::Ipv4Prefix& prefix, std::uint32_t value) noexcept {
  std::uint8_t* lengths = lengths_of(page);
  const std::uint32_t first = prefix.address.value & 0xffff;
  for (std::uint32_t at = first; at < first + prefix.size(); ++at) {
    if (lengths[at] <= prefix.length) {
      lengths[at] = prefix.length;
      page[at].store(value, std::memory_order_relaxed);
    }
  }
}

bool CallIndex::map_route(const wire::Ipv4Prefix& prefix, const contract::CallRef& call) noexcept {
  machine_.erase(prefix);
  Entry* page = prefix.length < kShortestRoute ? nullptr : make_subscriber_page(prefix.address);
  if (page == nullptr) {
    return false;
  }
  fill(page, prefix, pack(call));
  return true;
}

void CallIndex::map_machine(const wire::Ipv4Prefix& prefix) noexcept {
  if (prefix.length < kShortestRoute) {
    return;
  }
  machine_.insert(prefix);
  if (Entry* page = subscribers_[prefix.address.value >> 16].load(std::memory_order_relaxed);
      page != nullptr) {
    fill(page, prefix, 0);
  }
}

void CallIndex::unmap_route(const wire::Ipv4Prefix& prefix, std::uint8_t heir_length,
                            const contract::CallRef* heir) noexcept {
  machine_.erase(prefix);
  Entry* page = subscribers_[prefix.address.value >> 16].load(std::memory_order_relaxed);
  if (page == nullptr || prefix.length < kShortestRoute) {
    return;
  }
  const std::uint32_t value = heir == nullptr ? 0 : pack(*heir);
  std::uint8_t* lengths = lengths_of(page);
  const std::uint32_t first = prefix.address.value & 0xffff;
  for (std::uint32_t at = first; at < first + prefix.size(); ++at) {
    if (lengths[at] == prefix.length) {
      lengths[at] = heir_length;
      page[at].store(value, std::memory_order_relaxed);
    }
  }
}

}  // namespace adit::dataplane
