// SPDX-License-Identifier: Apache-2.0
// A DPDK Ethernet device: probed, configured, started, restarted, closed. The devices of a NUMA node share
// one mbuf pool, so that net_af_xdp can send without copying what another device received.
// Thread: control; restart() only while no worker polls the device. Owner: OpenPort.
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <span>
#include <string>

#include "dataplane/ports/port.hpp"
#include "dataplane/ports/subscribers.hpp"

struct rte_eth_dev_info;
struct rte_mempool;

namespace adit::dataplane {

/// Receive and transmit buffers per queue, used to size the pools.
inline constexpr unsigned kBuffersPerRxQueue =
    4 * 1024;  // net_af_xdp keeps two rings' worth in its fill queue
inline constexpr unsigned kBuffersPerTxQueue = 2 * 1024;

struct DeviceSettings {
  std::string arguments;  ///< as rte_dev_probe takes them: name and key=value list
  std::uint16_t rx_queues = 1;
  std::uint16_t tx_queues = 1;
  std::uint16_t mtu = 0;              ///< 0: keep the device's
  PortRole role = PortRole::kAccess;  ///< of all its ports together: selects the headers that RSS hashes
  bool isolated = false;  ///< the kernel drives it too, and we take only our own packets (isolation.hpp)
  Subscribers
      subscribers{};  ///< whose packets are ours on the core side, when isolated, and where they are to arrive
};

class Device {
 public:
  /// Probes (unless EAL has done so already), configures and starts. `buffers`: the size of the pool, if this
  /// is the first device of its node. Gets as many queues as `settings` asks for, or as many as the device
  /// has.
  [[nodiscard]] static std::expected<Device, std::string> open(DeviceSettings settings, unsigned buffers);
  /// Stops and closes.
  void close();

  /// After a hardware reset (RTE_ETH_EVENT_INTR_RESET) or at the operator's request: stopped and started. A device
  /// that its driver resets in between is configured anew; one that keeps its configuration is not, because
  /// drivers without a reset need not be able to set a queue up twice. net_af_xdp is not: it binds a second socket
  /// to the queue while the first one is still bound, and frees what its close() then uses. Virtual devices never
  /// raise that event, so only the restart itself is tested.
  /// Fails with the device as it was, or stopped: running() tells. It may be tried again in both cases.
  [[nodiscard]] std::expected<void, std::string> restart();
  /// Whether it is started. Only then may workers use it.
  [[nodiscard]] bool running() const { return running_; }
  /// Whether the driver has asked for a restart since the last call. Any driver may, from its own thread.
  [[nodiscard]] bool wants_restart() const;

  struct Link {
    bool up = false;
    std::uint32_t mbit = 0;  ///< 0: unknown
  };
  [[nodiscard]] Link link() const;

  [[nodiscard]] std::uint16_t id() const { return id_; }
  /// of all its ports together
  [[nodiscard]] PortRole role() const { return settings_.role; }
  [[nodiscard]] std::span<const SubscriberPrefixes> pools6() const { return settings_.subscribers.ipv6; }
  [[nodiscard]] std::uint16_t rx_queues() const { return settings_.rx_queues; }
  [[nodiscard]] std::uint16_t tx_queues() const { return settings_.tx_queues; }
  [[nodiscard]] rte_mempool* pool() const { return pool_; }
  [[nodiscard]] MacAddress mac() const;
  [[nodiscard]] std::uint16_t mtu() const;

 private:
  Device(DeviceSettings settings, std::uint16_t id) : settings_(std::move(settings)), id_(id) {}
  std::expected<void, std::string> configure_and_start(unsigned buffers);
  std::expected<void, std::string> configure();
  std::expected<void, std::string> start();
  std::expected<void, std::string> set_up_queues(const rte_eth_dev_info& info);

  DeviceSettings settings_;
  std::uint16_t id_;
  int socket_ = 0;
  bool configured_ = false;  ///< with all its queues
  bool running_ = false;
  rte_mempool* pool_ = nullptr;
};

}  // namespace adit::dataplane
