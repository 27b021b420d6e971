// SPDX-License-Identifier: Apache-2.0
// adit events: prints the log's rows as they come, a line each. Where aditd restarts or cuts it off, it asks again behind
// the last one that it has printed, and says so. Thread: main.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "app/adit/verb.hpp"

namespace adit::app {

[[nodiscard]] std::expected<Json, std::string> events_params(const Verb& verb, const Words& words);

/// "12:00:00.123 warning auth_failed user=alice peer=192.0.2.7 ..."
[[nodiscard]] std::string render_event(const Json& event);

/// Returns when aditd has nothing more to send (--once). The error: it cannot write, the first request fails, or,
/// with --once, any.
[[nodiscard]] std::expected<int, EarlyExit> run_events(const Invocation& invocation);

}  // namespace adit::app
