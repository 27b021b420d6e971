// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/resources/call_ids.hpp"

#include <utility>

namespace adit::control {
namespace {

// Resting IDs looked at for one whose last peer was another.
constexpr int kLooksForAnotherPeer = 8;

}  // namespace

CallIds::CallIds(std::uint16_t workers, Duration quarantine, TimerWheel& wheel, Entropy& entropy)
    : workers_(workers), quarantine_(quarantine), wheel_(wheel), entropy_(entropy) {}

std::optional<wire::LocalCallId> CallIds::allocate(wire::Ipv4Address local, wire::Ipv4Address peer,
                                                   contract::WorkerId worker) {
  Ids& ids = ids_of(local);
  Slice& slice = ids.slices[worker.value];
  free_rested(slice);
  if (slice.free.empty() && slice.resting.empty()) {
    return std::nullopt;
  }
  const std::uint16_t id = slice.free.empty() ? take_resting(slice, peer) : take_free(slice);
  ids.in_use[id] = true;
  ++ids.used;
  return wire::LocalCallId(id);
}

bool CallIds::adopt(wire::Ipv4Address local, wire::LocalCallId id, contract::WorkerId worker) {
  Ids& ids = ids_of(local);
  if (id.value == 0 || owner(id) != worker || std::exchange(ids.in_use[id.value], true)) {
    return false;
  }
  ++ids.used;
  return true;
}

void CallIds::disown(wire::Ipv4Address local, wire::LocalCallId id) {
  Ids& ids = ids_of(local);
  ids.in_use[id.value] = false;
  --ids.used;
}

void CallIds::adopted_all() {
  for (auto& [local, ids] : by_local_) {
    for (Slice& slice : ids->slices) {
      std::erase_if(slice.free, [&in_use = ids->in_use](std::uint16_t id) { return in_use[id]; });
    }
  }
}

void CallIds::release(wire::Ipv4Address local, wire::Ipv4Address peer, wire::LocalCallId id) {
  const auto found = by_local_.find(local);
  if (found == by_local_.end() || !found->second->in_use[id.value]) {
    return;
  }
  found->second->in_use[id.value] = false;
  --found->second->used;
  found->second->slices[owner(id).value].resting.push_back({id.value, peer, wheel_.now() + quarantine_});
}

std::uint32_t CallIds::unused(wire::Ipv4Address local) const {
  const auto found = by_local_.find(local);
  return 65'535 - (found == by_local_.end() ? 0 : found->second->used);
}

CallIds::Ids& CallIds::ids_of(wire::Ipv4Address local) {
  std::unique_ptr<Ids>& ids = by_local_[local];
  if (ids == nullptr) {
    ids = std::make_unique<Ids>();
    ids->slices.resize(workers_);
    for (Slice& slice : ids->slices) {
      slice.free.reserve(65'535U / workers_ + 1);
    }
    for (std::uint32_t id = 1; id <= 65'535; ++id) {  // RFC 2637 allows 0; for old clients it means "none"
      ids->slices[id % workers_].free.push_back(static_cast<std::uint16_t>(id));
    }
  }
  return *ids;
}

void CallIds::free_rested(Slice& slice) {
  while (!slice.resting.empty() && slice.resting.front().until <= wheel_.now()) {
    slice.free.push_back(slice.resting.front().id);
    slice.resting.pop_front();
  }
}

std::uint16_t CallIds::take_free(Slice& slice) {
  std::uint16_t& pick = slice.free[below(slice.free.size())];
  const std::uint16_t id = std::exchange(pick, slice.free.back());
  slice.free.pop_back();
  return id;
}

// Any of the older half, not the oldest: whoever made them rest knows their order, and could guess it.
std::uint16_t CallIds::take_resting(Slice& slice, wire::Ipv4Address peer) {
  const std::size_t older = (slice.resting.size() + 1) / 2;
  std::size_t pick = below(older);
  for (int look = 1; look < kLooksForAnotherPeer && slice.resting[pick].peer == peer; ++look) {
    pick = below(older);
  }
  const std::uint16_t id = slice.resting[pick].id;
  slice.resting[pick] = slice.resting.front();  // which now rests a little longer
  slice.resting.pop_front();
  return id;
}

/// 32 random bits over at most 65,535 IDs: the bias is below 2^-16.
std::size_t CallIds::below(std::size_t bound) {
  return entropy_.next_u32() % bound;
}

}  // namespace adit::control
