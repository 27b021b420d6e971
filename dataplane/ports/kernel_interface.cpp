// SPDX-License-Identifier: Apache-2.0
// One question to rtnetlink for the interface, and two to ethtool, which netlink answers only since Linux 5.6.
#include "dataplane/ports/kernel_interface.hpp"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "dataplane/ports/unique_fd.hpp"

namespace adit::dataplane {
namespace {

template <typename Data>
bool ask_ethtool(const std::string& name, Data& data) {
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
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

template <std::size_t Count>
using Attributes = std::array<const nlattr*, Count>;

template <std::size_t Count>
int keep(const nlattr* attribute, void* into) {
  const std::uint16_t type = mnl_attr_get_type(attribute);
  if (type < Count) {
    (*static_cast<Attributes<Count>*>(into))[type] = attribute;
  }
  return MNL_CB_OK;
}

template <std::size_t Count>
Attributes<Count> inside(const nlattr* nest) {
  Attributes<Count> found{};
  if (nest != nullptr) {
    mnl_attr_parse_nested(nest, &keep<Count>, &found);
  }
  return found;
}

/// What rtnetlink tells of a link, with the indexes of those that it is on and in.
struct Link {
  KernelInterface interface{};
  std::uint32_t on = 0;
  std::uint32_t in = 0;
  std::uint32_t table = 0;  ///< of a VRF
};

Link parse_link(const nlmsghdr* message) {
  const auto& header = *static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
  Attributes<IFLA_MAX + 1> of_link{};
  mnl_attr_parse(message, sizeof header, &keep<IFLA_MAX + 1>, &of_link);
  Link link;
  KernelInterface& found = link.interface;
  found.ifindex = static_cast<std::uint32_t>(header.ifi_index);
  found.up = (header.ifi_flags & IFF_UP) != 0;
  if (of_link[IFLA_IFNAME] != nullptr) {
    found.name = mnl_attr_get_str(of_link[IFLA_IFNAME]);
  }
  const auto number = [](const nlattr* attribute) {
    return attribute != nullptr ? mnl_attr_get_u32(attribute) : 0;
  };
  found.mtu = static_cast<std::uint16_t>(std::min(number(of_link[IFLA_MTU]), 65535U));
  link.on = number(of_link[IFLA_LINK]);
  link.in = number(of_link[IFLA_MASTER]);
  const auto info = inside<IFLA_INFO_MAX + 1>(of_link[IFLA_LINKINFO]);
  const std::string_view kind = info[IFLA_INFO_KIND] != nullptr ? mnl_attr_get_str(info[IFLA_INFO_KIND]) : "";
  if (kind == "vlan") {
    const auto vlan = inside<IFLA_VLAN_MAX + 1>(info[IFLA_INFO_DATA]);
    found.vlan_id = vlan[IFLA_VLAN_ID] != nullptr ? mnl_attr_get_u16(vlan[IFLA_VLAN_ID]) : std::uint16_t{0};
    if (vlan[IFLA_VLAN_PROTOCOL] != nullptr) {
      found.vlan_type = wire::EtherType{ntohs(mnl_attr_get_u16(vlan[IFLA_VLAN_PROTOCOL]))};
    }
  } else if (kind == "vrf") {
    link.table = number(inside<IFLA_VRF_MAX + 1>(info[IFLA_INFO_DATA])[IFLA_VRF_TABLE]);
  }
  return link;
}

/// By name, or by index when the name is empty.
std::expected<Link, std::string> ask_for_link(const std::string& name, std::uint32_t ifindex) {
  const std::unique_ptr<mnl_socket, int (*)(mnl_socket*)> socket(
      mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC), &mnl_socket_close);
  const auto failure = [&](int error) {
    return std::unexpected("interface '" + (name.empty() ? std::to_string(ifindex) : name) +
                           "': " + std::strerror(error));
  };
  if (socket == nullptr || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0) {
    return failure(errno);
  }
  std::vector<std::uint8_t> buffer(32768);
  nlmsghdr* request = mnl_nlmsg_put_header(buffer.data());
  request->nlmsg_type = RTM_GETLINK;
  request->nlmsg_flags = NLM_F_REQUEST;
  auto* header = static_cast<ifinfomsg*>(mnl_nlmsg_put_extra_header(request, sizeof(ifinfomsg)));
  header->ifi_index = static_cast<int>(ifindex);
  if (!name.empty()) {
    mnl_attr_put_strz(request, IFLA_IFNAME, name.c_str());
  }
  ssize_t size = mnl_socket_sendto(socket.get(), request, request->nlmsg_len);
  size = size < 0 ? size : mnl_socket_recvfrom(socket.get(), buffer.data(), buffer.size());
  const auto* answer = reinterpret_cast<const nlmsghdr*>(buffer.data());
  if (size < 0 || !mnl_nlmsg_ok(answer, static_cast<int>(size))) {
    return failure(size < 0 ? errno : EPROTO);
  }
  if (answer->nlmsg_type != RTM_NEWLINK) {
    const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(answer));
    return failure(answer->nlmsg_type == NLMSG_ERROR ? -error->error : EPROTO);
  }
  return parse_link(answer);
}

}  // namespace

std::expected<KernelInterface, std::string> read_kernel_interface(const std::string& name) {
  if (name.empty() || name.size() >= IFNAMSIZ) {
    return std::unexpected("'" + name + "' is no interface name (1 to 15 characters)");
  }
  auto link = ask_for_link(name, 0);
  if (!link) {
    return std::unexpected(std::move(link.error()));
  }
  KernelInterface& found = link->interface;
  if (found.vlan_id != 0) {
    auto parent = ask_for_link("", link->on);
    if (!parent) {
      return std::unexpected(std::move(parent.error()));
    }
    found.parent = parent->interface.name;
  }
  if (link->in != 0) {
    if (const auto master = ask_for_link("", link->in); master && master->table != 0) {
      found.vrf = master->interface.name;
      found.vrf_table = master->table;
    }
  }
  read_channels(found);
  found.strips_tags = strips_tags(found.name);
  return found;
}

}  // namespace adit::dataplane
