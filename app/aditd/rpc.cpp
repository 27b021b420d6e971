// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/rpc.hpp"

#include <fmt/core.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <expected>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "app/escape.hpp"
#include "crypto/mppe_implementations.hpp"

namespace adit::app {
namespace {

using control::TerminateSelector;
using Json = nlohmann::ordered_json;

constexpr std::size_t kRowsPerPiece = 256;

// JSON-RPC 2.0 §5.1
constexpr int kParseError = -32700;
constexpr int kInvalidRequest = -32600;
constexpr int kMethodNotFound = -32601;
constexpr int kInvalidParams = -32602;

struct RpcError {
  int code = 0;
  std::string message;
};

// Peers' names need not be UTF-8; dump() would throw at them.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string error_text(const Json& id, const RpcError& error) {
  return dump(
      {{"jsonrpc", "2.0"}, {"id", id}, {"error", {{"code", error.code}, {"message", error.message}}}});
}

std::int64_t seconds_of(control::Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

// As accel-ppp calls them.
std::string_view state_of(const control::CallStatus& call) {
  using Phase = control::SessionStatus::Phase;
  if (call.ending || call.session.phase == Phase::kTerminate) {
    return "finish";
  }
  return call.session.phase == Phase::kUp ? "active" : "start";
}

std::string_view phase_of(control::SessionStatus::Phase phase) {
  using Phase = control::SessionStatus::Phase;
  switch (phase) {
    case Phase::kEstablish:
      return "establish";
    case Phase::kAuthenticate:
      return "authenticate";
    case Phase::kNetwork:
      return "network";
    case Phase::kUp:
      return "up";
    case Phase::kTerminate:
      return "terminate";
  }
  return "unknown";
}

std::string address_text(wire::Ipv4Address address) {
  return address.is_none() ? "" : wire::to_string(address);
}

// By hand: a tree of Json for each of 65,535 sessions would keep the control thread from its work. Only the user's
// name is a stranger's; all other text is ours and needs no escaping.
std::string session_json(const SessionRow& row) {
  const control::CallStatus& call = row.call;
  return fmt::format(
      R"({{"sid":"{}","username":{},"calling_sid":"{}","called_sid":"{}","ip":"{}","type":"pptp","auth":"{}",)"
      R"("mppe":{},"mppe_mode":"{}","state":"{}","phase":"{}","uptime_seconds":{},"rx_bytes":{},"tx_bytes":{},"rx_packets":{},)"
      R"("tx_packets":{},"drops":{},"mru":{},"worker":{},"call_id":{},"peer_call_id":{},"rate_limit":"{}"}})",
      call.session_id, dump(call.session.user), address_text(call.peer), address_text(call.local),
      address_text(call.session.address), call.session.auth_method, call.session.mppe != "none",
      call.session.mppe, state_of(call), phase_of(call.session.phase), seconds_of(row.uptime),
      row.totals.uplink_octets, row.totals.downlink_octets, row.totals.uplink_packets,
      row.totals.downlink_packets, row.totals.drops, call.session.peer_mru, call.call.worker.value,
      call.local_id.value, call.peer_id.value, control::to_string(call.rate));
}

struct Memory {
  std::uint64_t virtual_kb = 0;
  std::uint64_t resident_kb = 0;
};

Memory memory_in_use() {
  std::uint64_t pages = 0;
  std::uint64_t resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  const auto page_kb = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) / 1024;
  return {pages * page_kb, resident * page_kb};
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

const auto kProcessStart = std::chrono::steady_clock::now();

Json memory_json(const OperatorBackend& backend) {
  Json tables = Json::array();
  for (const MemoryRow& row : backend.memory()) {
    tables.push_back(
        {{"table", row.table}, {"used", row.used}, {"entries", row.entries}, {"bytes", row.octets}});
  }
  return tables;
}

Json stat_json(const OperatorBackend& backend) {
  const double uptime = std::chrono::duration<double>(std::chrono::steady_clock::now() - kProcessStart).count();
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const Memory memory = memory_in_use();
  const control::ConcentratorStats stats = backend.stats();
  Json buffers = Json::array();
  for (const BufferRow& row : backend.buffers()) {
    buffers.push_back({{"pool", row.name}, {"total", row.total}, {"free", row.free}});
  }
  Json ended = Json::object();
  for (const auto& [reason, count] : stats.ended) {
    ended[std::string(control::to_text(reason))] = count;
  }
  return {{"version", ADIT_VERSION},
          {"pid", ::getpid()},
          {"uptime_seconds", static_cast<std::uint64_t>(uptime)},
          {"cpu_seconds", seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime)},
          {"rss_kb", memory.resident_kb},
          {"virt_kb", memory.virtual_kb},
          {"mppe_engine", crypto::mppe_implementation()},
          {"packet_buffers", std::move(buffers)},
          {"memory", memory_json(backend)},
          {"sessions",
           {{"starting", stats.calls_starting},
            {"active", stats.calls_active},
            {"finishing", stats.calls_finishing}}},
          {"pptp",
           {{"connections", stats.connections},
            {"connections_total", stats.connections_total},
            {"calls_total", stats.calls_total}}},
          {"auth", {{"accepted", stats.auth_accepted}, {"rejected", stats.auth_rejected}}},
          {"ended", std::move(ended)}};
}

Json drops_json(const OperatorBackend& backend) {
  Json drops = Json::object();
  Json texts = Json::object();
  for (const DropRow& row : backend.drops()) {
    drops[std::string(row.name)] = row.packets;
    texts[std::string(row.name)] = row.text;
  }
  return {{"drops", std::move(drops)}, {"texts", std::move(texts)}};
}

Json workers_json(const OperatorBackend& backend) {
  Json workers = Json::array();
  for (const WorkerRow& row : backend.workers()) {
    workers.push_back({{"worker", row.worker},
                       {"lcore", row.lcore},
                       {"busy", row.busy},
                       {"rx_packets", row.rx_packets},
                       {"tx_packets", row.tx_packets},
                       {"uplink_packets", row.uplink_packets},
                       {"uplink_bytes", row.uplink_octets},
                       {"downlink_packets", row.downlink_packets},
                       {"downlink_bytes", row.downlink_octets},
                       {"steer_miss", row.steer_miss},
                       {"handed_in", row.handed_in},
                       {"notices_lost", row.notices_lost},
                       {"reassembled", row.reassembled},
                       {"reordered", row.reordered},
                       {"reorder_held", row.reorder_held},
                       {"reorder_given_up", row.reorder_given_up},
                       {"reorder_no_room", row.reorder_no_room},
                       {"drops", row.drops}});
  }
  return {{"workers", std::move(workers)}};
}

Json pools_json(const OperatorBackend& backend) {
  Json pools = Json::array();
  for (const control::PoolStatus& pool : backend.pools()) {
    pools.push_back({{"name", pool.name},
                     {"total", pool.total},
                     {"used", pool.used},
                     {"quarantined", pool.quarantined},
                     {"available", pool.available}});
  }
  return {{"pools", std::move(pools)}};
}

Json steering_json(const OperatorBackend& backend) {
  Json ports = Json::array();
  for (const SteeringRow& row : backend.steering()) {
    ports.push_back({{"port", row.port},
                     {"role", row.role},
                     {"queues", row.queues},
                     {"by", row.by},
                     {"table_entries", row.table},
                     {"rules", row.rules},
                     {"packets", row.packets},
                     {"missed", row.missed}});
  }
  Json workers = Json::array();
  for (const control::WorkerSeats& seats : backend.seats()) {
    workers.push_back({{"worker", workers.size()},
                       {"calls", seats.calls},
                       {"in_use", seats.in_use},
                       {"pressed", seats.pressed}});
  }
  return {{"ports", std::move(ports)}, {"workers", std::move(workers)}};
}

std::expected<TerminateSelector, std::string> read_selector(const Json& params) {
  using By = TerminateSelector::By;
  const auto by = params.find("by");
  const auto value = params.find("value");
  TerminateSelector read;
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
  TerminateSelector selector;
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

using Result = std::expected<Json, RpcError>;

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

Result show(std::string_view method, const Json& params, const OperatorBackend& backend) {
  if (!params.empty()) {  // null, {} and [] are empty
    return std::unexpected(RpcError{kInvalidParams, std::string(method) + " takes no params"});
  }
  if (method == "show.stat") {
    return stat_json(backend);
  }
  if (method == "show.drops") {
    return drops_json(backend);
  }
  if (method == "show.workers") {
    return workers_json(backend);
  }
  if (method == "show.pools") {
    return pools_json(backend);
  }
  if (method == "show.steering") {
    return steering_json(backend);
  }
  if (method == "version") {
    return Json{{"name", "aditd"}, {"version", ADIT_VERSION}};
  }
  return std::unexpected(RpcError{
      kMethodNotFound, "no method \"" + escape_octets(method, 60) +
                           "\"; there are show.sessions, show.stat, show.drops, "
                           "show.workers, show.pools, show.steering, terminate, shaper, worker and version"});
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

RpcReply handle_rpc(std::string_view line, OperatorBackend& backend) {
  const std::optional<Json> parsed = parse(line);
  if (!parsed) {
    return RpcReply(
        error_text(nullptr, {kParseError, "not JSON, or nested too deeply; send one request object a line"}));
  }
  const Json& request = *parsed;
  const auto found = request.is_object() ? request.find("id") : request.end();
  const bool has_id = request.is_object() && found != request.end();
  const bool good_id = has_id && (found->is_string() || found->is_number() || found->is_null());
  const Json id = good_id ? *found : Json(nullptr);
  if (const std::optional<std::string> wrong = not_a_request(request)) {
    return RpcReply(error_text(id, {kInvalidRequest, *wrong}));
  }
  if (has_id && !good_id) {
    return RpcReply(error_text(nullptr, {kInvalidRequest, "\"id\" is to be text, a number or null"}));
  }
  const std::string& method = request["method"].get_ref<const std::string&>();
  const Json params = request.value("params", Json(nullptr));
  if (method == "show.sessions" && params.empty() && has_id) {
    return show_sessions(id, backend);
  }
  const Result result = method == "terminate" ? terminate(params, backend)
                        : method == "shaper"  ? shape(params, backend)
                        : method == "worker"  ? use_worker(params, backend)
                                              : show(method, params, backend);
  if (!has_id) {  // §4.1: a notification is never answered
    return {};
  }
  if (!result) {
    return RpcReply(error_text(id, result.error()));
  }
  return RpcReply(dump({{"jsonrpc", "2.0"}, {"id", id}, {"result", *result}}));
}

RpcReply rpc_too_long(std::size_t limit) {
  return RpcReply(error_text(
      nullptr, {kInvalidRequest, "a request has at most " + std::to_string(limit) + " octets; closing"}));
}

}  // namespace adit::app
