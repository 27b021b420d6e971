// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/config/section.hpp"

namespace adit::app {

std::span<const Section> config_sections() {
  static const std::vector<Section> kSections = {
      core_section(),         common_section(), dpdk_section(),          port_section(),
      pptp_section(),         ppp_section(),    auth_section(),          eap_section(),
      chap_secrets_section(), radius_section(), radius_server_section(), dae_client_section(),
      radius_rate_section(),  ip_section(),     ip_pool_section(),       dns_section(),
      wins_section(),         ipv6_section(),   ipv6_pool_section(),     mss_section(),
      routes_section(),       shaper_section(), cli_section(),           log_section(),
  };
  return kSections;
}

// Problems without a position in the file are reported in this order.
void check_config(const Config& config, const Places& places, Problems& problems) {
  for (Check* check : {&check_bind, &check_connections, &check_ports, &check_auth, &check_eap, &check_radius,
                       &check_radius_times, &check_nas, &check_spool, &check_dae, &check_mppe, &check_mppc,
                       &check_mtu, &check_pools, &check_ipv6, &check_timers}) {
    check(config, places, problems);
  }
}

Config in_force(Config config, const Config& running) {
  for (const Section& section : config_sections()) {
    if (section.repeated()) {
      continue;
    }
    for (const Key<Config>& key : section.keys) {
      if (key.effect == ReloadEffect::kNextStart) {
        key.copy(running, config);
      }
    }
  }
  // Tables: these of sections all of whose keys wait.
  config.ports = running.ports;
  config.control.ip.pools = running.control.ip.pools;
  config.control.ipv6.pools = running.control.ipv6.pools;
  // What is derived of them.
  config.control.ipv6.mode = running.control.ipv6.mode;
  config.control.ipv6.server_duid = running.control.ipv6.server_duid;
  config.nas = running.nas;
  config.data_plane = running.data_plane;
  return config;
}

std::string_view to_text(ReloadEffect effect) {
  switch (effect) {
    case ReloadEffect::kNow:
      return "now";
    case ReloadEffect::kNewCalls:
      return "for new calls";
    case ReloadEffect::kNextStart:
      break;
  }
  return "at the next start";
}

std::string in_quotes(std::string_view text) {
  return '"' + std::string(text) + '"';
}
std::string in_quotes(wire::Ipv4Address address) {
  return in_quotes(wire::to_string(address));
}

}  // namespace adit::app
