// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>
#include <string_view>

#include "app/adit/fields.hpp"
#include "app/adit/render.hpp"
#include "app/escape.hpp"
#include "app/table.hpp"

namespace adit::app {

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
      "{} sessions got no record, and {} of their Stops were lost\n",
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
  return draw_table({{"dae-client", Align::kLeft, kNameWidth},
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
    servers.push_back({text(server, "server"), text(server, "address"), text(server, "state"),
                       count(server, "in_flight"), count(server, "sent"), count(server, "answered"),
                       count(server, "repeated"), count(server, "timeouts"), count(server, "late"),
                       count(server, "refused"), count(server, "unmatched"), count(server, "p50_ms"),
                       count(server, "p99_ms")});
  }
  const std::string table = draw_table({{"server", Align::kLeft, kNameWidth},
                                        {"address"},
                                        {"state"},
                                        {"in-flight", Align::kRight},
                                        {"sent", Align::kRight},
                                        {"answered", Align::kRight},
                                        {"repeated", Align::kRight},
                                        {"timeouts", Align::kRight},
                                        {"late", Align::kRight},
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
  const std::string why = escape_text(text(result, "why"));
  std::string out = (verdict == "none" ? "no verdict" : verdict) + " in " + count(result, "took_ms") + " ms" +
                    (why.empty() ? "" : ": " + why) + '\n';
  if (verdict != "accepted" && verdict != "unusable") {
    return out;
  }
  const auto line = [&out](std::string_view name, const std::string& value) {
    if (!value.empty()) {
      out += "  " + std::string(name) + std::string(14 - name.size(), ' ') + value + '\n';
    }
  };
  const auto joined = [](const Json& from, const char* name) {
    std::string all;
    for (const Json& one : list(from, name)) {
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
  line("pool", escape_text(text(result, "pool")));
  line("rate", text(result, "rate"));
  line("routes", joined(result, "routes"));
  line("session", seconds("session_timeout"));
  line("idle", seconds("idle_timeout"));
  line("interim", seconds("interim_interval"));
  line("dns", joined(result, "dns"));
  line("wins", joined(result, "wins"));
  const Json& ipv6 = member(result, "ipv6");
  // Of a name that the server did not grant there is nothing to tell.
  const auto pool = [&ipv6](const char* name) {
    const std::string granted = text(ipv6, name);
    return granted == "default" || granted == "none" ? "" : escape_text(granted);
  };
  line("ipv6", flag(ipv6, "denied") ? "denied" : "");
  line("interface id", text(ipv6, "interface_id"));
  line("ip6", text(ipv6, "ip6"));
  line("ip6 pool", pool("ip6_pool"));
  line("prefix", text(ipv6, "prefix"));
  line("prefix pool", pool("prefix_pool"));
  line("delegated", text(ipv6, "delegated"));
  line("deleg. pool", pool("delegated_pool"));
  line("ipv6 routes", joined(ipv6, "routes"));
  line("ipv6 dns", joined(ipv6, "dns"));
  line("classes", number(result, "classes") == 0 ? "" : count(result, "classes"));
  line("mppe keys", text(result, "mppe_keys"));
  return out;
}

}  // namespace adit::app
