// SPDX-License-Identifier: Apache-2.0
#include "dataplane/call/prefix_index.hpp"

#include <algorithm>
#include <new>

namespace adit::dataplane {
namespace {

/// Of the half of an address in which the prefix ends.
unsigned length_in_half(const wire::Ipv6Prefix& prefix) noexcept {
  return prefix.length > 64 ? prefix.length - 64U : prefix.length;
}

}  // namespace

PrefixIndex::~PrefixIndex() = default;

template <typename Change>
void PrefixIndex::each_site(const wire::Ipv6Prefix& prefix, Change&& change) noexcept {
  if (prefix.length >= kSiteBits) {
    return change(sites_[site_of(prefix.address)]);
  }
  std::ranges::for_each(sites_, change);  // it may be around any address of them
}

/// In a page or a table, wherever it is or belongs.
template <typename Key>
SetOutcome PrefixIndex::set(Tables<Key>& tables, const wire::Ipv6Prefix& prefix,
                            std::uint32_t number) noexcept {
  std::unique_ptr<PrefixTable<Key>>& table = tables[length_in_half(prefix) / kHalf];
  const bool may_have_page = prefix.length <= kHalf;
  const bool in_table = table != nullptr && table->find(key_of(prefix)) != 0;
  if (may_have_page && !in_table) {
    const Unit unit = unit_of(prefix);
    const auto strays = strays_.find(unit.page());
    const bool crowded = strays != strays_.end() && strays->second >= kCrowd;
    UnitPages::Entry* entry = crowded || pages_.locate(unit) != nullptr ? pages_.make(unit) : nullptr;
    if (entry != nullptr) {
      return entry->exchange(number, std::memory_order_release) == 0 ? SetOutcome::kAdded
                                                                     : SetOutcome::kReplaced;
    }
  }
  if (table == nullptr) {
    std::unique_ptr<PrefixTable<Key>> made(new (std::nothrow) PrefixTable<Key>(prefixes_));
    if (made == nullptr || made->octets() == 0) {
      return SetOutcome::kNoRoom;
    }
    octets_ += made->octets();
    table = std::move(made);
  }
  const SetOutcome outcome = table->set(key_of(prefix), number);
  if (may_have_page && outcome == SetOutcome::kAdded) {
    ++strays_[unit_of(prefix).page()];
  }
  return outcome;
}

template <typename Key>
bool PrefixIndex::map(Tables<Key>& tables, const wire::Ipv6Prefix& prefix, std::uint32_t number) noexcept {
  std::uint32_t& of_length = of_length_[prefix.length];
  if (of_length == 0 && lengths_ == kMaxPrefixLengths) {
    return false;
  }
  const SetOutcome outcome = set(tables, prefix, number);
  if (outcome == SetOutcome::kAdded) {
    lengths_ += of_length++ == 0 ? 1 : 0;
    each_site(prefix, [&](Site& site) {
      (prefix.length > 64 ? site.low_lengths : site.high_lengths)
          .fetch_or(bit_of(length_in_half(prefix)), std::memory_order_release);
    });
  }
  return outcome != SetOutcome::kNoRoom;
}

template <typename Key>
void PrefixIndex::unmap(Tables<Key>& tables, const wire::Ipv6Prefix& prefix) noexcept {
  const std::unique_ptr<PrefixTable<Key>>& table = tables[length_in_half(prefix) / kHalf];
  const bool may_have_page = prefix.length <= kHalf;
  if (table != nullptr && table->erase(key_of(prefix))) {
    const auto strays = may_have_page ? strays_.find(unit_of(prefix).page()) : strays_.end();
    if (strays != strays_.end() && --strays->second == 0) {
      strays_.erase(strays);
    }
  } else if (!may_have_page || pages_.locate(unit_of(prefix)) == nullptr ||
             pages_.make(unit_of(prefix))->exchange(0, std::memory_order_relaxed) == 0) {
    return;
  }
  if (--of_length_[prefix.length] != 0) {
    return;
  }
  --lengths_;
  for (Site& site : sites_) {
    (prefix.length > 64 ? site.low_lengths : site.high_lengths)
        .fetch_and(~bit_of(length_in_half(prefix)), std::memory_order_relaxed);
  }
}

bool PrefixIndex::map(const wire::Ipv6Prefix& prefix, std::uint32_t number) noexcept {
  return prefix.length != 0 && (prefix.length > 64 ? map(low_, prefix, number) : map(high_, prefix, number));
}

void PrefixIndex::unmap(const wire::Ipv6Prefix& prefix) noexcept {
  prefix.length > 64 ? unmap(low_, prefix) : unmap(high_, prefix);
}

}  // namespace adit::dataplane
