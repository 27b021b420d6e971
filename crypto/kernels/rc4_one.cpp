// SPDX-License-Identifier: Apache-2.0
// RC4 of one key. see rc4_kernel.hpp.
#include "crypto/kernels/rc4_alone.hpp"
#include "crypto/kernels/rc4_kernel.hpp"

namespace adit::crypto {
namespace {

struct alignas(64) Table {
  std::uint32_t elements[256 + 4];  ///< S[i]; the assembly loads four more, and does not use them
};

Table& table_in(Rc4Scratch& scratch) {
  static_assert(sizeof(Table) <= sizeof scratch.octets);
  return *reinterpret_cast<Table*>(scratch.octets);
}

void apply(Rc4Scratch& scratch, const Rc4Packet* packet, std::size_t) {
  rc4_apply_alone<1>(table_in(scratch).elements, 0, 0, packet->data, packet->size);
}

void schedule_portable(Rc4Scratch& scratch, const Rc4Packet* packet, std::size_t) {
  std::uint32_t* const table = table_in(scratch).elements;
  for (std::uint32_t i = 0; i < 256; ++i) {
    table[i] = i;
  }
  const std::size_t key_mask = packet->wide ? 15 : 7;
  std::uint32_t j = 0;
  std::uint32_t a = 0;
  for (std::uint32_t i = 0; i < 256; ++i) {  // see rc4_apply_alone() for why S[i + 1] is fetched here
    const std::uint32_t next_i = (i + 1) & 255;
    j = (j + a + packet->key[i & key_mask]) & 255;
    const std::uint32_t next_a = table[next_i];
    const std::uint32_t b = table[j];
    table[j] = a;
    table[i] = b;
    a = j == next_i ? a : next_a;
  }
}

}  // namespace

const Rc4Kernel kRc4Portable = {"portable", 1, 1, schedule_portable, apply};

#if defined(__x86_64__)
extern "C" void rc4_schedule_ahead_x86_64(std::uint32_t* table, const std::uint64_t (&key)[2]);

namespace {

void schedule_ahead(Rc4Scratch& scratch, const Rc4Packet* packet, std::size_t) {
  std::uint64_t key[2];
  __builtin_memcpy(key, packet->key, sizeof key[0]);
  __builtin_memcpy(key + 1, packet->key + (packet->wide ? 8 : 0), sizeof key[1]);
  rc4_schedule_ahead_x86_64(table_in(scratch).elements, key);
}

}  // namespace

const Rc4Kernel kRc4Ahead = {"ahead", 1, 1, schedule_ahead, apply};
#endif

}  // namespace adit::crypto
