// SPDX-License-Identifier: Apache-2.0
#include "controlplane/base/state_store.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

#include "dataplane/wire/crc32c.hpp"

namespace adit::control {
namespace {

constexpr std::uint64_t kMagic = 0x4144'4954'5354'4154;  // "ADITSTAT"
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderSize = 4096;

struct Header {
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t slots, octets;
  std::uint32_t sum;  // of all before it
  std::int64_t clock_zero;
  std::uint32_t ever_used;  // places behind these have never been written
};
static_assert(sizeof(Header) <= kHeaderSize);

/// Before each copy of a record.
struct CopyHeader {
  std::uint64_t sequence;  // 0: it is being written, or never was; of two whole copies the greater counts
  std::uint64_t made;
  std::uint32_t length;  // 0: there is no record
  std::uint32_t sum;     // of all before it and the record
};

/// Keeps the compiler from reordering writes to shared memory: a process that is killed leaves a prefix of them.
void in_order() {
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

std::size_t copy_size(std::size_t octets) {
  return (sizeof(CopyHeader) + octets + 7) & ~std::size_t{7};
}

std::size_t copy_at(const StateStore::Shape& shape, StateStore::Slot slot, unsigned copy) {
  return kHeaderSize + (std::size_t{slot} * 2 + copy) * copy_size(shape.octets);
}

template <typename T>
wire::Bytes octets_before_sum(const T& header) {
  return {reinterpret_cast<const std::uint8_t*>(&header), offsetof(T, sum)};
}

std::uint32_t sum_of(const CopyHeader& header, wire::Bytes record) {
  return wire::crc32c(record, wire::crc32c(octets_before_sum(header)));
}

}  // namespace

std::size_t StateStore::octets_for(const Shape& shape) {
  return copy_at(shape, shape.slots, 0);
}

StateStore::StateStore(std::span<std::byte> memory, const Shape& shape, std::int64_t clock_zero)
    : memory_(memory.data()), shape_(shape), newest_(shape.slots), made_(shape.slots) {
  free_.reserve(shape.slots);
  auto& header = *reinterpret_cast<Header*>(memory_);
  header.version = kVersion;
  header.slots = shape.slots;
  header.octets = shape.octets;
  header.clock_zero = clock_zero;
  header.ever_used = 0;
  header.magic = kMagic;
  header.sum = wire::crc32c(octets_before_sum(header));
}

std::optional<StateStore::Slot> StateStore::take() {
  Slot slot = ever_used_;
  if (!free_.empty()) {
    slot = free_.back();
    free_.pop_back();
  } else if (ever_used_ < shape_.slots) {
    reinterpret_cast<Header*>(memory_)->ever_used = ++ever_used_;
  } else {
    return std::nullopt;
  }
  ++used_;
  made_[slot] = ++sequence_;
  return slot;
}

void StateStore::release(Slot slot) {
  write_copy(slot, {});
  free_.push_back(slot);
  --used_;
}

bool StateStore::write(Slot slot, wire::Bytes record) {
  const bool fits = record.size() <= shape_.octets;
  write_copy(slot, fits ? record : wire::Bytes{});
  return fits && !record.empty();
}

void StateStore::write_copy(Slot slot, wire::Bytes record) {
  const auto copy = static_cast<std::uint8_t>(newest_[slot] ^ 1);
  std::byte* const at = memory_ + copy_at(shape_, slot, copy);
  auto& header = *reinterpret_cast<CopyHeader*>(at);
  header.sequence = 0;
  in_order();
  if (!record.empty()) {
    std::memcpy(at + sizeof(CopyHeader), record.data(), record.size());
  }
  const CopyHeader whole{.sequence = ++sequence_,
                         .made = made_[slot],
                         .length = static_cast<std::uint32_t>(record.size()),
                         .sum = 0};
  header.made = whole.made;
  header.length = whole.length;
  header.sum = sum_of(whole, record);
  in_order();
  header.sequence = whole.sequence;
  newest_[slot] = copy;
}

// ---- the next process -------------------------------------------------------------------------------------

std::expected<StateReader, std::string> StateReader::open(std::span<const std::byte> memory) {
  Header header{};
  if (memory.size() < kHeaderSize) {
    return std::unexpected("it is no store of state: " + std::to_string(memory.size()) +
                           " octets are too few");
  }
  std::memcpy(&header, memory.data(), sizeof header);
  if (header.magic != kMagic) {
    return std::unexpected("it is no store of state");
  }
  if (header.version != kVersion) {
    return std::unexpected("its version is " + std::to_string(header.version) + ", and only " +
                           std::to_string(kVersion) + " can be read");
  }
  const StateStore::Shape shape{.slots = header.slots, .octets = header.octets};
  if (header.sum != wire::crc32c(octets_before_sum(header)) ||
      memory.size() < StateStore::octets_for(shape)) {
    return std::unexpected("its header is damaged, or part of it is missing");
  }
  StateReader reader;
  reader.clock_zero_ = header.clock_zero;
  std::vector<std::pair<std::uint64_t, wire::Bytes>> found;
  for (StateStore::Slot slot = 0; slot < std::min(header.ever_used, header.slots); ++slot) {
    CopyHeader newest{};
    wire::Bytes record;
    bool written = false;
    for (const unsigned copy : {0U, 1U}) {
      const std::byte* const at = memory.data() + copy_at(shape, slot, copy);
      CopyHeader candidate{};
      std::memcpy(&candidate, at, sizeof candidate);
      written = written || candidate.made != 0;
      if (candidate.sequence <= newest.sequence || candidate.length > shape.octets) {
        continue;
      }
      const wire::Bytes octets(reinterpret_cast<const std::uint8_t*>(at) + sizeof(CopyHeader),
                               candidate.length);
      if (candidate.sum == sum_of(candidate, octets)) {
        newest = candidate;
        record = octets;
      }
    }
    if (newest.sequence != 0 && newest.length != 0) {
      found.emplace_back(newest.made, record);
    }
    reader.damaged_ += written && newest.sequence == 0 ? 1 : 0;
  }
  std::ranges::sort(found, {}, &std::pair<std::uint64_t, wire::Bytes>::first);
  for (const auto& [made, record] : found) {
    reader.records_.push_back(record);
  }
  return reader;
}

}  // namespace adit::control
