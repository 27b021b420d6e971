// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/operator/rpc_show.hpp"

#include <fmt/core.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/escape.hpp"
#include "crypto/mppe_implementations.hpp"

namespace adit::app {
namespace {

using Json = nlohmann::ordered_json;

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

std::string routes_text(const std::vector<wire::Ipv4Prefix>& routes) {
  std::string text;
  for (const wire::Ipv4Prefix& route : routes) {
    text += (text.empty() ? "" : ",") + to_string(route);
  }
  return text;
}

std::string address_text(wire::Ipv4Address address) {
  return address.is_none() ? "" : wire::to_string(address);
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
  const double uptime =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - kProcessStart).count();
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

}  // namespace

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

Json ports_json(const OperatorBackend& backend) {
  Json ports = Json::array();
  for (const PortRow& row : backend.ports()) {
    ports.push_back({{"port", row.name},
                     {"driver", row.driver},
                     {"role", row.role},
                     {"vlan", row.vlan},
                     {"interface", row.interface},
                     {"mac", row.mac},
                     {"link", row.link_up},
                     {"mbit", row.mbit},
                     {"mtu", row.mtu},
                     {"rx_queues", row.rx_queues},
                     {"tx_queues", row.tx_queues},
                     {"rx_packets", row.rx_packets},
                     {"tx_packets", row.tx_packets},
                     {"rx_missed", row.rx_missed},
                     {"punted", row.punted},
                     {"punts_refused", row.punts_refused},
                     {"flaps", row.flaps},
                     {"restarts", row.restarts}});
  }
  return {{"ports", std::move(ports)}};
}

Json radius_json(const OperatorBackend& backend) {
  const RadiusStatus status = backend.radius();
  Json servers = Json::array();
  for (const control::radius::ServerStatus& row : status.servers) {
    servers.push_back({{"server", row.name},
                       {"address", wire::to_string(row.address)},
                       {"alive", row.alive},
                       {"in_flight", row.in_flight},
                       {"sent", row.sent},
                       {"repeated", row.repeated},
                       {"answered", row.answered},
                       {"timeouts", row.timeouts},
                       {"refused", row.refused},
                       {"unmatched", row.unmatched},
                       {"p50_ms", row.p50.count()},
                       {"p99_ms", row.p99.count()}});
  }
  Json clients = Json::array();
  for (const control::radius::DaeClientStatus& row : status.dae) {
    clients.push_back({{"client", row.name},
                       {"address", wire::to_string(row.address)},
                       {"disconnects", row.disconnects},
                       {"changes", row.changes},
                       {"refused", row.refused},
                       {"repeated", row.repeated},
                       {"stale", row.stale},
                       {"forged", row.forged}});
  }
  const control::radius::AccountingStatus& accounting = status.accounting;
  return {{"servers", std::move(servers)},
          {"accounting",
           {{"spool_records", accounting.slots},
            {"spool_used", accounting.used},
            {"stops_waiting", accounting.waiting},
            {"in_flight", accounting.in_flight},
            {"unkept", accounting.unkept},
            {"stops_lost", accounting.lost}}},
          {"dae_clients", std::move(clients)},
          {"dae_strangers", status.dae_strangers}};
}

Json trial_json(const control::TrialOutcome& outcome) {
  using Verdict = control::TrialOutcome::Verdict;
  Json json = {{"verdict", outcome.verdict == Verdict::kAccepted   ? "accepted"
                           : outcome.verdict == Verdict::kRejected ? "rejected"
                                                                   : "none"},
               {"why", outcome.why},
               {"took_ms", outcome.took.count()}};
  if (!outcome.accepted) {
    return json;
  }
  const control::AuthAccepted& granted = *outcome.accepted;
  const auto seconds = [](const std::optional<control::Duration>& time) {
    return time ? Json(std::chrono::duration_cast<std::chrono::seconds>(*time).count()) : Json(nullptr);
  };
  const auto address = [](wire::Ipv4Address one) { return one.is_none() ? "" : wire::to_string(one); };
  Json routes = Json::array();
  for (const wire::Ipv4Prefix& route : granted.routes) {
    routes.push_back(to_string(route));
  }
  json["address"] = granted.address ? wire::to_string(*granted.address) : "";
  json["pool"] = granted.address ? "" : granted.pool;
  json["rate"] = granted.rate ? to_string(*granted.rate) : "";
  json["routes"] = std::move(routes);
  json["session_timeout"] = seconds(granted.session_timeout);
  json["idle_timeout"] = seconds(granted.idle_timeout);
  json["interim_interval"] = seconds(granted.interim_interval);
  json["dns"] = {address(granted.servers.dns1), address(granted.servers.dns2)};
  json["wins"] = {address(granted.servers.wins1), address(granted.servers.wins2)};
  json["classes"] = granted.classes.size();
  json["mppe_keys"] = !granted.mppe ? "none" : outcome.keys_are_right ? "right" : "wrong";
  return json;
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::expected<Json, RpcError> show(std::string_view method, const Json& params,
                                   const OperatorBackend& backend) {
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
  if (method == "show.ports") {
    return ports_json(backend);
  }
  if (method == "show.radius") {
    return radius_json(backend);
  }
  if (method == "version") {
    return Json{{"name", "aditd"}, {"version", ADIT_VERSION}};
  }
  return std::unexpected(RpcError{
      kMethodNotFound,
      "no method \"" + escape_octets(method, 60) +
          "\"; there are show.sessions, show.stat, show.drops, "
          "show.workers, show.pools, show.steering, show.ports, show.radius, try.radius, terminate, shaper, "
          "worker, port, reload and version"});
}

// By hand: a tree of Json for each of 65,535 sessions would keep the control thread from its work. Only the user's
// name is a stranger's; all other text is ours and needs no escaping.
std::string session_json(const SessionRow& row) {
  const control::CallStatus& call = row.call;
  return fmt::format(
      R"({{"sid":"{}","username":{},"calling_sid":"{}","called_sid":"{}","ip":"{}","type":"pptp","auth":"{}",)"
      R"("mppe":{},"mppe_mode":"{}","state":"{}","phase":"{}","uptime_seconds":{},"rx_bytes":{},"tx_bytes":{},"rx_packets":{},)"
      R"("tx_packets":{},"drops":{},"mru":{},"worker":{},"call_id":{},"peer_call_id":{},"rate_limit":"{}","routes":"{}"}})",
      call.session_id, dump(call.session.user), address_text(call.peer), address_text(call.local),
      address_text(call.session.address), call.session.auth_method, call.session.mppe != "none",
      call.session.mppe, state_of(call), phase_of(call.session.phase), seconds_of(row.uptime),
      row.totals.uplink_octets, row.totals.downlink_octets, row.totals.uplink_packets,
      row.totals.downlink_packets, row.totals.drops, call.session.peer_mru, call.call.worker.value,
      call.local_id.value, call.peer_id.value, control::to_string(call.rate), routes_text(call.routes));
}

}  // namespace adit::app
