// SPDX-License-Identifier: Apache-2.0
#include "crypto/kernels/rc4_lanes.hpp"

#include <algorithm>
#include <cstring>

namespace adit::crypto {
namespace {

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

/// `size` steps of one lane's generator; `take(at, octet)` gets the key stream. S[i + 1] is fetched before
/// S[j] is stored, and corrected if it was the same element: replaying the load after an older store costs
/// more (7.1 cycles per octet instead of 6.4 on AMD Zen 3, branch or CMOV alike). Does not move lanes.row.
template <typename Take>
void generate_one(Rc4Lanes& lanes, std::size_t lane, std::size_t size, Take take) noexcept {
  std::uint32_t* const table = &lanes.table[lane / 2][0][lane % 2];
  std::uint32_t i = (lanes.row / 8 + 1) & 255;
  std::uint32_t j = lanes.j[lane];
  std::uint32_t a = table[2 * i];
  for (std::size_t at = 0; at < size; ++at) {
    const std::uint32_t next_i = (i + 1) & 255;
    j = (j + a) & 255;
    const std::uint32_t next_a = table[2 * next_i];
    const std::uint32_t b = table[2 * j];
    table[2 * j] = a;
    table[2 * i] = b;
    take(at, static_cast<std::uint8_t>(table[2 * ((a + b) & 255)]));
    a = j == next_i ? a : next_a;
    i = next_i;
  }
  lanes.j[lane] = j;
}

void crypt_one(Rc4Lanes& lanes, std::size_t lane, std::uint8_t* data, std::size_t size) noexcept {
  generate_one(lanes, lane, size, [data](std::size_t at, std::uint8_t octet) {
    data[at] = static_cast<std::uint8_t>(data[at] ^ octet);
  });
}

}  // namespace

void rc4_crypt(const Rc4Kernel& kernel, Rc4Lanes& lanes, std::span<const Rc4Packet> packets) noexcept {
  if (packets.size() == 1) {
    take_key(lanes.keys[0], packets[0]);
    kernel.schedule_one(&lanes);
    crypt_one(lanes, 0, packets[0].data, packets[0].size);
    return;
  }
  std::size_t longest = 0;
  for (std::size_t lane = 0; lane < kRc4Lanes; ++lane) {
    // Kernels run four lanes or one. Idle lanes repeat the last key, at no cost.
    take_key(lanes.keys[lane], packets[std::min(lane, packets.size() - 1)]);
  }
  for (const Rc4Packet& packet : packets) {
    longest = std::max(longest, packet.size);
  }
  kernel.schedule(&lanes);
  for (std::size_t at = 0; at < longest; at += kRc4Stream) {
    std::size_t unfinished = 0;
    std::size_t last = 0;
    for (std::size_t lane = 0; lane < packets.size(); ++lane) {
      if (packets[lane].size > at) {
        ++unfinished;
        last = lane;
      }
    }
    if (unfinished == 1) {
      return crypt_one(lanes, last, packets[last].data + at, packets[last].size - at);
    }
    Rc4Stream stream;
    kernel.generate(&lanes, stream.octets[0],
                    (std::min(kRc4Stream, longest - at) + kRc4Block - 1) / kRc4Block);
    for (std::size_t lane = 0; lane < packets.size(); ++lane) {
      if (packets[lane].size > at) {
        apply(packets[lane].data + at, stream.octets[lane], std::min(kRc4Stream, packets[lane].size - at));
      }
    }
  }
}

// ---- the portable kernel ----------------------------------------------------------------------------------

namespace {

// One lane after the other: interleaving four takes twice as long, because compilers run out of registers.
template <std::size_t kLanes>
void schedule(Rc4Lanes* lanes) {
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    std::uint32_t* const table = &lanes->table[lane / 2][0][lane % 2];
    for (std::uint32_t i = 0; i < 256; ++i) {
      table[2 * i] = i;
    }
    std::uint32_t j = 0;
    std::uint32_t a = 0;
    for (std::uint32_t i = 0; i < 256; ++i) {  // see generate_one() for why S[i + 1] is fetched here
      const std::uint32_t next_i = (i + 1) & 255;
      j = (j + a + lanes->keys[lane][i % 16]) & 255;
      const std::uint32_t next_a = table[2 * next_i];
      const std::uint32_t b = table[2 * j];
      table[2 * j] = a;
      table[2 * i] = b;
      a = j == next_i ? a : next_a;
    }
    lanes->j[lane] = 0;
  }
  lanes->row = 0;
}

void generate(Rc4Lanes* lanes, std::uint8_t* stream, std::size_t blocks) {
  for (std::size_t lane = 0; lane < kRc4Lanes; ++lane) {
    std::uint8_t* const to = stream + lane * kRc4Stream;
    generate_one(*lanes, lane, blocks * kRc4Block,
                 [to](std::size_t at, std::uint8_t octet) { to[at] = octet; });
  }
  lanes->row = (lanes->row + 8 * static_cast<std::uint32_t>(blocks * kRc4Block)) % (8 * 256);
}

}  // namespace

const Rc4Kernel kRc4Portable = {schedule<kRc4Lanes>, schedule<1>, generate};

#if defined(__x86_64__)
extern "C" {
void rc4_schedule_x86_64(Rc4Lanes* lanes);
void rc4_schedule_one_x86_64(Rc4Lanes* lanes);
void rc4_generate_x86_64(Rc4Lanes* lanes, std::uint8_t* stream, std::size_t blocks);
}
const Rc4Kernel kRc4X8664 = {rc4_schedule_x86_64, rc4_schedule_one_x86_64, rc4_generate_x86_64};
#endif

}  // namespace adit::crypto
