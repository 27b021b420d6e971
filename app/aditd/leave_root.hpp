// SPDX-License-Identifier: Apache-2.0
// aditd started by root: what only root can do is done first, then it becomes [core] user, before it touches a port or a
// packet. Under systemd, which starts it as that user, `aditd --prepare` does the first half.
// Thread: control, before there is any other.
#pragma once

#include <expected>
#include <string>

#include "app/aditd/config/config.hpp"
#include "controlplane/base/event_log.hpp"

namespace adit::app {

/// For root: detaches XDP programs that a killed aditd left, makes the directories of sockets and files, and gives files that an
/// earlier aditd wrote as root to the user. Nothing when there is no such user.
void prepare(const Config& config);

/// Prepares, and becomes the user. Nothing when this is not root's process; logged when it stays root's. The error is one
/// line with a remedy.
[[nodiscard]] std::expected<void, std::string> leave_root(const Config& config, control::EventLog& log);

}  // namespace adit::app
