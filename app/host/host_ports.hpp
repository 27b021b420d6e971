// SPDX-License-Identifier: Apache-2.0
// Opens ports after looking up, on this machine, the network interfaces and the XDP program's file.
// Thread: control, at start-up. Owner: a program's runtime (the ports).
#pragma once

#include <expected>
#include <span>
#include <string>
#include <vector>

#include "dataplane/ports/ports.hpp"

namespace adit::app {

/// dataplane::open_ports(). A missing XDP program is an error if AF_XDP is required; otherwise the port's
/// note mentions it.
[[nodiscard]] std::expected<std::vector<dataplane::OpenPort>, std::string> open_host_ports(
    std::span<const dataplane::PortSettings> settings, unsigned workers,
    dataplane::Subscribers subscribers = {});

/// Detaches the XDP programs that a killed aditd left on these ports' interfaces. For root: open_host_ports() does it
/// too, but without CAP_SYS_ADMIN cannot see whose a program is. What does not work is told by open_host_ports().
void release_host_ports(std::span<const dataplane::PortSettings> settings);

/// The path of the compiled XDP program: `wanted` if not empty, else in the build directory that this
/// executable runs from, else where it is installed. The error says what to do.
[[nodiscard]] std::expected<std::string, std::string> find_xdp_program(const std::string& wanted);

}  // namespace adit::app
