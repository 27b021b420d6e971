// SPDX-License-Identifier: Apache-2.0
// Takes over calls and connections that another process had, from their records. Everything is checked before anything
// changes for good, so that a record that is refused costs its own call alone.
// Thread: control. Owner: ConcentratorCore, from the first record until all have been adopted.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "controlplane/concentrator/carried_call.hpp"
#include "controlplane/concentrator/concentrator.hpp"

namespace adit::control {

class ConcentratorCore;

class CallAdoption {
 public:
  explicit CallAdoption(ConcentratorCore& core) : core_(core) {}

  [[nodiscard]] Adopted adopt(wire::Bytes record, Duration later);
  /// Tells peers of the end of their calls that were not adopted.
  void adopted_all();

 private:
  [[nodiscard]] Adopted take(CarriedConnection& from);
  [[nodiscard]] Adopted take(CarriedCall& from);

  ConcentratorCore& core_;
  std::unordered_map<ConnectionId, std::vector<CarriedConnection::Call>> expected_;  // not adopted so far
  std::uint64_t calls_ = 0, refused_ = 0;
};

}  // namespace adit::control
