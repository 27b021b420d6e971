// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/lines/local_prefix.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

namespace adit::app::blast {
namespace {

/// Sends one route request and reads its acknowledgement; 0 or a positive errno.
int ask_kernel(const wire::Ipv4Prefix& prefix, std::uint16_t type, std::uint16_t flags) {
  const std::unique_ptr<mnl_socket, int (*)(mnl_socket*)> socket(mnl_socket_open(NETLINK_ROUTE),
                                                                 mnl_socket_close);
  if (socket == nullptr || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0) {
    return errno;
  }
  std::array<char, 1024> buffer{};
  nlmsghdr* header = mnl_nlmsg_put_header(buffer.data());
  header->nlmsg_type = type;
  header->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
  auto* route = static_cast<rtmsg*>(mnl_nlmsg_put_extra_header(header, sizeof(rtmsg)));
  route->rtm_family = AF_INET;
  route->rtm_dst_len = prefix.length;
  route->rtm_table = RT_TABLE_LOCAL;
  route->rtm_protocol = RTPROT_STATIC;
  route->rtm_scope = RT_SCOPE_HOST;
  route->rtm_type = RTN_LOCAL;
  mnl_attr_put_u32(header, RTA_DST, htonl(prefix.address.value));
  mnl_attr_put_u32(header, RTA_OIF, if_nametoindex("lo"));
  if (mnl_socket_sendto(socket.get(), header, header->nlmsg_len) < 0) {
    return errno;
  }
  const auto octets = mnl_socket_recvfrom(socket.get(), buffer.data(), buffer.size());
  if (octets < 0) {
    return errno;
  }
  return mnl_cb_run(buffer.data(), static_cast<std::size_t>(octets), 0, mnl_socket_get_portid(socket.get()),
                    nullptr, nullptr) < 0
             ? errno
             : 0;
}

}  // namespace

std::expected<LocalPrefix, std::string> LocalPrefix::claim(const wire::Ipv4Prefix& prefix) {
  LocalPrefix claimed;
  const int error = ask_kernel(prefix, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
  if (error == 0) {
    claimed.ours_ = prefix;
  } else if (error != EEXIST) {
    return std::unexpected("cannot make " + to_string(prefix.address) + "/" + std::to_string(prefix.length) +
                           " local to this machine: " + std::strerror(error) +
                           (error == EPERM ? "; run as root" : ""));
  }
  return claimed;
}

LocalPrefix::~LocalPrefix() {
  if (ours_) {
    ask_kernel(*ours_, RTM_DELROUTE, 0);
  }
}

std::expected<wire::Ipv4Address, std::string> address_of_interface(const std::string& name) {
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
