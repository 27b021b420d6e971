// SPDX-License-Identifier: Apache-2.0
// What the show.* methods of aditd's JSON-RPC answer: the rows of OperatorBackend as JSON. Thread: control.
#pragma once

#include <expected>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "app/aditd/operator/backend.hpp"

namespace adit::app {

// JSON-RPC 2.0 §5.1
inline constexpr int kParseError = -32700;
inline constexpr int kInvalidRequest = -32600;
inline constexpr int kMethodNotFound = -32601;
inline constexpr int kInvalidParams = -32602;
inline constexpr int kRefused = -32000;  // ours: it was understood, and cannot be

struct RpcError {
  int code = 0;
  std::string message;
};

/// Any method but those that change something, and show.sessions.
[[nodiscard]] std::expected<nlohmann::ordered_json, RpcError> show(std::string_view method,
                                                                   const nlohmann::ordered_json& params,
                                                                   const OperatorBackend& backend);
[[nodiscard]] nlohmann::ordered_json steering_json(const OperatorBackend& backend);
[[nodiscard]] nlohmann::ordered_json ports_json(const OperatorBackend& backend);
[[nodiscard]] nlohmann::ordered_json trial_json(const control::TrialOutcome& outcome);
/// On one line. Peers' names need not be UTF-8: what is not becomes U+FFFD.
[[nodiscard]] std::string dump(const nlohmann::ordered_json& json);
/// One element of show.sessions' list, as text.
[[nodiscard]] std::string session_json(const SessionRow& row);

}  // namespace adit::app
