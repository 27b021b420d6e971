// SPDX-License-Identifier: Apache-2.0
// Frees an rte_ring that carries mbufs. Thread: the last one to use the ring.
#pragma once

#include <rte_mbuf.h>
#include <rte_ring.h>

namespace adit::dataplane {

/// Frees the ring and the packets still in it. Accepts nullptr.
inline void free_mbuf_ring(rte_ring* ring) noexcept {
  void* mbuf = nullptr;
  while (ring != nullptr && rte_ring_dequeue(ring, &mbuf) == 0) {
    rte_pktmbuf_free(static_cast<rte_mbuf*>(mbuf));
  }
  rte_ring_free(ring);
}

}  // namespace adit::dataplane
