// SPDX-License-Identifier: Apache-2.0
// A request to aditd whose answer is followed by notifications: one connection, until either side ends it. Blocking.
// Thread: main.
#pragma once

#include <signal.h>

#include <chrono>
#include <cstdint>
#include <expected>
#include <nlohmann/json.hpp>
#include <string>

#include "app/adit/client.hpp"
#include "dataplane/ports/unique_fd.hpp"

namespace adit::app {

/// Why there is no next notification.
enum class StreamEnd : std::uint8_t {
  kClosed,  ///< aditd has closed the connection
  kSignal   ///< a signal came, and had a handler
};

class StreamClient {
 public:
  /// Connects and asks; `timeout` is for the answer.
  [[nodiscard]] static std::expected<StreamClient, CallFailure> open(const std::string& socket_path,
                                                                     const std::string& method,
                                                                     const Json& params,
                                                                     std::chrono::milliseconds timeout);

  [[nodiscard]] const Json& answer() const { return answer_; }
  /// The next notification, an object with method and params; waits for it, with the signal mask `waiting` if there is
  /// one.
  [[nodiscard]] std::expected<Json, StreamEnd> next(const sigset_t* waiting = nullptr);
  /// Another one has been received already.
  [[nodiscard]] bool has_next() const { return input_.find('\n') != std::string::npos; }

 private:
  StreamClient() = default;
  /// False: the connection is closed, or a wait has ended.
  [[nodiscard]] bool receive();
  /// The first one, once has_next().
  [[nodiscard]] std::string take_line();

  dataplane::UniqueFd fd_;
  std::string input_;
  Json answer_;
};

}  // namespace adit::app
