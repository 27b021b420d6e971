// SPDX-License-Identifier: Apache-2.0
// What a verb that asks more than once, or goes on, is run with. Thread: main.
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <string>

#include "app/adit/client.hpp"
#include "app/adit/verb.hpp"
#include "app/early_exit.hpp"

namespace adit::app {

/// One request to aditd.
using Ask = std::function<std::expected<Json, CallFailure>(const std::string& method, const Json& params)>;

struct Invocation {
  const Words& words;
  bool json = false;
  Ask ask;
  Json params{};  ///< what the verb's row made of the words
  // For a stream, which is a connection of its own.
  std::string socket{};
  std::chrono::milliseconds timeout{};
};

/// "adit: cannot reach aditd ...", and its exit code.
[[nodiscard]] EarlyExit failed(const CallFailure& failure);

/// JSON on one line.
[[nodiscard]] std::string json_line(const Json& json);

/// Writes to standard output, at once or with what follows: done. The error: nobody reads it any more, or a disk is full.
/// All goes by this but the packets of a trace.
[[nodiscard]] std::expected<int, EarlyExit> put(const std::string& text, bool at_once = true);

}  // namespace adit::app
