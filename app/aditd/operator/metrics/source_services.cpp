// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "app/aditd/operator/metrics/sources.hpp"

namespace adit::app {
namespace {

using control::radius::DaeClientStatus;
using control::radius::ServerStatus;
using enum MetricType;

struct PortField {
  std::string_view name;
  MetricType type;
  std::string_view help;
  std::uint64_t (*value)(const PortRow& row);
};
constexpr PortField kPortFields[] = {
    {"adit_port_up", kGauge, "Whether the link is up.",
     [](const PortRow& row) { return std::uint64_t{row.link_up ? 1U : 0U}; }},
    {"adit_port_speed_bytes_per_second", kGauge, "The link's speed; 0: not known.",
     [](const PortRow& row) { return row.mbit * std::uint64_t{125'000}; }},
    {"adit_port_rx_packets", kCounter, "Frames that the device received; VLANs of a device show the same.",
     [](const PortRow& row) { return row.rx_packets; }},
    {"adit_port_tx_packets", kCounter, "Frames that the device sent.",
     [](const PortRow& row) { return row.tx_packets; }},
    {"adit_port_rx_bytes", kCounter, "Octets that the device received.",
     [](const PortRow& row) { return row.rx_bytes; }},
    {"adit_port_tx_bytes", kCounter, "Octets that the device sent.",
     [](const PortRow& row) { return row.tx_bytes; }},
    {"adit_port_rx_missed", kCounter, "Frames that the device lost for want of a descriptor or a buffer.",
     [](const PortRow& row) { return row.rx_missed; }},
    {"adit_port_rx_errors", kCounter, "Frames that the device received damaged.",
     [](const PortRow& row) { return row.rx_errors; }},
    {"adit_port_tx_errors", kCounter, "Frames that the device failed to send.",
     [](const PortRow& row) { return row.tx_errors; }},
    {"adit_port_flaps", kCounter, "Times that the link went down.",
     [](const PortRow& row) { return row.flaps; }},
    {"adit_port_restarts", kCounter, "Times that the device was restarted.",
     [](const PortRow& row) { return row.restarts; }},
};

struct ServerField {
  std::string_view name;
  MetricType type;
  std::string_view help;
  std::uint64_t (*value)(const ServerStatus& row);
};
constexpr ServerField kServerFields[] = {
    {"adit_radius_up", kGauge, "Whether the last thing known of a RADIUS server is an answer.",
     [](const ServerStatus& row) {
       return std::uint64_t{row.health == control::radius::Health::kAlive ? 1U : 0U};
     }},
    {"adit_radius_in_flight", kGauge, "Requests that wait for an answer.",
     [](const ServerStatus& row) { return row.in_flight; }},
    {"adit_radius_repeats", kCounter, "Requests that were sent again.",
     [](const ServerStatus& row) { return row.repeated; }},
    {"adit_radius_timeouts", kCounter, "Requests that were given up.",
     [](const ServerStatus& row) { return row.timeouts; }},
    {"adit_radius_late", kCounter, "Replies that came when the verdict had been given.",
     [](const ServerStatus& row) { return row.late; }},
    {"adit_radius_unmatched", kCounter, "Replies to no request that waits: late, or forged.",
     [](const ServerStatus& row) { return row.unmatched; }},
    {"adit_radius_refused", kCounter, "Replies that were malformed or not authentic.",
     [](const ServerStatus& row) { return row.refused; }},
};

constexpr std::string_view kServices[control::radius::kServiceCount] = {"auth", "acct"};

struct DaeField {
  std::string_view outcome;
  std::uint64_t DaeClientStatus::* value;
};
constexpr DaeField kDaeFields[] = {{"disconnect", &DaeClientStatus::disconnects},
                                   {"change", &DaeClientStatus::changes},
                                   {"refused", &DaeClientStatus::refused},
                                   {"repeated", &DaeClientStatus::repeated},
                                   {"stale", &DaeClientStatus::stale},
                                   {"forged", &DaeClientStatus::forged}};

}  // namespace

bool port_metrics(Scrape& scrape) {
  FamilyWriter& out = scrape.out;
  const std::vector<PortRow> ports = scrape.backend.ports();
  out.begin("adit_port", kInfo, "What a port is.");
  for (const PortRow& row : ports) {
    out.sample({{"port", row.name},
                {"driver", row.driver},
                {"role", row.role},
                {"vlan", row.vlan},
                {"interface", row.interface}},
               std::uint64_t{1});
  }
  for (const PortField& field : kPortFields) {
    out.begin(field.name, field.type, field.help);
    for (const PortRow& row : ports) {
      out.sample({{"port", row.name}}, field.value(row));
    }
  }
  for (std::size_t i = 0; i < dataplane::kPortCounterTexts.size(); ++i) {
    const dataplane::CounterText& text = dataplane::kPortCounterTexts[i];
    out.begin("adit_port_" + std::string(text.name), kCounter,
              "Of what a port received: " + std::string(text.text) + '.');
    for (const PortRow& row : ports) {
      out.sample({{"port", row.name}}, row.arrivals.values[i]);
    }
  }
  return false;
}

bool radius_metrics(Scrape& scrape) {
  FamilyWriter& out = scrape.out;
  const RadiusStatus status = scrape.backend.radius();
  for (const ServerField& field : kServerFields) {
    out.begin(field.name, field.type, field.help);
    for (const ServerStatus& row : status.servers) {
      out.sample({{"server", row.name}}, field.value(row));
    }
  }
  out.begin("adit_radius_requests", kCounter, "Requests that were sent, without repeats.");
  for (const ServerStatus& row : status.servers) {
    for (std::size_t i = 0; i < row.requests.size(); ++i) {
      out.sample({{"server", row.name}, {"kind", kServices[i]}}, row.requests[i]);
    }
  }
  out.begin("adit_radius_replies", kCounter,
            "Replies to them; accept and acct_response also answer a probe.");
  for (const ServerStatus& row : status.servers) {
    for (std::size_t i = 0; i < row.replies.size(); ++i) {
      out.sample({{"server", row.name}, {"code", control::radius::kReplyKinds[i].second}}, row.replies[i]);
    }
  }
  out.begin("adit_radius_round_trip_seconds", kHistogram,
            "From a request to its reply; those that were repeated not counted.");
  for (const ServerStatus& row : status.servers) {
    for (std::size_t i = 0; i < row.round_trips.size(); ++i) {
      out.sample({{"server", row.name}, {"kind", kServices[i]}}, row.round_trips[i]);
    }
  }
  return false;
}

bool accounting_metrics(Scrape& scrape) {
  FamilyWriter& out = scrape.out;
  const RadiusStatus status = scrape.backend.radius();
  const control::radius::AccountingStatus& accounting = status.accounting;
  out.one("adit_accounting_spool_records", kGauge, "Sessions that have room in accounting's spool.",
          std::uint64_t{accounting.slots});
  out.one("adit_accounting_spool_used", kGauge,
          "Of those, taken by sessions that are up and by Stops that wait.", std::uint64_t{accounting.used});
  out.one("adit_accounting_stops_waiting", kGauge, "Stops that no server has taken yet.", accounting.waiting);
  out.one("adit_accounting_in_flight", kGauge, "Records that wait for an answer.", accounting.in_flight);
  out.one("adit_accounting_unkept", kCounter, "Sessions that found the spool full.", accounting.unkept);
  out.one("adit_accounting_stops_lost", kCounter, "Their Stops that no server took.", accounting.lost);
  out.begin("adit_dae_requests", kCounter,
            "Disconnects and changes (RFC 5176) of a client, by what came of them.");
  for (const DaeClientStatus& row : status.dae) {
    for (const DaeField& field : kDaeFields) {
      out.sample({{"client", row.name}, {"outcome", field.outcome}}, row.*field.value);
    }
  }
  out.one("adit_dae_strangers", kCounter, "Datagrams of addresses that are no client's.",
          status.dae_strangers);
  return false;
}

}  // namespace adit::app
