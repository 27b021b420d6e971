// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "app/aditd/operator/handlers.hpp"
#include "app/escape.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::app {
namespace {

using control::CallStatus;
using control::SessionSelector;

constexpr std::string_view kUsage =
    R"(trace takes {"value": "alice", "by": "username", "for": 30, "lines": 1000}; all but the value may be left out)";

struct TraceParams {
  std::string by, value;
  TraceLimits limits;
};

std::expected<TraceParams, RpcError> read_params(const Json& params) {
  if (!params.is_object()) {
    return invalid_params(std::string(kUsage));
  }
  TraceParams read;
  for (const auto& [name, value] : params.items()) {
    if (name == "by" && value.is_string()) {
      read.by = value.get<std::string>();
    } else if (name == "value" && value.is_string()) {
      read.value = value.get<std::string>();
    } else if (name == "for" && value.is_number_unsigned() &&
               value.get<std::uint64_t>() - 1 < static_cast<std::uint64_t>(TraceLimits::kMostTime.count())) {
      read.limits.time = std::chrono::seconds(value.get<std::uint64_t>());
    } else if (name == "lines" && value.is_number_unsigned()) {
      read.limits.lines = value.get<std::uint64_t>();
    } else {
      return invalid_params(name == "for" ? "for must be a number of seconds from 1 to " +
                                                std::to_string(TraceLimits::kMostTime.count())
                                          : std::string(kUsage));
    }
  }
  if (read.value.empty()) {
    return invalid_params(std::string(kUsage));
  }
  return read;
}

/// Without `by`: an address, a session ID or a user, whichever there is.
std::expected<OperatorBackend::FoundCalls, RpcError> find(const TraceParams& params,
                                                          const OperatorBackend& backend) {
  using By = SessionSelector::By;
  const bool any = params.by.empty();
  OperatorBackend::FoundCalls calls;
  if (!any && params.by != "ip" && params.by != "sid" && params.by != "username") {
    return invalid_params("by must be \"username\", \"ip\" or \"sid\"");
  }
  if ((any || params.by == "ip") && is_ip(params.value)) {
    calls = backend.find_calls({By::kIp, params.value});
  }
  if (calls.count == 0 && (any || params.by == "sid")) {
    calls = backend.find_calls({By::kSessionId, params.value});
  }
  if (calls.count == 0 && (any || params.by == "username")) {
    for (const SessionSelector& user : meanings_of({By::kUsername, params.value})) {
      calls = calls.count == 0 ? backend.find_calls(user) : calls;
    }
  }
  return calls;
}

std::string which_of(const OperatorBackend::FoundCalls& found) {
  constexpr std::size_t kMostNamed = 8;
  std::string sids;
  for (std::size_t at = 0; at < std::min(found.calls.size(), kMostNamed); ++at) {
    sids += (at == 0 ? "" : ", ") + found.calls[at].session_id;
  }
  return std::to_string(found.count) + " calls match; name one by its sid: " + sids +
         (found.count > kMostNamed ? ", ..." : "");
}

}  // namespace

std::expected<Stream::Begun, RpcError> trace(const Json& params, const std::string& by,
                                             OperatorBackend& backend, StreamSink& sink) {
  const auto read = read_params(params);
  if (!read) {
    return std::unexpected(read.error());
  }
  const auto calls = find(*read, backend);
  if (!calls) {
    return std::unexpected(calls.error());
  }
  if (calls->count == 0) {
    return Stream::Begun{.answer = {{"calls", 0}}, .subscription = nullptr};
  }
  if (calls->count > 1) {
    return std::unexpected(RpcError{kCannotBeDone, which_of(*calls)});
  }
  const CallStatus& call = calls->calls.front();
  auto begun = backend.trace(call, read->limits, by, sink);
  if (!begun) {
    return std::unexpected(RpcError{kCannotBeDone, std::move(begun.error())});
  }
  return Stream::Begun{.answer = {{"calls", 1},
                                  {"sid", call.session_id},
                                  {"username", escape_octets(call.session.user)},
                                  {"peer", wire::to_string(call.peer)},
                                  {"address", wire::to_string(call.session.address)},
                                  {"seconds", read->limits.time.count()}},
                       .subscription = std::move(*begun)};
}

}  // namespace adit::app
