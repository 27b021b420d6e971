// SPDX-License-Identifier: Apache-2.0
#include "app/host/kernel_ports.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <rte_mbuf.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

namespace adit::app {
namespace {

using dataplane::OpenPort;
using dataplane::Port;
using dataplane::UniqueFd;
template <typename T>
using Result = std::expected<T, std::string>;

constexpr int kFramesPerRead = 64;
constexpr std::uint16_t kLargestFrame = 1900;

Result<UniqueFd> open_tap(const std::string& name) {
  UniqueFd fd(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd) {
    return std::unexpected("/dev/net/tun: " + std::string(std::strerror(errno)) +
                           "; the kernel's part in a device of DPDK's is a TAP interface: modprobe tun");
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

/// One request about links, and the kernel's answer.
class LinkRequest {
 public:
  explicit LinkRequest(std::uint32_t ifindex, std::uint16_t flags = 0) {
    message_ = mnl_nlmsg_put_header(buffer_.data());
    message_->nlmsg_type = RTM_NEWLINK;
    message_->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
    link_ = static_cast<ifinfomsg*>(mnl_nlmsg_put_extra_header(message_, sizeof(ifinfomsg)));
    link_->ifi_index = static_cast<int>(ifindex);
    link_->ifi_flags = IFF_UP;
    link_->ifi_change = IFF_UP;
  }
  [[nodiscard]] nlmsghdr* message() { return message_; }

  /// 0 or an errno.
  [[nodiscard]] int send() {
    const std::unique_ptr<mnl_socket, int (*)(mnl_socket*)> socket(
        mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC), &mnl_socket_close);
    if (socket == nullptr || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0 ||
        mnl_socket_sendto(socket.get(), message_, message_->nlmsg_len) < 0) {
      return errno;
    }
    std::array<std::uint8_t, 8192> answer{};
    const ssize_t size = mnl_socket_recvfrom(socket.get(), answer.data(), answer.size());
    const auto* header = reinterpret_cast<const nlmsghdr*>(answer.data());
    if (size < 0 || !mnl_nlmsg_ok(header, static_cast<int>(size)) || header->nlmsg_type != NLMSG_ERROR) {
      return size < 0 ? errno : EPROTO;
    }
    return -static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(header))->error;
  }

 private:
  alignas(NLMSG_ALIGNTO) std::array<std::uint8_t, 1024> buffer_{};
  nlmsghdr* message_;
  ifinfomsg* link_;
};

Result<void> set_up(const std::string& name, std::uint32_t ifindex, const OpenPort& open) {
  LinkRequest request(ifindex);
  mnl_attr_put(request.message(), IFLA_ADDRESS, open.port.mac.size(), open.port.mac.data());
  mnl_attr_put_u32(request.message(), IFLA_MTU, open.device->mtu());
  if (const int error = request.send(); error != 0) {
    return std::unexpected("interface '" + name + "': " + std::strerror(error));
  }
  return {};
}

/// The interface `name` for one tag on `parent`; one that is there already is taken as it is.
Result<std::uint32_t> make_vlan(const std::string& name, std::uint32_t parent, std::uint16_t id,
                                wire::EtherType type) {
  LinkRequest request(0, NLM_F_CREATE | NLM_F_EXCL);
  nlmsghdr* message = request.message();
  mnl_attr_put_strz(message, IFLA_IFNAME, name.c_str());
  mnl_attr_put_u32(message, IFLA_LINK, parent);
  nlattr* info = mnl_attr_nest_start(message, IFLA_LINKINFO);
  mnl_attr_put_strz(message, IFLA_INFO_KIND, "vlan");
  nlattr* data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
  mnl_attr_put_u16(message, IFLA_VLAN_ID, id);
  mnl_attr_put_u16(message, IFLA_VLAN_PROTOCOL, htons(static_cast<std::uint16_t>(type)));
  mnl_attr_nest_end(message, data);
  mnl_attr_nest_end(message, info);
  const int error = request.send();
  if (error != 0 && error != EEXIST) {
    return std::unexpected("VLAN interface '" + name + "': " + std::strerror(error));
  }
  return ::if_nametoindex(name.c_str());
}

Result<std::uint32_t> make_vlans(const OpenPort& open, const std::string& tap, std::uint32_t parent) {
  const wire::Vlan& vlan = open.port.vlan;
  if (vlan.tags() < 2) {
    return make_vlan(open.name, parent, vlan.outer, vlan.outer_type);
  }
  const auto outer = make_vlan(tap + '.' + std::to_string(vlan.outer), parent, vlan.outer, vlan.outer_type);
  return outer ? make_vlan(open.name, *outer, vlan.inner, wire::EtherType::kVlan) : outer;
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

/// The name of the device's own interface: its untagged port's.
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
      if (auto up = set_up(tap, ::if_nametoindex(tap.c_str()), open); !up) {
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

void KernelPorts::to_kernel() {
  std::array<void*, 64> frames{};
  for (unsigned total = 0; total < dataplane::kPuntRing;) {
    const unsigned count = rte_ring_dequeue_burst(rings_->to_kernel, frames.data(), frames.size(), nullptr);
    if (count == 0) {
      return;
    }
    total += count;
    for (void* each : std::span(frames.data(), count)) {
      auto* mbuf = static_cast<rte_mbuf*>(each);
      const auto tap = std::ranges::find(taps_, mbuf->port, &Tap::device);
      if (tap != taps_.end()) {
        restore_service_tag(*tap, {rte_pktmbuf_mtod(mbuf, std::uint8_t*), mbuf->data_len});
        // What an interface that is down or busy does not take is lost, as on any link.
        [[maybe_unused]] const ssize_t written =
            ::write(tap->fd.get(), rte_pktmbuf_mtod(mbuf, const void*), mbuf->data_len);
      }
      rte_pktmbuf_free(mbuf);
    }
  }
}

void KernelPorts::from_kernel(const Tap& tap) {
  for (int frames = 0; frames < kFramesPerRead; ++frames) {
    rte_mbuf* mbuf = rte_pktmbuf_alloc(tap.pool);
    if (mbuf == nullptr) {
      std::array<std::uint8_t, kLargestFrame> lost;
      [[maybe_unused]] const ssize_t read = ::read(tap.fd.get(), lost.data(), lost.size());
      return;  // no buffers: the frame is lost, or the poll would spin
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
