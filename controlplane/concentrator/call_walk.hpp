// SPDX-License-Identifier: Apache-2.0
// A walk over the calls that a selector matches, a slice at a time, so that no turn of control's loop grows with
// the number of calls. A call that matches from the first slice to the last is visited once; one that comes, goes
// or changes its user meanwhile, once or not at all. A call keeps its slot for life, so a place among the slots is
// all that a walk over every call remembers, and nobody has to tell it what comes and goes.
// Thread: control. Owner: whoever asks; CallDirectory moves it on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace adit::control {

/// Selects calls for `adit terminate`, `adit shaper` and RADIUS Disconnect- and CoA-Requests.
struct SessionSelector {
  enum class By : std::uint8_t { kAll, kUsername, kIp, kSessionId };
  By by = By::kAll;
  std::string value;
};

/// A slice acts on this many calls, or connections, at most.
inline constexpr std::size_t kCallsPerSlice = 64;
/// And looks at this many places at most, when most of them are empty.
inline constexpr std::size_t kPlacesPerSlice = 4096;

/// Where a walk over every call goes on: a slot of a worker. Any value is one; beyond the last there is nothing.
struct CallPlace {
  std::uint16_t worker = 0;
  std::uint32_t slot = 0;
};

class CallWalk {
 public:
  explicit CallWalk(SessionSelector selector = {}) : selector_(std::move(selector)) {}
  /// Over every call from there on.
  explicit CallWalk(CallPlace from) : stage_(Stage::kSlots), worker_(from.worker), slot_(from.slot) {}

  /// There is nothing left to visit.
  [[nodiscard]] bool done() const { return stage_ == Stage::kDone; }

 private:
  friend class CallDirectory;
  enum class Stage : std::uint8_t { kNew, kNamed, kSlots, kDone };

  SessionSelector selector_;
  Stage stage_ = Stage::kNew;
  std::vector<std::uint64_t> named_;  // kNamed: the numbers of those left, at most kCallsPerSlice
  std::uint16_t worker_ = 0;          // kSlots: the place of the next one
  std::uint32_t slot_ = 0;
};

}  // namespace adit::control
