// SPDX-License-Identifier: Apache-2.0
// IPv6: headers, extension headers, ICMPv6 and Neighbour Discovery as the workers read them; DHCPv6 as a link's server
// does: whatever arrives, at most one well-formed answer goes back, and nothing is held that was not leased.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "controlplane/ipv6/ipv6_link.hpp"
#include "dataplane/wire/icmpv6.hpp"
#include "dataplane/wire/ipv6.hpp"
#include "dataplane/wire/neighbour.hpp"
#include "dataplane/wire/router_discovery.hpp"
#include "dataplane/wire/udp6.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/kit/seeded_entropy.hpp"

namespace adit::fuzz {

using namespace wire;

namespace {

using Packet = std::vector<std::uint8_t>;

/// Makes the length and the checksum right, so that the rest of the parsers is reached.
void mend(Packet& packet) {
  if (packet.size() < kIpv6Size || packet.size() > kIpv6Size + 0xFFFF) {
    return;
  }
  packet[0] = static_cast<std::uint8_t>(0x60 | (packet[0] & 0x0F));
  store_be(packet.data() + 4, static_cast<std::uint16_t>(packet.size() - kIpv6Size));
  const std::uint8_t protocol = packet[6];
  const std::size_t field = protocol == kIpProtocolIcmpv6 ? 2 : 6;
  if ((protocol != kIpProtocolIcmpv6 && protocol != kIpProtocolUdp) || packet.size() < kIpv6Size + 8) {
    return;
  }
  if (protocol == kIpProtocolUdp) {
    store_be(packet.data() + kIpv6Size + 4, static_cast<std::uint16_t>(packet.size() - kIpv6Size));
  }
  std::uint8_t* const at = packet.data() + kIpv6Size + field;
  store_be<std::uint16_t>(at, 0);
  store_be(at, upper_layer_checksum(packet.data(), Bytes(packet).subspan(kIpv6Size), protocol));
}

/// A packet of ours: a header, and an ICMPv6 or UDP checksum that are right.
void require_sound(Bytes packet) {
  require(check_ipv6(packet) == Ipv6Error::kNone && Ipv6View(packet.data()).total_length() == packet.size());
  require(packet.size() <= kIpv6MinMtu);
  require(upper_layer_checksum(packet.data(), packet.subspan(kIpv6Size), packet[6]) == 0);
}

class Host final : public control::Ipv6LinkHost {
 public:
  explicit Host(std::uint8_t has)
      : address_((has & 1) != 0 ? std::optional(Ipv6Prefix{{0x20010db8'00000000, 7}, 128}) : std::nullopt),
        delegated_((has & 2) != 0 ? std::optional(Ipv6Prefix{{0x20010db8'00010000, 0}, 56}) : std::nullopt) {}
  void send_ipv6(Bytes packet) override {
    require_sound(packet);
    ++sent;
    if (packet[6] == kIpProtocolUdp) {
      const auto udp = parse_udp6(packet);
      require(udp && udp->destination_port == kDhcpv6ClientPort);
      const auto message = parse_dhcpv6(udp->payload);
      require(message && (message->type == 2 || message->type == 7));
      require(message->options.find(Dhcpv6Code::kServerId).has_value());
    } else {
      require(is_neighbour_discovery(packet, Icmpv6Type::kRouterAdvertisement, 16));
    }
  }
  bool may_advertise() override { return true; }
  std::optional<Ipv6Prefix> lease_ipv6(control::Ipv6Use use) override {
    return use == control::Ipv6Use::kAddress ? address_ : delegated_;
  }
  void binding_changed(const control::Ipv6Lease& lease) override {
    require(!lease.address || (address_ && *lease.address == address_->address));
    require(!lease.delegated || lease.delegated == delegated_);
  }
  int sent = 0;

 private:
  std::optional<Ipv6Prefix> address_, delegated_;
};

}  // namespace

void fuzz_ipv6(Bytes octets) {
  Packet packet(octets.begin(), octets.end());
  (void)check_ipv6(packet);
  mend(packet);
  if (check_ipv6(packet) != Ipv6Error::kNone) {
    return;
  }
  std::uint8_t again[kIpv6Size];
  write_ipv6(again, Ipv6View(packet.data()).header());
  require(std::ranges::equal(again, Bytes(packet).first(kIpv6Size)));
  const Ipv6UpperLayer upper = find_upper_layer(packet);
  if (upper.error == Ipv6WalkError::kNone) {
    require(upper.offset >= kIpv6Size && upper.offset <= Ipv6View(packet.data()).total_length());
    require(upper.offset <= kIpv6Size + kMaxExtensionOctets);
    require(upper.later_fragment || !is_extension_header(upper.protocol));
    require(upper.is_fragment || !upper.later_fragment);
  }
  const Icmpv6Error too_big = packet_too_big(1400);
  if (deserves_icmpv6_error(too_big, packet)) {
    Packet error(kIcmpv6ErrorMaxSize);
    error.resize(write_icmpv6_error(error.data(), too_big, {0x20010db8'00000000, 1}, packet));
    require_sound(error);
    require(!deserves_icmpv6_error(too_big, error));  // no errors about errors
  }
  if (Packet echo = packet; turn_into_icmpv6_echo_reply(echo)) {
    require(upper_layer_checksum(echo.data(), Bytes(echo).subspan(kIpv6Size), kIpProtocolIcmpv6) == 0);
    require(!turn_into_icmpv6_echo_reply(echo));
  }
  if (const auto target = parse_neighbour_solicitation(packet)) {
    Packet advertisement = packet;
    turn_into_neighbour_advertisement(advertisement);
    advertisement.resize(kNeighbourAdvertisementPacketSize);
    require_sound(advertisement);
    require(Ipv6View(advertisement.data()).source() == *target);
  }
  control::TimerWheel wheel;
  test::SeededEntropy entropy;
  control::Ipv6Settings settings;
  settings.server_duid = {0, 3, 0, 1};
  control::Ipv6Counters counters;
  Host host(3);
  control::Ipv6Link link(settings, wheel, entropy, counters, host);
  link.up({});
  link.on_packet(packet);
  wheel.advance(control::Instant{control::Duration(2000)});
  require(host.sent <= 2);
}

void fuzz_dhcpv6(Bytes octets) {
  Input input(octets);
  control::TimerWheel wheel;
  test::SeededEntropy entropy;
  control::Ipv6Settings settings;
  settings.server_duid = {0, 3, 0, 1};
  settings.dns = {{0x20010db8'00000000, 0x53}};
  settings.domain = {"example.net"};
  control::Ipv6Counters counters;
  Host host(input.u8());
  control::Ipv6Link link(settings, wheel, entropy, counters, host);
  link.up({.link = Ipv6Prefix{{0x20010db8'00640000, 0}, 64}});
  while (!input.empty()) {
    const std::uint8_t how = input.u8();
    const Bytes message = input.octets(input.u16() % 1400);
    Packet packet(kIpv6Size + kUdpSize);
    packet.insert(packet.end(), message.begin(), message.end());
    write_udp6(packet.data(),
               {.source = link_local(2),
                .destination = (how & 1) != 0 ? link_local(1) : kAllDhcpAgents,
                .hop_limit = 1},
               kDhcpv6ClientPort, kDhcpv6ServerPort, message.size());
    const int before = host.sent;
    link.on_packet(packet);
    require(host.sent <= before + 1);
    if ((how & 2) != 0) {
      wheel.advance(wheel.now() + control::Duration(200));
    }
  }
}

}  // namespace adit::fuzz
