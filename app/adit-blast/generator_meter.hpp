// SPDX-License-Identifier: Apache-2.0
// How busy adit-blast itself is during a measurement, and what it loses: without that, its own limits pass for the
// server's. Reads the worker's and the ports' counters, and what the kernel says of the control thread, and
// the time of its helper.
// Thread: control. Owner: whoever measures.
#pragma once

#include <chrono>
#include <cstdint>

#include "app/adit-blast/results/results.hpp"
#include "app/adit-blast/traffic/blast_runtime.hpp"
#include "app/host/background_threads.hpp"

namespace adit::app::blast {

class GeneratorMeter {
 public:
  /// The references must outlive it.
  GeneratorMeter(const BlastRuntime& runtime, const BackgroundThreads& background)
      : runtime_(runtime), background_(background) {}

  void begin() { began_ = read(); }
  [[nodiscard]] GeneratorLoad since_begin() const;

 private:
  struct Reading {
    std::uint64_t tsc = 0, busy_cycles = 0;
    std::chrono::steady_clock::time_point at{};
    std::uint64_t control_ns = 0;
    std::chrono::nanoseconds background{0};
    Counts losses;
  };
  [[nodiscard]] Reading read() const;

  const BlastRuntime& runtime_;
  const BackgroundThreads& background_;
  Reading began_;
};

}  // namespace adit::app::blast
