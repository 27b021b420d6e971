// SPDX-License-Identifier: Apache-2.0
// What kept a rate from being higher, as far as the generator can know: what it was told to offer, its own CPU and rings,
// the server's limit of echo replies, or else the server and the link to it. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "app/adit-blast/results/results.hpp"
#include "dataplane/base/drop_reason.hpp"

namespace adit::app::blast {

enum class LimitedBy : std::uint8_t {
  kOffered,         ///< nothing: what was asked for was offered, and it worked
  kNoCalls,         ///< there were none that could have carried anything
  kCalls,           ///< all calls were dialled at once: the slowest dial decides
  kConcurrency,     ///< the dials that may be in progress, and the time that each takes
  kCallers,         ///< storm: every line was busy
  kImpairment,      ///< what --impair lost
  kGeneratorCpu,    ///< adit-blast, which did not send or dial as fast as it was to, or had no time left
  kGeneratorRings,  ///< adit-blast, which lost frames for want of room
  kServerPings,     ///< echo replies of the server's end of the tunnels, which servers limit
  kServer,          ///< the server, or the link to it
  kUnknown,         ///< the measurement was interrupted
};

/// For JSON: "offered", "generator_cpu", ...; released names do not change.
[[nodiscard]] std::string_view to_text(LimitedBy by);

struct Limit {
  LimitedBy by = LimitedBy::kUnknown;
  std::string why;  ///< with the figures that show it, and what to do where something can be done
};

[[nodiscard]] Limit limit_of(const SetUpResult& dials, PhaseKind kind);
/// `phase`: the one that it is of, whose calls may be the cause.
[[nodiscard]] Limit limit_of(const TrafficResult& traffic, const PhaseResult& phase);
[[nodiscard]] Limit limit_of(const ThroughputResult& search, const PhaseResult& phase);

/// "our own CPU: adit-blast sent 880 of 1,000 pps, ..."
[[nodiscard]] std::string in_words(const Limit& limit);

/// A trial that sends less than this of what it was to offer says nothing about the server.
inline constexpr double kOfferedShare = 0.97;

/// The drops of a data plane that found no room on its own machine. Besides these a port may have missed frames.
inline constexpr std::array kShortages = {
    dataplane::DropReason::kNoBuffer, dataplane::DropReason::kControlRingFull,
    dataplane::DropReason::kControlRingDials, dataplane::DropReason::kTransmitFull};
inline constexpr std::string_view kRxMissed = "rx_missed";

/// Of the drops by name, those of kShortages, and `rx_missed` if it is not 0.
[[nodiscard]] Counts shortages_of(const Counts& drops, std::uint64_t rx_missed);
/// "control_ring_full 33,020, rx_missed 5"
[[nodiscard]] std::string listed(const Counts& counts);

/// What a result in echo mode is a measure of, and how to measure the other thing.
[[nodiscard]] std::string about_pings();

}  // namespace adit::app::blast
