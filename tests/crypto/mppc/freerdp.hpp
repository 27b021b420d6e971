// SPDX-License-Identifier: Apache-2.0
// FreeRDP's MPPC of 8 KiB ("RDP4", compression level 0) as an independent coder and decoder for tests and benchmarks.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "crypto/mppc/mppc.hpp"

namespace adit::crypto::test {

class FreerdpCoder {
 public:
  struct Sent {
    std::span<const std::uint8_t> octets;  ///< until the next call; empty: did not shrink
    MppcFlags flags;
  };

  FreerdpCoder();
  Sent compress(std::span<const std::uint8_t> packet);
  /// As after construction.
  void reset();

 private:
  std::shared_ptr<void> context_;
  std::vector<std::uint8_t> result_;
};

class FreerdpDecoder {
 public:
  FreerdpDecoder();
  /// The plain octets until the next call; none: it refused. What it had decoded by then stays in its history.
  std::optional<std::span<const std::uint8_t>> decompress(MppcFlags flags,
                                                          std::span<const std::uint8_t> packet);
  void uncompressed(MppcFlags flags);
  void reset();

 private:
  std::shared_ptr<void> context_;
};

}  // namespace adit::crypto::test
