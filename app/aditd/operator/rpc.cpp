// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/operator/rpc.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "app/aditd/operator/handlers.hpp"
#include "app/aditd/operator/method.hpp"
#include "app/escape.hpp"

namespace adit::app {
namespace {

using Reply = std::function<void(RpcReply reply)>;

std::string error_text(const Json& id, const RpcError& error) {
  return dump(
      {{"jsonrpc", "2.0"}, {"id", id}, {"error", {{"code", error.code}, {"message", error.message}}}});
}

std::string reply_text(const Json& id, const Result& result) {
  return result ? dump({{"jsonrpc", "2.0"}, {"id", id}, {"result", *result}})
                : error_text(id, result.error());
}

// No valid request nests deeper than its params. Copying or dumping a value recurses with its depth, and
// 60,000 brackets would overflow the stack.
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

// JSON-RPC 2.0 §4. Why this is not a request; nothing when it is one.
std::optional<std::string> not_a_request(const Json& request) {
  if (!request.is_object()) {
    return "a request must be a JSON object, one per line (no batches)";
  }
  const auto version = request.find("jsonrpc");
  if (version == request.end() || *version != "2.0") {
    return "\"jsonrpc\" must be \"2.0\"";
  }
  const auto method = request.find("method");
  if (method == request.end() || !method->is_string()) {
    return "\"method\" must be text";
  }
  return std::nullopt;
}

struct Request {
  Json id;
  bool has_id = false;  ///< without one it is a notification, which is never answered (§4.1)
  std::string method;
  Json params;
};

/// What the log has of a result: its numbers and words, not the tables that some commands answer with.
std::string outcome_of(const Json& result) {
  Json outcome = Json::object();
  for (const auto& [name, value] : result.items()) {
    if (value.is_primitive()) {
      outcome[name] = value;
    }
  }
  return outcome.empty() ? "done" : dump(outcome);
}

/// Answers a request according to its method's kind.
struct Dispatch {
  const Request& request;
  OperatorBackend& backend;
  const Reply& answer;
  const Caller& caller;

  void operator()(Show show) const {
    if (is_to_be_shown()) {
      reply(show(backend));
    }
  }
  void operator()(ShowList show) const {
    if (is_to_be_shown()) {
      send(show(backend));
    }
  }
  void operator()(Query query) const {
    if (!request.has_id) {
      answer({});
      return;
    }
    auto list = query(request.params, backend);
    list ? send(std::move(*list)) : reply(std::unexpected(std::move(list.error())));
  }
  void operator()(Command command) const {
    const Result result = command(request.params, backend);
    note(backend, caller.by, request, result);
    reply(result);
  }
  void operator()(Inquiry inquire) const {
    if (!request.has_id) {
      answer({});
      return;
    }
    inquire(request.params, backend, [id = request.id, answer = answer](const Result& result) {
      answer(RpcReply(reply_text(id, result)));
    });
  }

  void operator()(SlowCommand command) const {
    const auto answered = std::make_shared<bool>(false);
    command.run(request.params, caller.by, backend,
                [request = request, answer = answer, by = caller.by, &backend = backend,
                 answered](const Result& result) {
                  *answered = true;
                  note(backend, by, request, result);
                  const auto& [id, has_id, method, params] = request;
                  answer(has_id ? RpcReply(reply_text(id, result)) : RpcReply());
                });
    if (!*answered) {  // aditd may stop first, and who asked for it is to be known all the same
      note(backend, caller.by, request, std::string("begun"));
    }
  }
  void operator()(Stream stream) const {
    if (!request.has_id) {
      answer({});
    } else if (caller.sink == nullptr) {
      reply(
          std::unexpected(RpcError{kCannotBeDone, "too many clients read streams already; end one of them"}));
    } else if (auto begun = stream.subscribe(request.params, caller.by, backend, *caller.sink); !begun) {
      reply(std::unexpected(begun.error()));
    } else {
      answer(RpcReply(reply_text(request.id, begun->answer), std::move(begun->subscription)));
    }
  }

  void send(List list) const {
    list.head = R"({"jsonrpc":"2.0","id":)" + dump(request.id) + R"(,"result":)" + list.head;
    list.tail += '}';
    answer(RpcReply(std::move(list)));
  }
  void reply(const Result& result) const {
    answer(request.has_id ? RpcReply(reply_text(request.id, result)) : RpcReply());
  }

 private:
  static void note(OperatorBackend& backend, const std::string& by, const Request& request,
                   const Result& result) {
    note(backend, by, request, result ? outcome_of(*result) : result.error().message);
  }
  static void note(OperatorBackend& backend, const std::string& by, const Request& request,
                   std::string outcome) {
    backend.note({.by = by,
                  .method = request.method,
                  .params = request.params.is_null() ? "" : dump(request.params),
                  .result = std::move(outcome)});
  }
  /// Whether to run a read-only method. Answers notifications and unexpected params itself.
  [[nodiscard]] bool is_to_be_shown() const {
    if (!request.has_id) {
      answer({});
      return false;
    }
    if (!request.params.empty()) {  // null, {} and [] are empty
      reply(invalid_params(request.method + " takes no params"));
      return false;
    }
    return true;
  }
};

void dispatch(const Request& request, OperatorBackend& backend, const Reply& answer, const Caller& caller) {
  const Dispatch dispatch{request, backend, answer, caller};
  const auto found = std::ranges::find(methods(), request.method, &Method::name);
  if (found == methods().end()) {
    dispatch.reply(
        std::unexpected(RpcError{kMethodNotFound, "no method \"" + escape_octets(request.method, 60) +
                                                      "\"; there are " + method_names()}));
  } else if (caller.access < found->access) {
    dispatch.reply(std::unexpected(
        RpcError{kCannotBeDone, "this socket is read-only: " + request.method + " is for cli.socket"}));
  } else {
    std::visit(dispatch, found->answer);
  }
}

}  // namespace

std::string address_text(wire::Ipv4Address address) {
  return address.is_none() ? "" : wire::to_string(address);
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string RpcReply::next() {
  std::string piece = std::exchange(list_.head, {});
  more_ = list_.next && list_.next([&](const std::string& row) {
    piece += (std::exchange(has_rows_, true) ? "," : "") + row;
  });
  if (!more_) {
    piece += (list_.end ? list_.end() : "") + list_.tail + '\n';
    list_ = {};
  }
  return piece;
}

void handle_rpc(std::string_view line, OperatorBackend& backend,
                const std::function<void(RpcReply reply)>& answer, const Caller& caller) {
  const std::optional<Json> parsed = parse(line);
  if (!parsed) {
    answer(RpcReply(error_text(
        nullptr, {kParseError, "not JSON, or nested too deeply; send one request object per line"})));
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
    answer(RpcReply(error_text(nullptr, {kInvalidRequest, "\"id\" must be text, a number or null"})));
    return;
  }
  dispatch({.id = id,
            .has_id = has_id,
            .method = request["method"].get<std::string>(),
            .params = request.value("params", Json(nullptr))},
           backend, answer, caller);
}

std::string rpc_has_stream() {
  return error_text(nullptr, {kCannotBeDone, "notifications follow on this connection; ask on another"});
}

RpcReply rpc_too_long(std::size_t limit) {
  return RpcReply(error_text(
      nullptr, {kInvalidRequest, "a request has at most " + std::to_string(limit) + " octets; closing"}));
}

}  // namespace adit::app
