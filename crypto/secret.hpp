// SPDX-License-Identifier: Apache-2.0
// Octets that must not outlive their use: wiped on destruction, never printable, compared only in constant
// time.
// Thread: any (a value). Owner: whoever holds it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace adit::crypto {

/// Overwrites in a way that the optimiser may not remove.
inline void wipe(void* at, std::size_t size) noexcept {
  if (size == 0) {
    return;  // an empty secret has no address, and memset(nullptr, ...) is undefined even for nothing
  }
  __builtin_memset(at, 0, size);
  asm volatile("" : : "r"(at) : "memory");
}

/// Equal length and octets, in time that depends on the length alone.
[[nodiscard]] inline bool equal_constant_time(std::span<const std::uint8_t> a,
                                              std::span<const std::uint8_t> b) noexcept {
  if (a.size() != b.size()) {
    return false;
  }
  std::uint8_t difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference = static_cast<std::uint8_t>(difference | (a[i] ^ b[i]));
  }
  return difference == 0;
}

/// A key or hash of exactly kSize octets.
template <std::size_t kSize>
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::span<const std::uint8_t, kSize> octets) noexcept {
    __builtin_memcpy(octets_.data(), octets.data(), kSize);
  }
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  ~Secret() { wipe(octets_.data(), kSize); }
  bool operator==(const Secret&) const = delete;  // use equal_constant_time

  [[nodiscard]] std::span<const std::uint8_t, kSize> bytes() const noexcept { return octets_; }
  [[nodiscard]] std::span<std::uint8_t, kSize> bytes() noexcept { return octets_; }

 private:
  std::array<std::uint8_t, kSize> octets_{};
};

/// A password or shared secret of any length.
class SecretText {
 public:
  SecretText() = default;
  explicit SecretText(std::string_view text) : octets_(text.begin(), text.end()) {}
  /// Takes over octets that were computed elsewhere; no copy stays behind.
  [[nodiscard]] static SecretText adopt(std::vector<std::uint8_t>&& octets) noexcept {
    SecretText text;
    text.octets_ = std::move(octets);
    return text;
  }
  SecretText(const SecretText&) = default;
  SecretText(SecretText&& other) noexcept : octets_(std::move(other.octets_)) {}
  SecretText& operator=(const SecretText& other) {
    if (this != &other) {
      wipe(octets_.data(), octets_.size());
      octets_ = other.octets_;
    }
    return *this;
  }
  SecretText& operator=(SecretText&& other) noexcept {
    octets_.swap(other.octets_);
    return *this;
  }
  ~SecretText() { wipe(octets_.data(), octets_.size()); }
  bool operator==(const SecretText&) const = delete;

  [[nodiscard]] std::span<const std::uint8_t> bytes() const noexcept { return octets_; }
  [[nodiscard]] bool empty() const noexcept { return octets_.empty(); }

 private:
  std::vector<std::uint8_t> octets_;
};

}  // namespace adit::crypto
