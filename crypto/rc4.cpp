// SPDX-License-Identifier: Apache-2.0
#include "crypto/rc4.hpp"

#include <bit>
#include <cstddef>
#include <cstring>

namespace adit::crypto {

static_assert(std::endian::native == std::endian::little,
              "apply() gathers the key stream in a word, first octet lowest");

Rc4::Rc4(std::span<const std::uint8_t> key) noexcept {
  for (std::uint32_t i = 0; i < state_.size(); ++i) {
    state_[i] = i;
  }
  std::uint32_t j = 0;
  std::size_t at = 0;
  for (std::uint32_t& here : state_) {
    const std::uint32_t value = here;
    j = (j + value + key[at]) & 255;
    here = state_[j];
    state_[j] = value;
    at = at + 1 == key.size() ? 0 : at + 1;  // a division here would double the cost of the schedule
  }
}

inline std::uint32_t Rc4::next() noexcept {
  i_ = (i_ + 1) & 255;
  const std::uint32_t a = state_[i_];
  j_ = (j_ + a) & 255;
  const std::uint32_t b = state_[j_];
  state_[i_] = b;
  state_[j_] = a;
  return state_[(a + b) & 255];
}

void Rc4::apply(std::span<std::uint8_t> data) noexcept {
  std::uint8_t* at = data.data();
  std::size_t left = data.size();
  for (; left >= sizeof(std::uint64_t); left -= sizeof(std::uint64_t), at += sizeof(std::uint64_t)) {
    std::uint64_t stream = 0;
    for (unsigned shift = 0; shift < 64; shift += 8) {
      stream |= std::uint64_t{next()} << shift;
    }
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    word ^= stream;
    std::memcpy(at, &word, sizeof word);
  }
  for (; left > 0; --left) {
    *at++ ^= static_cast<std::uint8_t>(next());
  }
}

}  // namespace adit::crypto
