// SPDX-License-Identifier: Apache-2.0
// The functions behind the rows of methods(), and what they share. Thread: control.
#pragma once

#include <string>
#include <vector>

#include "app/aditd/operator/method.hpp"

namespace adit::app {

[[nodiscard]] std::expected<List, RpcError> show_sessions(const Json& params, const OperatorBackend& backend);
[[nodiscard]] List show_admission(const OperatorBackend& backend);
[[nodiscard]] List show_config(const OperatorBackend& backend);
[[nodiscard]] List show_metrics(const OperatorBackend& backend);
[[nodiscard]] Json show_stat(const OperatorBackend& backend);
[[nodiscard]] Json show_version(const OperatorBackend& backend);
[[nodiscard]] Json show_drops(const OperatorBackend& backend);
[[nodiscard]] Json show_workers(const OperatorBackend& backend);
[[nodiscard]] Json show_counters(const OperatorBackend& backend);
[[nodiscard]] Json show_steering(const OperatorBackend& backend);
[[nodiscard]] Json show_pools(const OperatorBackend& backend);
[[nodiscard]] Json show_ports(const OperatorBackend& backend);
[[nodiscard]] Json show_radius(const OperatorBackend& backend);

[[nodiscard]] Result use_worker(const Json& params, OperatorBackend& backend);
[[nodiscard]] Result shut_down(const Json& params, OperatorBackend& backend);

[[nodiscard]] std::expected<Stream::Begun, RpcError> trace(const Json& params, const std::string& by,
                                                           OperatorBackend& backend, StreamSink& sink);
void terminate(const Json& params, const std::string& by, OperatorBackend& backend, const Answer& answer);
void shape(const Json& params, const std::string& by, OperatorBackend& backend, const Answer& answer);
void restart_port(const Json& params, const std::string& by, OperatorBackend& backend, const Answer& answer);
void reload(const Json& params, const std::string& by, OperatorBackend& backend, const Answer& answer);
void explain(const Json& params, OperatorBackend& backend, const Answer& answer);
void show_session(const Json& params, OperatorBackend& backend, const Answer& answer);
void try_radius(const Json& params, OperatorBackend& backend, const Answer& answer);

[[nodiscard]] std::expected<Stream::Begun, RpcError> read_events(const Json& params, const std::string& by,
                                                                 OperatorBackend& backend, StreamSink& sink);

/// {"by": "username"|"ip"|"sid"|"all", "value": "..."}, whatever else there is.
/// What a call may be found by: an address of either family, or a prefix of IPv6.
[[nodiscard]] bool is_ip(const std::string& text);
[[nodiscard]] std::expected<control::SessionSelector, RpcError> read_selector(const Json& params);
/// Whom it may mean, one or two; meant is the first that has a call. For a user see meanings_of() in app/escape.hpp.
[[nodiscard]] std::vector<control::SessionSelector> meanings_of(const control::SessionSelector& selector);

/// For programs: "applied", "new_calls", "next_start".
[[nodiscard]] std::string_view effect_name(ReloadEffect effect);
[[nodiscard]] Json reload_json(const OperatorBackend::ReloadReport& report);

/// On one line. Peers' names need not be UTF-8: invalid octets become U+FFFD.
[[nodiscard]] std::string dump(const Json& json);
/// "": no address.
[[nodiscard]] std::string address_text(wire::Ipv4Address address);
/// CPU time of all threads, user and system.
[[nodiscard]] double cpu_seconds();

}  // namespace adit::app
