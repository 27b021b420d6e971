// SPDX-License-Identifier: Apache-2.0
// A request to aditd whose answer is followed by notifications: one connection, until either side ends it. Blocking.
// Thread: main.
#pragma once

#include <chrono>
#include <expected>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "app/adit/client.hpp"
#include "dataplane/ports/unique_fd.hpp"

namespace adit::app {

class StreamClient {
 public:
  /// Connects and asks; `timeout` is for the answer.
  [[nodiscard]] static std::expected<StreamClient, CallFailure> open(const std::string& socket_path,
                                                                     const std::string& method,
                                                                     const Json& params,
                                                                     std::chrono::milliseconds timeout);

  [[nodiscard]] const Json& answer() const { return answer_; }
  /// The next notification, an object with method and params; waits for it. Nothing: aditd has closed the connection.
  [[nodiscard]] std::optional<Json> next();
  /// Another one has been received already.
  [[nodiscard]] bool has_next() const { return input_.find('\n') != std::string::npos; }

 private:
  StreamClient() = default;
  /// Empty: the connection is closed, or a wait has ended.
  [[nodiscard]] std::string read_line();

  dataplane::UniqueFd fd_;
  std::string input_;
  Json answer_;
};

}  // namespace adit::app
