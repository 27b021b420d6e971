// SPDX-License-Identifier: Apache-2.0
#include "crypto/mppe_implementations.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace adit::crypto {
namespace {

struct Implementation {
  std::string_view name;
  bool (*supported)(const CpuFeatures& cpu);
  MppeKernels kernels;  // without rc4: `plain`
};

#if defined(__x86_64__)
// From this many keys on, 16 lanes are faster than the SHA extensions even with some of them idle: about
// 1,040 cycles for all, against 111 for each (AMD Zen 4).
constexpr std::size_t kWorth16Lanes = 10;

void avx512_and_shani(const RekeyLane* lanes, std::size_t count, bool wide) {
  const std::size_t rest = count % 16 < kWorth16Lanes ? count % 16 : 0;
  rekey_sha1_avx512(lanes, count - rest, wide);
  rekey_sha1_shani(lanes + count - rest, rest, wide);
}

// Without the SHA extensions OpenSSL is fastest for a lone chain (the packets of one call, one after the
// other).
template <RekeySha1 kLanes>
void lanes_or_one(const RekeyLane* lanes, std::size_t count, bool wide) {
  count == 1 ? rekey_sha1_openssl(lanes, count, wide) : kLanes(lanes, count, wide);
}
#endif

// Best first. The order of `sha-ni` and `avx2` is measured (scripts/bench mppe); that of the AVX-512 ones
// follows figures from a Zen 4.
constexpr Implementation kImplementations[] = {
#if defined(__x86_64__)
    {"avx512+sha-ni",
     [](const CpuFeatures& cpu) { return cpu.avx512f && cpu.sha; },
     {avx512_and_shani, &kRc4X8664}},
    {"avx512",
     [](const CpuFeatures& cpu) { return cpu.avx512f; },
     {lanes_or_one<rekey_sha1_avx512>, &kRc4X8664}},
    {"sha-ni", [](const CpuFeatures& cpu) { return cpu.avx && cpu.sha; }, {rekey_sha1_shani, &kRc4X8664}},
    {"avx2", [](const CpuFeatures& cpu) { return cpu.avx2; }, {lanes_or_one<rekey_sha1_avx2>, &kRc4X8664}},
    {"avx", [](const CpuFeatures& cpu) { return cpu.avx; }, {rekey_sha1_portable, &kRc4X8664}},
#endif
    {"portable", [](const CpuFeatures&) { return true; }, {rekey_sha1_portable, &kRc4Portable}},
// What follows is used only on request: any CPU can run `portable`.
#ifdef ADIT_IPSEC_MB
    {"ipsec-mb", [](const CpuFeatures& cpu) { return cpu.avx; }, {rekey_sha1_ipsec_mb, &kRc4X8664}},
#endif
    {"plain", [](const CpuFeatures&) { return true; }, {nullptr, nullptr}},
};
constexpr const Implementation& kPlain = kImplementations[std::size(kImplementations) - 1];

const Implementation* selected = &kPlain;

std::string names_of(const std::vector<std::string_view>& names) {
  std::string text;
  for (const std::string_view name : names) {
    text += (text.empty() ? "" : ", ") + std::string(name);
  }
  return text;
}

}  // namespace

CpuFeatures cpu_features() noexcept {
  CpuFeatures cpu;
#if defined(__x86_64__)
  // These three also ask whether the operating system saves the wider registers.
  cpu.avx = __builtin_cpu_supports("avx") != 0;
  cpu.avx2 = __builtin_cpu_supports("avx2") != 0;
  cpu.avx512f = __builtin_cpu_supports("avx512f") != 0;
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  constexpr unsigned kSha = 1U << 29;  // leaf 7, EBX; clang 19 does not know it by name
  cpu.sha = __builtin_cpu_supports("sse4.1") != 0 && __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 1 &&
            (ebx & kSha) != 0;
#endif
  return cpu;
}

std::expected<void, std::string> mppe_select(std::string_view name) {
  const CpuFeatures cpu = cpu_features();
  for (const Implementation& one : kImplementations) {
    const bool named = one.name == name;
    if (one.supported(cpu) && (named || name.empty() || name == "auto")) {
      selected = &one;
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
  return selected->name;
}

std::vector<std::string_view> mppe_implementations() {
  const CpuFeatures cpu = cpu_features();
  std::vector<std::string_view> names;
  for (const Implementation& one : kImplementations) {
    if (one.supported(cpu)) {
      names.push_back(one.name);
    }
  }
  return names;
}

void mppe_crypt(std::span<MppeJob> jobs) noexcept {
  selected->kernels.rc4 == nullptr ? mppe_crypt_plain(jobs) : mppe_crypt_lanes(selected->kernels, jobs);
}

}  // namespace adit::crypto
