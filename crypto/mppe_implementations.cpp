// SPDX-License-Identifier: Apache-2.0
#include "crypto/mppe_implementations.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "crypto/mppe_calibration.hpp"

namespace adit::crypto {
namespace {

struct Implementation {
  std::string_view name;
  bool (*supported)(const CpuFeatures& cpu);
  MppeKernels (*kernels)();
};

constexpr auto kAnyCpu = [](const CpuFeatures&) { return true; };
constexpr Sha1Way kOpenSsl = {"openssl", 1, rekey_sha1_openssl, 340};
constexpr Sha1Way kPortableSha1 = {"portable", 4, rekey_sha1_portable, 1140};

MppeKernels portable() {
  return mppe_kernels({kOpenSsl, kPortableSha1}, {{&kRc4Portable, 1300, 1600}});
}

#if defined(__x86_64__)
// The fixed costs are core cycles of an AMD Zen 3, those of AVX-512 of a Zen 4.
constexpr Sha1Way kAvx512 = {"avx512", 16, rekey_sha1_avx512, 1040};
constexpr Sha1Way kAvx2 = {"avx2", 8, rekey_sha1_avx2, 1160};
constexpr Sha1Way kShaNi = {"sha-ni", 1, rekey_sha1_shani, 240};
constexpr Sha1Way kShaNi3 = {"sha-ni x3", 3, rekey_sha1_shani, 333};
constexpr Rc4Way kFour = {&kRc4Four, 1700, 1640};
constexpr Rc4Way kOne = {&kRc4One, 950, 1640};

std::vector<Sha1Way> all_sha1() {
  const CpuFeatures& cpu = cpu_features();
  std::vector<Sha1Way> ways = {kOpenSsl, kPortableSha1};
  if (cpu.sha) {
    ways.push_back(kShaNi);
    ways.push_back(kShaNi3);
  }
  if (cpu.avx2) {
    ways.push_back(kAvx2);
  }
  if (cpu.avx512f) {
    ways.push_back(kAvx512);
  }
  return ways;
}

std::vector<Rc4Way> all_rc4() {
  std::vector<Rc4Way> ways = {{&kRc4Ahead, 0, 0}, kOne, kFour};
  if (cpu_features().avx512vl) {
    ways.push_back({&kRc4Gather8, 0, 0});
    ways.push_back({&kRc4Gather16, 0, 0});
  }
  return ways;
}

/// Measured once: tests and fuzzers select it over and over.
MppeKernels calibrated() {
  static const MppeKernels kernels = [] {
    std::vector<Sha1Way> sha1 = all_sha1();
    std::vector<Rc4Way> rc4 = all_rc4();
    mppe_calibrate(sha1, rc4);
    return mppe_kernels(std::move(sha1), std::move(rc4));
  }();
  return kernels;
}

/// One RC4 kernel for everything.
template <const Rc4Kernel& kKernel>
MppeKernels only() {
  return mppe_kernels(all_sha1(), {{&kKernel, 1, 1}});
}

/// Four lanes, and one for what is left over.
template <const Sha1Way&... kSha1>
MppeKernels four_and_one() {
  return mppe_kernels({kSha1...}, {kOne, kFour});
}
#endif

// Best first; `auto` is the first that the CPU can run, all others are used only on request.
constexpr Implementation kImplementations[] = {
#if defined(__x86_64__)
    {"calibrated", [](const CpuFeatures& cpu) { return cpu.avx; }, calibrated},
#endif
    {"portable", kAnyCpu, portable},
#if defined(__x86_64__)
    {"gather16", [](const CpuFeatures& cpu) { return cpu.avx512vl; }, only<kRc4Gather16>},
    {"gather8", [](const CpuFeatures& cpu) { return cpu.avx512vl; }, only<kRc4Gather8>},
    {"ahead", kAnyCpu, only<kRc4Ahead>},
    {"avx512+sha-ni", [](const CpuFeatures& cpu) { return cpu.avx512f && cpu.sha; },
     four_and_one<kShaNi, kShaNi3, kAvx512>},
    {"avx512", [](const CpuFeatures& cpu) { return cpu.avx512f; }, four_and_one<kOpenSsl, kAvx512>},
    {"sha-ni", [](const CpuFeatures& cpu) { return cpu.avx && cpu.sha; }, four_and_one<kShaNi, kShaNi3>},
    {"avx2", [](const CpuFeatures& cpu) { return cpu.avx2; }, four_and_one<kOpenSsl, kAvx2>},
    {"avx", [](const CpuFeatures& cpu) { return cpu.avx; }, four_and_one<kOpenSsl, kPortableSha1>},
#ifdef ADIT_IPSEC_MB
    {"ipsec-mb", [](const CpuFeatures& cpu) { return cpu.avx; },
     [] { return mppe_kernels({{"ipsec-mb", 16, rekey_sha1_ipsec_mb, 1}}, {kOne, kFour}); }},
#endif
#endif
    {"plain", kAnyCpu, [] { return MppeKernels{}; }},
};

struct Selected {
  std::string_view name = "plain";
  MppeKernels kernels;
};

Selected selected;

std::string names_of(const std::vector<std::string_view>& names) {
  std::string text;
  for (const std::string_view name : names) {
    text += (text.empty() ? "" : ", ") + std::string(name);
  }
  return text;
}

}  // namespace

const CpuFeatures& cpu_features() noexcept {
  static const CpuFeatures features = [] {
    CpuFeatures cpu;
#if defined(__x86_64__)
    // These also ask whether the operating system saves the wider registers.
    cpu.avx = __builtin_cpu_supports("avx") != 0;
    cpu.avx2 = __builtin_cpu_supports("avx2") != 0;
    cpu.avx512f = __builtin_cpu_supports("avx512f") != 0;
    cpu.avx512vl =
        cpu.avx512f && __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512vl") != 0;
    unsigned eax = 0;
    unsigned ebx = 0;
    unsigned ecx = 0;
    unsigned edx = 0;
    constexpr unsigned kSha = 1U << 29;  // leaf 7, EBX; clang 19 does not know it by name
    cpu.sha = __builtin_cpu_supports("sse4.1") != 0 && __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 1 &&
              (ebx & kSha) != 0;
#endif
    return cpu;
  }();
  return features;
}

MppeKernels mppe_kernels(std::vector<Sha1Way> sha1, std::vector<Rc4Way> rc4) {
  MppeKernels kernels{std::move(sha1), std::move(rc4)};
  std::vector<GroupCost> costs;
  for (const Sha1Way& way : kernels.sha1) {
    costs.push_back({way.lanes, way.cycles});
  }
  kernels.sha1_plan = plan_groups(costs);
  costs.clear();
  for (const Rc4Way& way : kernels.rc4) {
    costs.push_back({way.kernel->lanes, way.cost(16)});
  }
  kernels.key_plan = plan_groups(costs);
  return kernels;
}

std::expected<void, std::string> mppe_select(std::string_view name) {
  const CpuFeatures& cpu = cpu_features();
  for (const Implementation& one : kImplementations) {
    const bool named = one.name == name;
    if (one.supported(cpu) && (named || name.empty() || name == "auto")) {
      selected = {one.name, one.kernels()};
      return {};
    }
    if (named) {
      return std::unexpected("MPPE implementation \"" + std::string(name) +
                             "\": this CPU lacks what it needs; here there are: auto, " +
                             names_of(mppe_implementations()));
    }
  }
  return std::unexpected("MPPE implementation \"" + std::string(name) +
                         "\" is unknown; here there are: auto, " + names_of(mppe_implementations()));
}

std::string_view mppe_implementation() noexcept {
  return selected.name;
}

const MppeKernels& mppe_kernels_in_use() noexcept {
  return selected.kernels;
}

std::vector<std::string_view> mppe_implementations() {
  const CpuFeatures& cpu = cpu_features();
  std::vector<std::string_view> names;
  for (const Implementation& one : kImplementations) {
    if (one.supported(cpu)) {
      names.push_back(one.name);
    }
  }
  return names;
}

void mppe_crypt(std::span<MppeJob> jobs) noexcept {
  const MppeKernels& kernels = mppe_kernels_in_use();
  kernels.rc4.empty() ? mppe_crypt_plain(jobs) : mppe_crypt_lanes(kernels, jobs);
}

}  // namespace adit::crypto
