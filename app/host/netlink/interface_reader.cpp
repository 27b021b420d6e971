// SPDX-License-Identifier: Apache-2.0
// ethtool settings are read by ioctl, because netlink offers them only since Linux 5.6.
#include "app/host/netlink/interface_reader.hpp"

#include <arpa/inet.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "app/host/netlink/socket.hpp"
#include "dataplane/ports/unique_fd.hpp"

namespace adit::app {
namespace {

using dataplane::InterfaceStack;
using dataplane::KernelInterface;

template <typename Data>
bool ask_ethtool(const std::string& name, Data& data) {
  const dataplane::UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::memcpy(request.ifr_name, name.data(), name.size());
  request.ifr_data = reinterpret_cast<char*>(&data);
  return ::ioctl(socket.get(), SIOCETHTOOL, &request) == 0;
}

void read_channels(KernelInterface& found) {
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  if (!ask_ethtool(found.name, channels)) {
    return;
  }
  const auto count = [](std::uint32_t value) {
    return static_cast<std::uint16_t>(std::clamp(value, 1U, 65535U));
  };
  found.channels = count(channels.combined_count);
  found.receive_queues = count(channels.combined_count + channels.rx_count);
}

bool strips_tags(const std::string& name) {
  ethtool_value flags{.cmd = ETHTOOL_GFLAGS, .data = 0};
  return ask_ethtool(name, flags) && (flags.data & ETH_FLAG_RXVLAN) != 0;
}

/// What rtnetlink reports about a link, with the indexes of its parent (IFLA_LINK) and of its VRF or bridge
/// (IFLA_MASTER).
struct Link {
  KernelInterface interface{};
  std::uint32_t parent = 0;
  std::uint32_t master = 0;
  std::uint32_t table = 0;  ///< if it is a VRF
};

void read_kind(const netlink::Attributes& info, Link& link) {
  const std::string_view kind = info.text(IFLA_INFO_KIND);
  const netlink::Attributes data = info.nested(IFLA_INFO_DATA);
  if (kind == "vlan") {
    link.interface.vlan_id = data.u16(IFLA_VLAN_ID).value_or(0);
    if (const auto protocol = data.u16(IFLA_VLAN_PROTOCOL)) {
      link.interface.vlan_type = wire::EtherType{ntohs(*protocol)};
    }
  } else if (kind == "vrf") {
    link.table = data.u32(IFLA_VRF_TABLE).value_or(0);
  }
}

Link read_link(const netlink::Body<ifinfomsg>& body) {
  const auto& [header, attributes] = body;
  Link link;
  link.interface.name = attributes.text(IFLA_IFNAME);
  link.interface.ifindex = static_cast<std::uint32_t>(header.ifi_index);
  link.interface.up = (header.ifi_flags & IFF_UP) != 0;
  link.interface.loopback = (header.ifi_flags & IFF_LOOPBACK) != 0;
  link.interface.mtu = static_cast<std::uint16_t>(std::min(attributes.u32(IFLA_MTU).value_or(0), 65535U));
  link.parent = attributes.u32(IFLA_LINK).value_or(0);
  link.master = attributes.u32(IFLA_MASTER).value_or(0);
  read_kind(attributes.nested(IFLA_LINKINFO), link);
  return link;
}

/// By name, or by index if the name is empty.
std::expected<Link, std::string> ask_for_link(const std::string& name, std::uint32_t ifindex) {
  ifinfomsg header{};
  header.ifi_index = static_cast<int>(ifindex);
  netlink::Request request(RTM_GETLINK, 0, header);
  if (!name.empty()) {
    request.put_text(IFLA_IFNAME, name);
  }
  std::optional<Link> link;
  const auto answered = netlink::ask(request, [&](const nlmsghdr& message) {
    const auto body = netlink::body_of<ifinfomsg>(message);
    if (message.nlmsg_type == RTM_NEWLINK && body) {
      link = read_link(*body);
    }
  });
  if (!link) {
    const netlink::Failure why = answered ? netlink::Failure{.code = EPROTO} : answered.error();
    return std::unexpected("interface '" + (name.empty() ? std::to_string(ifindex) : name) +
                           "': " + why.text());
  }
  return std::move(*link);
}

std::expected<InterfaceStack, std::string> read_stack(const dataplane::PortSettings& port) {
  InterfaceStack stack;
  if (port.interface.empty()) {
    return stack;
  }
  auto interface = read_kernel_interface(port.interface);
  if (!interface) {
    return std::unexpected(std::move(interface.error()));
  }
  stack.push_back(std::move(*interface));
  while (port.driver != dataplane::PortDriver::kDpdk && stack.back().vlan_id != 0) {
    auto below = read_kernel_interface(stack.back().parent);
    if (!below) {
      return std::unexpected("what carries the VLAN: " + below.error());
    }
    stack.push_back(std::move(*below));
  }
  return stack;
}

}  // namespace

std::expected<KernelInterface, std::string> read_kernel_interface(const std::string& name) {
  if (name.empty() || name.size() >= IFNAMSIZ) {
    return std::unexpected("'" + name + "' is not an interface name (1 to 15 characters)");
  }
  auto link = ask_for_link(name, 0);
  if (!link) {
    return std::unexpected(std::move(link.error()));
  }
  KernelInterface& found = link->interface;
  if (found.vlan_id != 0) {
    auto parent = ask_for_link("", link->parent);
    if (!parent) {
      return std::unexpected(std::move(parent.error()));
    }
    found.parent = parent->interface.name;
  }
  if (link->master != 0) {
    const auto master = ask_for_link("", link->master);
    if (!master) {
      return std::unexpected(master.error());
    }
    if (master->table != 0) {
      found.vrf = master->interface.name;
      found.vrf_table = master->table;
    }
  }
  read_channels(found);
  found.strips_tags = strips_tags(found.name);
  return found;
}

std::expected<std::vector<InterfaceStack>, std::string> read_interfaces_of(
    std::span<const dataplane::PortSettings> ports) {
  std::vector<InterfaceStack> stacks;
  for (const dataplane::PortSettings& port : ports) {
    auto stack = read_stack(port);
    if (!stack) {
      return std::unexpected("port '" + port.name + "': " + stack.error());
    }
    stacks.push_back(std::move(*stack));
  }
  return stacks;
}

}  // namespace adit::app
