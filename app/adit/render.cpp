// SPDX-License-Identifier: Apache-2.0
#include "app/adit/render.hpp"

#include <fmt/core.h>

#include <string_view>
#include <vector>

#include "app/escape.hpp"
#include "app/table.hpp"

namespace adit::app {
namespace {

using Rows = std::vector<std::vector<std::string>>;

const Json& member(const Json& object, std::string_view name) {
  static const Json none;
  if (!object.is_object()) {
    return none;
  }
  const auto found = object.find(name);
  return found == object.end() ? none : *found;
}

std::string text(const Json& object, std::string_view name) {
  const Json& value = member(object, name);
  return value.is_string() ? value.get<std::string>() : "";
}

std::uint64_t number(const Json& object, std::string_view name) {
  const Json& value = member(object, name);
  return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
}

double real(const Json& object, std::string_view name) {
  const Json& value = member(object, name);
  return value.is_number() ? value.get<double>() : 0;
}

bool flag(const Json& object, std::string_view name) {
  const Json& value = member(object, name);
  return value.is_boolean() && value.get<bool>();
}

// The list `name`, or an empty one; items() of a list or an object.
const Json& list(const Json& result, std::string_view name) {
  static const Json none = Json::array();
  const Json& value = member(result, name);
  return value.is_array() ? value : none;
}

std::string count(const Json& object, std::string_view name) {
  return human_count(number(object, name));
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
  return fmt::format("{:.2f} %",
                     whole == 0 ? 0.0 : 100 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string share(double part, double whole) {
  return fmt::format("{:.0f} %", whole == 0 ? 0.0 : 100 * part / whole);
}

}  // namespace

std::string render_sessions(const Json& result) {
  Rows rows;
  for (const Json& session : list(result, "sessions")) {
    rows.push_back({text(session, "sid"), text(session, "username"), text(session, "calling_sid"),
                    text(session, "ip"), text(session, "type"), text(session, "rate_limit"),
                    flag(session, "mppe") ? "mppe-" + text(session, "mppe_mode") : "", text(session, "state"),
                    human_uptime(number(session, "uptime_seconds")), human_bytes(number(session, "rx_bytes")),
                    human_bytes(number(session, "tx_bytes"))});
  }
  return draw_table({{"sid"},
                     {"username"},
                     {"calling-sid"},
                     {"ip"},
                     {"type"},
                     {"rate-limit"},
                     {"comp"},
                     {"state"},
                     {"uptime", Align::kRight},
                     {"rx-bytes", Align::kRight},
                     {"tx-bytes", Align::kRight}},
                    rows, "no sessions");
}

std::string render_stat(const Json& result) {
  const Json& sessions = member(result, "sessions");
  const Json& pptp = member(result, "pptp");
  const Json& auth = member(result, "auth");
  const auto uptime = static_cast<double>(number(result, "uptime_seconds"));
  std::string out = fmt::format("version: {}\n", escape_octets(text(result, "version")));
  out += fmt::format("uptime: {}\n", human_uptime(number(result, "uptime_seconds")));
  out += fmt::format("cpu: {} since start\n", share(real(result, "cpu_seconds"), uptime));
  out += fmt::format("mem(rss/virt): {}/{} kB\n", number(result, "rss_kb"), number(result, "virt_kb"));
  out += fmt::format("mppe engine: {}\n", escape_octets(text(result, "mppe_engine")));
  for (const Json& pool : member(result, "packet_buffers")) {
    out += fmt::format("packet buffers: {} of {} free ({})\n", number(pool, "free"), number(pool, "total"),
                       escape_octets(text(pool, "pool")));
  }
  out += "memory by table:\n";
  for (const Json& table : member(result, "memory")) {
    out += fmt::format("  {}: {}", escape_octets(text(table, "table")), human_bytes(number(table, "bytes")));
    if (const std::uint64_t entries = number(table, "entries"); entries != 0) {
      out += fmt::format(" for {}", entries);
    }
    out += '\n';
  }
  out += fmt::format("sessions:\n  starting: {}\n  active: {}\n  finishing: {}\n",
                     number(sessions, "starting"), number(sessions, "active"), number(sessions, "finishing"));
  out += fmt::format("pptp:\n  connections: {}\n  connections total: {}\n  calls total: {}\n",
                     number(pptp, "connections"), number(pptp, "connections_total"),
                     number(pptp, "calls_total"));
  out += fmt::format("auth:\n  accepted: {}\n  rejected: {}\n", number(auth, "accepted"),
                     number(auth, "rejected"));
  out += "ended or refused:\n";
  const Json& ended = member(result, "ended");
  if (!ended.is_object() || ended.empty()) {
    return out + "  none\n";
  }
  for (const auto& [reason, unused] : ended.items()) {
    out += fmt::format("  {}: {}\n", escape_octets(reason), number(ended, reason));
  }
  return out;
}

std::string render_drops(const Json& result) {
  Rows rows;
  const Json& drops = member(result, "drops");
  const Json& texts = member(result, "texts");
  if (drops.is_object()) {
    for (const auto& [name, packets] : drops.items()) {
      if (packets.is_number_unsigned() && packets.get<std::uint64_t>() != 0) {
        rows.push_back({name, human_count(packets.get<std::uint64_t>()), text(texts, name)});
      }
    }
  }
  return draw_table({{"reason"}, {"packets", Align::kRight}, {"meaning"}}, rows, "no packet was dropped");
}

std::string render_workers(const Json& result) {
  Rows rows;
  for (const Json& worker : list(result, "workers")) {
    rows.push_back({count(worker, "worker"), count(worker, "lcore"), share(real(worker, "busy"), 1),
                    count(worker, "rx_packets"), count(worker, "tx_packets"), count(worker, "uplink_packets"),
                    human_bytes(number(worker, "uplink_bytes")), count(worker, "downlink_packets"),
                    human_bytes(number(worker, "downlink_bytes")), count(worker, "steer_miss"),
                    count(worker, "reordered"), count(worker, "drops")});
  }
  return draw_table({{"worker", Align::kRight},
                     {"lcore", Align::kRight},
                     {"busy", Align::kRight},
                     {"rx-pkts", Align::kRight},
                     {"tx-pkts", Align::kRight},
                     {"up-pkts", Align::kRight},
                     {"up-bytes", Align::kRight},
                     {"down-pkts", Align::kRight},
                     {"down-bytes", Align::kRight},
                     {"steer-miss", Align::kRight},
                     {"reordered", Align::kRight},
                     {"drops", Align::kRight}},
                    rows, "no workers");
}

std::string render_pools(const Json& result) {
  Rows rows;
  for (const Json& pool : list(result, "pools")) {
    rows.push_back(
        {text(pool, "name"), count(pool, "total"), count(pool, "used"), count(pool, "quarantined"),
         count(pool, "available"),
         share(static_cast<double>(number(pool, "used")), static_cast<double>(number(pool, "total")))});
  }
  return draw_table({{"pool"},
                     {"total", Align::kRight},
                     {"used", Align::kRight},
                     {"quarantined", Align::kRight},
                     {"available", Align::kRight},
                     {"usage", Align::kRight}},
                    rows, "no pools");
}

namespace {

/// Without a spool there is no accounting server.
std::string render_accounting(const Json& result) {
  const auto found = result.find("accounting");
  const Json accounting = found == result.end() ? Json() : *found;
  if (number(accounting, "spool_records") == 0) {
    return "";
  }
  return fmt::format(
      "\naccounting: {} of {} spool records in use; {} Stops wait for a server; "
      "{} sessions found no record, {} Stops of theirs were lost\n",
      count(accounting, "spool_used"), count(accounting, "spool_records"), count(accounting, "stops_waiting"),
      count(accounting, "unkept"), count(accounting, "stops_lost"));
}

std::string render_dae(const Json& result) {
  Rows clients;
  for (const Json& client : list(result, "dae_clients")) {
    clients.push_back({text(client, "client"), text(client, "address"), count(client, "disconnects"),
                       count(client, "changes"), count(client, "refused"), count(client, "repeated"),
                       count(client, "stale"), count(client, "forged")});
  }
  return draw_table({{"dae-client"},
                     {"address"},
                     {"disconnects", Align::kRight},
                     {"changes", Align::kRight},
                     {"refused", Align::kRight},
                     {"repeated", Align::kRight},
                     {"stale", Align::kRight},
                     {"forged", Align::kRight}},
                    clients, "");
}

}  // namespace

std::string render_radius(const Json& result) {
  Rows servers;
  for (const Json& server : list(result, "servers")) {
    servers.push_back({text(server, "server"), text(server, "address"),
                       flag(server, "alive") ? "alive" : "dead", count(server, "in_flight"),
                       count(server, "sent"), count(server, "answered"), count(server, "repeated"),
                       count(server, "timeouts"), count(server, "refused"), count(server, "unmatched"),
                       count(server, "p50_ms"), count(server, "p99_ms")});
  }
  const std::string table = draw_table({{"server"},
                                        {"address"},
                                        {"state"},
                                        {"in-flight", Align::kRight},
                                        {"sent", Align::kRight},
                                        {"answered", Align::kRight},
                                        {"repeated", Align::kRight},
                                        {"timeouts", Align::kRight},
                                        {"refused", Align::kRight},
                                        {"unmatched", Align::kRight},
                                        {"p50-ms", Align::kRight},
                                        {"p99-ms", Align::kRight}},
                                       servers, "no RADIUS servers");
  const std::string dae = list(result, "dae_clients").empty() ? "" : '\n' + render_dae(result);
  return table + render_accounting(result) + dae;
}

bool is_good_trial(const Json& result) {
  return text(result, "verdict") == "accepted" && text(result, "why").empty();
}

std::string render_trial(const Json& result) {
  const std::string verdict = text(result, "verdict");
  const std::string why = text(result, "why");
  std::string out = (verdict == "none" ? "no verdict" : verdict) + " in " + count(result, "took_ms") + " ms" +
                    (why.empty() ? "" : ": " + why) + '\n';
  if (verdict != "accepted") {
    return out;
  }
  const auto line = [&out](std::string_view name, const std::string& value) {
    if (!value.empty()) {
      out += "  " + std::string(name) + std::string(14 - name.size(), ' ') + value + '\n';
    }
  };
  const auto joined = [&result](const char* name) {
    std::string all;
    for (const Json& one : list(result, name)) {
      const std::string word = one.is_string() ? escape_octets(one.get<std::string>(), 60) : "";
      all += (all.empty() || word.empty() ? "" : ", ") + word;
    }
    return all;
  };
  const auto seconds = [&result](const char* name) {
    const auto found = result.find(name);
    return found != result.end() && found->is_number() ? count(result, name) + " s" : std::string();
  };
  line("address", text(result, "address"));
  line("pool", text(result, "pool"));
  line("rate", text(result, "rate"));
  line("routes", joined("routes"));
  line("session", seconds("session_timeout"));
  line("idle", seconds("idle_timeout"));
  line("interim", seconds("interim_interval"));
  line("dns", joined("dns"));
  line("wins", joined("wins"));
  line("classes", number(result, "classes") == 0 ? "" : count(result, "classes"));
  line("mppe keys", text(result, "mppe_keys"));
  return out;
}

std::string render_ports(const Json& result) {
  Rows ports;
  for (const Json& port : list(result, "ports")) {
    const std::uint64_t mbit = number(port, "mbit");
    ports.push_back({text(port, "port"), text(port, "driver"), text(port, "role"), text(port, "vlan"),
                     text(port, "interface"), text(port, "mac"),
                     !flag(port, "link") ? "down"
                     : mbit == 0         ? "up"
                                         : std::to_string(mbit) + " Mbit/s",
                     count(port, "mtu"), count(port, "rx_queues"), count(port, "rx_packets"),
                     count(port, "tx_packets"), count(port, "rx_missed"), count(port, "punted"),
                     count(port, "punts_refused"), count(port, "flaps"), count(port, "restarts")});
  }
  return draw_table({{"port"},
                     {"driver"},
                     {"role"},
                     {"vlan"},
                     {"interface"},
                     {"mac"},
                     {"link"},
                     {"mtu", Align::kRight},
                     {"queues", Align::kRight},
                     {"rx-pkts", Align::kRight},
                     {"tx-pkts", Align::kRight},
                     {"missed", Align::kRight},
                     {"punted", Align::kRight},
                     {"refused", Align::kRight},
                     {"flaps", Align::kRight},
                     {"restarts", Align::kRight}},
                    ports, "no ports");
}

std::string render_steering(const Json& result) {
  Rows ports;
  for (const Json& port : list(result, "ports")) {
    ports.push_back({text(port, "port"), text(port, "role"), count(port, "queues"), text(port, "by"),
                     count(port, "table_entries"), count(port, "rules"), count(port, "packets"),
                     count(port, "missed"), percent(number(port, "missed"), number(port, "packets"))});
  }
  Rows workers;
  for (const Json& worker : list(result, "workers")) {
    workers.push_back({count(worker, "worker"), count(worker, "calls"),
                       !flag(worker, "in_use")   ? "idled"
                       : flag(worker, "pressed") ? "busier than the others"
                                                 : "takes calls"});
  }
  return draw_table({{"port"},
                     {"role"},
                     {"queues", Align::kRight},
                     {"steered-by"},
                     {"table", Align::kRight},
                     {"rules", Align::kRight},
                     {"rx-pkts", Align::kRight},
                     {"missed", Align::kRight},
                     {"share", Align::kRight}},
                    ports, "no ports") +
         '\n' +
         draw_table({{"worker", Align::kRight}, {"calls", Align::kRight}, {"state"}}, workers, "no workers");
}

std::string render_version(const Json& result) {
  return escape_octets(text(result, "name")) + ' ' + escape_octets(text(result, "version")) + '\n';
}

std::uint64_t acted_on_count(const Json& result) {
  return number(result, "terminated") + number(result, "shaped");
}

}  // namespace adit::app
