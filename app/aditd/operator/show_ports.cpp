// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "app/aditd/operator/handlers.hpp"

namespace adit::app {

Json show_ports(const OperatorBackend& backend) {
  Json ports = Json::array();
  for (const PortRow& row : backend.ports()) {
    Json port = {{"port", row.name},
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
                 {"rx_missed", row.rx_missed}};
    for (std::size_t i = 0; i < row.arrivals.values.size(); ++i) {
      port[std::string(dataplane::kPortCounterTexts[i].name)] = row.arrivals.values[i];
    }
    port["flaps"] = row.flaps;
    port["restarts"] = row.restarts;
    ports.push_back(std::move(port));
  }
  return {{"ports", std::move(ports)}};
}

Json show_pools(const OperatorBackend& backend) {
  Json pools = Json::array();
  for (const control::PoolStatus& pool : backend.pools()) {
    pools.push_back({{"name", pool.name},
                     {"family", pool.use ? "ipv6" : "ipv4"},
                     {"use", pool.use ? to_text(*pool.use) : "address"},
                     {"total", pool.total},
                     {"used", pool.used},
                     {"quarantined", pool.quarantined},
                     {"reserved", pool.reserved},
                     {"available", pool.available}});
  }
  return {{"pools", std::move(pools)}};
}

}  // namespace adit::app
