// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ports/device.hpp"

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_flow.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "dataplane/base/limits.hpp"
#include "dataplane/ports/isolation.hpp"
#include "dataplane/ports/steering.hpp"

namespace adit::dataplane {
namespace {

template <typename T>
using Result = std::expected<T, std::string>;

/// More where the driver's own default is more. A device whose queue is memory alone (AF_XDP: 2,048) fills 1,024 within 8 ms
/// of 10,000 dials a second, and a worker that shares its core may be away for longer.
constexpr std::uint16_t kLeastDescriptors = 1024;
constexpr unsigned kPoolCache = 256;

/// Indexed by port: set by a driver's thread, read and cleared by control.
std::array<std::atomic<bool>, kMaxPorts> wanted_restarts{};

std::string reason(int negative_errno) {
  return std::strerror(negative_errno < 0 ? -negative_errno : negative_errno);
}

int on_reset_event(std::uint16_t port, rte_eth_event_type /*event*/, void* /*argument*/, void* /*returned*/) {
  if (port < wanted_restarts.size()) {
    wanted_restarts[port].store(true, std::memory_order_release);
  }
  return 0;
}

/// "net_tap0" of "net_tap0,iface=wan0".
std::string device_name(const std::string& device) {
  return device.substr(0, device.find(','));
}

/// The shared pool of a NUMA node, created for the node's first device.
Result<rte_mempool*> packet_pool(int socket, unsigned buffers) {
  const std::string name = "adit_packets_" + std::to_string(socket);
  if (rte_mempool* known = rte_mempool_lookup(name.c_str()); known != nullptr) {
    return known;
  }
  rte_mempool* pool =
      rte_pktmbuf_pool_create(name.c_str(), buffers, kPoolCache, 0, RTE_MBUF_DEFAULT_BUF_SIZE, socket);
  if (pool == nullptr) {
    return std::unexpected("no memory for " + std::to_string(buffers) + " packet buffers (" +
                           std::to_string(buffers / 400) + " MB): " + rte_strerror(rte_errno) +
                           "; reserve more hugepages, or have fewer workers");
  }
  return pool;
}

Result<std::uint16_t> probe(const std::string& arguments) {
  const std::string name = device_name(arguments);
  std::uint16_t id = 0;
  if (rte_eth_dev_get_port_by_name(name.c_str(), &id) == 0) {
    return id;
  }
  if (const int rc = rte_dev_probe(arguments.c_str()); rc < 0) {
    return std::unexpected("device '" + arguments + "' cannot be probed: " + reason(rc));
  }
  if (rte_eth_dev_get_port_by_name(name.c_str(), &id) != 0) {
    return std::unexpected("device '" + name + "' has no Ethernet port of that name");
  }
  return id;
}

/// Checksums stay in software on purpose: the vdevs offer none, and ours cost a few additions. Promiscuous
/// mode stays off: frames addressed to others are not ours to forward.
rte_eth_conf configuration(const DeviceSettings& device, const rte_eth_dev_info& info) {
  rte_eth_conf config{};
  const std::uint64_t rss = wanted_rss(device.role, info.flow_type_rss_offloads);
  if (device.rx_queues > 1 && rss != 0) {
    config.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    config.rx_adv_conf.rss_conf.rss_hf = rss;
  }
  config.rxmode.mtu = device.mtu != 0 ? device.mtu : RTE_ETHER_MTU;
  return config;
}

}  // namespace

Result<Device> Device::open(DeviceSettings settings, unsigned buffers) {
  const auto id = probe(settings.arguments);
  if (!id) {
    return std::unexpected(id.error());
  }
  Device device(std::move(settings), *id);
  if (auto started = device.configure_and_start(buffers); !started) {
    device.close();
    return std::unexpected(started.error());
  }
  rte_eth_dev_callback_register(*id, RTE_ETH_EVENT_INTR_RESET, &on_reset_event, nullptr);
  return device;
}

void Device::close() {
  rte_eth_dev_info info{};
  const bool known = rte_eth_dev_info_get(id_, &info) == 0;
  rte_eth_dev_callback_unregister(id_, RTE_ETH_EVENT_INTR_RESET, &on_reset_event, nullptr);
  rte_eth_dev_stop(id_);
  rte_eth_dev_close(id_);
  if (known && info.device != nullptr) {
    rte_dev_remove(info.device);
  }
}

Result<void> Device::configure_and_start(unsigned buffers) {
  rte_eth_dev_info info{};
  if (const int rc = rte_eth_dev_info_get(id_, &info); rc < 0) {
    return std::unexpected("device information: " + reason(rc));
  }
  const auto at_most = [](std::uint16_t wished, std::uint16_t has) {
    return std::clamp(wished, std::uint16_t{1}, std::max(has, std::uint16_t{1}));
  };
  settings_.rx_queues = at_most(settings_.rx_queues, info.max_rx_queues);
  settings_.tx_queues = at_most(settings_.tx_queues, info.max_tx_queues);
  if (settings_.isolated) {
    if (auto isolated = isolate(id_); !isolated) {
      return isolated;
    }
  }
  const int asked = rte_eth_dev_socket_id(id_);
  socket_ = asked >= 0 ? asked : static_cast<int>(rte_socket_id());
  const auto pool = packet_pool(socket_, buffers);
  if (!pool) {
    return std::unexpected(pool.error());
  }
  pool_ = *pool;
  if (auto configured = configure(); !configured) {
    return configured;
  }
  return start();
}

Result<void> Device::configure() {
  configured_ = false;
  rte_eth_dev_info info{};
  if (const int rc = rte_eth_dev_info_get(id_, &info); rc < 0) {
    return std::unexpected("device information: " + reason(rc));
  }
  const rte_eth_conf config = configuration(settings_, info);
  if (const int rc = rte_eth_dev_configure(id_, settings_.rx_queues, settings_.tx_queues, &config); rc < 0) {
    return std::unexpected("configuration with " + std::to_string(settings_.rx_queues) +
                           " queues: " + reason(rc));
  }
  return set_up_queues(info);
}

Result<void> Device::start() {
  if (const int rc = rte_eth_dev_start(id_); rc < 0) {
    return std::unexpected("start: " + reason(rc));
  }
  if (settings_.isolated) {
    if (auto taken = take_ours(id_, settings_.role, settings_.rx_queues, settings_.subscribers); !taken) {
      rte_eth_dev_stop(id_);
      return taken;
    }
  }
  running_ = true;
  return {};
}

Result<void> Device::set_up_queues(const rte_eth_dev_info& info) {
  std::uint16_t rx = std::max(kLeastDescriptors, info.default_rxportconf.ring_size);
  std::uint16_t tx = std::max(kLeastDescriptors, info.default_txportconf.ring_size);
  if (const int rc = rte_eth_dev_adjust_nb_rx_tx_desc(id_, &rx, &tx); rc < 0) {
    return std::unexpected("ring sizes: " + reason(rc));
  }
  const auto socket = static_cast<unsigned>(socket_);
  for (std::uint16_t queue = 0; queue < settings_.rx_queues; ++queue) {
    if (const int rc = rte_eth_rx_queue_setup(id_, queue, rx, socket, nullptr, pool_); rc < 0) {
      return std::unexpected("receive queue " + std::to_string(queue) + ": " + reason(rc));
    }
  }
  for (std::uint16_t queue = 0; queue < settings_.tx_queues; ++queue) {
    if (const int rc = rte_eth_tx_queue_setup(id_, queue, tx, socket, nullptr); rc < 0) {
      return std::unexpected("transmit queue " + std::to_string(queue) + ": " + reason(rc));
    }
  }
  configured_ = true;
  return {};
}

Result<void> Device::restart() {
  if (const int rc = rte_eth_dev_stop(id_); rc < 0) {
    return std::unexpected("stop: " + reason(rc));  // it runs on, with its rules
  }
  running_ = false;
  rte_flow_flush(id_, nullptr);  // drivers differ in what they keep; ours are made anew after the start
  const int reset = rte_eth_dev_reset(id_);
  configured_ = configured_ && reset == -ENOTSUP;
  if (reset < 0 && reset != -ENOTSUP) {
    return std::unexpected("reset: " + reason(reset));
  }
  if (!configured_) {
    if (auto configured = configure(); !configured) {
      return configured;
    }
  }
  return start();
}

bool Device::wants_restart() const {
  return id_ < wanted_restarts.size() && wanted_restarts[id_].exchange(false, std::memory_order_acq_rel);
}

Device::Link Device::link() const {
  rte_eth_link link{};
  if (rte_eth_link_get_nowait(id_, &link) != 0) {
    return {};
  }
  return {.up = link.link_status == RTE_ETH_LINK_UP,
          .mbit = link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN ? 0 : link.link_speed};
}

MacAddress Device::mac() const {
  rte_ether_addr address{};
  rte_eth_macaddr_get(id_, &address);
  MacAddress mac{};
  std::memcpy(mac.data(), address.addr_bytes, mac.size());
  return mac;
}

std::uint16_t Device::mtu() const {
  std::uint16_t mtu = 0;
  return rte_eth_dev_get_mtu(id_, &mtu) == 0 ? mtu : std::uint16_t{RTE_ETHER_MTU};
}

}  // namespace adit::dataplane
