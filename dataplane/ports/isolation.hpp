// SPDX-License-Identifier: Apache-2.0
// Bifurcated devices (mlx5): the kernel drives them too, and only what flow rules name comes to us. DPDK's guide to mlx5,
// "Flow isolated mode". Written by that guide; no such device was there to test it with, only its refusal by others is.
// Thread: control. Owner: Device.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>

#include "dataplane/ports/port.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::dataplane {

/// Before the device's first configuration.
[[nodiscard]] std::expected<void, std::string> isolate(std::uint16_t id);

/// After each start: GRE on the access side, packets to the subscribers' prefixes on the core side, spread over all
/// queues. Addresses of subscribers outside those prefixes stay with the kernel.
[[nodiscard]] std::expected<void, std::string> take_ours(std::uint16_t id, PortRole role,
                                                         std::uint16_t queues,
                                                         std::span<const wire::Ipv4Prefix> subscribers);

}  // namespace adit::dataplane
