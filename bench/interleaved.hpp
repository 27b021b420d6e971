// SPDX-License-Identifier: Apache-2.0
// Compares contenders on a machine that others use too: each round runs every contender once, so that a slow
// second slows all of them, and a row reports the median round, the first decile and the best. Medians mix a
// contender's own bad rounds (memory disambiguation gone wrong, for some every second one) with what others did to the
// machine; ratios are best judged by the deciles. Cycles are TSC cycles; core_per_tsc() gives the current number of core
// cycles per TSC cycle.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <vector>

namespace adit::bench {

inline std::uint64_t read_tsc() {
  return __builtin_ia32_rdtsc();
}

/// The TSC's frequency in hertz, measured against the steady clock.
inline double tsc_hz() {
  static const double hz = [] {
    const auto began = std::chrono::steady_clock::now();
    const std::uint64_t from = read_tsc();
    while (std::chrono::steady_clock::now() - began < std::chrono::milliseconds(50)) {
    }
    const std::uint64_t ticks = read_tsc() - from;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    return static_cast<double>(ticks) / took.count();
  }();
  return hz;
}

/// Core cycles per TSC cycle, from a chain of multiplications of 3 cycles each. The best of many tries.
inline double core_per_tsc() {
  constexpr int kLinks = 40'000;
  std::uint64_t best = ~std::uint64_t{0};
  for (int round = 0; round < 50; ++round) {
    std::uint64_t x = 3;
    const std::uint64_t from = read_tsc();
    for (int i = 0; i < kLinks; i += 8) {
      asm volatile(
          "imul %0, %0\n imul %0, %0\n imul %0, %0\n imul %0, %0\n"
          "imul %0, %0\n imul %0, %0\n imul %0, %0\n imul %0, %0\n"
          : "+r"(x));
    }
    best = std::min(best, read_tsc() - from);
  }
  return 3.0 * kLinks / static_cast<double>(best);
}

struct Contender {
  std::string name;
  std::function<void()> prepare;  ///< not timed: whatever is not the work, such as choosing an implementation
  std::function<void()> run;
};

struct Figure {
  double median = 0;  ///< TSC cycles of one run()
  double decile = 0;
  double best = 0;
};

inline std::vector<Figure> compare(const std::vector<Contender>& contenders, int rounds) {
  std::vector<std::vector<std::uint64_t>> took(contenders.size());
  std::vector<std::size_t> order(contenders.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::minstd_rand random(1);
  for (int round = 0; round < rounds; ++round) {
    std::ranges::shuffle(
        order, random);  // caches are as the one before left them, which should not be always the same
    for (const std::size_t i : order) {
      contenders[i].prepare();
      const std::uint64_t from = read_tsc();
      contenders[i].run();
      took[i].push_back(read_tsc() - from);
    }
  }
  std::vector<Figure> figures;
  for (std::vector<std::uint64_t>& one : took) {
    std::ranges::sort(one);
    figures.push_back({static_cast<double>(one[one.size() / 2]), static_cast<double>(one[one.size() / 10]),
                       static_cast<double>(one.front())});
  }
  return figures;
}

}  // namespace adit::bench
