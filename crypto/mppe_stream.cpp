// SPDX-License-Identifier: Apache-2.0
#include "crypto/mppe_stream.hpp"

#include <numeric>
#include <utility>

#include "crypto/mppe_rekey.hpp"

namespace adit::crypto {

void MppeStream::restart(std::uint32_t changes) noexcept {
  for (; changes > 0; --changes) {
    mppe_change_key(chain_.start_key, chain_.length, chain_.session_key);
  }
  std::iota(state_.begin(), state_.end(), std::uint8_t{0});
  const std::size_t octets = mppe_key_octets(chain_.length);  // 8 or 16: a mask, no division
  std::uint8_t j = 0;
  for (std::size_t i = 0; i < state_.size(); ++i) {
    j = static_cast<std::uint8_t>(j + state_[i] + chain_.session_key[i & (octets - 1)]);
    std::swap(state_[i], state_[j]);
  }
  i_ = 0;
  j_ = 0;
}

void MppeStream::apply(std::span<std::uint8_t> data) noexcept {
  std::uint8_t i = i_;
  std::uint8_t j = j_;
  for (std::uint8_t& octet : data) {
    i = static_cast<std::uint8_t>(i + 1);
    const std::uint8_t a = state_[i];
    j = static_cast<std::uint8_t>(j + a);
    const std::uint8_t b = state_[j];
    state_[i] = b;
    state_[j] = a;
    octet = static_cast<std::uint8_t>(octet ^ state_[static_cast<std::uint8_t>(a + b)]);
  }
  i_ = i;
  j_ = j;
}

}  // namespace adit::crypto
