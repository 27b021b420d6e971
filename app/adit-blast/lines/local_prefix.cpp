// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/lines/local_prefix.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "app/host/netlink/socket.hpp"

namespace adit::app::blast {
namespace {

std::expected<void, netlink::Failure> change_route(const wire::Ipv4Prefix& prefix, std::uint16_t type,
                                                   unsigned flags) {
  rtmsg route{};
  route.rtm_family = AF_INET;
  route.rtm_dst_len = prefix.length;
  route.rtm_table = RT_TABLE_LOCAL;
  route.rtm_protocol = RTPROT_STATIC;
  route.rtm_scope = RT_SCOPE_HOST;
  route.rtm_type = RTN_LOCAL;
  netlink::Request request(type, flags, route);
  request.put_ipv4(RTA_DST, prefix.address);
  request.put_u32(RTA_OIF, if_nametoindex("lo"));
  return netlink::execute(request);
}

}  // namespace

std::expected<LocalPrefix, std::string> LocalPrefix::claim(const wire::Ipv4Prefix& prefix) {
  LocalPrefix claimed;
  const auto added = change_route(prefix, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
  if (added) {
    claimed.ours_ = prefix;
  } else if (added.error().code != EEXIST) {
    return std::unexpected("cannot make " + to_string(prefix.address) + "/" + std::to_string(prefix.length) +
                           " local to this machine: " + added.error().text() +
                           (added.error().code == EPERM ? "; run as root" : ""));
  }
  return claimed;
}

LocalPrefix::~LocalPrefix() {
  if (ours_) {
    // A failure does not matter: the route is gone already, or we may no longer remove it.
    [[maybe_unused]] const auto removed = change_route(*ours_, RTM_DELROUTE, 0);
  }
}

std::expected<wire::Ipv4Address, std::string> address_of_interface(const std::string& name) {
  if (::if_nametoindex(name.c_str()) == 0) {
    return std::unexpected("there is no interface " + name + "; name one that `ip link` shows with --access");
  }
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) {
    return std::unexpected(std::string("cannot list interfaces: ") + std::strerror(errno));
  }
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, ::freeifaddrs);
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr != nullptr && each->ifa_addr->sa_family == AF_INET && name == each->ifa_name) {
      sockaddr_in address{};
      std::memcpy(&address, each->ifa_addr, sizeof address);
      return wire::Ipv4Address(ntohl(address.sin_addr.s_addr));
    }
  }
  return std::unexpected("interface " + name +
                         " has no IPv4 address; give it one, or name the clients' addresses with "
                         "--clients PREFIX");
}

}  // namespace adit::app::blast
