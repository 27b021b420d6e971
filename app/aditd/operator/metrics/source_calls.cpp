// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "app/aditd/operator/metrics/sources.hpp"
#include "controlplane/auth/authenticator.hpp"

namespace adit::app {
namespace {

using enum MetricType;

/// Every reason, so that the first call that ends by it is an increase.
void ended_calls(FamilyWriter& out, const control::ConcentratorStats& stats) {
  out.begin("adit_calls_ended", kCounter, "Calls, and connections without one, that ended, by reason.");
  for (std::size_t i = 1; i < control::kEndReasons; ++i) {
    const auto reason = static_cast<control::EndReason>(i);
    const auto found = std::ranges::find(stats.ended, reason, [](const auto& row) { return row.first; });
    out.sample({{"reason", control::to_text(reason)}}, found == stats.ended.end() ? 0 : found->second);
  }
}

void refused_calls(FamilyWriter& out, const control::CallMeasures& measures) {
  out.begin("adit_calls_refused", kCounter,
            "Connections and calls that were refused, by what there was not enough of.");
  for (std::size_t i = 0; i < control::kScarceThings.size(); ++i) {
    out.sample({{"why", control::kScarceThings[i].name}}, measures.refused[i]);
  }
  out.sample({{"why", "max_connections_per_address"}}, measures.refused_per_address);
  out.sample({{"why", "worker_full"}}, measures.refused_worker_full);
  out.sample({{"why", "closed"}}, measures.refused_closed);
}

void logins(FamilyWriter& out, const control::CallMeasures& measures) {
  out.begin("adit_auth", kCounter, "Verdicts on logins, by method.");
  for (std::size_t i = 0; i < measures.logins.size(); ++i) {
    const std::string_view method = to_text(static_cast<control::AuthMethod>(i));
    out.sample({{"result", "accepted"}, {"method", method}}, measures.logins[i].accepted);
    out.sample({{"result", "rejected"}, {"method", method}}, measures.logins[i].rejected);
  }
}

/// Those that clients send.
constexpr std::pair<wire::Dhcpv6Type, std::string_view> kDhcpv6Messages[] = {
    {wire::Dhcpv6Type::kSolicit, "solicit"}, {wire::Dhcpv6Type::kRequest, "request"},
    {wire::Dhcpv6Type::kConfirm, "confirm"}, {wire::Dhcpv6Type::kRenew, "renew"},
    {wire::Dhcpv6Type::kRebind, "rebind"},   {wire::Dhcpv6Type::kRelease, "release"},
    {wire::Dhcpv6Type::kDecline, "decline"}, {wire::Dhcpv6Type::kInformationRequest, "information_request"},
    {wire::Dhcpv6Type{0}, "other"},
};

/// A name is one of a use.
void ipv6_pools(FamilyWriter& out, std::span<const control::PoolStatus> pools) {
  out.begin("adit_pool_prefixes", kGauge, "IPv6 prefixes of a pool, by state.");
  for (const control::PoolStatus& row : pools) {
    const std::string_view use = to_text(*row.use);
    out.sample({{"pool", row.name}, {"use", use}, {"state", "used"}}, row.used);
    out.sample({{"pool", row.name}, {"use", use}, {"state", "quarantined"}}, row.quarantined);
    out.sample({{"pool", row.name}, {"use", use}, {"state", "reserved"}}, row.reserved);
    out.sample({{"pool", row.name}, {"use", use}, {"state", "available"}}, row.available);
  }
  out.begin("adit_pool_prefixes_exhausted", kCounter,
            "Times that a pool had no IPv6 prefix left for a call.");
  for (const control::PoolStatus& row : pools) {
    out.sample({{"pool", row.name}, {"use", to_text(*row.use)}}, row.exhausted);
  }
}

}  // namespace

bool call_metrics(Scrape& scrape) {
  FamilyWriter& out = scrape.out;
  const control::ConcentratorStats stats = scrape.backend.stats();
  out.begin("adit_sessions", kGauge, "Calls, by state.");
  out.sample({{"state", "starting"}}, stats.calls_starting);
  out.sample({{"state", "active"}}, stats.calls_active);
  out.sample({{"state", "finishing"}}, stats.calls_finishing);
  out.one("adit_sessions_with_ipv6", kGauge, "Calls for which IPv6 is up.", stats.calls_with_ipv6);
  out.one("adit_takes_calls", kGauge, "Whether new calls are taken.",
          std::uint64_t{stats.takes_calls ? 1U : 0U});
  out.one("adit_pptp_connections_open", kGauge, "Control connections.", stats.connections);
  out.one("adit_pptp_connections_before_login", kGauge, "Of those, without a login.",
          stats.connections_before_login);
  out.one("adit_pptp_connections", kCounter, "Control connections that were taken.", stats.connections_total);
  out.one("adit_calls", kCounter, "Calls that began.", stats.calls_total);
  ended_calls(out, stats);
  const control::CallMeasures& measures = scrape.backend.call_measures();
  refused_calls(out, measures);
  logins(out, measures);
  out.begin("adit_sessions_by_auth", kGauge, "Calls that are up, by login and by MPPE's strength.");
  measures.up.for_each([&out](control::AuthMethod method, std::string_view strength, std::uint64_t calls) {
    out.sample({{"auth", to_text(method)}, {"mppe", strength}}, calls);
  });
  out.one("adit_ppp_frames_dropped", kCounter, "PPP control frames for workers whose ring was full.",
          stats.frames_dropped);
  out.one("adit_control_stale_messages", kCounter, "Messages of workers about calls that were gone.",
          stats.stale_messages);
  out.one("adit_wan_error_notifies", kCounter, "WAN-Error-Notify messages of access concentrators.",
          stats.wan_error_notifies);
  out.one("adit_wan_errors", kCounter, "Errors of the lines behind them that these told of.",
          stats.wan_errors);
  return false;
}

bool setup_metrics(Scrape& scrape) {
  FamilyWriter& out = scrape.out;
  const control::CallMeasures& measures = scrape.backend.call_measures();
  out.one("adit_call_setup_seconds", kHistogram, "Dials that came up: from the TCP connection to IP.",
          measures.setup.read());
  out.begin("adit_call_setup_stage_seconds", kHistogram,
            "Stages of dials, each from the end of the one before, also of dials that failed later; ccp only "
            "with encryption.");
  for (std::size_t i = 0; i < control::kSetupStages.size(); ++i) {
    out.sample({{"stage", control::kSetupStages[i]}}, measures.stages[i].read());
  }
  out.one("adit_call_duration_seconds", kHistogram, "How long IP had been up in calls that ended.",
          measures.duration.read());
  out.one("adit_eap_rounds", kHistogram,
          "Requests, without repeats, of exchanges of EAP that came to an end.", measures.eap_rounds.read());
  return false;
}

bool pool_metrics(Scrape& scrape) {
  FamilyWriter& out = scrape.out;
  std::vector<control::PoolStatus> pools = scrape.backend.pools();
  const auto prefixes =
      std::ranges::stable_partition(pools, [](const control::PoolStatus& row) { return !row.use; });
  const std::span<const control::PoolStatus> addresses(pools.begin(), prefixes.begin());
  out.begin("adit_pool_addresses", kGauge, "Addresses of a pool, by state.");
  for (const control::PoolStatus& row : addresses) {
    out.sample({{"pool", row.name}, {"state", "used"}}, row.used);
    out.sample({{"pool", row.name}, {"state", "quarantined"}}, row.quarantined);
    out.sample({{"pool", row.name}, {"state", "reserved"}}, row.reserved);
    out.sample({{"pool", row.name}, {"state", "available"}}, row.available);
  }
  out.begin("adit_pool_exhausted", kCounter, "Times that a pool had no address left for a login.");
  for (const control::PoolStatus& row : addresses) {
    out.sample({{"pool", row.name}}, row.exhausted);
  }
  ipv6_pools(out, prefixes);
  return false;
}

/// RFC 4861 and RFC 8415, on all links together.
bool ipv6_metrics(Scrape& scrape) {
  FamilyWriter& out = scrape.out;
  const control::Ipv6Counters counters = scrape.backend.stats().ipv6;
  out.one("adit_ra_sent", kCounter, "Router Advertisements that were sent.", counters.router_advertisements);
  out.one("adit_ra_put_off", kCounter,
          "Router Advertisements that waited, because too many links had one due.",
          counters.advertisements_put_off);
  out.one("adit_ra_solicitations", kCounter, "Router Solicitations received.", counters.router_solicitations);
  out.one("adit_ra_solicitations_limited", kCounter,
          "Of those, answered by an advertisement that was due already.", counters.solicitations_limited);
  out.begin("adit_dhcpv6_messages", kCounter, "DHCPv6 messages received, by type.");
  for (const auto& [type, name] : kDhcpv6Messages) {
    out.sample({{"type", name}}, counters.dhcpv6_received[static_cast<std::size_t>(type)]);
  }
  out.begin("adit_dhcpv6_answers", kCounter, "DHCPv6 messages sent, by type.");
  out.sample({{"type", "advertise"}}, counters.dhcpv6_advertises);
  out.sample({{"type", "reply"}}, counters.dhcpv6_replies);
  out.begin("adit_ipv6_refused", kCounter, "IPv6 packets of links for us that got no answer, by reason.");
  out.sample({{"why", "limited"}}, counters.dhcpv6_limited);
  out.sample({{"why", "discarded"}}, counters.dhcpv6_discarded);
  out.sample({{"why", "oversized"}}, counters.dhcpv6_oversized);
  out.sample({{"why", "malformed"}}, counters.malformed);
  out.sample({{"why", "unexpected"}}, counters.unexpected);
  return false;
}

}  // namespace adit::app
