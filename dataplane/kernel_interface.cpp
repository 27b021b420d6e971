// SPDX-License-Identifier: Apache-2.0
// By ioctl: three questions at start-up do not justify a netlink conversation.
#include "dataplane/kernel_interface.hpp"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "dataplane/unique_fd.hpp"

namespace adit::dataplane {
namespace {

void read_channels(int socket, ifreq request, KernelInterface& found) {
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  request.ifr_data = reinterpret_cast<char*>(&channels);
  if (::ioctl(socket, SIOCETHTOOL, &request) < 0) {
    return;
  }
  const auto count = [](std::uint32_t value) {
    return static_cast<std::uint16_t>(std::clamp(value, 1U, 65535U));
  };
  found.channels = count(channels.combined_count);
  found.receive_queues = count(channels.combined_count + channels.rx_count);
}

}  // namespace

std::expected<KernelInterface, std::string> read_kernel_interface(const std::string& name) {
  ifreq request{};
  if (name.empty() || name.size() >= sizeof request.ifr_name) {
    return std::unexpected("'" + name + "' is no interface name (1 to 15 characters)");
  }
  std::memcpy(request.ifr_name, name.data(), name.size());

  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (::ioctl(socket.get(), SIOCGIFINDEX, &request) < 0) {
    return std::unexpected("interface '" + name + "': " + std::strerror(errno));
  }
  KernelInterface found;
  found.ifindex = static_cast<std::uint32_t>(request.ifr_ifindex);
  if (::ioctl(socket.get(), SIOCGIFMTU, &request) == 0) {
    found.mtu = static_cast<std::uint16_t>(std::clamp(request.ifr_mtu, 0, 65535));
  }
  if (::ioctl(socket.get(), SIOCGIFFLAGS, &request) == 0) {
    found.up = (request.ifr_flags & IFF_UP) != 0;
  }
  read_channels(socket.get(), request, found);
  return found;
}

}  // namespace adit::dataplane
