// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/generator_meter.hpp"

#include <rte_cycles.h>

#include <algorithm>
#include <fstream>

#include "app/adit-blast/results/limit.hpp"

namespace adit::app::blast {
namespace {

/// What this thread has run and what it has waited for a CPU, in nanoseconds; 0 if the kernel does not count it.
std::uint64_t wanted_cpu_ns() {
  std::ifstream file("/proc/thread-self/schedstat");
  std::uint64_t ran = 0, waited = 0;
  file >> ran >> waited;
  return ran + waited;
}

double share_of(double part, double whole) {
  return whole > 0 ? std::clamp(part / whole, 0.0, 1.0) : 0;
}

}  // namespace

GeneratorMeter::Reading GeneratorMeter::read() const {
  const dataplane::WorkerCounters& counters = runtime_.worker().counters();
  Reading now{.tsc = rte_rdtsc(),
              .busy_cycles = counters.busy_cycles.read(),
              .at = std::chrono::steady_clock::now(),
              .control_ns = wanted_cpu_ns(),
              .background = background_.measures().busy,
              .losses = {}};
  for (const dataplane::DropReason reason : kShortages) {
    now.losses[std::string(describe(reason).name)] = counters.dropped(reason);
  }
  for (const dataplane::OpenPort& port : runtime_.ports()) {
    now.losses[std::string(kRxMissed)] += device_totals(port).rx_missed;
  }
  return now;
}

GeneratorLoad GeneratorMeter::since_begin() const {
  const Reading now = read();
  const std::chrono::duration<double, std::nano> elapsed = now.at - began_.at;
  GeneratorLoad load;
  load.worker_busy = share_of(static_cast<double>(now.busy_cycles - began_.busy_cycles),
                              static_cast<double>(now.tsc - began_.tsc));
  load.control_busy = share_of(static_cast<double>(now.control_ns - began_.control_ns), elapsed.count());
  load.background_busy =
      share_of(static_cast<double>((now.background - began_.background).count()), elapsed.count());
  for (const auto& [name, count] : now.losses) {
    const auto before = began_.losses.find(name);
    if (before != began_.losses.end() && count > before->second) {
      load.losses[name] = count - before->second;
    }
  }
  return load;
}

}  // namespace adit::app::blast
