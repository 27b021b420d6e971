// SPDX-License-Identifier: Apache-2.0
// What the concentrator does a slice at a time, to the end, for tests that are about something else.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <utility>

#include "controlplane/concentrator/concentrator.hpp"

namespace adit::control {

inline void for_each_call(const Concentrator& concentrator,
                          const std::function<void(const CallStatus&)>& visit) {
  for (CallWalk walk; !walk.done();) {
    concentrator.for_each_call(walk, visit);
  }
}

inline std::size_t terminate(Concentrator& concentrator, SessionSelector selector, bool hard) {
  std::size_t asked = 0;
  for (CallWalk walk(std::move(selector)); !walk.done();) {
    asked += concentrator.terminate(walk, hard, "a test asks");
  }
  return asked;
}

/// Only while the workers' rings have room.
inline std::size_t set_rate(Concentrator& concentrator, SessionSelector selector,
                            std::optional<SubscriberRate> rate) {
  std::size_t changed = 0;
  for (CallWalk walk(std::move(selector)); !walk.done();) {
    changed += concentrator.set_rate(walk, rate);
  }
  return changed;
}

inline void drain(Concentrator& concentrator) {
  while (concentrator.drain()) {
  }
}

}  // namespace adit::control
