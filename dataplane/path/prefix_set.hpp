// SPDX-License-Identifier: Apache-2.0
// Whether an address is in any of a set of prefixes. Immutable once built. Thread: built by control, read by any.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "dataplane/wire/ip_family.hpp"

namespace adit::dataplane {

template <wire::IpAddress Address>
class PrefixSet {
 public:
  using Prefix = wire::PrefixOf<Address>;

  PrefixSet() = default;
  explicit PrefixSet(std::span<const Prefix> prefixes) {
    std::vector<Prefix> sorted(prefixes.begin(), prefixes.end());
    std::ranges::sort(sorted);  // what is in a prefix comes behind it
    for (const Prefix& prefix : sorted) {
      if (prefixes_.empty() || !prefixes_.back().contains(prefix.address)) {
        prefixes_.push_back(prefix);
      }
    }
  }

  /// O(log prefixes).
  [[nodiscard]] bool contains(Address address) const noexcept {
    const auto after = std::ranges::upper_bound(prefixes_, address, {}, &Prefix::address);
    return after != prefixes_.begin() && std::prev(after)->contains(address);
  }

  [[nodiscard]] std::size_t octets() const noexcept { return prefixes_.size() * sizeof(Prefix); }

 private:
  std::vector<Prefix> prefixes_;  // ascending, none in another
};

}  // namespace adit::dataplane
