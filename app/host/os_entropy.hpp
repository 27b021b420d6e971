// SPDX-License-Identifier: Apache-2.0
// The control plane's Entropy for the real process: OpenSSL's CSPRNG.
#pragma once

#include "controlplane/base/entropy.hpp"
#include "crypto/library.hpp"

namespace adit::app {

class OsEntropy final : public control::Entropy {
 public:
  void fill(std::span<std::uint8_t> out) override { crypto::random_fill(out); }
};

}  // namespace adit::app
