// SPDX-License-Identifier: Apache-2.0
// What a frame from a device is to us: the way up, the way down, or neither and why. Thread: worker.
#pragma once

#include <rte_mbuf.h>

#include <cstring>

#include "dataplane/call_index.hpp"
#include "dataplane/drop_reason.hpp"
#include "dataplane/port.hpp"
#include "dataplane/wire/ethernet.hpp"
#include "dataplane/wire/gre.hpp"
#include "dataplane/wire/ipv4.hpp"

namespace adit::dataplane {

enum class Way : std::uint8_t { kUp, kDown, kNeither };

/// Octets of Ethernet before an IPv4 header that has room; 0: something else.
[[nodiscard]] inline std::size_t ethernet_before_ipv4(wire::Bytes frame) noexcept {
  std::size_t size = 0;
  if (frame.size() >= wire::kEthernetSize &&
      wire::load_be<std::uint16_t>(frame.data() + 12) == static_cast<std::uint16_t>(wire::EtherType::kIpv4)) {
    size = wire::kEthernetSize;  // untagged, as nearly always
  } else if (const auto header = wire::parse_ethernet(frame);
             header && header->type == wire::EtherType::kIpv4) {
    size = header->header_length;
  }
  return frame.size() < size + wire::kIpv4Size ? 0 : size;
}

/// Takes the Ethernet header off, VLAN tags with it (l2_len would be in the mbuf's second line); kNeither: `why`. On an access port GRE goes up; on a core port all
/// IPv4 goes down; on a port that is both, GRE to an address of ours goes up and all else down.
[[nodiscard]] inline Way classify(rte_mbuf& mbuf, const Port& port, const CallIndex& index,
                                  DropReason& why) noexcept {
  if (mbuf.nb_segs != 1) {
    why = DropReason::kSegmented;
    return Way::kNeither;
  }
  const wire::Bytes frame(rte_pktmbuf_mtod(&mbuf, const std::uint8_t*), mbuf.data_len);
  const std::size_t ethernet = ethernet_before_ipv4(frame);
  if (ethernet == 0) {
    why = DropReason::kNotIpv4;
    return Way::kNeither;
  }
  // RFC 1812 §5.3.4: what came as a link-layer broadcast or multicast is not forwarded. Which unicast address is ours
  // the device knows better (virtual addresses), except where it hands us the kernel's own frames.
  const bool group = (frame[0] & 1) != 0;
  if (group || (port.needs_mac_filter && std::memcmp(frame.data(), port.mac.data(), port.mac.size()) != 0)) {
    why = DropReason::kForeignMac;
    return Way::kNeither;
  }
  rte_pktmbuf_adj(&mbuf, static_cast<std::uint16_t>(ethernet));
  const wire::Ipv4View ip(frame.data() + ethernet);  // not checked yet: only where it goes is asked
  const bool gre = ip.protocol() == wire::kIpProtocolGre;
  switch (port.role) {
    case PortRole::kAccess:
      why = DropReason::kNotForUs;
      return gre ? Way::kUp : Way::kNeither;
    case PortRole::kCore:
      return Way::kDown;
    case PortRole::kBoth:
      break;
  }
  return gre && index.is_local(ip.destination()) ? Way::kUp : Way::kDown;
}

}  // namespace adit::dataplane
