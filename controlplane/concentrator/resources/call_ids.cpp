// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/resources/call_ids.hpp"

namespace adit::control {

CallIds::CallIds(std::uint16_t workers, Duration quarantine, TimerWheel& wheel, Entropy& entropy)
    : workers_(workers),
      quarantine_(quarantine),
      wheel_(wheel),
      entropy_(entropy),
      timer_(wheel, on_timer<&CallIds::on_rested>, this) {}

std::optional<wire::LocalCallId> CallIds::allocate(wire::Ipv4Address local, contract::WorkerId worker) {
  Ids& ids = ids_of(local);
  std::vector<std::uint16_t>& free = ids.free[worker.value];
  if (free.empty()) {
    return std::nullopt;
  }
  // 32 random bits over at most 65,535 IDs: the bias is below 2^-16.
  const std::size_t pick = entropy_.next_u32() % free.size();
  const std::uint16_t id = free[pick];
  free[pick] = free.back();
  free.pop_back();
  ids.in_use[id] = true;
  return wire::LocalCallId(id);
}

void CallIds::release(wire::Ipv4Address local, wire::LocalCallId id) {
  const auto found = by_local_.find(local);
  if (found == by_local_.end() || !found->second->in_use[id.value]) {
    return;
  }
  found->second->in_use[id.value] = false;
  resting_.push_back({found->second.get(), id.value, wheel_.now() + quarantine_});
  arm_timer();
}

CallIds::Ids& CallIds::ids_of(wire::Ipv4Address local) {
  std::unique_ptr<Ids>& ids = by_local_[local];
  if (ids == nullptr) {
    ids = std::make_unique<Ids>();
    ids->free.resize(workers_);
    for (std::vector<std::uint16_t>& slice : ids->free) {
      slice.reserve(65'535U / workers_ + 1);
    }
    for (std::uint32_t id = 1; id <= 65'535; ++id) {  // RFC 2637 allows 0; for old clients it means "none"
      ids->free[id % workers_].push_back(static_cast<std::uint16_t>(id));
    }
  }
  return *ids;
}

void CallIds::on_rested() {
  while (!resting_.empty() && resting_.front().until <= wheel_.now()) {
    const Resting& rested = resting_.front();
    rested.ids->free[rested.id % workers_].push_back(rested.id);
    resting_.pop_front();
  }
  arm_timer();
}

void CallIds::arm_timer() {
  if (!resting_.empty() && !timer_.armed()) {
    timer_.arm(resting_.front().until - wheel_.now());
  }
}

}  // namespace adit::control
