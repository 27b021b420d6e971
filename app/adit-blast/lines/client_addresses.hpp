// SPDX-License-Identifier: Apache-2.0
// The source address of the n-th client, and which addresses share a call ID space. IDs have 16 bits, so a
// run with more calls than that needs several spaces.
// Pure; any thread.
#pragma once

#include <algorithm>
#include <cstdint>

#include "app/adit-blast/plan/plan.hpp"

namespace adit::app::blast {

class ClientAddresses {
 public:
  /// The most calls in one space: random IDs are found quickly while some are free.
  static constexpr std::uint32_t kCallsPerSpace = 49'152;

  ClientAddresses(const wire::Ipv4Prefix& prefix, std::uint32_t calls)
      : prefix_(prefix), host_bits_(32U - prefix.length) {
    for (std::uint64_t spaces = 1; spaces * kCallsPerSpace < calls && host_bits_ > 0; spaces *= 2) {
      --host_bits_;
    }
  }

  /// Consecutive lines get addresses far apart, so spaces fill evenly. The first and last address of the
  /// prefix are left out if it has others: some servers take them for network and broadcast addresses.
  [[nodiscard]] wire::Ipv4Address of(std::uint32_t line) const {
    constexpr std::uint64_t kStride =
        2'654'435'761U;  // prime: every address is used once before any is used twice
    const std::uint64_t size = std::uint64_t{1} << (32U - prefix_.length);
    const std::uint64_t usable = size > 2 ? size - 2 : size;
    const std::uint64_t offset = (line % usable) * kStride % usable + (size > 2 ? 1 : 0);
    return wire::Ipv4Address(prefix_.address.value + static_cast<std::uint32_t>(offset));
  }

  /// For dataplane::CallIndex: addresses that differ only in these last bits share a space.
  [[nodiscard]] unsigned space_bits() const { return host_bits_; }
  /// The address that identifies the space of `address`.
  [[nodiscard]] wire::Ipv4Address space_of(wire::Ipv4Address address) const {
    return wire::Ipv4Address(
        static_cast<std::uint32_t>(std::uint64_t{address.value} >> host_bits_ << host_bits_));
  }

 private:
  wire::Ipv4Prefix prefix_;
  unsigned host_bits_;
};

}  // namespace adit::app::blast
