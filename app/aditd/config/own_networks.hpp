// SPDX-License-Identifier: Apache-2.0
// What --check, the start and reload say when subscribers' addresses and the machine's own lie in each other.
// aditd starts all the same: own addresses are never given out, and the longest prefix wins. Any thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "app/aditd/config/config.hpp"
#include "app/config_problems.hpp"

namespace adit::app {

/// One IPv4 address of the machine, and the network that it is in by it.
struct InterfaceAddress {
  std::string interface;
  wire::Ipv4Address address;
  wire::Ipv4Prefix network;
};
/// As they are now; loopback's are left out. Empty when the kernel does not tell.
[[nodiscard]] std::vector<InterfaceAddress> interface_addresses();

/// One warning for each pool's range that holds an own address or lies in a network of the machine's.
void check_own_networks(const Config& config, std::span<const InterfaceAddress> own, Problems& problems);

}  // namespace adit::app
