// SPDX-License-Identifier: Apache-2.0
// Reproducible entropy, from a seed.
#pragma once

#include <cstdint>
#include <random>
#include <span>

#include "controlplane/base/entropy.hpp"

namespace adit::test {

class SeededEntropy final : public control::Entropy {
 public:
  explicit SeededEntropy(std::uint64_t seed = 42) : random_(seed) {}
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& octet : out) {
      octet = static_cast<std::uint8_t>(random_());
    }
  }

 private:
  std::mt19937_64 random_;
};

}  // namespace adit::test
