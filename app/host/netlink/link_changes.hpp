// SPDX-License-Identifier: Apache-2.0
// Changes the kernel's network interfaces, as `ip link` does. Thread: control. Owner: the caller.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "dataplane/ports/port.hpp"
#include "dataplane/wire/ethernet.hpp"

namespace adit::app {

/// ip link set NAME address MAC mtu MTU up
[[nodiscard]] std::expected<void, std::string> set_link_up(const std::string& name,
                                                           const dataplane::MacAddress& mac,
                                                           std::uint16_t mtu);

/// ip link add link PARENT name NAME up type vlan id ID protocol TYPE; returns its index. An existing
/// interface of that name is used as it is.
[[nodiscard]] std::expected<std::uint32_t, std::string> add_vlan_link(const std::string& name,
                                                                      std::uint32_t parent, std::uint16_t id,
                                                                      wire::EtherType type);

}  // namespace adit::app
