// SPDX-License-Identifier: Apache-2.0
// Converts a plan's load into the traffic worker's terms. Pure; any thread.
#pragma once

#include "app/adit-blast/plan/plan.hpp"
#include "app/adit-blast/traffic/load.hpp"
#include "controlplane/client/client_settings.hpp"

namespace adit::app::blast {

/// The largest packet that the server may send us in one piece: our MRU, less 4 for MPPE's or MPPC's header and the
/// inner protocol (RFC 3078 §3). A larger one would arrive in fragments, which are not probes.
[[nodiscard]] std::uint16_t largest_packet(const control::ClientSettings& settings);

/// Cuts all sizes to `largest`; the name tells if that changed one.
[[nodiscard]] SizeMix cut(const SizeMix& mix, std::uint16_t largest);

/// Octets of an average packet.
[[nodiscard]] double mean_size(const SizeMix& mix);

/// What both directions together are to send, in packets a second; 0: one of them sends as many as it can.
[[nodiscard]] double offered_pps(const Rate& up, const Rate& down, double octets);

/// The sizes in turn, in proportion to their weights, well mixed.
[[nodiscard]] OfferedLoad make_load(TrafficMode mode, const Rate& up, const Rate& down, const SizeMix& mix,
                                    Families families = Families::kIpv4);

}  // namespace adit::app::blast
