// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/service_report.hpp"

#include <ctime>

namespace adit::app {

using control::Severity;

void ServiceReport::reloading() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  notify_.send("RELOADING=1\nMONOTONIC_USEC=" +
               std::to_string(std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000));
}

void ServiceReport::each_second(std::span<const std::uint64_t> turns, std::string_view status) {
  const std::string told = "STATUS=" + std::string(status);
  notify_.send(all_turn(turns) ? told + "\nWATCHDOG=1" : told);
}

bool ServiceReport::all_turn(std::span<const std::uint64_t> turns) {
  bool all = true;
  stuck_.resize(turns.size());
  for (std::size_t worker = 0; worker < turns.size(); ++worker) {
    const bool stuck = worker < turns_.size() && turns_[worker] == turns[worker];
    if (stuck != stuck_[worker]) {
      log_.event(stuck ? Severity::kError : Severity::kWarning, stuck ? "worker_stuck" : "worker_turns_again",
                 {{"worker", std::to_string(worker)}});
    }
    stuck_[worker] = stuck;
    all = all && !stuck;
  }
  turns_.assign(turns.begin(), turns.end());
  return all;
}

}  // namespace adit::app
