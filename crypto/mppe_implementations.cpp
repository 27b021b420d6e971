// SPDX-License-Identifier: Apache-2.0
#include "crypto/mppe_implementations.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <algorithm>

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
constexpr std::string_view kCalibrated = "calibrated";

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

/// Costs as far as they have been measured.
struct Calibration {
  std::vector<Sha1Way> sha1 = all_sha1();
  std::vector<Rc4Way> rc4 = all_rc4();

  Calibration() {
    for (Sha1Way& way : sha1) {
      way.cycles = kUnmeasured;
    }
    for (Rc4Way& way : rc4) {
      way.cycles = way.cycles_256_octets = kUnmeasured;
    }
    measure();
  }
  void measure() { mppe_calibrate(sha1, rc4); }
};

Calibration& calibration() {
  static Calibration one;  // tests and fuzzers select it over and over
  return one;
}

MppeKernels calibrated() {
  return mppe_kernels(calibration().sha1, calibration().rc4);
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
    {kCalibrated, [](const CpuFeatures& cpu) { return cpu.avx; }, calibrated},
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

constinit Selected selected;  // tests select one before main()

/// Whether `other` does in as many groups as it takes never worse what `way` does in one.
bool dominates(const Sha1Way& other, const Sha1Way& way) {
  return other.cycles * ((way.lanes() + other.lanes() - 1) / other.lanes()) <= way.cycles;
}
bool dominates(const Rc4Way& other, const Rc4Way& way) {
  const std::size_t groups = (way.lanes() + other.lanes() - 1) / other.lanes();
  return other.cycles * groups <= way.cycles && other.cycles_256_octets * groups <= way.cycles_256_octets;
}

/// The engine looks at each way for each packet, so those that no plan could use are left out.
template <typename Way>
std::vector<Way> without_dominated(const std::vector<Way>& ways) {
  std::vector<Way> left;
  for (const Way& way : ways) {
    const bool useless = std::ranges::any_of(ways, [&](const Way& other) {
      return &other != &way && dominates(other, way) && (&other < &way || !dominates(way, other));
    });
    if (!useless) {
      left.push_back(way);
    }
  }
  return left;
}

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
  MppeKernels kernels;
  kernels.sha1 = without_dominated(sha1);
  kernels.rc4 = without_dominated(rc4);
  kernels.sha1_plan = plan_groups(kernels.sha1, [](const Sha1Way& way) { return way.cycles; });
  kernels.key_plan = plan_groups(kernels.rc4, [](const Rc4Way& way) { return way.cost(16); });
  kernels.sha1_candidates = std::move(sha1);
  kernels.rc4_candidates = std::move(rc4);
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

void mppe_calibrate_again() {
#if defined(__x86_64__)
  if (selected.name == kCalibrated) {
    calibration().measure();
    selected.kernels = calibrated();
  }
#endif
}

namespace {

/// "1-2, 5": those of the first numbers for which the plan says `way`.
std::string numbers_of(const GroupPlan& plan, std::size_t way) {
  constexpr std::size_t kShown = 16;
  std::string text;
  for (std::size_t first = 1; first <= kShown; ++first) {
    if (plan[first] != way) {
      continue;
    }
    std::size_t last = first;
    while (last < kShown && plan[last + 1] == way) {
      ++last;
    }
    text += (text.empty() ? "" : ", ") + std::to_string(first);
    text += last == first ? "" : "-" + std::to_string(last);
    first = last;
  }
  return text;
}

std::size_t index_of(const std::vector<Sha1Way>& ways, const Sha1Way& one) {
  const auto same = [&](const Sha1Way& way) { return std::string_view(way.name) == one.name; };
  return static_cast<std::size_t>(std::ranges::find_if(ways, same) - ways.begin());
}
std::size_t index_of(const std::vector<Rc4Way>& ways, const Rc4Way& one) {
  return static_cast<std::size_t>(std::ranges::find(ways, one.kernel, &Rc4Way::kernel) - ways.begin());
}

}  // namespace

std::vector<MppeCandidate> mppe_candidates() {
  const MppeKernels& kernels = selected.kernels;
  std::vector<MppeCandidate> all;
  for (const Sha1Way& way : kernels.sha1_candidates) {
    all.push_back({"sha1", way.name, way.lanes(), way.cycles, 0,
                   numbers_of(kernels.sha1_plan, index_of(kernels.sha1, way))});
  }
  for (const Rc4Way& way : kernels.rc4_candidates) {
    all.push_back({"rc4", way.kernel->name, way.lanes(), way.cycles, way.cycles_256_octets,
                   numbers_of(kernels.key_plan, index_of(kernels.rc4, way))});
  }
  return all;
}

void mppe_crypt(std::span<MppeJob> jobs) noexcept {
  const MppeKernels& kernels = mppe_kernels_in_use();
  kernels.rc4.empty() ? mppe_crypt_plain(jobs) : mppe_crypt_lanes(kernels, jobs);
}

}  // namespace adit::crypto
