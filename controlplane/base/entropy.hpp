// SPDX-License-Identifier: Apache-2.0
// The source of challenges, magic numbers and call IDs: the CSPRNG in aditd, a seeded generator in
// simulations.
#pragma once

#include <cstdint>
#include <span>

namespace adit::control {

class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;
  [[nodiscard]] std::uint32_t next_u32() {
    std::uint8_t octets[4];
    fill(octets);
    return static_cast<std::uint32_t>(octets[0]) << 24 | static_cast<std::uint32_t>(octets[1]) << 16 |
           static_cast<std::uint32_t>(octets[2]) << 8 | octets[3];
  }
};

}  // namespace adit::control
