// SPDX-License-Identifier: Apache-2.0
#include "dataplane/call/prefix_index.hpp"

#include <new>

namespace adit::dataplane {

PrefixIndex::~PrefixIndex() = default;

template <typename Table>
bool PrefixIndex::map(std::array<std::unique_ptr<Table>, 64>& tables, std::atomic<std::uint64_t>& lengths,
                      unsigned length, const wire::Ipv6Address& prefix, std::uint32_t number) noexcept {
  std::unique_ptr<Table>& table = tables[length - 1];
  if (table == nullptr) {
    const int in_use = std::popcount(short_lengths_.load(std::memory_order_relaxed)) +
                       std::popcount(long_lengths_.load(std::memory_order_relaxed));
    if (in_use >= static_cast<int>(kMaxPrefixLengths)) {
      return false;
    }
    std::unique_ptr<Table> made(new (std::nothrow) Table(prefixes_));
    if (made == nullptr || made->octets() == 0) {
      return false;
    }
    octets_ += made->octets();
    table = std::move(made);
    lengths.fetch_or(std::uint64_t{1} << (length - 1), std::memory_order_release);
  }
  return table->set(prefix, number);
}

bool PrefixIndex::map(const wire::Ipv6Prefix& prefix, std::uint32_t number) noexcept {
  if (prefix.length == 0) {
    return false;
  }
  return prefix.length > 64 ? map(long_, long_lengths_, prefix.length - 64U, prefix.address, number)
                            : map(short_, short_lengths_, prefix.length, prefix.address, number);
}

/// An empty table stays: a length that was in use will be again.
void PrefixIndex::unmap(const wire::Ipv6Prefix& prefix) noexcept {
  if (prefix.length > 64 && long_[prefix.length - 65U] != nullptr) {
    long_[prefix.length - 65U]->erase(prefix.address);
  } else if (prefix.length > 0 && prefix.length <= 64 && short_[prefix.length - 1U] != nullptr) {
    short_[prefix.length - 1U]->erase(prefix.address);
  }
}

}  // namespace adit::dataplane
