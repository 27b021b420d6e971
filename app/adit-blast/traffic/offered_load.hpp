// SPDX-License-Identifier: Apache-2.0
// From what a plan asks for to what the traffic worker counts with. Pure; any thread.
#pragma once

#include "app/adit-blast/plan/plan.hpp"
#include "app/adit-blast/traffic/load.hpp"
#include "controlplane/client/client_settings.hpp"

namespace adit::app::blast {

/// What the server may send us whole: our MRU, of which MPPE's header and the inner protocol take 4 (RFC 3078 §3). A
/// larger packet would come in fragments, and be no probe any more.
[[nodiscard]] std::uint16_t largest_packet(const control::ClientSettings& settings);

/// No size above `largest`; the name says so when that changed one.
[[nodiscard]] SizeMix cut(const SizeMix& mix, std::uint16_t largest);

/// Octets of an average packet.
[[nodiscard]] double mean_size(const SizeMix& mix);

/// Sizes in turn, in the proportions of their weights, well mixed.
[[nodiscard]] OfferedLoad make_load(TrafficMode mode, const Rate& up, const Rate& down, const SizeMix& mix);

}  // namespace adit::app::blast
