// SPDX-License-Identifier: Apache-2.0
// The control plane's Entropy for the real process: OpenSSL's CSPRNG.
// Thread: control. Owner: the program's control loop.
#pragma once

#include "controlplane/base/entropy.hpp"
#include "crypto/random_pool.hpp"

namespace adit::app {

class OsEntropy final : public control::Entropy {
 public:
  void fill(std::span<std::uint8_t> out) override { pool_.fill(out); }

 private:
  crypto::RandomPool pool_;
};

}  // namespace adit::app
