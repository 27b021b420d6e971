// SPDX-License-Identifier: Apache-2.0
// MPPC streams written token by token, also those that no coder writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace adit::crypto::test {

class Bits {
 public:
  Bits& put(std::size_t value, int bits) {
    for (int bit = bits - 1; bit >= 0; --bit) {
      if (count_ % 8 == 0) {
        octets_.push_back(0);
      }
      octets_.back() = static_cast<std::uint8_t>(octets_.back() | (value >> bit & 1) << (7 - count_ % 8));
      ++count_;
    }
    return *this;
  }
  Bits& literal(std::uint8_t octet) {
    return octet < 0x80 ? put(octet, 8) : put(0x100U | (octet & 0x7FU), 9);
  }
  Bits& literals(std::size_t count, std::uint8_t octet) {
    for (; count > 0; --count) {
      literal(octet);
    }
    return *this;
  }
  Bits& offset(std::size_t offset) {
    return offset < 64    ? put(0b1111 << 6 | offset, 10)
           : offset < 320 ? put(0b1110 << 8 | (offset - 64), 12)
                          : put(0b110 << 13 | (offset - 320), 16);
  }
  Bits& length(std::size_t length) {
    if (length == 3) {
      return put(0, 1);
    }
    int ones = 1;
    for (; length >= std::size_t{4} << ones; ++ones) {
      put(1, 1);
    }
    return put(0b10, 2).put(length & ((std::size_t{2} << ones) - 1), ones + 1);
  }
  Bits& copy(std::size_t from, std::size_t octets) { return offset(from).length(octets); }

  [[nodiscard]] const std::vector<std::uint8_t>& octets() const { return octets_; }

 private:
  std::vector<std::uint8_t> octets_;
  int count_ = 0;
};

}  // namespace adit::crypto::test
