// SPDX-License-Identifier: Apache-2.0
// Where a frame from a device goes: uplink, downlink, kernel, or nowhere, with the reason. Thread: worker.
#pragma once

#include <rte_mbuf.h>

#include <bit>
#include <cstring>
#include <span>
#include <vector>

#include "dataplane/base/drop_reason.hpp"
#include "dataplane/call/call_index.hpp"
#include "dataplane/path/transmit.hpp"
#include "dataplane/ports/port.hpp"
#include "dataplane/wire/ethernet.hpp"
#include "dataplane/wire/gre.hpp"
#include "dataplane/wire/ipv4.hpp"
#include "dataplane/wire/ipv6.hpp"

namespace adit::dataplane {

enum class Way : std::uint8_t { kUp, kDown, kKernel, kNeither };

/// A device as a receiving worker sees it: its ports by VLAN.
class Inlet {
 public:
  /// Picks those of `ports` that belong to the device; they must outlive the inlet.
  Inlet(std::uint16_t device, std::span<const WorkerPort> ports) : device_(device) {
    slots_.resize(std::bit_ceil(2 * ports.size() + 1), nullptr);
    for (const WorkerPort& candidate : ports) {
      const Port& port = candidate.port;
      if (port.id != device) {
        continue;
      }
      mac_ = port.mac;
      needs_mac_filter_ = port.needs_mac_filter;
      punts_ = port.punts;
      std::size_t at = slot_of(port.vlan.key());
      while (slots_[at] != nullptr) {
        at = next(at);
      }
      slots_[at] = &port;
    }
    untagged_ = find({});
  }

  [[nodiscard]] std::uint16_t device() const noexcept { return device_; }
  /// Whether we pass frames that are not ours to the kernel.
  [[nodiscard]] bool punts() const noexcept { return punts_; }
  [[nodiscard]] const Port* untagged() const noexcept { return untagged_; }
  /// nullptr: we have no port with this VLAN.
  [[nodiscard]] const Port* find(wire::Vlan vlan) const noexcept {
    std::size_t at = slot_of(vlan.key());
    while (slots_[at] != nullptr && slots_[at]->vlan.key() != vlan.key()) {
      at = next(at);
    }
    return slots_[at];
  }
  /// The device knows best which unicast addresses are ours (there may be virtual ones), except where it also
  /// delivers the kernel's own frames.
  [[nodiscard]] bool is_foreign(wire::Bytes frame) const noexcept {
    return needs_mac_filter_ && std::memcmp(frame.data(), mac_.data(), mac_.size()) != 0;
  }

 private:
  [[nodiscard]] std::size_t slot_of(std::uint32_t key) const noexcept {
    return (key * 0x9e3779b1U >> 8) & (slots_.size() - 1);
  }
  [[nodiscard]] std::size_t next(std::size_t at) const noexcept { return (at + 1) & (slots_.size() - 1); }

  std::uint16_t device_;
  bool needs_mac_filter_ = false;
  bool punts_ = false;
  MacAddress mac_{};
  const Port* untagged_ = nullptr;
  std::vector<const Port*> slots_;  // open addressing, never full
};

/// The Ethernet header in front of a complete IP header: its size, and the port of its VLAN, if any. Size
/// 0: not IP.
struct LinkLayer {
  std::size_t size = 0;
  const Port* port = nullptr;
  bool ipv6 = false;
};

[[nodiscard]] inline LinkLayer link_layer_of(wire::Bytes frame, const Inlet& inlet) noexcept {
  LinkLayer link;
  const auto is_ip = [](wire::EtherType type) {
    return type == wire::EtherType::kIpv4 || type == wire::EtherType::kIpv6;
  };
  const wire::EtherType type{frame.size() >= wire::kEthernetSize
                                 ? wire::load_be<std::uint16_t>(frame.data() + 12)
                                 : std::uint16_t{0}};
  if (is_ip(type)) {  // nearly all frames
    link = {wire::kEthernetSize, inlet.untagged(), type == wire::EtherType::kIpv6};
  } else if (const auto header = wire::parse_ethernet(frame); header && is_ip(header->type)) {
    link = {header->header_length, inlet.find(vlan_of(*header)), header->type == wire::EtherType::kIpv6};
  }
  const std::size_t least = link.size + (link.ipv6 ? wire::kIpv6Size : wire::kIpv4Size);
  return frame.size() < least ? LinkLayer{} : link;
}

/// Whether GRE is PPTP's (RFC 2637 §4.1: version 1) rather than a tunnel of the kernel's. Only the first
/// fragment of a datagram shows it; later ones are assumed to be PPTP's.
[[nodiscard]] inline bool may_be_enhanced_gre(wire::Ipv4View ip, wire::Bytes packet) noexcept {
  constexpr std::uint8_t kVersion = 0x07;
  const std::size_t at = ip.header_length() + 1U;
  return ip.fragment_offset() != 0 || packet.size() <= at || (packet[at] & kVersion) == 1;
}

/// Strips the Ethernet header and VLAN tags from uplink and downlink packets; the kernel gets whole frames.
/// On an access port, GRE over IPv4 goes up; on a core port, all IP goes down; on a port that is both, GRE to an
/// address of ours goes up and everything else down. `why` is set for kKernel and kNeither.
[[nodiscard]] inline Way classify(rte_mbuf& mbuf, const Inlet& inlet, const CallIndex& index,
                                  DropReason& why) noexcept {
  if (mbuf.nb_segs != 1) {
    why = DropReason::kSegmented;
    return Way::kNeither;
  }
  const auto not_ours = [&](DropReason reason) {
    why = reason;
    return inlet.punts() ? Way::kKernel : Way::kNeither;
  };
  const wire::Bytes frame(rte_pktmbuf_mtod(&mbuf, const std::uint8_t*), mbuf.data_len);
  const LinkLayer link = link_layer_of(frame, inlet);
  if (link.size == 0 || (link.ipv6 && link.port != nullptr && link.port->role == PortRole::kAccess)) {
    return not_ours(DropReason::kNotIpv4);  // tunnels are IPv4
  }
  if (link.port == nullptr) {
    return not_ours(DropReason::kForeignVlan);
  }
  const bool group =
      (frame[0] & 1) != 0;  // RFC 1812 §5.3.4: link-layer broadcast and multicast are not forwarded
  if (group || inlet.is_foreign(frame)) {
    return not_ours(DropReason::kForeignMac);
  }
  const wire::Bytes packet = frame.subspan(link.size);
  const wire::Ipv4View ip(packet.data());  // not validated yet: only used to decide where it goes
  const bool gre = !link.ipv6 && ip.protocol() == wire::kIpProtocolGre;
  if (inlet.punts() && gre && link.port->role != PortRole::kCore &&
      (!index.is_local(ip.destination()) || !may_be_enhanced_gre(ip, packet))) {
    why = DropReason::kNotForUs;
    return Way::kKernel;
  }
  if (link.port->role == PortRole::kAccess && !gre) {
    return not_ours(DropReason::kNotForUs);
  }
  const bool up = link.port->role == PortRole::kAccess ||
                  (link.port->role == PortRole::kBoth && gre && index.is_local(ip.destination()));
  // Kept in the mbuf's first cache line (l2_len is not): find_subscribers restores the header of a frame that
  // turns out to be for the kernel.
  mbuf.hash.usr = static_cast<std::uint32_t>(link.size);
  rte_pktmbuf_adj(&mbuf, static_cast<std::uint16_t>(link.size));
  return up ? Way::kUp : Way::kDown;
}

}  // namespace adit::dataplane
