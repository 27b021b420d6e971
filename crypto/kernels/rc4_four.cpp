// SPDX-License-Identifier: Apache-2.0
// RC4 of four keys side by side, or of the first alone, by rc4_four_x86_64.S. see rc4_kernel.hpp.
// Four such groups are one call, with a table each, because a change from schedules to streams and back costs: on an
// AMD Zen 5 a schedule of four takes 1,600 cycles after another schedule and 16 octets of stream 115 after another
// stream, but both by turns 1,850 to 2,900, by where their code happens to lie. It looks as if the loads and stores of
// the two spoil each other's entries in the predictor of memory dependences. By turns of four they take 1,900 to 2,150.
#include <algorithm>
#include <cstring>
#include <span>

#include "crypto/kernels/rc4_alone.hpp"
#include "crypto/kernels/rc4_kernel.hpp"

namespace adit::crypto {
namespace {

constexpr std::size_t kLanes = 4;
constexpr std::size_t kGroups = 4;
constexpr std::size_t kBlock = 16;    // octets of key stream: the assembly's smallest step
constexpr std::size_t kStream = 256;  // octets of key stream a lane may be asked for at once

/// The state of four generators. The assembly knows these offsets.
struct alignas(64) Lanes {
  std::uint32_t table[2][256][2];  ///< [lane / 2][i][lane % 2], each 0..255
  std::uint8_t keys[kLanes][16];   ///< in; a key of 8 octets is repeated
  std::uint32_t j[kLanes];
  std::uint32_t row;  ///< 8 * i
};
static_assert(offsetof(Lanes, keys) == 4096 && offsetof(Lanes, j) == 4160 && offsetof(Lanes, row) == 4176);

extern "C" {
void rc4_schedule_x86_64(Lanes* lanes);      // from `keys`, all lanes
void rc4_schedule_one_x86_64(Lanes* lanes);  // lane 0 alone
/// The next `blocks` (1 to kStream / kBlock) of key stream of all lanes, to the front of each lane of `stream`.
void rc4_generate_x86_64(Lanes* lanes, std::uint8_t* stream, std::size_t blocks);
}

Lanes* lanes_in(Rc4Scratch& scratch) {
  static_assert(kGroups * sizeof(Lanes) <= sizeof scratch.octets);
  return reinterpret_cast<Lanes*>(scratch.octets);
}

typedef std::uint64_t Word __attribute__((vector_size(16)));  // GCC and clang have it on any CPU

/// XORs `size` octets of key stream into data, at any alignment, and touches no others.
void apply(std::uint8_t* data, const std::uint8_t* stream, std::size_t size) noexcept {
  const auto word = [&](std::size_t at) {
    Word a;
    Word b;
    std::memcpy(&a, data + at, sizeof a);
    std::memcpy(&b, stream + at, sizeof b);
    return a ^ b;
  };
  if (size < sizeof(Word)) {
    for (std::size_t at = 0; at < size; ++at) {
      data[at] ^= stream[at];
    }
    return;
  }
  // The last word may overlap the one before it, so it is computed before that one is written.
  const Word last = word(size - sizeof(Word));
  for (std::size_t at = 0; at + sizeof(Word) <= size; at += sizeof(Word)) {
    const Word next = word(at);
    std::memcpy(data + at, &next, sizeof next);
  }
  std::memcpy(data + size - sizeof(Word), &last, sizeof last);
}

void take_key(std::uint8_t (&slot)[16], const Rc4Packet& packet) noexcept {
  if (packet.wide) {
    std::memcpy(slot, packet.key, 16);
  } else {
    std::memcpy(slot, packet.key, 8);
    std::memcpy(slot + 8, packet.key, 8);
  }
}

/// One lane's generator alone, from where it is. Does not move lanes.row.
void apply_one(Lanes& lanes, std::size_t lane, std::uint8_t* data, std::size_t size) noexcept {
  rc4_apply_alone<2>(&lanes.table[lane / 2][0][lane % 2], lanes.row / 8, lanes.j[lane], data, size);
}

void schedule_one(Rc4Scratch& scratch, const Rc4Packet* packet, std::size_t) {
  Lanes& lanes = *lanes_in(scratch);
  take_key(lanes.keys[0], *packet);
  rc4_schedule_one_x86_64(&lanes);
}

void apply_to_one(Rc4Scratch& scratch, const Rc4Packet* packet, std::size_t) {
  apply_one(*lanes_in(scratch), 0, packet->data, packet->size);
}

void schedule(Rc4Scratch& scratch, const Rc4Packet* packets, std::size_t count) {
  Lanes* lanes = lanes_in(scratch);
  for (std::size_t at = 0; at < count; at += kLanes, ++lanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      take_key(lanes->keys[lane], packets[std::min(at + lane, count - 1)]);
    }
    rc4_schedule_x86_64(lanes);
  }
}

void apply_to_four(Lanes& lanes, const Rc4Packet* packets, std::size_t count) {
  std::size_t longest = 0;
  for (std::size_t lane = 0; lane < count; ++lane) {
    longest = std::max(longest, packets[lane].size);
  }
  for (std::size_t at = 0; at < longest; at += kStream) {
    std::size_t unfinished = 0;
    std::size_t last = 0;
    for (std::size_t lane = 0; lane < count; ++lane) {
      if (packets[lane].size > at) {
        ++unfinished;
        last = lane;
      }
    }
    if (unfinished == 1) {
      return apply_one(lanes, last, packets[last].data + at, packets[last].size - at);
    }
    alignas(64) std::uint8_t stream[kLanes][kStream];
    rc4_generate_x86_64(&lanes, stream[0], (std::min(kStream, longest - at) + kBlock - 1) / kBlock);
    for (std::size_t lane = 0; lane < count; ++lane) {
      if (packets[lane].size > at) {
        apply(packets[lane].data + at, stream[lane], std::min(kStream, packets[lane].size - at));
      }
    }
  }
}

void apply_to_all(Rc4Scratch& scratch, const Rc4Packet* packets, std::size_t count) {
  Lanes* lanes = lanes_in(scratch);
  for (std::size_t at = 0; at < count; at += kLanes, ++lanes) {
    apply_to_four(*lanes, packets + at, std::min(kLanes, count - at));
  }
}

}  // namespace

const Rc4Kernel kRc4One = {"one", 1, 1, schedule_one, apply_to_one};
const Rc4Kernel kRc4Four = {"four", kLanes, kGroups, schedule, apply_to_all};

}  // namespace adit::crypto
