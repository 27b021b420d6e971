// SPDX-License-Identifier: Apache-2.0
// The functions behind the rows of methods(), and what they share. Thread: control.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/aditd/operator/method.hpp"

namespace adit::app {

[[nodiscard]] std::vector<SessionRow> list_sessions(const OperatorBackend& backend);
[[nodiscard]] Json show_stat(const OperatorBackend& backend);
[[nodiscard]] Json show_version(const OperatorBackend& backend);
[[nodiscard]] Json show_drops(const OperatorBackend& backend);
[[nodiscard]] Json show_workers(const OperatorBackend& backend);
[[nodiscard]] Json show_counters(const OperatorBackend& backend);
[[nodiscard]] Json show_steering(const OperatorBackend& backend);
[[nodiscard]] Json show_pools(const OperatorBackend& backend);
[[nodiscard]] Json show_admission(const OperatorBackend& backend);
[[nodiscard]] Json show_ports(const OperatorBackend& backend);
[[nodiscard]] Json show_radius(const OperatorBackend& backend);

[[nodiscard]] Result terminate(const Json& params, OperatorBackend& backend);
[[nodiscard]] Result shape(const Json& params, OperatorBackend& backend);
[[nodiscard]] Result use_worker(const Json& params, OperatorBackend& backend);
[[nodiscard]] Result restart_port(const Json& params, OperatorBackend& backend);

void reload(const Json& params, OperatorBackend& backend, const std::function<void(const Result&)>& answer);
void try_radius(const Json& params, OperatorBackend& backend,
                const std::function<void(const Result&)>& answer);

/// One element of show.sessions' list, as JSON text.
[[nodiscard]] std::string session_json(const SessionRow& row);
/// On one line. Peers' names need not be UTF-8: invalid octets become U+FFFD.
[[nodiscard]] std::string dump(const Json& json);

}  // namespace adit::app
