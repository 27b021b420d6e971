// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/results/json.hpp"

#include <algorithm>

#include "app/adit-blast/plan/plan_schema.hpp"
#include "app/adit-blast/results/limit.hpp"
#include "app/adit-blast/results/quantities.hpp"
#include "app/adit-blast/results/verdict.hpp"

namespace adit::app::blast {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormat = 1;  // incremented when a key changes its meaning

Json json_of(const Percentiles& percentiles) {
  Json buckets = Json::array();
  for (const auto& [upper_ms, count] : percentiles.buckets) {
    buckets.push_back(Json::array({upper_ms, count}));
  }
  return {{"count", percentiles.count},      {"p50_ms", percentiles.p50_ms},
          {"p90_ms", percentiles.p90_ms},    {"p99_ms", percentiles.p99_ms},
          {"p99_9_ms", percentiles.p999_ms}, {"max_ms", percentiles.max_ms},
          {"buckets_ms", std::move(buckets)}};
}

Json json_of(const DirectionResult& direction, double seconds) {
  const auto per_second = [&](std::uint64_t count) {
    return seconds > 0 ? static_cast<double>(count) / seconds : 0.0;
  };
  return {{"sent", direction.sent},
          {"received", direction.received},
          {"lost", direction.lost},
          {"duplicated", direction.duplicated},
          {"reordered", direction.reordered},
          {"corrupted", direction.corrupted},
          {"sent_bytes", direction.sent_octets},
          {"received_bytes", direction.received_octets},
          {"received_packets_per_second", per_second(direction.received)},
          {"received_bits_per_second", 8 * per_second(direction.received_octets)},
          {"calls", direction.calls},
          {"calls_silent", direction.calls_silent},
          {"calls_lossy", direction.calls_lossy},
          {"latency", json_of(direction.latency)}};
}

Json json_of(const GeneratorLoad& generator) {
  return {{"worker_busy_share", generator.worker_busy},
          {"control_busy_share", generator.control_busy},
          {"background_busy_share", generator.background_busy},
          {"losses", generator.losses}};
}

Json json_of(const Limit& limit) {
  return {{"by", to_text(limit.by)}, {"why", limit.why}, {"text", in_words(limit)}};
}

Json json_of(const CompressionResult::Way& way) {
  return {{"plain_bytes", way.plain}, {"line_bytes", way.line}, {"ratio", way.ratio()}};
}

Json json_of(const TrafficResult& traffic, const PhaseResult& phase) {
  Json json = {{"mode", to_text(traffic.mode)},
               {"sizes", traffic.sizes},
               {"seconds", traffic.seconds},
               {"offered_packets_per_second", traffic.offered_pps},
               {"limit", json_of(limit_of(traffic, phase))},
               {"generator", json_of(traffic.generator)},
               {"up", json_of(traffic.up, traffic.seconds)}};
  if (traffic.mode == TrafficMode::kCore) {
    json["down"] = json_of(traffic.down, traffic.seconds);
  }
  for (const FamilyResult& family : traffic.families) {
    Json& one = json["families"][family.is_ipv6 ? "ipv6" : "ipv4"];
    one["up"] = json_of(family.up, traffic.seconds);
    if (traffic.mode == TrafficMode::kCore) {
      one["down"] = json_of(family.down, traffic.seconds);
    }
  }
  if (traffic.compression.any()) {
    json["compression"] = {{"up", json_of(traffic.compression.up)},
                           {"down", json_of(traffic.compression.down)}};
  }
  return json;
}

Json json_of(const SetUpResult& set_up, PhaseKind kind) {
  return {{"dialled", set_up.dialled},
          {"up", set_up.up},
          {"failures", set_up.failures},
          {"given_up", set_up.given_up},
          {"pending", set_up.pending},
          {"seconds", set_up.seconds},
          {"dialling_seconds", set_up.dialling_seconds},
          {"calls_per_second", set_up.rate},
          {"target_calls_per_second", set_up.target_rate},
          {"concurrency", set_up.concurrency},
          {"time", json_of(set_up.time)},
          {"window_full_share", set_up.window_full},
          {"lines_busy_share", set_up.lines_busy},
          {"limit", json_of(limit_of(set_up, kind))},
          {"generator", json_of(set_up.generator)}};
}

Json json_of(const ThroughputResult& throughput, const PhaseResult& phase) {
  Json trials = Json::array();
  for (const ThroughputTrial& trial : throughput.trials) {
    trials.push_back({{"offered_packets_per_second", trial.offered_pps},
                      {"achieved_packets_per_second", trial.achieved_pps},
                      {"loss", trial.loss},
                      {"passed", trial.passed},
                      {"lost", trial.lost},
                      {"generator", json_of(trial.generator)}});
  }
  return {{"sizes", throughput.sizes},
          {"packets_per_second", throughput.pps},
          {"megabits_per_second", throughput.mbps},
          {"loss_limit", throughput.loss_limit},
          {"mode", to_text(throughput.mode)},
          {"limit", json_of(limit_of(throughput, phase))},
          {"trials", std::move(trials)}};
}

Json json_of(const Footprint& footprint) {
  return {{"calls", footprint.calls},
          {"rss_bytes", footprint.rss_octets},
          {"descriptors", footprint.descriptors},
          {"socket_bytes", footprint.socket_octets}};
}

Json json_of(const Ipv6Result& ipv6) {
  return {{"calls", ipv6.calls},
          {"calls_with_link_prefix", ipv6.with_link},
          {"calls_with_delegated_prefix", ipv6.with_delegated},
          {"router_advertisements", ipv6.advertisements},
          {"router_advertisements_per_call",
           {{"least", ipv6.least_advertisements},
            {"mean", ipv6.mean_advertisements},
            {"most", ipv6.most_advertisements}}}};
}

Json json_of(const PhaseResult& phase) {
  Json json = {{"kind", to_text(phase.kind)},
               {"began_seconds", phase.began},
               {"seconds", phase.seconds},
               {"calls_at_end", phase.calls_at_end},
               {"hung_up", phase.hung_up},
               {"lost_calls", phase.lost_calls},
               {"echoes_answered", phase.echoes_answered}};
  if (phase.set_up) {
    json["set_up"] = json_of(*phase.set_up, phase.kind);
  }
  if (phase.traffic) {
    json["traffic"] = json_of(*phase.traffic, phase);
  }
  if (!phase.throughput.empty()) {
    Json& all = json["throughput"] = Json::array();
    for (const ThroughputResult& throughput : phase.throughput) {
      all.push_back(json_of(throughput, phase));
    }
  }
  if (phase.ipv6) {
    json["ipv6"] = json_of(*phase.ipv6);
  }
  if (phase.footprint) {
    json["footprint"] = json_of(*phase.footprint);
  }
  return json;
}

Json json_of(const LinkResult& link) {
  return {{"impaired_lost_up", link.impaired_lost_up},
          {"impaired_lost_down", link.impaired_lost_down},
          {"impaired_duplicated_up", link.impaired_duplicated_up},
          {"impaired_duplicated_down", link.impaired_duplicated_down},
          {"impaired_reordered_up", link.impaired_reordered_up},
          {"impaired_reordered_down", link.impaired_reordered_down},
          {"drops", link.drops},
          {"reconnects", link.reconnects},
          {"rx_missed", link.rx_missed}};
}

Json samples_of(const std::vector<Sample>& samples) {
  Json all = Json::array();
  for (const Sample& sample : samples) {
    all.push_back({{"at_seconds", sample.at},
                   {"calls_up", sample.calls_up},
                   {"dials_per_second", sample.dials_per_second},
                   {"up_packets_per_second", sample.up_pps},
                   {"down_packets_per_second", sample.down_pps},
                   {"lost", sample.lost}});
  }
  return all;
}

// A key's value as its kind prints it, without quotes.
template <typename Target>
std::string as_written(const Key<Target>& key, const Target& target) {
  std::string text = key.show(target);
  std::erase(text, '"');
  return text;
}

// The plan as options, defaults included.
Json json_of(const Plan& plan) {
  const Draft draft{.plan = plan,
                    .server = {plan.server, plan.tcp_port, plan.servers},
                    .core = plan.core.value_or(dataplane::PortSettings{}),
                    .password_file = ""};
  Json json;
  for (const PlanKey& key : plan_keys()) {
    if (!key.name.starts_with("password") && key.section != "Output") {
      json[std::string(key.name)] = as_written(key, draft);
    }
  }
  json["traffic-mode"] = to_text(plan.traffic);
  Json& phases = json["phases"] = Json::array();
  for (const Phase& phase : plan.phases) {
    Json& one = phases.emplace_back();
    one["kind"] = to_text(phase.kind);
    for (const PhaseKey& key : phase_keys()) {
      if (key.belongs_to(phase.kind)) {
        one[std::string(key.name)] = as_written<Phase>(key, phase);
      }
    }
  }
  return json;
}

Json json_of(const Quantity& quantity) {
  return {{"phase", quantity.phase},     {"quantity", quantity.name},
          {"unit", quantity.unit},       {"better", to_text(quantity.better)},
          {"median", quantity.median()}, {"least", quantity.least()},
          {"most", quantity.most()},     {"spread_percent", quantity.spread_percent()},
          {"values", quantity.values}};
}

Json quantities_json(std::span<const RunResult> runs) {
  Json all = Json::array();
  for (const Quantity& quantity : quantities_of(runs)) {
    all.push_back(json_of(quantity));
  }
  return all;
}

}  // namespace

nlohmann::ordered_json to_json(const RunResult& result) {
  Json json = {{"format", kFormat},
               {"version", result.version},
               {"started", result.started},
               {"machine", result.machine},
               {"seconds", result.seconds},
               {"interrupted", result.interrupted},
               {"success", result.complaints.empty()},
               {"complaints", result.complaints},
               {"remarks", result.remarks},
               {"plan", json_of(result.plan)}};
  if (result.footprint_before) {
    json["footprint_before"] = json_of(*result.footprint_before);
  }
  Json& phases = json["phases"] = Json::array();
  for (const PhaseResult& phase : result.phases) {
    phases.push_back(json_of(phase));
  }
  json["link"] = json_of(result.link);
  json["samples"] = samples_of(result.samples);
  return json;
}

nlohmann::ordered_json to_json(std::span<const RunResult> runs) {
  const RunResult& first = runs.front();
  if (runs.size() == 1) {
    Json json = to_json(first);
    json["quantities"] = quantities_json(runs);
    return json;
  }
  const Verdict verdict = verdict_of(runs);
  Json json = {{"format", kFormat},
               {"version", first.version},
               {"started", first.started},
               {"machine", first.machine},
               {"interrupted", std::ranges::all_of(runs, &RunResult::interrupted)},
               {"success", verdict.complaints.empty()},
               {"complaints", verdict.complaints},
               {"remarks", verdict.remarks},
               {"plan", json_of(first.plan)},
               {"quantities", quantities_json(runs)}};
  Json& all = json["runs"] = Json::array();
  for (const RunResult& run : runs) {
    all.push_back(to_json(run));
  }
  return json;
}

nlohmann::ordered_json error_json(const std::string& why, int exit_code) {
  return {{"format", kFormat}, {"success", false}, {"error", why}, {"exit_code", exit_code}};
}

std::string json_text(const nlohmann::ordered_json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace adit::app::blast
