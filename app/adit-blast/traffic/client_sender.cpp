// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/traffic/client_sender.hpp"

namespace adit::app::blast {

using dataplane::DropReason;

void ClientSender::run(std::span<const Outgoing> packets) noexcept {
  collect(packets);
  compress();
  encrypt();
  push_ppp();
  push_gre();
  push_outer();
  impair();
  send();
}

void ClientSender::collect(std::span<const Outgoing> packets) noexcept {
  burst_.clear();
  for (const Outgoing& packet : packets) {
    DropReason why{};
    if (!refresh_hop(*packet.call, why)) {
      context_.drop(packet.mbuf, *packet.call, why);
      continue;
    }
    take({.mbuf = packet.mbuf,
          .call = packet.call,
          .inner_octets = static_cast<std::uint16_t>(packet.mbuf->pkt_len),
          .protocol = packet.protocol});
  }
}

/// The frames are complete; the impaired link decides which of them are sent, and in which order.
void ClientSender::impair() noexcept {
  if (!link_.active()) {
    return;
  }
  auto frames = burst_;
  burst_.clear();
  for (Packet packet : frames) {
    link_.pass(packet.mbuf, context_.calls.slot_of(*packet.call), [&](rte_mbuf* mbuf) {
      packet.mbuf = mbuf;
      burst_.push(packet);
    });
  }
}

/// The frame was built in an earlier turn, and the next hop of that turn may be gone with its snapshot.
void ClientSender::release(std::uint32_t slot) noexcept {
  dataplane::Call* call = context_.calls.at(slot);
  link_.release(slot, [&](rte_mbuf* mbuf) {
    DropReason why{};
    if (refresh_hop(*call, why)) {
      context_.transmit.send(mbuf, call->downlink.hop->port);
    } else {
      context_.drop(mbuf, *call, why);
    }
  });
}

}  // namespace adit::app::blast
