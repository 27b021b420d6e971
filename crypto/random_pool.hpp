// SPDX-License-Identifier: Apache-2.0
// Octets of the CSPRNG for who draws few and often: OpenSSL's generator takes 2.3 us for 4 octets as for 1,024, nearly all
// of it to look up its own limits by name, and a dial draws eight times at each end. What is given out is wiped here.
// Thread: its owner's. Owner: a source of entropy. A process that forks must not use it on both sides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "crypto/secret.hpp"

namespace adit::crypto {

class RandomPool {
 public:
  static constexpr std::size_t kSize = 1024;

  void fill(std::span<std::uint8_t> out) noexcept;

 private:
  Secret<kSize> octets_;
  std::size_t left_ = 0;  // at the end of octets_
};

}  // namespace adit::crypto
