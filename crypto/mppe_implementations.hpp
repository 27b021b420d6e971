// SPDX-License-Identifier: Apache-2.0
// The implementations of mppe_crypt() and the choice among them. An implementation is a SHA-1 kernel for key
// changes and an RC4 kernel for keys and packets; `plain` has neither: it does one job after the other, and
// the others are tested against it. All give the same octets.
// Choice: once, by initialise(), the first of the list that the CPU can run; ADIT_MPPE=<name> forces one.
// Thread: mppe_select() before there are workers; the rest from any thread.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/kernels/rc4_lanes.hpp"
#include "crypto/kernels/sha1_lanes.hpp"
#include "crypto/mppe_batch.hpp"

namespace adit::crypto {

/// What the CPU has and the operating system lets us use.
struct CpuFeatures {
  bool avx = false;
  bool avx2 = false;
  bool avx512f = false;
  bool sha = false;  ///< and SSE4.1
};
[[nodiscard]] CpuFeatures cpu_features() noexcept;

struct MppeKernels {
  RekeySha1 sha1;
  const Rc4Kernel* rc4;
};

/// Uses this implementation from now on; "" or "auto" selects the best that this CPU can run. The error names
/// it, says what is wrong with it and lists those that can be chosen.
[[nodiscard]] std::expected<void, std::string> mppe_select(std::string_view name);

/// The one in use.
[[nodiscard]] std::string_view mppe_implementation() noexcept;

/// Those that this CPU can run, best first.
[[nodiscard]] std::vector<std::string_view> mppe_implementations();

/// mppe_crypt() by kernels, and one job after the other (mppe_plain.cpp).
void mppe_crypt_lanes(const MppeKernels& kernels, std::span<MppeJob> jobs) noexcept;
void mppe_crypt_plain(std::span<MppeJob> jobs) noexcept;

}  // namespace adit::crypto
