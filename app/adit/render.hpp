// SPDX-License-Identifier: Apache-2.0
// aditd's answers as text for a person. A field that is missing or of another type (an aditd of another
// version) shows as empty or 0. Pure; any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace adit::app {

using Json = nlohmann::ordered_json;

/// Calls in full; nothing when there are none.
[[nodiscard]] std::string render_session(const Json& result);
[[nodiscard]] bool has_sessions(const Json& result);
[[nodiscard]] std::string render_stat(const Json& result);
[[nodiscard]] std::string render_drops(const Json& result);
[[nodiscard]] std::string render_workers(const Json& result);
[[nodiscard]] std::string render_counters(const Json& result);
[[nodiscard]] std::string render_pools(const Json& result);
[[nodiscard]] std::string render_admission(const Json& result);
[[nodiscard]] std::string render_radius(const Json& result);
/// The result of try.radius: the verdict, and what was granted.
[[nodiscard]] std::string render_trial(const Json& result);
/// The login was accepted, with everything a client needs.
[[nodiscard]] bool is_good_trial(const Json& result);
/// The story of a call, or what a reason means.
[[nodiscard]] std::string render_explain(const Json& result);
/// There was something to tell.
[[nodiscard]] bool is_explained(const Json& result);
[[nodiscard]] std::string render_ports(const Json& result);
[[nodiscard]] std::string render_steering(const Json& result);
[[nodiscard]] std::string render_config(const Json& result);
[[nodiscard]] std::string render_metrics(const Json& result);
[[nodiscard]] std::string render_version(const Json& result);

/// Calls that were asked to end.
[[nodiscard]] std::string render_ended(const Json& result);
[[nodiscard]] std::string render_changed(const Json& result);
[[nodiscard]] std::string render_restarted(const Json& result);
[[nodiscard]] std::string render_reloaded(const Json& result);
[[nodiscard]] std::string render_shutdown(const Json& result);

/// Number of calls asked to end or given a new rate; 0 when the reply does not say.
[[nodiscard]] std::uint64_t acted_on_count(const Json& result);

}  // namespace adit::app
