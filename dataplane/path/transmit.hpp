// SPDX-License-Identifier: Apache-2.0
// The last step of every packet: per-port buffers in front of the transmit queues. Each queue has one owner;
// a worker without a queue on a port hands its frames to the worker that has one.
// Thread: worker. Owner: the worker.
#pragma once

#include <rte_ethdev.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dataplane/base/limits.hpp"
#include "dataplane/path/handoff.hpp"
#include "dataplane/ports/port.hpp"

namespace adit::dataplane {

/// One port as one worker uses it.
struct WorkerPort {
  Port port;
  std::vector<std::uint16_t> rx_queues;   ///< the queues that this worker polls
  std::optional<std::uint16_t> tx_queue;  ///< none: `transmitter` sends for this worker
  contract::WorkerId transmitter;
};

class Transmit {
 public:
  /// Takes the queues from those `ports` that have any: the VLANs of one device share them.
  Transmit(std::span<const WorkerPort> ports, Handoff& handoff, WorkerCounters& counters) noexcept
      : handoff_(handoff), counters_(counters) {
    for (const WorkerPort& port : ports) {
      if (port.port.id < kMaxPorts) {
        Outlet& outlet = outlets_[port.port.id];
        outlet.exists = true;
        outlet.queue = port.tx_queue;
        outlet.transmitter = port.transmitter;
      }
    }
  }
  ~Transmit() {
    for (Outlet& outlet : outlets_) {
      rte_pktmbuf_free_bulk(outlet.frames.data(), outlet.count);
    }
  }
  Transmit(const Transmit&) = delete;
  Transmit& operator=(const Transmit&) = delete;

  /// Takes a whole frame.
  void send(rte_mbuf* mbuf, std::uint16_t port) noexcept {
    if (port >= kMaxPorts || !outlets_[port].exists) {
      counters_.drop(DropReason::kNoRoute);
      rte_pktmbuf_free(mbuf);
      return;
    }
    Outlet& outlet = outlets_[port];
    if (!outlet.queue) {
      mbuf->port = port;
      handoff_.send(mbuf, outlet.transmitter, HandoffKind::kTransmitFrame);
      return;
    }
    outlet.frames[outlet.count++] = mbuf;
    waiting_ |= 1U << port;
    if (outlet.count == kTransmitBuffer) {
      flush(port);
    }
  }

  /// One bit per port that control is restarting and that must be left alone. Frames for it are dropped, and
  /// counted.
  void pause(std::uint32_t ports) noexcept { paused_ = ports; }

  void flush() noexcept {
    for (; waiting_ != 0; waiting_ &= waiting_ - 1) {
      flush(static_cast<std::uint16_t>(__builtin_ctz(waiting_)));
    }
  }

 private:
  struct Outlet {
    bool exists = false;
    std::optional<std::uint16_t> queue;
    contract::WorkerId transmitter;
    std::uint16_t count = 0;
    std::array<rte_mbuf*, kTransmitBuffer> frames{};
  };
  static_assert(kMaxPorts <= 32, "waiting_ has a bit per port");

  void flush(std::uint16_t port) noexcept {
    Outlet& outlet = outlets_[port];
    if (outlet.count == 0) {
      return;
    }
    const bool paused = (paused_ & 1U << port) != 0;
    const std::uint16_t sent =
        paused ? 0 : rte_eth_tx_burst(port, *outlet.queue, outlet.frames.data(), outlet.count);
    counters_.tx_packets.add(sent);
    if (sent < outlet.count) {
      counters_.drop(paused ? DropReason::kPortRestarts : DropReason::kTransmitFull, outlet.count - sent);
      rte_pktmbuf_free_bulk(outlet.frames.data() + sent, outlet.count - sent);
    }
    outlet.count = 0;
  }

  Handoff& handoff_;
  WorkerCounters& counters_;
  std::array<Outlet, kMaxPorts> outlets_{};
  std::uint32_t waiting_ = 0;
  std::uint32_t paused_ = 0;
};

}  // namespace adit::dataplane
