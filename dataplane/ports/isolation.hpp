// SPDX-License-Identifier: Apache-2.0
// Bifurcated devices (mlx5): the kernel drives them too, and only what flow rules select comes to us. Follows "Flow isolated
// mode" of DPDK's mlx5 guide; no such device was available, so only the refusal by other drivers is tested.
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

/// After each start: selects GRE on the access side and packets to the subscribers' prefixes on the core side, spread over
/// all queues. Packets to subscribers outside those prefixes stay with the kernel.
[[nodiscard]] std::expected<void, std::string> take_ours(std::uint16_t id, PortRole role,
                                                         std::uint16_t queues,
                                                         std::span<const wire::Ipv4Prefix> subscribers);

}  // namespace adit::dataplane
