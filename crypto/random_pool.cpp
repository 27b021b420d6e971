// SPDX-License-Identifier: Apache-2.0
#include "crypto/random_pool.hpp"

#include <algorithm>

#include "crypto/library.hpp"

namespace adit::crypto {

void RandomPool::fill(std::span<std::uint8_t> out) noexcept {
  while (!out.empty()) {
    if (left_ == 0) {
      random_fill(octets_.bytes());
      left_ = kSize;
    }
    const std::size_t count = std::min(out.size(), left_);
    const std::span<std::uint8_t> from = octets_.bytes().last(left_).first(count);
    std::ranges::copy(from, out.begin());
    wipe(from.data(), from.size());
    left_ -= count;
    out = out.subspan(count);
  }
}

}  // namespace adit::crypto
