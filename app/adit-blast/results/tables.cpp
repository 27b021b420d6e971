// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/results/tables.hpp"

#include <fmt/core.h>

#include <sstream>

#include "app/adit-blast/results/limit.hpp"
#include "app/adit-blast/results/numbers.hpp"
#include "app/adit-blast/results/quantities.hpp"
#include "app/adit-blast/results/verdict.hpp"
#include "app/escape.hpp"
#include "app/table.hpp"

namespace adit::app::blast {
namespace {

using Rows = std::vector<std::vector<std::string>>;

constexpr Align kRight = Align::kRight;

std::string section(std::string_view title, const std::vector<Column>& columns, const Rows& rows) {
  return rows.empty() ? "" : fmt::format("\n{}\n", title) + draw_table(columns, rows, "");
}

// In lines of at most kWidth columns; escaped, because it may contain what peers said.
constexpr std::size_t kWidth = 100;
std::string wrapped(std::string_view text) {
  const std::string escaped = escape_text(text, 10 * kWidth);
  std::string out, line = " ";
  std::istringstream words(escaped);
  for (std::string word; words >> word;) {
    if (line.size() + 1 + word.size() > kWidth && line.size() > 4) {
      out += line + '\n';
      line = "   ";
    }
    line += ' ' + word;
  }
  return out + line + '\n';
}

std::string heading(std::span<const RunResult> runs) {
  const RunResult& result = runs.front();
  std::string text = fmt::format("adit-blast {}: {}", escape_octets(result.version), result.started);
  double seconds = 0;
  for (const RunResult& run : runs) {
    seconds += run.seconds;
  }
  text += runs.size() > 1 ? fmt::format(", {} runs,", runs.size()) : ",";
  text += fmt::format(" {} s against {}:{}\n", decimal(seconds), to_string(result.plan.server),
                      result.plan.tcp_port);
  return result.machine.empty() ? text : text + escape_octets(result.machine) + '\n';
}

std::string phases(const RunResult& result) {
  Rows rows;
  for (std::size_t i = 0; i < result.phases.size(); ++i) {
    const PhaseResult& phase = result.phases[i];
    rows.push_back({phase_label(result, i), decimal(phase.seconds), with_commas(phase.calls_at_end),
                    with_commas(phase.hung_up), with_commas(sum_of(phase.lost_calls)),
                    with_commas(phase.echoes_answered)});
  }
  return section("Phases",
                 {{"phase"},
                  {"seconds", kRight},
                  {"calls at end", kRight},
                  {"hung up", kRight},
                  {"lost calls", kRight},
                  {"echoes answered", kRight}},
                 rows);
}

std::string set_ups(const RunResult& result) {
  Rows counts, times;
  for (std::size_t i = 0; i < result.phases.size(); ++i) {
    if (!result.phases[i].set_up) {
      continue;
    }
    const SetUpResult& set_up = *result.phases[i].set_up;
    counts.push_back({phase_label(result, i), with_commas(set_up.dialled), with_commas(set_up.up),
                      with_commas(sum_of(set_up.failures)), with_commas(set_up.given_up),
                      with_commas(set_up.pending), decimal(set_up.seconds), decimal(set_up.rate),
                      set_up.target_rate > 0 ? decimal(set_up.target_rate) : "-",
                      with_commas(std::uint64_t{set_up.concurrency})});
    const Percentiles& time = set_up.time;
    times.push_back({phase_label(result, i), milliseconds(time.p50_ms), milliseconds(time.p90_ms),
                     milliseconds(time.p99_ms), milliseconds(time.p999_ms), milliseconds(time.max_ms)});
  }
  return section("Set-up",
                 {{"phase"},
                  {"dialled", kRight},
                  {"up", kRight},
                  {"failed", kRight},
                  {"given up", kRight},
                  {"pending", kRight},
                  {"seconds", kRight},
                  {"calls/s", kRight},
                  {"target/s", kRight},
                  {"at once", kRight}},
                 counts) +
         section("Set-up time, from TCP connect to IP",
                 {{"phase"},
                  {"p50", kRight},
                  {"p90", kRight},
                  {"p99", kRight},
                  {"p99.9", kRight},
                  {"max", kRight}},
                 times);
}

// Why dials failed, or why calls ended that we did not hang up.
template <typename CountsOf>
std::string reasons(const RunResult& result, std::string_view title, const CountsOf& counts_of) {
  Rows rows;
  for (std::size_t i = 0; i < result.phases.size(); ++i) {
    if (const Counts* counts = counts_of(result.phases[i])) {
      for (const auto& [reason, count] : *counts) {
        rows.push_back({phase_label(result, i), with_commas(count), reason});
      }
    }
  }
  return section(title, {{"phase"}, {"calls", kRight}, {"reason"}}, rows);
}

std::string ipv6(const RunResult& result) {
  Rows rows;
  for (std::size_t i = 0; i < result.phases.size(); ++i) {
    if (const auto& six = result.phases[i].ipv6) {
      rows.push_back({phase_label(result, i), with_commas(six->calls), with_commas(six->with_link),
                      with_commas(six->with_delegated), with_commas(six->least_advertisements),
                      decimal(six->mean_advertisements), with_commas(six->most_advertisements),
                      with_commas(six->advertisements)});
    }
  }
  return section("IPv6 of the calls that are up at the end, and Router Advertisements that they have heard",
                 {{"phase"},
                  {"calls", kRight},
                  {"with a /64", kRight},
                  {"delegated", kRight},
                  {"RAs least", kRight},
                  {"mean", kRight},
                  {"most", kRight},
                  {"all, in the phase", kRight}},
                 rows);
}

struct Flow {
  std::string phase;
  std::string name;
  const DirectionResult* direction;
  double seconds;
};

std::vector<Flow> flows_of(const RunResult& result) {
  std::vector<Flow> flows;
  for (std::size_t i = 0; i < result.phases.size(); ++i) {
    if (!result.phases[i].traffic) {
      continue;
    }
    const TrafficResult& traffic = *result.phases[i].traffic;
    const auto add = [&](const DirectionResult& up, const DirectionResult& down, const std::string& of) {
      const bool echo = traffic.mode == TrafficMode::kEcho;
      flows.push_back({phase_label(result, i), (echo ? "echo" : "up") + of, &up, traffic.seconds});
      if (!echo) {
        flows.push_back({phase_label(result, i), "down" + of, &down, traffic.seconds});
      }
    };
    if (traffic.families.empty()) {
      add(traffic.up, traffic.down, "");
    }
    for (const FamilyResult& family : traffic.families) {
      add(family.up, family.down, " " + family.name());
    }
  }
  return flows;
}

std::string compression(const RunResult& result) {
  Rows rows;
  for (std::size_t i = 0; i < result.phases.size(); ++i) {
    if (!result.phases[i].traffic || !result.phases[i].traffic->compression.any()) {
      continue;
    }
    const CompressionResult& compressed = result.phases[i].traffic->compression;
    for (const auto& [name, way] : {std::pair("up", compressed.up), std::pair("down", compressed.down)}) {
      rows.push_back({phase_label(result, i), name, with_commas(way.plain), with_commas(way.line),
                      decimal(way.ratio())});
    }
  }
  return section("Compressed packets, octets",
                 {{"phase"}, {"way"}, {"before", kRight}, {"after", kRight}, {"ratio", kRight}}, rows);
}

std::string traffic(const RunResult& result) {
  Rows packets, rates, latencies;
  for (const auto& [phase, name, flow, seconds] : flows_of(result)) {
    const auto per_second = [s = seconds](std::uint64_t count) {
      return s > 0 ? static_cast<double>(count) / s : 0.0;
    };
    packets.push_back(
        {phase, name, with_commas(flow->sent), with_commas(flow->received), with_commas(flow->lost),
         percentage(static_cast<double>(flow->lost), static_cast<double>(flow->sent)),
         with_commas(flow->duplicated), with_commas(flow->reordered), with_commas(flow->corrupted)});
    rates.push_back({phase, name, with_commas(per_second(flow->received)),
                     decimal(per_second(flow->received_octets) * 8 / 1e6), with_commas(flow->calls),
                     with_commas(flow->calls_lossy), with_commas(flow->calls_silent)});
    const Percentiles& latency = flow->latency;
    latencies.push_back({phase, name, milliseconds(latency.p50_ms), milliseconds(latency.p90_ms),
                         milliseconds(latency.p99_ms), milliseconds(latency.p999_ms),
                         milliseconds(latency.max_ms)});
  }
  return section("Packets",
                 {{"phase"},
                  {"way"},
                  {"sent", kRight},
                  {"received", kRight},
                  {"lost", kRight},
                  {"lost %", kRight},
                  {"dup", kRight},
                  {"reord", kRight},
                  {"corrupt", kRight}},
                 packets) +
         section("Rates received, inner IP",
                 {{"phase"},
                  {"way"},
                  {"pps", kRight},
                  {"Mbit/s", kRight},
                  {"calls", kRight},
                  {"with loss", kRight},
                  {"silent", kRight}},
                 rates) +
         section("Latency (echo: of the round trip)",
                 {{"phase"},
                  {"way"},
                  {"p50", kRight},
                  {"p90", kRight},
                  {"p99", kRight},
                  {"p99.9", kRight},
                  {"max", kRight}},
                 latencies) +
         compression(result);
}

std::string throughput(const RunResult& result) {
  Rows rows;
  for (const PhaseResult& phase : result.phases) {
    for (const ThroughputResult& one : phase.throughput) {
      const bool any = one.pps > 0;
      rows.push_back({one.sizes, any ? with_commas(one.pps) : "none passed", any ? decimal(one.mbps) : "-",
                      percentage(one.loss_limit, 1), with_commas(std::uint64_t{one.trials.size()})});
    }
  }
  return section(
      result.plan.traffic == TrafficMode::kEcho ? "Throughput of pings that the server answers, inner IP"
                                                : "Throughput, both ways together, inner IP",
      {{"octets", kRight}, {"pps", kRight}, {"Mbit/s", kRight}, {"loss limit", kRight}, {"trials", kRight}},
      rows);
}

std::string limits_of(const RunResult& result, const std::string& run) {
  std::string text;
  for (std::size_t i = 0; i < result.phases.size(); ++i) {
    const PhaseResult& phase = result.phases[i];
    if (phase.set_up) {
      text +=
          wrapped(run + phase_label(result, i) + ", dials: " + in_words(limit_of(*phase.set_up, phase.kind)));
    }
    if (phase.traffic) {
      text +=
          wrapped(run + phase_label(result, i) + ", packets: " + in_words(limit_of(*phase.traffic, phase)));
    }
    for (const ThroughputResult& search : phase.throughput) {
      text += wrapped(run + phase_label(result, i) + ", " + search.sizes + ": " +
                      in_words(limit_of(search, phase)));
    }
  }
  return text;
}

std::string limits(std::span<const RunResult> runs) {
  std::string text;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    text += limits_of(runs[i], runs.size() > 1 ? fmt::format("run {}, ", i + 1) : "");
  }
  return text.empty() ? "" : "\nWhat limited each rate, as far as adit-blast can know\n" + text;
}

std::string repeats(std::span<const RunResult> runs) {
  Rows rows;
  for (const Quantity& one : quantities_of(runs)) {
    rows.push_back({one.phase, one.name, shown(one.median(), one.unit), shown(one.least(), one.unit),
                    shown(one.most(), one.unit), percentage(one.spread_percent(), 100)});
  }
  return section(
      "Repeats; spread: from the least to the most, in percent of the median",
      {{"phase"}, {"quantity"}, {"median", kRight}, {"least", kRight}, {"most", kRight}, {"spread", kRight}},
      rows);
}

std::string footprints(const RunResult& result) {
  Rows rows;
  const auto add = [&](const std::string& when, const Footprint& now) {
    std::vector<std::string> row = {when, with_commas(now.calls), human_bytes(now.rss_octets),
                                    with_commas(now.descriptors), human_bytes(now.socket_octets)};
    const Footprint& before = result.footprint_before.value_or(Footprint{});
    const bool comparable = result.footprint_before && now.calls > before.calls;
    const auto per_call = [&](std::uint64_t after, std::uint64_t base) {
      return (static_cast<double>(after) - static_cast<double>(base)) /
             static_cast<double>(now.calls - before.calls);
    };
    row.push_back(comparable ? signed_octets(per_call(now.rss_octets, before.rss_octets)) : "-");
    row.push_back(comparable ? fmt::format("{:+.2f}", per_call(now.descriptors, before.descriptors)) : "-");
    row.push_back(comparable ? signed_octets(per_call(now.socket_octets, before.socket_octets)) : "-");
    rows.push_back(std::move(row));
  };
  if (result.footprint_before) {
    add("before", *result.footprint_before);
  }
  for (std::size_t i = 0; i < result.phases.size(); ++i) {
    if (result.phases[i].footprint) {
      add("after " + phase_label(result, i), *result.phases[i].footprint);
    }
  }
  return section("Server process and TCP sockets of the kernel; a call costs what came since before",
                 {{"when"},
                  {"calls", kRight},
                  {"RSS", kRight},
                  {"fds", kRight},
                  {"sockets", kRight},
                  {"RSS/call", kRight},
                  {"fds/call", kRight},
                  {"sockets/call", kRight}},
                 rows);
}

std::string link(const RunResult& result) {
  const LinkResult& link = result.link;
  Rows rows;
  if (result.plan.impairment.any()) {
    rows = {
        {"lost", with_commas(link.impaired_lost_up), with_commas(link.impaired_lost_down)},
        {"duplicated", with_commas(link.impaired_duplicated_up), with_commas(link.impaired_duplicated_down)},
        {"reordered", with_commas(link.impaired_reordered_up), with_commas(link.impaired_reordered_down)}};
  }
  Rows drops;
  for (const auto& [reason, count] : link.drops) {
    if (count != 0) {
      drops.push_back({reason, with_commas(count)});
    }
  }
  if (link.rx_missed != 0) {
    drops.push_back({"port had no room (rx_missed)", with_commas(link.rx_missed)});
  }
  return section("Impaired by ourselves, GRE packets", {{"what"}, {"up", kRight}, {"down", kRight}}, rows) +
         section("Dropped by our own data plane", {{"reason"}, {"packets", kRight}}, drops);
}

std::string verdict_text(const Verdict& verdict) {
  const bool success = verdict.complaints.empty();
  if (success && verdict.remarks.empty()) {
    return "\nSuccess.\n";
  }
  std::string text = success ? "\nSuccess, but mind:\n" : "\nNot a success:\n";
  for (const std::string& complaint : verdict.complaints) {
    text += wrapped(complaint);
  }
  text += success || verdict.remarks.empty() ? "" : "Mind:\n";
  for (const std::string& remark : verdict.remarks) {
    text += wrapped(remark);
  }
  return text;
}

}  // namespace

std::string result_tables(std::span<const RunResult> runs) {
  if (runs.size() > 1) {
    return heading(runs) + repeats(runs) + limits(runs) + verdict_text(verdict_of(runs));
  }
  const RunResult& result = runs.front();
  return heading(runs) + phases(result) + set_ups(result) +
         reasons(result, "Dials that failed",
                 [](const PhaseResult& phase) -> const Counts* {
                   return phase.set_up ? &phase.set_up->failures : nullptr;
                 }) +
         ipv6(result) + traffic(result) + throughput(result) + limits(runs) + footprints(result) +
         link(result) +
         reasons(result, "Calls lost without our asking",
                 [](const PhaseResult& phase) -> const Counts* { return &phase.lost_calls; }) +
         verdict_text(verdict_of(runs));
}

}  // namespace adit::app::blast
