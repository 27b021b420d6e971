// SPDX-License-Identifier: Apache-2.0
// What the service manager and the log are told about this process's health. The watchdog is fed only while control
// turns and every worker has turned since it was last fed: a process whose packets have stopped is restarted although its
// control thread still answers. Thread: control. Owner: the control loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/host/process/service_notify.hpp"
#include "controlplane/base/event_log.hpp"

namespace adit::app {

class ServiceReport {
 public:
  ServiceReport(ServiceNotify notify, control::EventLog& log) : notify_(std::move(notify)), log_(log) {}

  /// Calls are accepted from now on.
  void ready() { notify_.send("READY=1"); }
  void reloading();
  void reloaded() { notify_.send("READY=1"); }
  void stopping() { notify_.send("STOPPING=1"); }

  /// Once a second. `turns`: how often each worker has gone round its loop, idle or not; one that has not since the
  /// last second is named in the log, once, and the watchdog goes hungry. `status` is for `systemctl status`.
  void each_second(std::span<const std::uint64_t> turns, std::string_view status);

 private:
  [[nodiscard]] bool all_turn(std::span<const std::uint64_t> turns);

  ServiceNotify notify_;
  control::EventLog& log_;
  std::vector<std::uint64_t> turns_;  // a second ago
  std::vector<bool> stuck_;
};

}  // namespace adit::app
