// SPDX-License-Identifier: Apache-2.0
// Asks this machine what config/machine.hpp wants to know, by trying what the start will do, without doing it: nothing is
// made, and a running aditd does not notice. Any thread.
#pragma once

#include <string>

#include "app/aditd/config/machine.hpp"

namespace adit::app {

/// As this process sees it, or the user that it becomes. Behind the filter of system calls, too.
[[nodiscard]] MachineFacts read_machine(const Config& config);

/// machine-id(5); where there is none, the host's name.
[[nodiscard]] std::string machine_id();

}  // namespace adit::app
