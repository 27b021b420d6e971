// SPDX-License-Identifier: Apache-2.0
// Assigns a new call to a worker: the one at which its packets arrive, unless that one already has its share
// (thousands of clients behind one CGNAT address hash to one queue) or is busier than the others (elephant
// flows).
// Thread: control. Owner: ConcentratorCore. O(workers), whatever the number of calls.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "dataplane/contract/call_ref.hpp"

namespace adit::control {

/// One worker's share of the calls.
struct WorkerSeats {
  std::uint32_t calls = 0;
  bool in_use = true;    ///< false: taken out of use by the operator, gets no new calls
  bool pressed = false;  ///< busier than the others: gets new calls only when all are
};

class Seating {
 public:
  explicit Seating(std::uint16_t workers) : workers_(workers) {}

  /// `steered`: the worker at which the call's packets arrive, if known.
  [[nodiscard]] contract::WorkerId choose(std::optional<contract::WorkerId> steered) const;

  void took(contract::WorkerId worker) { ++workers_[worker.value].calls; }
  void left(contract::WorkerId worker) { --workers_[worker.value].calls; }

  /// Takes a worker out of use or back into it; existing calls stay where they are. False: no such worker, or
  /// the last one in use.
  [[nodiscard]] bool set_in_use(contract::WorkerId worker, bool in_use);

  /// The share of recent time, 0..1, that each worker spent on packets.
  void on_busy(const std::vector<double>& shares);

  [[nodiscard]] const std::vector<WorkerSeats>& workers() const { return workers_; }

 private:
  [[nodiscard]] bool is_open(const WorkerSeats& worker) const;

  std::vector<WorkerSeats> workers_;
  bool all_pressed_ = false;
};

}  // namespace adit::control
