// SPDX-License-Identifier: Apache-2.0
#include "dataplane/path/reassembly.hpp"

#include <rte_malloc.h>
#include <rte_random.h>

#include <algorithm>
#include <bit>
#include <memory>

#include "dataplane/wire/ipv4.hpp"

namespace adit::dataplane {
namespace {

constexpr std::uint16_t kNone = 0xffff;
constexpr unsigned kHashBits = std::bit_width(kReassemblies) - 1;
static_assert(std::has_single_bit(kReassemblies) && kReassemblies < kNone);

}  // namespace

Reassembly::Reassembly(int socket, WorkerCounters& counters) noexcept
    : counters_(counters), free_(0), multiplier_(rte_rand() | 1) {
  chains_.fill(kNone);
  ranks_.fill({kNone, kNone});
  auto* memory = static_cast<Datagram*>(
      rte_malloc_socket("adit_reassembly", kReassemblies * sizeof(Datagram), alignof(Datagram), socket));
  if (memory == nullptr) {
    return;
  }
  std::uninitialized_default_construct_n(memory, kReassemblies);
  datagrams_ = {memory, kReassemblies};
  for (std::uint16_t at = 0; at < kReassemblies; ++at) {
    datagrams_[at].next_in_chain = at + 1U == kReassemblies ? kNone : static_cast<std::uint16_t>(at + 1);
  }
}

Reassembly::~Reassembly() {
  rte_free(datagrams_.data());
}

rte_mbuf* Reassembly::add(rte_mbuf* fragment, Milliseconds now) noexcept {
  const wire::Ipv4Header header = wire::Ipv4View(rte_pktmbuf_mtod(fragment, const std::uint8_t*)).header();
  const Piece piece{.source = header.source,
                    .destination = header.destination,
                    .identification = header.identification,
                    .offset = header.fragment_offset,
                    .is_last = !header.more_fragments,
                    .tos = header.tos,
                    .payload = {rte_pktmbuf_mtod_offset(fragment, const std::uint8_t*, header.header_length),
                                header.payload_length()}};
  // RFC 791 §3.1: all fragments but the last carry a multiple of 8 octets.
  if (piece.payload.empty() || (!piece.is_last && piece.payload.size() % 8 != 0)) {
    counters_.drop(DropReason::kOuterHeader);
    rte_pktmbuf_free(fragment);
    return nullptr;
  }
  Datagram& datagram = find_or_begin(piece, now);
  ++datagram.fragments;
  if (piece.end() > kReassembledOctets) {
    give_up(datagram, DropReason::kFragmentTooLong);
    rte_pktmbuf_free(fragment);
    return nullptr;
  }
  store(datagram, piece);
  if (datagram.spoiled || datagram.received != datagram.total) {
    rte_pktmbuf_free(fragment);
    return nullptr;
  }
  if (!write_whole(fragment, datagram)) {
    give_up(datagram, DropReason::kFragmentTooLong);
    rte_pktmbuf_free(fragment);
    return nullptr;
  }
  release(datagram);
  counters_.reassembled.add();
  return fragment;
}

void Reassembly::store(Datagram& datagram, const Piece& piece) noexcept {
  using Blocks = decltype(Datagram::blocks);
  const Blocks blocks = (~Blocks() >> (Blocks().size() - (piece.payload.size() + 7) / 8))
                        << piece.offset / 8U;
  const auto end = static_cast<std::uint16_t>(piece.end());
  datagram.spoiled |= (datagram.blocks & blocks).any() || (piece.is_last && datagram.total != 0) ||
                      (piece.is_last && datagram.highest > end) ||
                      (datagram.total != 0 && end > datagram.total);
  if (datagram.spoiled) {
    return;
  }
  std::ranges::copy(piece.payload, datagram.payload.begin() + piece.offset);
  datagram.blocks |= blocks;
  datagram.received = static_cast<std::uint16_t>(datagram.received + piece.payload.size());
  datagram.highest = std::max(datagram.highest, end);
  if (piece.is_last) {
    datagram.total = end;
  }
  if (piece.offset == 0) {
    datagram.tos = piece.tos;
  }
}

/// Into the buffer of the fragment that came last, behind its own header. False: it does not fit.
bool Reassembly::write_whole(rte_mbuf* into, const Datagram& datagram) noexcept {
  auto* at = rte_pktmbuf_mtod(into, std::uint8_t*);
  const std::uint8_t header_length = wire::Ipv4View(at).header_length();
  const auto size = static_cast<std::uint16_t>(header_length + datagram.total);
  if (size > into->buf_len - into->data_off) {
    return false;
  }
  into->data_len = size;
  into->pkt_len = size;
  std::copy_n(datagram.payload.begin(), datagram.total, at + header_length);
  at[1] = datagram.tos;
  wire::store_be(at + 2, size);
  wire::store_be<std::uint16_t>(at + 6, 0);
  wire::store_be<std::uint16_t>(at + 10, 0);
  wire::store_be(at + 10, wire::internet_checksum({at, header_length}));
  return true;
}

// ---- which datagrams there is room for ----------------------------------------------------------------------------

Reassembly::Datagram& Reassembly::find_or_begin(const Piece& piece, Milliseconds now) noexcept {
  std::uint8_t held = 0;
  Datagram* oldest = nullptr;
  for (std::uint16_t at = chain_of(piece.source); at != kNone; at = datagrams_[at].next_in_chain) {
    Datagram& each = datagrams_[at];
    if (each.source != piece.source) {
      continue;
    }
    if (each.identification == piece.identification && each.destination == piece.destination) {
      return each;
    }
    ++held;
    oldest = &each;
  }
  Datagram* yields = held == kReassemblyShare ? oldest : nullptr;
  if (yields == nullptr && free_ == kNone) {
    const auto most = std::ranges::find_if(ranks_.rbegin(), ranks_.rend(),
                                           [](const Rank& rank) { return rank.oldest != kNone; });
    Datagram& candidate = datagrams_[most->oldest];
    yields = candidate.rank > held ? &candidate : oldest;
  }
  if (yields != nullptr) {
    held = static_cast<std::uint8_t>(yields->source == piece.source ? held - 1 : held);
    give_up(*yields, DropReason::kFragmentFlood);
  }
  return begin(piece, static_cast<std::uint8_t>(held + 1), now);
}

Reassembly::Datagram& Reassembly::begin(const Piece& piece, std::uint8_t rank, Milliseconds now) noexcept {
  const std::uint16_t at = free_;
  Datagram& datagram = datagrams_[at];
  free_ = datagram.next_in_chain;
  ++in_use_;
  std::uint16_t& chain = chain_of(piece.source);
  Rank& list = ranks_[rank];
  datagram.source = piece.source;
  datagram.destination = piece.destination;
  datagram.until = now + kReassemblyMs;
  datagram.identification = piece.identification;
  datagram.total = datagram.received = datagram.highest = datagram.fragments = 0;
  datagram.tos = 0;
  datagram.rank = rank;
  datagram.spoiled = false;
  datagram.next_in_chain = chain;
  datagram.older = list.newest;
  datagram.newer = kNone;
  datagram.blocks.reset();
  (list.newest == kNone ? list.oldest : datagrams_[list.newest].newer) = at;
  list.newest = at;
  chain = at;
  return datagram;
}

void Reassembly::give_up(Datagram& datagram, DropReason reason) noexcept {
  counters_.drop(reason, datagram.fragments);
  release(datagram);
}

void Reassembly::release(Datagram& datagram) noexcept {
  const std::uint16_t at = index_of(datagram);
  Rank& list = ranks_[datagram.rank];
  (datagram.older == kNone ? list.oldest : datagrams_[datagram.older].newer) = datagram.newer;
  (datagram.newer == kNone ? list.newest : datagrams_[datagram.newer].older) = datagram.older;
  std::uint16_t* link = &chain_of(datagram.source);
  while (*link != at) {
    link = &datagrams_[*link].next_in_chain;
  }
  *link = datagram.next_in_chain;
  datagram.next_in_chain = free_;
  free_ = at;
  --in_use_;
}

void Reassembly::tidy(Milliseconds now) noexcept {
  if (in_use_ == 0) {
    return;
  }
  for (const Rank& rank : ranks_) {
    while (rank.oldest != kNone && now.reached(datagrams_[rank.oldest].until)) {
      give_up(datagrams_[rank.oldest], DropReason::kFragmentIncomplete);
    }
  }
}

std::uint16_t& Reassembly::chain_of(wire::Ipv4Address source) noexcept {
  return chains_[(std::uint64_t{source.value} + 1) * multiplier_ >> (64 - kHashBits)];
}

std::uint16_t Reassembly::index_of(const Datagram& datagram) const noexcept {
  return static_cast<std::uint16_t>(&datagram - datagrams_.data());
}

}  // namespace adit::dataplane
