// SPDX-License-Identifier: Apache-2.0
#include "app/host/netlink/link_changes.hpp"

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <cerrno>

#include "app/host/netlink/socket.hpp"

namespace adit::app {
namespace {

/// Index 0: a link about to be created.
netlink::Request up_request(std::uint32_t ifindex, unsigned flags) {
  ifinfomsg link{};
  link.ifi_index = static_cast<int>(ifindex);
  link.ifi_flags = IFF_UP;
  link.ifi_change = IFF_UP;
  return {RTM_NEWLINK, flags, link};
}

}  // namespace

std::expected<void, std::string> set_link_up(const std::string& name, const dataplane::MacAddress& mac,
                                             std::uint16_t mtu) {
  netlink::Request request = up_request(::if_nametoindex(name.c_str()), 0);
  request.put_octets(IFLA_ADDRESS, mac);
  request.put_u32(IFLA_MTU, mtu);
  if (const auto done = netlink::execute(request); !done) {
    return std::unexpected("interface '" + name + "': " + done.error().text());
  }
  return {};
}

std::expected<std::uint32_t, std::string> add_vlan_link(const std::string& name, std::uint32_t parent,
                                                        std::uint16_t id, wire::EtherType type) {
  netlink::Request request = up_request(0, NLM_F_CREATE | NLM_F_EXCL);
  request.put_text(IFLA_IFNAME, name);
  request.put_u32(IFLA_LINK, parent);
  request.nest(IFLA_LINKINFO, [&] {
    request.put_text(IFLA_INFO_KIND, "vlan");
    request.nest(IFLA_INFO_DATA, [&] {
      request.put_u16(IFLA_VLAN_ID, id);
      request.put_u16(IFLA_VLAN_PROTOCOL, htons(static_cast<std::uint16_t>(type)));
    });
  });
  if (const auto made = netlink::execute(request); !made && made.error().code != EEXIST) {
    return std::unexpected("VLAN interface '" + name + "': " + made.error().text());
  }
  return ::if_nametoindex(name.c_str());
}

}  // namespace adit::app
