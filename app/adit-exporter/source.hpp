// SPDX-License-Identifier: Apache-2.0
// Where the exporter has its answers from: aditd's socket, one request at a time. However many ask for metrics, aditd is asked
// once a second at most; what it answered, or that it did not, holds for all of them.
// Thread: any; who waits for aditd holds up the others, for kTimeout at most.
#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "app/adit/client.hpp"

namespace adit::app::exporter {

inline constexpr std::string_view kReadSocket = "/run/adit/adit-read.sock";
inline constexpr std::string_view kControlSocket = "/run/adit/adit.sock";

/// What aditd said last.
struct Snapshot {
  bool up = false;
  std::string why;  ///< it is not up: one line
  Json families = Json::array();
  double unix_seconds = 0;   ///< when it answered
  double reply_seconds = 0;  ///< how long it took
};

class Source {
 public:
  /// Empty: the read-only socket at its usual place, or the control socket there where that is missing or closed to us.
  explicit Source(std::string socket);

  [[nodiscard]] std::shared_ptr<const Snapshot> metrics();
  /// `show.sessions` with these params; the error is one line.
  [[nodiscard]] std::expected<Json, std::string> sessions(const Json& params);

 private:
  std::expected<Json, CallFailure> call(const std::string& method, const Json& params);
  void tell(const Snapshot& now);
  Snapshot ask();

  std::mutex mutex_;
  bool any_socket_;
  std::string socket_;
  std::string told_;  ///< of the last line on standard error; a line for each change
  std::shared_ptr<const Snapshot> last_;
  std::chrono::steady_clock::time_point asked_;
};

}  // namespace adit::app::exporter
