// SPDX-License-Identifier: Apache-2.0
// adit trace: prints the packets of one call as they come, a line each, or writes them to a pcapng file that it makes.
// Ends with the trace, or by SIGINT, with what there is until then. Thread: main.
#pragma once

#include "app/adit/verb.hpp"

namespace adit::app {

[[nodiscard]] std::expected<Json, std::string> trace_params(const Verb& verb, const Words& words);
[[nodiscard]] std::expected<int, EarlyExit> run_trace(const Invocation& invocation);

/// Seconds of "90", "90s" or "2m"; nothing: it is none of these, or not from 1 second to 10 minutes.
[[nodiscard]] std::optional<unsigned> seconds_of(std::string_view text);

/// The block of a notification "packet" in a pcapng file; empty: it is none.
[[nodiscard]] std::string pcapng_of(const Json& packet, std::span<const std::uint8_t> octets);

}  // namespace adit::app
