// SPDX-License-Identifier: Apache-2.0
#include "dataplane/path/punt_class.hpp"

#include "dataplane/wire/ethernet.hpp"
#include "dataplane/wire/gre.hpp"
#include "dataplane/wire/ipv4.hpp"

namespace adit::dataplane {
namespace {

/// What IPv4 and IPv6 have in common here.
struct Carried {
  std::uint8_t protocol = 0;
  std::uint8_t ttl = 0;
  wire::Bytes payload{};
  bool to_link = false;  ///< its destination is one that routers do not forward
  bool of_peer = false;  ///< its source has a call
};

/// RFC 5082 §3, RFC 5881 §5, RFC 5798 §5.1.1.3, RFC 4861 §6.1: nobody beyond the link can send such a packet.
constexpr std::uint8_t kSentByNeighbour = 255;

PuntClass class_of_routing(const Carried& packet) noexcept {
  return packet.to_link || packet.ttl == kSentByNeighbour ? PuntClass::kRouting : PuntClass::kRemoteRouting;
}

constexpr bool is_routing_port(std::uint16_t port) noexcept {
  return port == 179 || port == 646;  // BGP (RFC 4271 §4), LDP (RFC 5036 §3.10)
}

PuntClass class_of_tcp(const Carried& packet) noexcept {
  constexpr std::size_t kFlagsAt = 13;
  constexpr std::uint8_t kSyn = 0x02;
  constexpr std::uint8_t kAck = 0x10;
  if (packet.payload.size() <= kFlagsAt) {
    return PuntClass::kOther;
  }
  const auto source = wire::load_be<std::uint16_t>(packet.payload.data());
  const auto destination = wire::load_be<std::uint16_t>(packet.payload.data() + 2);
  const bool opens = (packet.payload[kFlagsAt] & (kSyn | kAck)) == kSyn;
  if (is_routing_port(source) || is_routing_port(destination)) {
    return opens ? PuntClass::kRoutingSyn : class_of_routing(packet);
  }
  if (destination != wire::kPptpPort) {
    return opens ? PuntClass::kTcpSyn : PuntClass::kTcp;
  }
  if (opens) {
    return PuntClass::kNewPeersSyn;
  }
  return packet.of_peer ? PuntClass::kPeers : PuntClass::kNewPeers;
}

PuntClass class_of_udp(const Carried& packet) noexcept {
  if (packet.payload.size() < 4) {
    return PuntClass::kOther;
  }
  switch (wire::load_be<std::uint16_t>(packet.payload.data() + 2)) {
    case 3784:  // BFD, its echo, and on members of a link aggregate: RFC 5881 §4, RFC 7130 §2.2
    case 3785:
    case 6784:
      return packet.ttl == kSentByNeighbour ? PuntClass::kRouting : PuntClass::kOther;
    case 4784:  // BFD over several hops: RFC 5883 §5
    case 520:   // RIP
    case 521:   // RIPng
    case 646:   // LDP's hellos
      return class_of_routing(packet);
    default:
      return PuntClass::kOther;
  }
}

PuntClass class_of(const Carried& packet) noexcept {
  switch (packet.protocol) {
    case wire::kIpProtocolTcp:
      return class_of_tcp(packet);
    case wire::kIpProtocolUdp:
      return class_of_udp(packet);
    case wire::kIpProtocolIcmp:
      return PuntClass::kIcmp;
    case 58: {  // ICMPv6; 133 to 137 are neighbour discovery
      const std::uint8_t type = packet.payload.empty() ? 0 : packet.payload[0];
      return type >= 133 && type <= 137 && packet.ttl == kSentByNeighbour ? PuntClass::kNeighbours
                                                                          : PuntClass::kIcmp;
    }
    case 88:   // EIGRP
    case 89:   // OSPF
    case 103:  // PIM
      return class_of_routing(packet);
    case 112:  // VRRP
      return packet.ttl == kSentByNeighbour ? PuntClass::kRouting : PuntClass::kOther;
    default:
      return PuntClass::kOther;
  }
}

/// 224.0.0.0/24: RFC 5771 §4.
constexpr bool is_link_local(wire::Ipv4Address destination) noexcept {
  return destination.value >> 8 == 0xe00000;
}

/// Multicast of link-local scope, and fe80::/10: RFC 4291 §2.7, §2.5.6.
bool is_link_local(const std::uint8_t* ipv6_destination) noexcept {
  const auto start = wire::load_be<std::uint16_t>(ipv6_destination);
  return (start & 0xff0f) == 0xff02 || (start & 0xffc0) == 0xfe80;
}

PuntFrame look_at_ipv4(wire::Bytes packet, bool unicast, const CallIndex& index) noexcept {
  if (packet.size() < wire::kIpv4Size) {
    return {};
  }
  const wire::Ipv4View ip(packet.data());
  PuntFrame frame{.source = ip.source().value};
  if (unicast) {
    frame.destination = ip.destination();
  }
  if (!ip.is_fragment() && packet.size() >= ip.header_length()) {
    frame.punt_class = class_of({.protocol = ip.protocol(),
                                 .ttl = ip.ttl(),
                                 .payload = packet.subspan(ip.header_length()),
                                 .to_link = is_link_local(ip.destination()),
                                 .of_peer = index.has_peer(ip.source())});
  }
  return frame;
}

PuntFrame look_at_ipv6(wire::Bytes packet) noexcept {
  constexpr std::size_t kIpv6Size = 40;
  if (packet.size() < kIpv6Size) {
    return {};
  }
  return {.punt_class = class_of({.protocol = packet[6],
                                  .ttl = packet[7],
                                  .payload = packet.subspan(kIpv6Size),
                                  .to_link = is_link_local(packet.data() + 24)}),
          .source = wire::load_be<std::uint64_t>(packet.data() + 8)};
}

/// IS-IS is not in Ethernet II: ISO 10589 §8.4.8, LLC with DSAP and SSAP FE.
bool is_isis(wire::Bytes frame) noexcept {
  return frame.size() > wire::kEthernetSize + 2 && frame[12] < 0x06 && frame[14] == 0xfe && frame[15] == 0xfe;
}

}  // namespace

PuntFrame look_at(wire::Bytes frame, const CallIndex& index) noexcept {
  const auto header = wire::parse_ethernet(frame);
  if (!header) {
    return {.punt_class = is_isis(frame) ? PuntClass::kRouting : PuntClass::kOther};
  }
  const wire::Bytes packet = frame.subspan(header->header_length);
  switch (header->type) {
    case wire::EtherType::kArp:
      return {.punt_class = PuntClass::kNeighbours};
    case wire::EtherType::kIpv4:
      return look_at_ipv4(packet, (frame[0] & 1) == 0, index);
    case wire::EtherType::kIpv6:
      return look_at_ipv6(packet);
    default:
      return {};
  }
}

}  // namespace adit::dataplane
