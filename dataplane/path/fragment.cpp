// SPDX-License-Identifier: Apache-2.0
#include "dataplane/path/fragment.hpp"

#include <rte_ip_frag.h>

#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/ipv4.hpp"

namespace adit::dataplane {

std::expected<std::span<rte_mbuf*>, DropReason> fragment_ipv4(rte_mbuf* packet, std::uint16_t mtu,
                                                              rte_mempool* pool, Fragments& pieces) noexcept {
  // The copying variant: MPPE encrypts in place, so fragments must not share octets.
  const std::int32_t count = rte_ipv4_fragment_copy_nonseg_packet(
      packet, pieces.data(), static_cast<std::uint16_t>(pieces.size()), mtu, pool);
  if (count <= 0) {
    return std::unexpected(count == -ENOMEM ? DropReason::kNoBuffer : DropReason::kTooManyFragments);
  }
  const std::span<rte_mbuf*> made(pieces.data(), static_cast<std::size_t>(count));
  for (rte_mbuf* piece : made) {
    auto* at = rte_pktmbuf_mtod(piece, std::uint8_t*);
    const std::size_t header = std::size_t{at[0]} % 16 * 4;
    wire::store_be<std::uint16_t>(at + 10, 0);
    wire::store_be(at + 10, wire::internet_checksum({at, header}));
  }
  rte_pktmbuf_free(packet);
  return made;
}

}  // namespace adit::dataplane
