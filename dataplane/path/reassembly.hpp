// SPDX-License-Identifier: Apache-2.0
// Reassembles outer IPv4 fragments of GRE (RFC 2637 §1.4 lets a peer send 1,532 octets in GRE), as in the example
// procedure of RFC 791 §3.2: the payload is collected in place, with a bit for each 8 octets that have come. It holds no
// packet buffers, so fragments cannot use up the pool, and it gives up a chosen datagram; rte_ip_frag can do neither.
// The sources, which all have calls, share it fairly: where there is no room, the source with the most unfinished datagrams
// loses its oldest. Datagrams with overlapping fragments never complete, and time out. NICs hash fragments by address
// only, as they do GRE, so all fragments of a datagram arrive at one worker.
// Thread: worker. Owner: the worker.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <bitset>
#include <cstdint>
#include <span>

#include "dataplane/base/clock.hpp"
#include "dataplane/base/counters.hpp"
#include "dataplane/base/limits.hpp"
#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::dataplane {

class Reassembly {
 public:
  /// `socket`: NUMA node. valid() is false when out of memory.
  Reassembly(int socket, WorkerCounters& counters) noexcept;
  ~Reassembly();
  Reassembly(const Reassembly&) = delete;
  Reassembly& operator=(const Reassembly&) = delete;

  [[nodiscard]] bool valid() const noexcept { return !datagrams_.empty(); }

  /// Takes a fragment that begins with its validated IPv4 header. If it completes the datagram, returns that
  /// in one buffer with a valid header; otherwise nullptr.
  [[nodiscard]] rte_mbuf* add(rte_mbuf* fragment, Milliseconds now) noexcept;

  /// Once per loop: gives up the datagrams that did not complete in time.
  void tidy(Milliseconds now) noexcept;

 private:
  struct Piece {
    wire::Ipv4Address source;
    wire::Ipv4Address destination;
    std::uint16_t identification;
    std::uint16_t offset;
    bool is_last;
    std::uint8_t tos;
    wire::Bytes payload;
    [[nodiscard]] std::size_t end() const noexcept { return offset + payload.size(); }
  };
  struct Datagram {
    wire::Ipv4Address source;
    wire::Ipv4Address destination;
    Milliseconds until;
    std::uint16_t identification;
    std::uint16_t total;      ///< octets of payload; 0: the last fragment has not come
    std::uint16_t received;   ///< octets
    std::uint16_t highest;    ///< end of the fragments received
    std::uint16_t fragments;  ///< how many
    std::uint8_t tos;         ///< the first fragment's
    std::uint8_t rank;        ///< the list in ranks_
    bool spoiled;             ///< fragments overlap or contradict each other
    std::uint16_t next_in_chain;
    std::uint16_t older, newer;  ///< of the same rank
    std::bitset<kReassembledOctets / 8> blocks;
    std::array<std::uint8_t, kReassembledOctets> payload;
  };
  struct Rank {
    std::uint16_t oldest;
    std::uint16_t newest;
  };

  [[nodiscard]] std::uint16_t& chain_of(wire::Ipv4Address source) noexcept;
  [[nodiscard]] std::uint16_t index_of(const Datagram& datagram) const noexcept;
  [[nodiscard]] Datagram& find_or_begin(const Piece& piece, Milliseconds now) noexcept;
  [[nodiscard]] Datagram& begin(const Piece& piece, std::uint8_t rank, Milliseconds now) noexcept;
  void give_up(Datagram& datagram, DropReason reason) noexcept;
  void release(Datagram& datagram) noexcept;
  static void store(Datagram& datagram, const Piece& piece) noexcept;
  static bool write_whole(rte_mbuf* into, const Datagram& datagram) noexcept;

  WorkerCounters& counters_;
  std::span<Datagram> datagrams_;
  std::uint16_t free_;        // the first of those that are not in use, linked as chains are
  std::uint16_t in_use_ = 0;  // datagrams
  /// Datagrams by their source: a source's newest first.
  std::array<std::uint16_t, kReassemblies> chains_;
  const std::uint64_t multiplier_;  // of the hash: secret and odd
  /// Datagrams by how many their source had when they began, themselves included. The source with the most is found
  /// in the highest rank, if not always the very one: datagrams keep their rank when others of the source complete.
  std::array<Rank, kReassemblyShare + 1> ranks_;
};

}  // namespace adit::dataplane
