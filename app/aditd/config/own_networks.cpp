// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/config/own_networks.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>

namespace adit::app {
namespace {

constexpr toml::source_position kWholeFile{0, 0};

wire::Ipv4Address address_of(const sockaddr* from) {
  sockaddr_in ipv4{};
  std::memcpy(&ipv4, from, sizeof ipv4);
  return wire::Ipv4Address(ntohl(ipv4.sin_addr.s_addr));
}

void check_range(const control::AddressRange& range, std::span<const InterfaceAddress> own,
                 Problems& problems) {
  const std::string text = '"' + wire::to_string(range.first) + '-' + wire::to_string(range.last) + '"';
  const auto held = std::ranges::find_if(own, [&](const InterfaceAddress& one) {
    return range.first <= one.address && one.address <= range.last;
  });
  if (held != own.end()) {
    problems.warning(kWholeFile, "ip-pool.ranges", text,
                     "holds " + wire::to_string(held->address) + ", the address of " + held->interface,
                     "it is never given out; leave it out of the range");
    return;
  }
  const auto around = std::ranges::find_if(own, [&](const InterfaceAddress& one) {
    const wire::Ipv4Address end(one.network.address.value | ~one.network.mask());
    return one.network.address <= range.last && range.first <= end;
  });
  if (around != own.end()) {
    problems.warning(
        kWholeFile, "ip-pool.ranges", text,
        "shares addresses with " + wire::to_string(around->network) + ", the network of " + around->interface,
        "hosts there reach subscribers only by proxy ARP; give subscribers a network of their own");
  }
}

}  // namespace

std::vector<InterfaceAddress> interface_addresses() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) {
    return {};
  }
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
  std::vector<InterfaceAddress> own;
  for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr || at->ifa_netmask == nullptr || at->ifa_addr->sa_family != AF_INET ||
        !wire::is_host(address_of(at->ifa_addr))) {
      continue;
    }
    const std::uint32_t mask = address_of(at->ifa_netmask).value;
    const wire::Ipv4Address address = address_of(at->ifa_addr);
    own.push_back({.interface = at->ifa_name,
                   .address = address,
                   .network = {.address = wire::Ipv4Address(address.value & mask),
                               .length = static_cast<std::uint8_t>(std::popcount(mask))}});
  }
  return own;
}

void check_own_networks(const Config& config, std::span<const InterfaceAddress> own, Problems& problems) {
  for (const control::PoolSettings& pool : config.control.ip.pools) {
    for (const control::AddressRange& range : pool.ranges) {
      check_range(range, own, problems);
    }
  }
}

}  // namespace adit::app
