// SPDX-License-Identifier: Apache-2.0
// A method of aditd's JSON-RPC is one row of methods(): its name and the function that answers it.
// Thread: control.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "app/aditd/operator/backend.hpp"
#include "app/aditd/operator/rpc.hpp"

namespace adit::app {

using Json = nlohmann::ordered_json;

// JSON-RPC 2.0 §5.1
inline constexpr int kParseError = -32700;
inline constexpr int kInvalidRequest = -32600;
inline constexpr int kMethodNotFound = -32601;
inline constexpr int kInvalidParams = -32602;
inline constexpr int kCannotBeDone = -32000;  // ours: understood, but cannot be done

struct RpcError {
  int code = 0;
  std::string message;
};
using Result = std::expected<Json, RpcError>;
using Answer = std::function<void(const Result& result)>;

/// Read-only; takes no params.
using Show = Json (*)(const OperatorBackend& backend);
/// Shows a list that may be long, made and sent in pieces; takes no params.
using ShowList = List (*)(const OperatorBackend& backend);
/// The same, of what the params ask for.
using Query = std::expected<List, RpcError> (*)(const Json& params, const OperatorBackend& backend);
/// Changes something; runs for a notification, too.
using Command = Result (*)(const Json& params, OperatorBackend& backend);
/// Answers later, once others have answered.
using Inquiry = void (*)(const Json& params, OperatorBackend& backend, const Answer& answer);

/// Changes something and answers when that is done; runs for a notification, too. `by`: who asks.
struct SlowCommand {
  void (*run)(const Json& params, const std::string& by, OperatorBackend& backend, const Answer& answer);
};

/// Answers, and has more to say later (stream.hpp). `by`: who asks. `sink` outlives the subscription.
struct Stream {
  struct Begun {
    Json answer;
    std::unique_ptr<Subscription> subscription;
  };
  std::expected<Begun, RpcError> (*subscribe)(const Json& params, const std::string& by,
                                              OperatorBackend& backend, StreamSink& sink);
};

struct Method {
  std::string_view name;
  std::variant<Show, ShowList, Query, Command, Inquiry, SlowCommand, Stream> answer;
  Access access = Access::kFull;  ///< what a client needs
};

[[nodiscard]] std::span<const Method> methods();

/// "show.stat, show.drops and version"
[[nodiscard]] std::string method_names();

[[nodiscard]] std::unexpected<RpcError> invalid_params(std::string what);

}  // namespace adit::app
