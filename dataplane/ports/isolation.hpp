// SPDX-License-Identifier: Apache-2.0
// Bifurcated devices (mlx5): the kernel drives them too, and only packets selected by flow rules come to us.
// Follows "Flow isolated mode" in DPDK's mlx5 guide. No such device was available, so only the refusal by
// other drivers is tested.
// Thread: control. Owner: Device.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "dataplane/ports/port.hpp"
#include "dataplane/ports/subscribers.hpp"

namespace adit::dataplane {

/// Call before the device's first configuration.
[[nodiscard]] std::expected<void, std::string> isolate(std::uint16_t id);

/// Call after each start: selects GRE on the access side and packets to the subscribers' pools on the core side, of
/// either family, spread over all queues. Packets to subscribers outside those pools stay with the kernel.
[[nodiscard]] std::expected<void, std::string> take_ours(std::uint16_t id, PortRole role,
                                                         std::uint16_t queues,
                                                         const Subscribers& subscribers);

}  // namespace adit::dataplane
