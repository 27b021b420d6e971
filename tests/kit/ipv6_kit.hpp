// SPDX-License-Identifier: Apache-2.0
// One Ipv6Link with a host that records, a clock that is turned by hand, and what a subscriber's end needs: solicitations
// and DHCPv6 messages to send, advertisements and replies to read.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/ipv6/ipv6_link.hpp"
#include "dataplane/wire/dhcpv6.hpp"
#include "dataplane/wire/router_discovery.hpp"
#include "dataplane/wire/udp6.hpp"
#include "tests/kit/seeded_entropy.hpp"

namespace adit::test {

using Packet = std::vector<std::uint8_t>;

inline wire::Ipv6Address ip6(std::string_view text) {
  return wire::parse_ipv6_address(text).value();
}
inline wire::Ipv6Prefix net6(std::string_view text) {
  return wire::parse_ipv6_prefix(text).value();
}
inline Packet operator+(Packet a, const Packet& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// ---- Router Discovery ------------------------------------------------------------------------------------------

inline Packet router_solicitation(const wire::Ipv6Address& from) {
  Packet packet(wire::kRouterSolicitationPacketSize);
  wire::write_router_solicitation(packet.data(), from);
  return packet;
}

struct Advertised {
  wire::Ipv6Address from, to;
  bool managed = false, other = false;
  std::uint16_t router_lifetime = 0;
  std::uint32_t mtu = 0;
  std::optional<wire::PrefixInformation> prefix{};
  std::uint32_t dns_lifetime = 0;
  std::vector<wire::Ipv6Address> dns{};
  bool has_domains = false;
};

/// None: `packet` is no valid Router Advertisement (RFC 4861 §6.1.2).
inline std::optional<Advertised> read_advertisement(wire::Bytes packet) {
  if (wire::check_ipv6(packet) != wire::Ipv6Error::kNone ||
      !wire::is_neighbour_discovery(packet, wire::Icmpv6Type::kRouterAdvertisement, 16)) {
    return std::nullopt;
  }
  const wire::Ipv6View header(packet.data());
  const wire::Bytes icmp = packet.subspan(wire::kIpv6Size);
  Advertised read{.from = header.source(),
                  .to = header.destination(),
                  .managed = (icmp[5] & 0x80) != 0,
                  .other = (icmp[5] & 0x40) != 0,
                  .router_lifetime = wire::load_be<std::uint16_t>(icmp.data() + 6)};
  for (std::size_t at = 16; at < icmp.size(); at += icmp[at + 1] * 8U) {
    const std::uint8_t* option = icmp.data() + at;
    if (option[0] == 5) {
      read.mtu = wire::load_be<std::uint32_t>(option + 4);
    } else if (option[0] == 3) {
      read.prefix = {.prefix = {wire::load_ipv6(option + 16), option[2]},
                     .valid = wire::load_be<std::uint32_t>(option + 4),
                     .preferred = wire::load_be<std::uint32_t>(option + 8)};
    } else if (option[0] == 25) {
      read.dns_lifetime = wire::load_be<std::uint32_t>(option + 4);
      for (std::size_t i = 8; i < option[1] * 8U; i += 16) {
        read.dns.push_back(wire::load_ipv6(option + i));
      }
    } else if (option[0] == 31) {
      read.has_domains = true;
    }
  }
  return read;
}

// ---- DHCPv6 ----------------------------------------------------------------------------------------------------

inline Packet dhcpv6_option(wire::Dhcpv6Code code, const Packet& value) {
  Packet option(4);
  wire::store_be(option.data(), static_cast<std::uint16_t>(code));
  wire::store_be(option.data() + 2, static_cast<std::uint16_t>(value.size()));
  return option + value;
}

inline Packet ia_option(control::Ipv6Use use, std::uint32_t iaid,
                        std::initializer_list<wire::Ipv6Prefix> listed = {}) {
  const bool address = use == control::Ipv6Use::kAddress;
  Packet value(12);
  wire::store_be(value.data(), iaid);
  for (const wire::Ipv6Prefix& prefix : listed) {
    Packet octets(16);
    wire::store_ipv6(octets.data(), prefix.address);
    value = value + (address ? dhcpv6_option(wire::Dhcpv6Code::kIaAddress, octets + Packet(8))
                             : dhcpv6_option(wire::Dhcpv6Code::kIaPrefix,
                                             Packet(8) + Packet{prefix.length} + octets));
  }
  return dhcpv6_option(address ? wire::Dhcpv6Code::kIaNa : wire::Dhcpv6Code::kIaPd, value);
}
inline Packet ia_na(std::uint32_t iaid, std::initializer_list<wire::Ipv6Prefix> listed = {}) {
  return ia_option(control::Ipv6Use::kAddress, iaid, listed);
}
inline Packet ia_pd(std::uint32_t iaid, std::initializer_list<wire::Ipv6Prefix> listed = {}) {
  return ia_option(control::Ipv6Use::kDelegate, iaid, listed);
}
inline Packet rapid_commit() {
  return dhcpv6_option(wire::Dhcpv6Code::kRapidCommit, {});
}

struct ReadIa {
  bool is_address = false;
  std::uint32_t iaid = 0, t1 = 0, t2 = 0;
  std::vector<wire::Dhcpv6Binding> bindings{};
  std::optional<wire::Dhcpv6Status> status{};
};

struct Dhcpv6Reply {
  wire::Dhcpv6Type type{};
  std::uint32_t transaction_id = 0;
  wire::Ipv6Address from, to;
  std::uint16_t from_port = 0, to_port = 0;
  std::optional<Packet> client_id{}, server_id{};
  std::optional<wire::Dhcpv6Status> status{};
  bool has_preference = false, rapid = false, has_domains = false;
  std::vector<ReadIa> ias{};
  std::vector<wire::Ipv6Address> dns{};
};

inline ReadIa read_ia(const wire::Dhcpv6Option& option) {
  const wire::Dhcpv6Ia ia = wire::parse_ia(option.value).value();
  ReadIa read{.is_address = option.is(wire::Dhcpv6Code::kIaNa), .iaid = ia.iaid, .t1 = ia.t1, .t2 = ia.t2};
  for (const wire::Dhcpv6Option inner : ia.options) {
    if (inner.is(wire::Dhcpv6Code::kIaAddress)) {
      EXPECT_TRUE(read.is_address);
      read.bindings.push_back(wire::parse_ia_address(inner.value).value());
    } else if (inner.is(wire::Dhcpv6Code::kIaPrefix)) {
      EXPECT_FALSE(read.is_address);
      read.bindings.push_back(wire::parse_ia_prefix(inner.value).value());
    } else if (inner.is(wire::Dhcpv6Code::kStatusCode)) {
      read.status = wire::parse_dhcpv6_status(inner.value);
    }
  }
  return read;
}

/// None: `packet` is no DHCPv6 message.
inline std::optional<Dhcpv6Reply> read_dhcpv6_reply(wire::Bytes packet) {
  const auto udp =
      wire::check_ipv6(packet) == wire::Ipv6Error::kNone ? wire::parse_udp6(packet) : std::nullopt;
  const auto message = udp ? wire::parse_dhcpv6(udp->payload) : std::nullopt;
  if (!message) {
    return std::nullopt;
  }
  const wire::Ipv6View header(packet.data());
  Dhcpv6Reply read{.type = static_cast<wire::Dhcpv6Type>(message->type),
                   .transaction_id = message->transaction_id,
                   .from = header.source(),
                   .to = header.destination(),
                   .from_port = udp->source_port,
                   .to_port = udp->destination_port};
  for (const wire::Dhcpv6Option option : message->options) {
    const Packet value(option.value.begin(), option.value.end());
    if (option.is(wire::Dhcpv6Code::kClientId)) {
      read.client_id = value;
    } else if (option.is(wire::Dhcpv6Code::kServerId)) {
      read.server_id = value;
    } else if (option.is(wire::Dhcpv6Code::kStatusCode)) {
      read.status = wire::parse_dhcpv6_status(option.value);
    } else if (option.is(wire::Dhcpv6Code::kPreference)) {
      read.has_preference = value == Packet{255};
    } else if (option.is(wire::Dhcpv6Code::kRapidCommit)) {
      read.rapid = true;
    } else if (option.is(wire::Dhcpv6Code::kDomainList)) {
      read.has_domains = true;
    } else if (option.is(wire::Dhcpv6Code::kDnsServers)) {
      for (std::size_t i = 0; i + 16 <= value.size(); i += 16) {
        read.dns.push_back(wire::load_ipv6(value.data() + i));
      }
    } else {
      read.ias.push_back(read_ia(option));
    }
  }
  return read;
}

// ---- a link ----------------------------------------------------------------------------------------------------

class Ipv6World : public control::Ipv6LinkHost {
 public:
  using Type = wire::Dhcpv6Type;

  Ipv6World() {
    settings.mode = control::Ipv6Policy::kAllow;
    settings.dns = {ip6("2001:db8::53")};
    settings.domain = {"example.net"};
    settings.server_duid = {0, 4, 0xAD, 0x17, 2, 3, 4, 5, 0x56, 7, 0x88, 9, 10, 11, 12, 13, 14, 15};
    terms.link = net6("2001:db8:64:7::/64");
    terms.mtu = 1396;
    terms.has_address = true;
  }

  // What the link is given; set before up().
  control::TimerWheel wheel;
  SeededEntropy entropy;
  control::Ipv6Settings settings;
  control::Ipv6LinkTerms terms;
  control::Ipv6Counters counters;
  std::optional<wire::Ipv6Prefix> address = net6("2001:db8:aaaa::7/128");
  std::optional<wire::Ipv6Prefix> delegated = net6("2001:db8:100::/56");
  std::function<bool()> budget = [] { return true; };

  // What it did.
  struct Sent {
    control::Instant at;
    Packet packet;
  };
  std::vector<Sent> sent;
  std::vector<control::Ipv6Lease> bindings;

  control::Ipv6Link link{settings, wheel, entropy, counters, *this};

  void up() { link.up(terms); }
  void run(control::Duration by) { wheel.advance(wheel.now() + by); }
  void solicit_router() { link.on_packet(router_solicitation(wire::link_local(0xabc))); }

  /// Valid advertisements so far, with their times.
  [[nodiscard]] std::vector<std::pair<control::Instant, Advertised>> advertisements() const {
    std::vector<std::pair<control::Instant, Advertised>> all;
    for (const Sent& one : sent) {
      if (const auto read = read_advertisement(one.packet)) {
        all.emplace_back(one.at, *read);
      }
    }
    return all;
  }

  /// The client's DUID, and ours as options.
  Packet client = {0, 3, 0, 1, 0, 0x15, 0x5d, 1, 2, 3};
  [[nodiscard]] Packet client_id() const { return dhcpv6_option(wire::Dhcpv6Code::kClientId, client); }
  [[nodiscard]] Packet server_id() const {
    return dhcpv6_option(wire::Dhcpv6Code::kServerId, settings.server_duid);
  }

  void deliver(Type type, const Packet& options, const wire::Ipv6Address& to = wire::kAllDhcpAgents) {
    deliver_octets(Packet{static_cast<std::uint8_t>(type), 0xAB, 0xCD, 0xEF} + options, to);
  }
  void deliver_octets(const Packet& message, const wire::Ipv6Address& to = wire::kAllDhcpAgents) {
    Packet packet = Packet(wire::kIpv6Size + wire::kUdpSize) + message;
    wire::write_udp6(packet.data(), {.source = wire::link_local(0xabc), .destination = to, .hop_limit = 1},
                     wire::kDhcpv6ClientPort, wire::kDhcpv6ServerPort, message.size());
    link.on_packet(packet);
  }
  /// Delivers a message and reads the one answer to it; none: there was none.
  std::optional<Dhcpv6Reply> ask(Type type, const Packet& options,
                                 const wire::Ipv6Address& to = wire::kAllDhcpAgents) {
    const std::size_t before = sent.size();
    deliver(type, options, to);
    EXPECT_LE(sent.size(), before + 1);
    return sent.size() > before ? read_dhcpv6_reply(sent.back().packet) : std::nullopt;
  }
  /// As a client does that has both identifiers in its message.
  std::optional<Dhcpv6Reply> ask_us(Type type, const Packet& options) {
    return ask(type, client_id() + server_id() + options);
  }

  void send_ipv6(wire::Bytes packet) override {
    EXPECT_LE(packet.size(), std::size_t{terms.mtu});
    sent.push_back({wheel.now(), Packet(packet.begin(), packet.end())});
  }
  [[nodiscard]] bool may_advertise() override { return budget(); }
  [[nodiscard]] std::optional<wire::Ipv6Prefix> lease_ipv6(control::Ipv6Use use) override {
    return use == control::Ipv6Use::kAddress ? address : delegated;
  }
  void binding_changed(const control::Ipv6Lease& lease) override { bindings.push_back(lease); }
};

}  // namespace adit::test
