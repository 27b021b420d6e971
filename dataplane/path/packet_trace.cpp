// SPDX-License-Identifier: Apache-2.0
#include "dataplane/path/packet_trace.hpp"

#include <algorithm>
#include <cstring>

#include "dataplane/wire/ppp_secrets.hpp"

namespace adit::dataplane {

using contract::TraceLayer;
using contract::TraceRecord;

void PacketTrace::begin(Call& call, const contract::BeginTrace& message) noexcept {
  ring_ = message.ring;
  ring_->begin(message.seat);
  numbers_[message.seat] = message.number;
  call.identity.trace = static_cast<std::uint8_t>(message.seat + 1);
}

void PacketTrace::end(Call& call) noexcept {
  const std::size_t seat = seat_of(call);
  call.identity.trace = 0;
  ring_->publish();
  ring_->end(seat, numbers_[seat]);
}

void PacketTrace::refuse(const contract::BeginTrace& message) noexcept {
  message.ring->end(message.seat, message.number);
}

TraceRecord* PacketTrace::record(const Call& call, const View& view, std::uint32_t packet) noexcept {
  TraceRecord* record = ring_->reserve();
  if (record == nullptr) {
    ring_->count_lost(seat_of(call));
    return nullptr;
  }
  const std::size_t before = view.protocol ? sizeof(std::uint16_t) : 0;
  const std::size_t captured = std::min(view.octets.size() + before, record->octets.size());
  record->tsc = tsc_;
  record->trace = numbers_[seat_of(call)];
  record->packet = packet;
  record->layer = view.layer;
  record->direction = view.direction;
  record->verdict = Verdict::kUnsettled;
  record->drop_reason = 0;
  record->length = static_cast<std::uint16_t>(view.octets.size() + before);
  record->captured = static_cast<std::uint16_t>(captured);
  if (view.protocol) {
    wire::store_be(record->octets.data(), static_cast<std::uint16_t>(*view.protocol));
  }
  if (captured > before) {
    std::memcpy(record->octets.data() + before, view.octets.data(), captured - before);
  }
  if (view.layer == TraceLayer::kOuter) {
    wire::mask_packet_secrets({record->octets.data(), captured});
  } else if (view.layer == TraceLayer::kPpp) {
    wire::mask_frame_secrets({record->octets.data(), captured});
  }
  return record;
}

void PacketTrace::open(const Call& call, const rte_mbuf* mbuf, const View& view, bool repeated) noexcept {
  open(call, mbuf, view, ++packets_, repeated);
}

void PacketTrace::open(const Call& call, const rte_mbuf* mbuf, const View& view, std::uint32_t packet,
                       bool repeated) noexcept {
  if (open_count_ == open_.size()) {
    ring_->count_lost(seat_of(call));
  } else if (TraceRecord* made = record(call, view, packet); made != nullptr) {
    open_[open_count_++] = {.mbuf = mbuf, .record = made, .repeated = repeated, .rekeyed = false};
  }
}

PacketTrace::Open* PacketTrace::find(const rte_mbuf* mbuf) noexcept {
  const auto end = open_.begin() + static_cast<std::ptrdiff_t>(open_count_);
  const auto found = std::find_if(open_.begin(), end, [mbuf](const Open& open) { return open.mbuf == mbuf; });
  return found == end ? nullptr : &*found;
}

void PacketTrace::close(Open& open, Verdict verdict, DropReason reason) noexcept {
  if (verdict == Verdict::kAccepted && open.rekeyed) {
    verdict = Verdict::kRekeyed;
  } else if (open.repeated && (verdict == Verdict::kAccepted || verdict == Verdict::kHeld)) {
    verdict = Verdict::kRepeated;
  }
  open.record->verdict = verdict;
  open.record->drop_reason = static_cast<std::uint8_t>(reason);
  open = open_[--open_count_];
}

void PacketTrace::settle(const rte_mbuf* mbuf, Verdict verdict, DropReason reason) noexcept {
  if (Open* open = find(mbuf); open != nullptr) {
    close(*open, verdict, reason);
  }
}

void PacketTrace::unwrap(const Call& call, const rte_mbuf* mbuf, const View& inner) noexcept {
  Open* outer_layer = find(mbuf);
  std::uint32_t packet = 0;
  if (outer_layer != nullptr) {
    packet = outer_layer->record->packet;
    close(*outer_layer, Verdict::kAccepted);
  } else {
    packet = ++packets_;
  }
  open(call, mbuf, inner, packet, false);
}

void PacketTrace::wrap(const Call& call, const rte_mbuf* mbuf, const View& outer) noexcept {
  std::optional<std::uint32_t> packet;
  if (Open* inner = find(mbuf); inner != nullptr) {
    packet = inner->record->packet;
    close(*inner, Verdict::kForwarded);
  }
  add(call, outer, Verdict::kSent, {}, packet);
}

void PacketTrace::on_rekeyed(const rte_mbuf* mbuf) noexcept {
  if (Open* open = find(mbuf); open != nullptr) {
    open->rekeyed = true;
  }
}

std::uint32_t PacketTrace::add(const Call& call, const View& view, Verdict verdict, DropReason reason,
                               std::optional<std::uint32_t> packet) noexcept {
  const std::uint32_t number = packet ? *packet : ++packets_;
  if (TraceRecord* made = record(call, view, number); made != nullptr) {
    made->verdict = verdict;
    made->drop_reason = static_cast<std::uint8_t>(reason);
  }
  return number;
}

}  // namespace adit::dataplane
