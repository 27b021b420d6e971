// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/traffic/client_receiver.hpp"

#include <algorithm>

namespace adit::app::blast {

using dataplane::DropReason;
using dataplane::kBurst;

void ClientReceiver::run(std::span<rte_mbuf* const> packets) noexcept {
  if (link_.active()) {
    packets = impair(packets);
  }
  for (; !packets.empty(); packets = packets.subspan(std::min<std::size_t>(kBurst, packets.size()))) {
    receive(packets.first(std::min<std::size_t>(kBurst, packets.size())));
  }
}

void ClientReceiver::receive(std::span<rte_mbuf* const> packets) noexcept {
  parse_outer(packets);
  find_calls(Arrival::kFromDevice);
  accept_sequence();
  strip_ppp();
  decrypt();
  decompress();
  commit();
  verify();
}

std::span<rte_mbuf* const> ClientReceiver::impair(std::span<rte_mbuf* const> packets) noexcept {
  std::size_t count = 0;
  const auto emit = [&](rte_mbuf* mbuf) { impaired_[count++] = mbuf; };
  for (rte_mbuf* mbuf : packets) {
    std::uint32_t slot = 0;
    find_data(mbuf, slot) ? link_.pass(mbuf, slot, emit) : emit(mbuf);
  }
  return {impaired_.data(), count};
}

/// Only data is impaired; PPP control frames and bare acknowledgements pass.
bool ClientReceiver::find_data(rte_mbuf* mbuf, std::uint32_t& slot) const noexcept {
  const wire::Bytes packet = dataplane::octets_of(mbuf);
  if (wire::check_ipv4(packet) != wire::Ipv4Error::kNone || wire::Ipv4View(packet.data()).is_fragment()) {
    return false;
  }
  const wire::Ipv4View outer(packet.data());
  const wire::Bytes gre_packet = packet.subspan(outer.header_length(), outer.payload_length());
  if (wire::check_gre(gre_packet) != wire::GreError::kNone) {
    return false;
  }
  const wire::GreView gre(gre_packet.data());
  const auto owner =
      dataplane::CallIndex::read(context_.index.locate_call(outer.destination(), gre.call_id()));
  slot = owner.slot;
  if (!owner.known || context_.calls.at(slot) == nullptr || !gre.has_sequence()) {
    return false;
  }
  const auto ppp = wire::peek_ppp(gre_packet.subspan(gre.header_length(), gre.payload_length()));
  return ppp.header_length > 0 &&
         (ppp.protocol == wire::PppProtocol::kMppe || ppp.protocol == wire::PppProtocol::kIpv4);
}

void ClientReceiver::release(std::uint32_t slot) noexcept {
  link_.release(slot, [this](rte_mbuf* mbuf) { receive({&mbuf, 1}); });
}

void ClientReceiver::verify() noexcept {
  for (Packet& packet : burst_) {
    dataplane::Call& call = *packet.call;
    if (!call.identity.ip_up) {
      drop(packet, DropReason::kIpNotUp);
      continue;
    }
    if (packet.protocol != wire::PppProtocol::kIpv4) {
      drop(packet, DropReason::kIpv6NotUp);
      continue;
    }
    const wire::Bytes inner(packet.at, packet.size);
    // decrypt() has already validated the header of an encrypted packet.
    if (packet.content == Content::kClear && wire::check_ipv4(inner) != wire::Ipv4Error::kNone) {
      drop(packet, DropReason::kInnerHeader);
      continue;
    }
    call.uplink_traffic.packets.add();
    call.uplink_traffic.octets.add(wire::Ipv4View(packet.at).total_length());
    verifier_.from_tunnel(inner);
    rte_pktmbuf_free(packet.mbuf);
  }
}

}  // namespace adit::app::blast
