// SPDX-License-Identifier: Apache-2.0
// Byte spans and big-endian loads and stores. Pure; any thread.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace adit::wire {

using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

/// Text and octets are the same memory; what a peer calls text may contain any octet.
[[nodiscard]] inline Bytes octets_of(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
[[nodiscard]] inline std::string_view text_of(Bytes octets) noexcept {
  return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

/// Big-endian loads and stores at any alignment. The caller has checked the length: `at` must hold sizeof(T) octets.
/// memcpy + byteswap, because GCC 12 turns it into one mov+bswap, but leaves a byte loop a loop.
template <typename T>
[[nodiscard]] inline T load_be(const std::uint8_t* at) noexcept {
  static_assert(sizeof(T) == 2 || sizeof(T) == 4 || sizeof(T) == 8);
  T value;
  std::memcpy(&value, at, sizeof value);
  if constexpr (sizeof(T) == 2) {
    return static_cast<T>(__builtin_bswap16(value));
  } else if constexpr (sizeof(T) == 4) {
    return static_cast<T>(__builtin_bswap32(value));
  } else {
    return static_cast<T>(__builtin_bswap64(value));
  }
}

template <typename T>
inline void store_be(std::uint8_t* at, T value) noexcept {
  std::uint8_t octets[sizeof value];
  std::memcpy(octets, &value, sizeof value);
  const T swapped = load_be<T>(octets);
  std::memcpy(at, &swapped, sizeof swapped);
}

}  // namespace adit::wire
