// SPDX-License-Identifier: Apache-2.0
// Asks the kernel about its network interfaces, by rtnetlink and ethtool. Thread: control. Owner: the caller (values).
#pragma once

#include <expected>
#include <span>
#include <string>
#include <vector>

#include "dataplane/ports/kernel_interface.hpp"
#include "dataplane/ports/ports.hpp"

namespace adit::app {

/// Errors: no such interface, an invalid name, no socket.
[[nodiscard]] std::expected<dataplane::KernelInterface, std::string> read_kernel_interface(
    const std::string& name);

/// What dataplane::open_ports() needs to know about each port, in order. VLANs are followed down to the
/// device, unless DPDK drives it. The error names the port and says why.
[[nodiscard]] std::expected<std::vector<dataplane::InterfaceStack>, std::string> read_interfaces_of(
    std::span<const dataplane::PortSettings> ports);

}  // namespace adit::app
