// SPDX-License-Identifier: Apache-2.0
#include "crypto/rc4.hpp"

#include <cstddef>

namespace adit::crypto {

Rc4::Rc4(std::span<const std::uint8_t> key) noexcept {
  for (std::size_t i = 0; i < state_.size(); ++i) {
    state_[i] = static_cast<std::uint8_t>(i);
  }
  std::uint8_t j = 0;
  std::size_t at = 0;
  for (std::uint8_t& here : state_) {
    const std::uint8_t value = here;
    j = static_cast<std::uint8_t>(j + value + key[at]);
    here = state_[j];
    state_[j] = value;
    at = at + 1 == key.size() ? 0 : at + 1;  // a division here would double the cost of the schedule
  }
}

void Rc4::apply(std::span<std::uint8_t> data) noexcept {
  std::uint8_t i = i_;
  std::uint8_t j = j_;
  for (std::uint8_t& octet : data) {
    const std::uint8_t a = state_[++i];
    j = static_cast<std::uint8_t>(j + a);
    const std::uint8_t b = state_[j];
    state_[i] = b;
    state_[j] = a;
    octet ^= state_[static_cast<std::uint8_t>(a + b)];
  }
  i_ = i;
  j_ = j;
}

}  // namespace adit::crypto
