// SPDX-License-Identifier: Apache-2.0
// What a frame from a device is to us: the way up, the way down, or neither and why. Thread: worker.
#pragma once

#include <rte_mbuf.h>

#include <cstring>
#include <expected>

#include "dataplane/call_index.hpp"
#include "dataplane/drop_reason.hpp"
#include "dataplane/port.hpp"
#include "dataplane/wire/ethernet.hpp"
#include "dataplane/wire/gre.hpp"
#include "dataplane/wire/ipv4.hpp"

namespace adit::dataplane {

enum class Way : bool { kUp, kDown };

/// Sets the mbuf's l2_len. VLAN tags are skipped. On an access port GRE goes up; on a core port all IPv4 goes down;
/// on a port that is both, GRE to an address of ours goes up and all else down.
[[nodiscard]] inline std::expected<Way, DropReason> classify(rte_mbuf& mbuf, const Port& port,
                                                             const CallIndex& index) noexcept {
  if (mbuf.nb_segs != 1) {
    return std::unexpected(DropReason::kSegmented);
  }
  const wire::Bytes frame(rte_pktmbuf_mtod(&mbuf, const std::uint8_t*), mbuf.data_len);
  const auto ethernet = wire::parse_ethernet(frame);
  if (!ethernet || ethernet->type != wire::EtherType::kIpv4 ||
      frame.size() < ethernet->header_length + wire::kIpv4Size) {
    return std::unexpected(DropReason::kNotIpv4);
  }
  // RFC 1812 §5.3.4: what came as a link-layer broadcast or multicast is not forwarded. Which unicast address is ours
  // the device knows better (virtual addresses), except where it hands us the kernel's own frames.
  const bool group = (frame[0] & 1) != 0;
  if (group || (port.needs_mac_filter && std::memcmp(frame.data(), port.mac.data(), port.mac.size()) != 0)) {
    return std::unexpected(DropReason::kForeignMac);
  }
  mbuf.l2_len = ethernet->header_length & 0x7fU;
  const std::uint8_t* ip = frame.data() + ethernet->header_length;
  const bool gre = ip[9] == wire::kIpProtocolGre;
  switch (port.role) {
    case PortRole::kAccess:
      if (!gre) {
        return std::unexpected(DropReason::kNotForUs);
      }
      return Way::kUp;
    case PortRole::kCore:
      return Way::kDown;
    case PortRole::kBoth:
      break;
  }
  return gre && index.is_local(wire::Ipv4Address(wire::load_be<std::uint32_t>(ip + 16))) ? Way::kUp
                                                                                         : Way::kDown;
}

}  // namespace adit::dataplane
