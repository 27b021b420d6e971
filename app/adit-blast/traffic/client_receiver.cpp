// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/traffic/client_receiver.hpp"

#include <algorithm>
#include <type_traits>

#include "dataplane/path/inner_ip.hpp"
#include "dataplane/wire/dhcpv6.hpp"
#include "dataplane/wire/udp6.hpp"

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
         (ppp.protocol == wire::PppProtocol::kMppe || ppp.protocol == wire::PppProtocol::kIpv4 ||
          ppp.protocol == wire::PppProtocol::kIpv6);
}

void ClientReceiver::release(std::uint32_t slot) noexcept {
  link_.release(slot, [this](rte_mbuf* mbuf) { receive({&mbuf, 1}); });
}

void ClientReceiver::verify() noexcept {
  for (Packet& packet : burst_) {
    packet.protocol == wire::PppProtocol::kIpv6 ? verify<dataplane::InnerIpv6, Ipv6Probe>(packet, ipv6_)
                                                : verify<dataplane::InnerIpv4, Ipv4Probe>(packet, ipv4_);
  }
}

template <typename Inner, typename Family>
void ClientReceiver::verify(Packet& packet, TrafficTable& table) noexcept {
  dataplane::Call& call = *packet.call;
  if (!Inner::is_up(call.identity)) {
    drop(packet, Inner::kNotUp);
    return;
  }
  // decrypt() has already validated the header of an encrypted packet.
  if (packet.content == Content::kClear && !Inner::is_valid({packet.at, packet.size})) {
    drop(packet, DropReason::kInnerHeader);
    return;
  }
  const typename Inner::View header(packet.at);
  packet.size = static_cast<std::uint16_t>(header.total_length());
  if constexpr (std::is_same_v<Inner, dataplane::InnerIpv6>) {
    if (wire::is_link_local(header.destination()) || wire::is_multicast(header.destination())) {
      return take_from_link(packet);
    }
    call.uplink_ipv6_packets.add();
  }
  call.uplink_traffic.packets.add();
  call.uplink_traffic.octets.add(packet.size);
  verifier_.from_tunnel<Family>(table, context_.calls.slot_of(call), {packet.at, packet.size});
  rte_pktmbuf_free(packet.mbuf);
}

/// Router Advertisements and what DHCPv6 tells clients; a caller answers nothing else.
void ClientReceiver::take_from_link(Packet& packet) noexcept {
  const std::uint8_t* const upper = packet.at + wire::kIpv6Size;
  const std::uint8_t protocol = wire::Ipv6View(packet.at).next_header();
  const bool advertises = protocol == wire::kIpProtocolIcmpv6 && packet.size > wire::kIpv6Size &&
                          upper[0] == static_cast<std::uint8_t>(wire::Icmpv6Type::kRouterAdvertisement);
  const bool dhcp = protocol == wire::kIpProtocolUdp && packet.size >= wire::kIpv6Size + wire::kUdpSize &&
                    wire::load_be<std::uint16_t>(upper + 2) == wire::kDhcpv6ClientPort;
  if (!advertises && !dhcp) {
    drop(packet, DropReason::kLinkMulticast);
  } else if (!packet.call->ipv6.messages.take(1, context_.now)) {
    drop(packet, DropReason::kPppFlood);
  } else {
    to_control(packet);
  }
}

}  // namespace adit::app::blast
