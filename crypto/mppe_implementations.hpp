// SPDX-License-Identifier: Apache-2.0
// The implementations of mppe_crypt() and the choice among them. An implementation is the kernels that it may use,
// for key changes (SHA-1, then RC4) and for packets (RC4), with what each costs; the engine takes the cheapest for
// the number of calls and packets at hand. `plain` has none: it does one job after the other, and the others are
// tested against it. All give the same octets.
// Choice: once, by initialise(), the first of the list that the CPU can run; ADIT_MPPE=<name> forces one. The first,
// `calibrated`, may use all kernels that the CPU can run, and measures them (mppe_calibration.hpp): CPUID does not
// tell what they cost. The others have fixed costs.
// Thread: mppe_select() before there are workers; the rest from any thread.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/mppe_batch.hpp"
#include "crypto/mppe_plan.hpp"

namespace adit::crypto {

/// What the CPU has and the operating system lets us use.
struct CpuFeatures {
  bool avx = false;
  bool avx2 = false;
  bool avx512f = false;
  bool avx512vl = false;  ///< and AVX-512 F and BW
  bool sha = false;       ///< and SSE4.1
};
/// Asks the CPU once: in a virtual machine CPUID takes some 24,000 cycles.
[[nodiscard]] const CpuFeatures& cpu_features() noexcept;

struct MppeKernels {
  std::vector<Sha1Way> sha1;
  std::vector<Rc4Way> rc4;  ///< empty: `plain`
  GroupPlan sha1_plan{};
  GroupPlan key_plan{};                  ///< of rc4, for 16 octets each
  std::vector<Sha1Way> sha1_candidates;  ///< with those that are never the cheapest
  std::vector<Rc4Way> rc4_candidates;
};

/// With plans for those of these ways that are worth it; neither list is empty.
[[nodiscard]] MppeKernels mppe_kernels(std::vector<Sha1Way> sha1, std::vector<Rc4Way> rc4);

/// Uses this implementation from now on; "" or "auto" selects the best that this CPU can run. The error names
/// it, says what is wrong with it and lists those that can be chosen.
[[nodiscard]] std::expected<void, std::string> mppe_select(std::string_view name);

/// Measures once more, if `calibrated` is in use: a start that takes a while should not rest on one moment. Keeps the
/// least of all costs. Thread: control, before there are workers.
void mppe_calibrate_again();

/// A kernel that the implementation in use may take, for an operator.
struct MppeCandidate {
  std::string_view work;  ///< "sha1" or "rc4"
  std::string_view kernel;
  std::size_t lanes;
  std::uint32_t cycles;  ///< of the TSC: a hash, or a key schedule and its stream's start; all lanes together
  std::uint32_t cycles_256_octets;  ///< rc4: of as many octets of each lane
  std::string takes;  ///< of how many calls' keys, 1 to 16, it takes the first group: "1-2, 5"; "" for none
};
[[nodiscard]] std::vector<MppeCandidate> mppe_candidates();

/// The one in use, its kernels and their costs.
[[nodiscard]] std::string_view mppe_implementation() noexcept;
[[nodiscard]] const MppeKernels& mppe_kernels_in_use() noexcept;

/// Those that this CPU can run, best first.
[[nodiscard]] std::vector<std::string_view> mppe_implementations();

/// mppe_crypt() by kernels, and one job after the other (mppe_plain.cpp).
void mppe_crypt_lanes(const MppeKernels& kernels, std::span<MppeJob> jobs) noexcept;
void mppe_crypt_plain(std::span<MppeJob> jobs) noexcept;

}  // namespace adit::crypto
