// SPDX-License-Identifier: Apache-2.0
// The key stream of one direction of stateful MPPE, RFC 3078 §7 and §8.2: RC4 continues from packet to
// packet, and restarts only where the sender says so. A plain value: a receiver tries a packet on a copy, and
// keeps the copy when the plaintext is plausible. Stateless mode is in mppe_batch.hpp.
// Thread: any; no allocation, no exception. Owner: the caller; wiped when destroyed, a trial copy too.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "crypto/mppe_batch.hpp"
#include "crypto/secret.hpp"

namespace adit::crypto {

class MppeStream {
 public:
  MppeStream() = default;
  /// Starts at the first octet of the key stream of `chain`'s session key.
  explicit MppeStream(const MppeChain& chain) noexcept : chain_(chain) { restart(0); }
  MppeStream(const MppeStream&) = default;
  MppeStream& operator=(const MppeStream&) = default;
  ~MppeStream() {
    wipe(&chain_, sizeof chain_);
    wipe(state_.data(), sizeof state_);
  }

  /// Changes the session key `changes` times (RFC 3078 §7.3), then restarts the stream with the key that is
  /// now current.
  void restart(std::uint32_t changes) noexcept;

  /// False: this memory never held a stream. Whatever its octets are, a sound one can be used.
  [[nodiscard]] bool is_sound() const noexcept { return crypto::is_sound(chain_.length); }

  /// XORs the next octets of the stream into `data`: encrypts or decrypts.
  void apply(std::span<std::uint8_t> data) noexcept;

 private:
  MppeChain chain_{};
  // RC4's state in octets, not words: a trial copies it, and a call keeps two of them.
  std::array<std::uint8_t, 256> state_{};
  std::uint8_t i_ = 0;
  std::uint8_t j_ = 0;
};

}  // namespace adit::crypto
