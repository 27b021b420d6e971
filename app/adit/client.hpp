// SPDX-License-Identifier: Apache-2.0
// One JSON-RPC request to aditd over its UNIX socket, and the answer. Blocking, with a deadline.
// Thread: main.
#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <nlohmann/json.hpp>
#include <string>

namespace adit::app {

using Json = nlohmann::ordered_json;

struct CallFailure {
  enum class Kind {
    kNoConnection,
    kTimeout,
    kRefused,         ///< aditd answered with an error
    kNothingMatched,  ///< there is no such call
    kOutput,          ///< what it said cannot be written where it was to go
  };
  Kind kind = Kind::kNoConnection;
  std::string text;  ///< what failed and what to do, one line
};

/// A reply lists every session: some 400 octets each, 4 million of them at most.
inline constexpr std::size_t kMaxReply = std::size_t{2} << 30;

/// `timeout` applies to each wait, not to the whole exchange: a long reply may take longer.
[[nodiscard]] std::expected<Json, CallFailure> call_aditd(const std::string& socket_path,
                                                          const std::string& method, const Json& params,
                                                          std::chrono::milliseconds timeout,
                                                          std::size_t max_reply = kMaxReply);

}  // namespace adit::app
