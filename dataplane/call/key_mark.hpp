// SPDX-License-Identifier: Apache-2.0
// Which MPPE key of its chain a direction of a call has come to, stored beside the key itself. Its worker may be killed
// between any two instructions, and whoever adopts the call (CallTable::adopt) must know what the memory holds: the key
// of which packet, or a half of one. Keys are numbered as in MppeReceiver, modulo 4096.
// Costs two stores of two octets to a line that is being written. Thread: the call's worker. Owner: the call.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "dataplane/wire/ids.hpp"

namespace adit::dataplane {

class KeyMark {
 public:
  /// What is stored from here on may be half of it.
  void begin() noexcept {
    store(kHalf);
    std::atomic_signal_fence(std::memory_order_release);
  }
  /// It is whole: the key of this number, and what belongs to it.
  void done(std::uint32_t number) noexcept {
    // A fence for the compiler alone: a process that ends has all of its stores behind it, in the order of its program.
    std::atomic_signal_fence(std::memory_order_release);
    store(static_cast<std::uint16_t>(number % wire::CoherencyCount::kModulus));
  }

  /// Nothing: a change was half written, or this was never a mark.
  [[nodiscard]] std::optional<std::uint16_t> number() const noexcept {
    return value_ < wire::CoherencyCount::kModulus ? std::optional(value_) : std::nullopt;
  }

 private:
  static constexpr std::uint16_t kHalf = 0xffff;
  /// Atomic, or the compiler would leave the first of two stores out.
  void store(std::uint16_t value) noexcept {
    std::atomic_ref(value_).store(value, std::memory_order_relaxed);
  }
  std::uint16_t value_ = 0;
};

}  // namespace adit::dataplane
