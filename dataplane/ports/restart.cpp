// SPDX-License-Identifier: Apache-2.0
#include <net/if.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "dataplane/ports/ports.hpp"
#include "dataplane/ports/xdp/attached.hpp"

namespace adit::dataplane {
namespace {

using Result = std::expected<void, std::string>;

/// A driver that starts on an interface which is gone, or came back as another, says that it is up.
Result check_interface(const OpenPort& open) {
  constexpr std::string_view kRemedy = "; its sockets cannot be bound again while aditd runs, restart aditd";
  std::array<char, IF_NAMESIZE> name{};
  if (open.device_ifindex == 0) {
    return {};
  }
  if (if_indextoname(open.device_ifindex, name.data()) == nullptr) {
    return std::unexpected("the interface that it was opened on is gone" + std::string(kRemedy));
  }
  if (open.driver != PortDriver::kAfXdp) {
    return {};
  }
  const auto program = xdp::attached_program(open.device_ifindex);
  if (!program) {
    return std::unexpected(program.error());
  }
  if (!*program || !(*program)->is_ours()) {
    return std::unexpected("its XDP program was detached from " + std::string(name.data()) +
                           std::string(kRemedy));
  }
  return {};
}

}  // namespace

Result restart_device(std::span<OpenPort> ports, std::uint16_t id, unsigned workers) {
  const OpenPort& first =
      *std::ranges::find_if(ports, [&](const OpenPort& open) { return open.port.id == id; });
  Device& device = *first.device;
  if (auto there = check_interface(first); !there) {
    return there;
  }
  if (auto restarted = device.restart(); !restarted) {
    return restarted;
  }
  const PortSteering steering =
      read_steering(id, device.role(), device.rx_queues(), workers, device.pools6());
  for (OpenPort& open : ports) {
    if (open.port.id == id) {
      open.steering = steering;
    }
  }
  return {};
}

}  // namespace adit::dataplane
