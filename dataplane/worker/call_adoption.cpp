// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/call_adoption.hpp"

#include <algorithm>

namespace adit::dataplane {

std::expected<CallIdentity, AdoptionFault> CallAdoption::adopt(const contract::CallRef& ref) {
  if (ref.worker != worker_) {
    return std::unexpected(AdoptionFault::kOtherWorker);
  }
  if (ref.slot < adopted_.size() && adopted_[ref.slot]) {
    return std::unexpected(AdoptionFault::kTwice);
  }
  const auto history = calls_.inspect(ref);
  if (!history) {
    return std::unexpected(history.error());
  }
  if (*history != 0) {
    histories_.resize(std::max<std::size_t>(histories_.size(), *history + 1U));
    if (histories_[*history]) {
      return std::unexpected(AdoptionFault::kHistory);
    }
    histories_[*history] = true;
  }
  outcome_.emptied_windows += calls_.at(ref.slot)->uplink.order.window != 0 ? 1 : 0;
  Call& call = calls_.adopt(ref, how_);
  // What the earlier process owed the peer is due now; where there is no room, the call's next packet pays.
  call.uplink.ack_queued = acknowledges_ && call.window.unacknowledged() > 0 && acks_.push({ref, how_.now});
  adopted_[ref.slot] = true;
  ++outcome_.adopted;
  return call.identity;
}

CallAdoption::Outcome CallAdoption::finish() {
  for (std::uint32_t slot = 0; slot < calls_.capacity(); ++slot) {
    if (!adopted_[slot]) {
      outcome_.freed += calls_.at(slot)->generation.load(std::memory_order_relaxed) != 0 ? 1 : 0;
      calls_.clear(slot);
    }
  }
  calls_.end_adoption();
  return outcome_;
}

}  // namespace adit::dataplane
