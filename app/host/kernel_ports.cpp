// SPDX-License-Identifier: Apache-2.0
#include "app/host/kernel_ports.hpp"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <rte_mbuf.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "app/host/netlink/link_changes.hpp"

namespace adit::app {
namespace {

using dataplane::OpenPort;
using dataplane::Port;
using dataplane::UniqueFd;
template <typename T>
using Result = std::expected<T, std::string>;

constexpr int kFramesPerRead = 64;
/// Of each class and turn of the loop: all of them take control about a millisecond.
constexpr std::size_t kFramesOfClass = 32;
constexpr std::uint16_t kLargestFrame = 1900;

Result<UniqueFd> open_tap(const std::string& name) {
  UniqueFd fd(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd) {
    return std::unexpected(
        "/dev/net/tun: " + std::string(std::strerror(errno)) +
        "; the kernel needs a TAP interface for a device that DPDK owns; do: modprobe tun, and under "
        "systemd take the drop-in adit-dpdk.conf");
  }
  ifreq request{};
  name.copy(request.ifr_name, sizeof request.ifr_name - 1);
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  if (::ioctl(fd.get(), TUNSETIFF, &request) < 0) {
    return std::unexpected("TAP interface '" + name + "': " + std::strerror(errno) +
                           "; give the port another name");
  }
  return fd;
}

Result<std::uint32_t> make_vlans(const OpenPort& open, const std::string& tap, std::uint32_t parent) {
  const wire::Vlan& vlan = open.port.vlan;
  if (vlan.tags() < 2) {
    return add_vlan_link(open.name, parent, vlan.outer, vlan.outer_type);
  }
  const auto outer =
      add_vlan_link(tap + '.' + std::to_string(vlan.outer), parent, vlan.outer, vlan.outer_type);
  return outer ? add_vlan_link(open.name, *outer, vlan.inner, wire::EtherType::kVlan) : outer;
}

void restore_service_tag(const KernelPorts::Tap& tap, wire::MutableBytes frame) {
  if (tap.service_vlans.empty()) {
    return;
  }
  const auto header = wire::parse_ethernet(frame);
  if (header &&
      std::ranges::find(tap.service_vlans, wire::vlan_of(*header).outer) != tap.service_vlans.end()) {
    wire::store_be(frame.data() + 12, static_cast<std::uint16_t>(wire::EtherType::kServiceVlan));
  }
}

/// The name of the device's own interface, which is that of its untagged port.
std::string tap_name(std::span<const OpenPort> ports, std::uint16_t device) {
  for (const OpenPort& open : ports) {
    if (open.port.id == device && open.port.vlan.tags() == 0) {
      return open.name;
    }
  }
  return "adit" + std::to_string(device);
}

}  // namespace

Result<KernelPorts> KernelPorts::open(std::span<OpenPort> ports, dataplane::KernelRings& rings) {
  KernelPorts made(rings);
  for (OpenPort& open : ports) {
    if (!open.port.punts) {
      continue;
    }
    const auto failure = [&](const std::string& why) {
      return std::unexpected("port '" + open.name + "': " + why);
    };
    const std::string tap = tap_name(ports, open.port.id);
    if (std::ranges::find(made.taps_, open.port.id, &Tap::device) == made.taps_.end()) {
      auto fd = open_tap(tap);
      if (!fd) {
        return failure(fd.error());
      }
      if (auto up = set_link_up(tap, open.port.mac, open.device->mtu()); !up) {
        return failure(up.error());
      }
      made.taps_.push_back({open.port.id, std::move(*fd), open.pool});
      made.set_carrier(open.port.id, open.device->link().up);
    }
    open.port.ifindex = ::if_nametoindex(tap.c_str());
    open.interface = tap;
    if (open.port.vlan.tags() > 0) {
      const auto vlan = make_vlans(open, tap, open.port.ifindex);
      if (!vlan) {
        return failure(vlan.error());
      }
      open.port.ifindex = *vlan;
      open.interface = open.name;
      if (open.port.vlan.outer_type == wire::EtherType::kServiceVlan) {
        std::ranges::find(made.taps_, open.port.id, &Tap::device)
            ->service_vlans.push_back(open.port.vlan.outer);
      }
    }
  }
  return made;
}

bool KernelPorts::to_kernel() {
  bool more = false;
  std::array<void*, kFramesOfClass> frames{};
  for (rte_ring* ring : rings_->to_kernel) {
    unsigned left = 0;
    const unsigned count = rte_ring_dequeue_burst(ring, frames.data(), frames.size(), &left);
    more |= left > 0;
    for (void* frame : std::span(frames.data(), count)) {
      write(static_cast<rte_mbuf*>(frame));
    }
  }
  return more;
}

void KernelPorts::write(rte_mbuf* mbuf) {
  const auto tap = std::ranges::find(taps_, mbuf->port, &Tap::device);
  if (tap != taps_.end()) {
    restore_service_tag(*tap, {rte_pktmbuf_mtod(mbuf, std::uint8_t*), mbuf->data_len});
    // A frame that an interface does not accept, being down or busy, is lost, as on any link.
    [[maybe_unused]] const ssize_t written =
        ::write(tap->fd.get(), rte_pktmbuf_mtod(mbuf, const void*), mbuf->data_len);
  }
  rte_pktmbuf_free(mbuf);
}

void KernelPorts::from_kernel(const Tap& tap) {
  for (int frames = 0; frames < kFramesPerRead; ++frames) {
    rte_mbuf* mbuf = rte_pktmbuf_alloc(tap.pool);
    if (mbuf == nullptr) {
      std::array<std::uint8_t, kLargestFrame> lost;
      [[maybe_unused]] const ssize_t read = ::read(tap.fd.get(), lost.data(), lost.size());
      return;  // no buffers: the frame is lost, because otherwise the poll would spin
    }
    const ssize_t size = ::read(tap.fd.get(), rte_pktmbuf_mtod(mbuf, void*),
                                std::min(rte_pktmbuf_tailroom(mbuf), kLargestFrame));
    if (size <= 0) {
      rte_pktmbuf_free(mbuf);
      return;
    }
    rte_pktmbuf_append(mbuf, static_cast<std::uint16_t>(size));
    mbuf->port = tap.device;
    if (rte_ring_enqueue(rings_->from_kernel, mbuf) != 0) {
      rte_pktmbuf_free(mbuf);
    }
  }
}

void KernelPorts::set_carrier(std::uint16_t device, bool up) {
  const auto tap = std::ranges::find(taps_, device, &Tap::device);
  if (tap != taps_.end()) {
    int carrier = up ? 1 : 0;
    ::ioctl(tap->fd.get(), TUNSETCARRIER, &carrier);
  }
}

}  // namespace adit::app
