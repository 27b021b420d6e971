// SPDX-License-Identifier: Apache-2.0
#include "controlplane/radius/spool.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>

namespace adit::control::radius {
namespace {

constexpr std::size_t kSpoolHeaderSize = 4096;

/// FNV-1a, 32 bits: detects pages half written at a power cut; no defence against tampering.
std::uint32_t checksum(const void* data, std::size_t size) {
  std::uint32_t sum = 2'166'136'261U;
  const auto* octet = static_cast<const unsigned char*>(data);
  for (std::size_t n = 0; n < size; ++n) {
    sum = (sum ^ octet[n]) * 16'777'619U;
  }
  return sum;
}

/// Keeps the compiler from reordering writes to a file's memory: a process that is killed leaves a prefix of
/// them.
void in_order() {
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

}  // namespace

struct Spool::Header {
  std::uint64_t last_beat;
};

struct Spool::Entry {
  std::uint64_t sequence;  // 0: none
  std::uint64_t unix_at;
  std::uint64_t uplink_octets, uplink_packets, downlink_octets, downlink_packets;
  State state;
  std::uint32_t session_time;
  std::uint32_t cause;
  std::uint32_t sum;  // of all before it

  [[nodiscard]] std::uint32_t sum_of() const { return checksum(this, offsetof(Entry, sum)); }
  [[nodiscard]] bool is_whole() const { return sequence != 0 && sum == sum_of(); }
};

struct Spool::Record {
  Entry entries[2];
  std::uint32_t identity_size;
  std::uint32_t identity_sum;
  std::uint8_t spare[8];
  std::uint8_t identity[kMaxIdentity];
};

std::size_t Spool::size_for(std::uint32_t slots) {
  return kSpoolHeaderSize + slots * kSlotSize;
}

Spool::Spool(std::span<std::byte> memory)
    : memory_(memory.data()),
      slots_(static_cast<std::uint32_t>((memory.size() - kSpoolHeaderSize) / kSlotSize)) {
  static_assert(sizeof(Entry) == 64 && sizeof(Record) == kSlotSize && sizeof(Header) <= kSpoolHeaderSize);
  free_.reserve(slots_);
  for (Slot slot = slots_; slot-- > 0;) {
    const Entry* entry = newest(record(slot));
    if (entry == nullptr || entry->state == State::kFree) {
      free_.push_back(slot);
    }
    sequence_ = std::max(sequence_, entry == nullptr ? 0 : entry->sequence);
  }
}

Spool::Record& Spool::record(Slot slot) const {
  return *reinterpret_cast<Record*>(memory_ + kSpoolHeaderSize + slot * kSlotSize);
}

const Spool::Entry* Spool::newest(const Record& record) const {
  const Entry* found = nullptr;
  for (const Entry& entry : record.entries) {
    if (entry.is_whole() && (found == nullptr || entry.sequence > found->sequence)) {
      found = &entry;
    }
  }
  return found;
}

void Spool::write(Slot slot, State state, const SpoolUsage& usage) {
  Record& into = record(slot);
  Entry& entry = into.entries[newest(into) == &into.entries[0] ? 1 : 0];
  entry.sequence = 0;  // incomplete until its sum is written
  in_order();
  entry.unix_at = usage.unix_at;
  entry.uplink_octets = usage.totals.uplink_octets;
  entry.uplink_packets = usage.totals.uplink_packets;
  entry.downlink_octets = usage.totals.downlink_octets;
  entry.downlink_packets = usage.totals.downlink_packets;
  entry.state = state;
  entry.session_time = usage.session_time;
  entry.cause = usage.cause;
  in_order();
  entry.sequence = ++sequence_;
  entry.sum = entry.sum_of();
}

std::optional<Spool::Slot> Spool::open(wire::Bytes identity, std::uint64_t unix_now) {
  if (free_.empty() || identity.size() > kMaxIdentity) {
    return std::nullopt;
  }
  const Slot slot = free_.back();
  free_.pop_back();
  describe(slot, identity);
  in_order();
  write(slot, State::kOpen, {.unix_at = unix_now});
  return slot;
}

void Spool::describe(Slot slot, wire::Bytes identity) {
  Record& into = record(slot);
  const std::size_t size = identity.size() > kMaxIdentity ? 0 : identity.size();
  into.identity_size = static_cast<std::uint32_t>(size);
  if (size != 0) {
    std::memcpy(into.identity, identity.data(), size);
  }
  into.identity_sum = checksum(into.identity, size);
}

void Spool::note(Slot slot, const SpoolUsage& usage) {
  write(slot, State::kOpen, usage);
}

void Spool::stop(Slot slot, const SpoolUsage& usage) {
  write(slot, State::kStopped, usage);
}

void Spool::release(Slot slot) {
  write(slot, State::kFree, {});
  free_.push_back(slot);
}

wire::Bytes Spool::identity(Slot slot) const {
  const Record& from = record(slot);
  return {from.identity, std::min<std::size_t>(from.identity_size, kMaxIdentity)};
}

SpoolUsage Spool::usage(Slot slot) const {
  const Entry* entry = newest(record(slot));
  if (entry == nullptr) {
    return {};
  }
  return {.totals = {.uplink_packets = entry->uplink_packets,
                     .uplink_octets = entry->uplink_octets,
                     .downlink_packets = entry->downlink_packets,
                     .downlink_octets = entry->downlink_octets},
          .unix_at = entry->unix_at,
          .session_time = entry->session_time,
          .cause = entry->cause};
}

void Spool::beat(std::uint64_t unix_now) {
  reinterpret_cast<Header*>(memory_)->last_beat = unix_now;
}

bool Spool::is_damaged(const Record& record) {
  return record.identity_size == 0 || record.identity_size > kMaxIdentity ||
         record.identity_sum != checksum(record.identity, record.identity_size);
}

std::vector<Spool::Left> Spool::left() const {
  std::vector<Left> left;
  for (Slot slot = 0; slot < slots_; ++slot) {
    const Entry* entry = newest(record(slot));
    if (entry != nullptr && entry->state != State::kFree && !is_damaged(record(slot))) {
      left.push_back({.slot = slot, .stopped = entry->state == State::kStopped});
    }
  }
  return left;
}

std::vector<Spool::Slot> Spool::recover(std::uint32_t cause, const std::function<bool(Slot)>& lives_on) {
  const std::uint64_t last_beat = reinterpret_cast<const Header*>(memory_)->last_beat;
  std::vector<std::pair<std::uint64_t, Slot>> found;  // with the time it stopped, or was last noted
  for (Slot slot = 0; slot < slots_; ++slot) {
    const Record& of = record(slot);
    const Entry* entry = newest(of);
    if (entry == nullptr || entry->state == State::kFree) {
      continue;
    }
    if (lives_on(slot)) {
      continue;
    }
    if (is_damaged(of)) {
      ++damaged_;
      release(slot);
      continue;
    }
    if (entry->state == State::kOpen) {
      SpoolUsage usage = this->usage(slot);
      const std::uint64_t ended = std::max(last_beat, usage.unix_at);
      usage.session_time += static_cast<std::uint32_t>(ended - usage.unix_at);
      usage.unix_at = ended;
      usage.cause = cause;
      stop(slot, usage);
      entry = newest(of);
    }
    found.emplace_back(entry->sequence, slot);
  }
  std::ranges::sort(found);
  std::vector<Slot> slots;
  for (const auto& [sequence, slot] : found) {
    slots.push_back(slot);
  }
  return slots;
}

}  // namespace adit::control::radius
