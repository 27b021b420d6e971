// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

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

}  // namespace

bool call_metrics(Scrape& scrape) {
  FamilyWriter& out = scrape.out;
  const control::ConcentratorStats stats = scrape.backend.stats();
  out.begin("adit_sessions", kGauge, "Calls, by state.");
  out.sample({{"state", "starting"}}, stats.calls_starting);
  out.sample({{"state", "active"}}, stats.calls_active);
  out.sample({{"state", "finishing"}}, stats.calls_finishing);
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
  return false;
}

bool pool_metrics(Scrape& scrape) {
  FamilyWriter& out = scrape.out;
  const std::vector<control::PoolStatus> pools = scrape.backend.pools();
  out.begin("adit_pool_addresses", kGauge, "Addresses of a pool, by state.");
  for (const control::PoolStatus& row : pools) {
    out.sample({{"pool", row.name}, {"state", "used"}}, row.used);
    out.sample({{"pool", row.name}, {"state", "quarantined"}}, row.quarantined);
    out.sample({{"pool", row.name}, {"state", "reserved"}}, row.reserved);
    out.sample({{"pool", row.name}, {"state", "available"}}, row.available);
  }
  out.begin("adit_pool_exhausted", kCounter, "Times that a pool had no address left for a login.");
  for (const control::PoolStatus& row : pools) {
    out.sample({{"pool", row.name}}, row.exhausted);
  }
  return false;
}

}  // namespace adit::app
