// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/operator/rpc.hpp"

#include <expected>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "app/aditd/operator/rpc_show.hpp"
#include "app/escape.hpp"
#include "controlplane/auth/authenticator.hpp"

namespace adit::app {
namespace {

using control::SessionSelector;
using Json = nlohmann::ordered_json;

constexpr std::size_t kRowsPerPiece = 256;

using Result = std::expected<Json, RpcError>;

std::string error_text(const Json& id, const RpcError& error) {
  return dump(
      {{"jsonrpc", "2.0"}, {"id", id}, {"error", {{"code", error.code}, {"message", error.message}}}});
}

std::expected<SessionSelector, std::string> read_selector(const Json& params) {
  using By = SessionSelector::By;
  const auto by = params.find("by");
  const auto value = params.find("value");
  SessionSelector read;
  const std::string by_text = by != params.end() && by->is_string() ? by->get<std::string>() : "";
  if (by_text == "all") {
    return read;
  }
  for (const auto& [word, meant] :
       {std::pair("username", By::kUsername), std::pair("ip", By::kIp), std::pair("sid", By::kSessionId)}) {
    if (by_text == word) {
      read.by = meant;
    }
  }
  if (read.by == By::kAll) {
    return std::unexpected("by is to be \"username\", \"ip\", \"sid\" or \"all\"");
  }
  if (value == params.end() || !value->is_string() || value->get_ref<const std::string&>().empty()) {
    return std::unexpected("value is to be the " + by_text + ", as text");
  }
  read.value = value->get<std::string>();
  if (read.by == By::kIp && !wire::parse_ipv4(read.value)) {
    return std::unexpected("value is no IPv4 address: " + escape_octets(read.value, 60));
  }
  return read;
}

// Nothing when `params` is an object that has no other members than these.
std::optional<std::string> stranger_among(const Json& params, std::string_view last,
                                          const std::string& usage) {
  if (!params.is_object()) {
    return usage;
  }
  for (const auto& [name, value] : params.items()) {
    if (name != "by" && name != "value" && name != last) {
      return "unknown param \"" + escape_octets(name, 60) + "\"; there are by, value and " +
             std::string(last);
    }
  }
  return std::nullopt;
}

struct TerminateParams {
  SessionSelector selector;
  bool hard = false;
};

std::expected<TerminateParams, std::string> read_terminate(const Json& params) {
  if (auto wrong = stranger_among(
          params, "hard", "terminate takes {\"by\": \"username\", \"value\": \"alice\", \"hard\": false}")) {
    return std::unexpected(std::move(*wrong));
  }
  const auto hard = params.find("hard");
  if (hard != params.end() && !hard->is_boolean()) {
    return std::unexpected("hard is to be true or false");
  }
  auto selector = read_selector(params);
  if (!selector) {
    return std::unexpected(std::move(selector.error()));
  }
  return TerminateParams{std::move(*selector), hard != params.end() && hard->get<bool>()};
}

Result terminate(const Json& params, OperatorBackend& backend) {
  const std::expected<TerminateParams, std::string> read = read_terminate(params);
  if (!read) {
    return std::unexpected(RpcError{kInvalidParams, read.error()});
  }
  return Json{{"terminated", backend.terminate(read->selector, read->hard)}};
}

Result shape(const Json& params, OperatorBackend& backend) {
  if (auto wrong = stranger_among(
          params, "rate",
          "shaper takes {\"by\": \"username\", \"value\": \"alice\", \"rate\": \"10240/2048\"}")) {
    return std::unexpected(RpcError{kInvalidParams, std::move(*wrong)});
  }
  std::optional<control::SubscriberRate> rate;
  if (const auto given = params.find("rate"); given != params.end()) {
    rate = given->is_string() ? control::parse_rate(given->get<std::string>()) : std::nullopt;
    if (!rate) {
      return std::unexpected(
          RpcError{kInvalidParams, "rate is to be kbit/s: \"10240\", or \"10240/2048\" for down and up"});
    }
  }
  const auto selector = read_selector(params);
  if (!selector) {
    return std::unexpected(RpcError{kInvalidParams, selector.error()});
  }
  return Json{{"shaped", backend.set_rate(*selector, rate)}};
}

Result restart_port(const Json& params, OperatorBackend& backend) {
  const auto name = params.is_object() ? params.find("restart") : params.end();
  if (params.size() != 1 || name == params.end() || !name->is_string()) {
    return std::unexpected(RpcError{kInvalidParams, "port takes {\"restart\": \"NAME\"}, one of show.ports"});
  }
  if (!backend.restart_port(name->get<std::string>())) {
    return std::unexpected(RpcError{kInvalidParams, "no such port, or one is being restarted: " +
                                                        escape_octets(name->get<std::string>(), 60)});
  }
  return ports_json(backend);
}

Result reload(const Json& params, OperatorBackend& backend) {
  if (!params.empty()) {
    return std::unexpected(RpcError{kInvalidParams, "reload takes no params"});
  }
  if (auto reloaded = backend.reload(); !reloaded) {
    return std::unexpected(RpcError{kRefused, std::move(reloaded.error())});
  }
  return Json{{"reloaded", true}};
}

Result use_worker(const Json& params, OperatorBackend& backend) {
  const auto worker = params.is_object() ? params.find("worker") : params.end();
  const auto in_use = params.is_object() ? params.find("in_use") : params.end();
  if (params.size() != 2 || worker == params.end() || in_use == params.end() ||
      !worker->is_number_unsigned() || !in_use->is_boolean() ||
      worker->get<std::uint64_t>() >= backend.seats().size()) {
    return std::unexpected(RpcError{kInvalidParams, "worker takes the number of one, 0 to " +
                                                        std::to_string(backend.seats().size() - 1) +
                                                        ", and in_use, true or false"});
  }
  if (!backend.use_worker(worker->get<std::uint16_t>(), in_use->get<bool>())) {
    return std::unexpected(RpcError{kInvalidParams, "the last worker in use cannot be idled"});
  }
  return steering_json(backend);
}

RpcReply show_sessions(const Json& id, const OperatorBackend& backend) {
  std::vector<SessionRow> rows;
  backend.for_each_session([&](const SessionRow& row) { rows.push_back(row); });
  return {R"({"jsonrpc":"2.0","id":)" + dump(id) + R"(,"result":{"sessions":[)", std::move(rows), "]}}"};
}

// No request nests deeper than its params. Copying or dumping a value recurses with its depth, and 60,000 brackets
// would overflow the stack.
std::optional<Json> parse(std::string_view line) {
  constexpr int kMaxDepth = 4;
  bool too_deep = false;
  const auto limit_depth = [&](int depth, Json::parse_event_t, const Json&) {
    too_deep = too_deep || depth > kMaxDepth;
    return !too_deep;
  };
  Json json = Json::parse(line, limit_depth, /*allow_exceptions=*/false);
  if (json.is_discarded() || too_deep) {
    return std::nullopt;
  }
  return json;
}

// JSON-RPC 2.0 §4. Nothing when it is one.
std::optional<std::string> not_a_request(const Json& request) {
  if (!request.is_object()) {
    return "a request is an object, one a line (no batches)";
  }
  const auto version = request.find("jsonrpc");
  if (version == request.end() || *version != "2.0") {
    return "\"jsonrpc\" is to be \"2.0\"";
  }
  const auto method = request.find("method");
  if (method == request.end() || !method->is_string()) {
    return "\"method\" is to be text";
  }
  return std::nullopt;
}

}  // namespace

std::string RpcReply::next() {
  std::string piece = std::exchange(head_, {});
  const std::size_t end = std::min(rows_.size(), at_ + kRowsPerPiece);
  for (; at_ < end; ++at_) {
    piece += (at_ == 0 ? "" : ",") + session_json(rows_[at_]);
  }
  if (at_ == rows_.size()) {
    piece += tail_ + '\n';
    more_ = false;
  }
  return piece;
}

namespace {

std::expected<control::TrialLogin, RpcError> read_trial(const Json& params) {
  using control::AuthMethod;
  const auto wrong = [](const std::string& what) { return std::unexpected(RpcError{kInvalidParams, what}); };
  const auto text = [&](const char* name) -> const std::string* {
    const auto found = params.is_object() ? params.find(name) : params.end();
    return found != params.end() && found->is_string() ? &found->get_ref<const std::string&>() : nullptr;
  };
  const std::string* user = text("user");
  const std::string* password = text("password");
  const std::string* method = text("method");
  if (params.size() != 3 || user == nullptr || password == nullptr || method == nullptr || user->empty() ||
      user->size() > control::radius::kMaxValue || password->size() > 128) {
    return wrong(R"(try.radius takes {"user": "alice", "password": "...", "method": "mschap-v2"})");
  }
  control::TrialLogin login{.user = *user, .password = crypto::SecretText(*password)};
  for (const AuthMethod known :
       {AuthMethod::kMsChapV2, AuthMethod::kMsChapV1, AuthMethod::kChapMd5, AuthMethod::kPap}) {
    if (control::to_text(known) == *method) {
      login.method = known;
      return login;
    }
  }
  return wrong("method is to be \"mschap-v2\", \"mschap-v1\", \"chap-md5\" or \"pap\"");
}

void try_radius(const Json& id, const Json& params, OperatorBackend& backend,
                const std::function<void(RpcReply)>& answer) {
  auto login = read_trial(params);
  if (!login) {
    answer(RpcReply(error_text(id, login.error())));
    return;
  }
  backend.try_login(std::move(*login), [id, answer](const control::TrialOutcome& outcome) {
    answer(RpcReply(dump({{"jsonrpc", "2.0"}, {"id", id}, {"result", trial_json(outcome)}})));
  });
}

RpcReply answer_at_once(const Json& id, bool has_id, const std::string& method, const Json& params,
                        OperatorBackend& backend) {
  if (method == "show.sessions" && params.empty() && has_id) {
    return show_sessions(id, backend);
  }
  const Result result = method == "terminate" ? terminate(params, backend)
                        : method == "shaper"  ? shape(params, backend)
                        : method == "worker"  ? use_worker(params, backend)
                        : method == "port"    ? restart_port(params, backend)
                        : method == "reload"  ? reload(params, backend)
                                              : show(method, params, backend);
  if (!has_id) {  // §4.1: a notification is never answered
    return {};
  }
  if (!result) {
    return RpcReply(error_text(id, result.error()));
  }
  return RpcReply(dump({{"jsonrpc", "2.0"}, {"id", id}, {"result", *result}}));
}

}  // namespace

void handle_rpc(std::string_view line, OperatorBackend& backend,
                const std::function<void(RpcReply reply)>& answer) {
  const std::optional<Json> parsed = parse(line);
  if (!parsed) {
    answer(RpcReply(error_text(
        nullptr, {kParseError, "not JSON, or nested too deeply; send one request object a line"})));
    return;
  }
  const Json& request = *parsed;
  const auto found = request.is_object() ? request.find("id") : request.end();
  const bool has_id = request.is_object() && found != request.end();
  const bool good_id = has_id && (found->is_string() || found->is_number() || found->is_null());
  const Json id = good_id ? *found : Json(nullptr);
  if (const std::optional<std::string> wrong = not_a_request(request)) {
    answer(RpcReply(error_text(id, {kInvalidRequest, *wrong})));
    return;
  }
  if (has_id && !good_id) {
    answer(RpcReply(error_text(nullptr, {kInvalidRequest, "\"id\" is to be text, a number or null"})));
    return;
  }
  const std::string& method = request["method"].get_ref<const std::string&>();
  const Json params = request.value("params", Json(nullptr));
  if (method == "try.radius" && has_id) {
    try_radius(id, params, backend, answer);
  } else {
    answer(answer_at_once(id, has_id, method, params, backend));
  }
}

RpcReply rpc_too_long(std::size_t limit) {
  return RpcReply(error_text(
      nullptr, {kInvalidRequest, "a request has at most " + std::to_string(limit) + " octets; closing"}));
}

}  // namespace adit::app
