// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "app/adit/fields.hpp"
#include "app/adit/render.hpp"
#include "app/table.hpp"

namespace adit::app {

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
  return draw_table({{"port", Align::kLeft, kNameWidth},
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

/// Pools of IPv6 have a use each; where there are none, nobody need ask.
std::string render_pools(const Json& result) {
  const bool both = std::ranges::any_of(list(result, "pools"),
                                        [](const Json& pool) { return text(pool, "family") == "ipv6"; });
  Rows rows;
  for (const Json& pool : list(result, "pools")) {
    rows.push_back(
        {text(pool, "name"), text(pool, "family") + ' ' + text(pool, "use"), count(pool, "total"),
         count(pool, "used"), count(pool, "quarantined"), count(pool, "reserved"), count(pool, "available"),
         share(static_cast<double>(number(pool, "used")), static_cast<double>(number(pool, "total")))});
  }
  std::vector<Column> columns = {{"pool", Align::kLeft, kNameWidth}, {"of", Align::kLeft},
                                 {"total", Align::kRight},           {"used", Align::kRight},
                                 {"quarantined", Align::kRight},     {"reserved", Align::kRight},
                                 {"available", Align::kRight},       {"usage", Align::kRight}};
  if (!both) {
    columns.erase(columns.begin() + 1);
    std::ranges::for_each(rows, [](std::vector<std::string>& row) { row.erase(row.begin() + 1); });
  }
  return draw_table(columns, rows, "no pools");
}

std::string render_restarted(const Json&) {
  return "restarted; adit show ports shows its link\n";
}

}  // namespace adit::app
