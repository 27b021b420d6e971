// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/resources/seating.hpp"

#include <algorithm>

namespace adit::control {
namespace {

// A worker takes the calls that hash to it until it is this far above the mean: 1/32 and 16 calls. The shares
// of random addresses deviate by their square root, which is less than that from a few hundred calls on, so
// hardly any call is placed away from its packets; from a thousand calls per worker on, all shares are within
// 5 % of each other.
constexpr std::uint32_t kSurplusFraction = 32;
constexpr std::uint32_t kSurplusCalls = 16;

// Busy, and clearly busier than the others: a few elephant flows can saturate a worker with an average share
// of calls.
constexpr double kBusy = 0.8;
constexpr double kBusierBy = 0.15;

}  // namespace

bool Seating::is_open(const WorkerSeats& worker) const {
  return worker.in_use && (!worker.pressed || all_pressed_);
}

contract::WorkerId Seating::choose(std::optional<contract::WorkerId> steered) const {
  std::uint64_t calls = 0;
  std::uint32_t open = 0;
  const WorkerSeats* least = nullptr;
  for (const WorkerSeats& worker : workers_) {
    if (is_open(worker)) {
      ++open;
      calls += worker.calls;
      least = least == nullptr || worker.calls < least->calls ? &worker : least;
    }
  }
  if (steered && steered->value < workers_.size() && is_open(workers_[steered->value])) {
    const std::uint64_t mean = calls / open;
    if (workers_[steered->value].calls < mean + mean / kSurplusFraction + kSurplusCalls) {
      return *steered;
    }
  }
  return {static_cast<std::uint16_t>(least - workers_.data())};
}

bool Seating::set_in_use(contract::WorkerId worker, bool in_use) {
  if (worker.value >= workers_.size()) {
    return false;
  }
  const auto used = std::ranges::count_if(workers_, &WorkerSeats::in_use);
  if (!in_use && workers_[worker.value].in_use && used == 1) {
    return false;
  }
  workers_[worker.value].in_use = in_use;
  all_pressed_ = std::ranges::all_of(workers_, [](const auto& w) { return !w.in_use || w.pressed; });
  return true;
}

void Seating::on_busy(const std::vector<double>& shares) {
  double sum = 0;
  double used = 0;
  for (std::size_t w = 0; w < workers_.size(); ++w) {
    sum += workers_[w].in_use ? shares[w] : 0;
    used += workers_[w].in_use ? 1 : 0;
  }
  for (std::size_t w = 0; w < workers_.size(); ++w) {
    workers_[w].pressed = shares[w] > kBusy && shares[w] > sum / used + kBusierBy;
  }
  all_pressed_ = std::ranges::all_of(workers_, [](const auto& w) { return !w.in_use || w.pressed; });
}

}  // namespace adit::control
