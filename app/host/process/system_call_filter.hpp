// SPDX-License-Identifier: Apache-2.0
// The system calls that a started process may make; seccomp(2) refuses the others. What runs by then opens no device, starts no
// program and makes no code, so an intruder's first steps (execve, ptrace, raw sockets, executable memory) fail, and are told.
// A refused call fails with EPERM and is counted: killing the process would end every call for what may be a mistake of ours.
// Making a process is refused without being counted: fork() blocks the signal that would count it.
// Thread: control, once everything is started; the filter holds for all threads, and those that they start.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "controlplane/base/event_log.hpp"

namespace adit::app {

enum class FilterMode : std::uint8_t { kEnforce, kLog, kOff };

/// kEnforce refuses and counts; kLog lets calls pass, and the kernel's log (audit) has their numbers. No way back.
/// The error: this kernel has no filters.
[[nodiscard]] std::expected<void, std::string> filter_system_calls(FilterMode mode);

struct RefusedCall {
  int number = 0;
  std::string name;  ///< "execve"; empty if libseccomp does not know it
  std::uint64_t count = 0;
};
/// What was refused since the last call of this function.
[[nodiscard]] std::vector<RefusedCall> take_refused_calls();
/// Logs an event for each of them: a mistake of ours, or an intruder.
void log_refused_calls(control::EventLog& log);

}  // namespace adit::app
