// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/results/verdict.hpp"

#include <algorithm>
#include <utility>

#include "app/adit-blast/results/limit.hpp"
#include "app/adit-blast/results/numbers.hpp"
#include "app/adit-blast/results/quantities.hpp"

namespace adit::app::blast {
namespace {

using Complaints = std::vector<std::string>;

void judge_dials(const PhaseResult& phase, const std::string& where, Complaints& complaints) {
  const SetUpResult& dials = *phase.set_up;
  const std::string of_all = " of " + std::to_string(dials.dialled) + " dials ";
  // A server that limits admission refuses part of a storm, and part of it is in progress when its time is up.
  if (phase.kind != PhaseKind::kStorm) {
    if (const std::uint64_t failed = sum_of(dials.failures); failed > 0) {
      complaints.push_back(where + std::to_string(failed) + of_all + "failed");
    }
    if (const std::uint64_t open = dials.given_up + dials.pending; open > 0) {
      complaints.push_back(where + std::to_string(open) + of_all + "had come to no end");
    }
  }
  if (dials.outcomes() != dials.dialled) {
    complaints.push_back(where + std::to_string(dials.outcomes()) + of_all +
                         "are accounted for: a fault of adit-blast");
  }
}

void judge_calls(const PhaseResult& phase, const std::string& where, Complaints& complaints) {
  if (phase.set_up) {
    judge_dials(phase, where, complaints);
  }
  if (const std::uint64_t lost = sum_of(phase.lost_calls); lost > 0) {
    complaints.push_back(where + std::to_string(lost) + " calls ended without our asking");
  }
}

void judge_traffic(const TrafficResult& traffic, bool may_lose, const std::string& where,
                   Complaints& complaints) {
  const std::uint64_t corrupted = traffic.up.corrupted + traffic.down.corrupted;
  const std::uint64_t lost = traffic.up.lost + traffic.down.lost;
  if (corrupted > 0) {
    complaints.push_back(where + std::to_string(corrupted) + " packets were corrupted");
  }
  if (lost > 0 && !may_lose) {
    complaints.push_back(where + std::to_string(lost) + " packets were lost");
  }
  if (traffic.up.sent + traffic.down.sent == 0) {
    complaints.push_back(where + "not a packet was sent");
    return;
  }
  for (const FamilyResult& family : traffic.families) {
    if (family.up.sent + family.down.sent == 0) {
      complaints.push_back(where + "not a packet of " + family.name() + " was sent");
    }
  }
}

/// "run 2, 3: 12 of 50 dials failed": what several runs say is said once.
std::vector<std::string> gathered(std::span<const RunResult> runs,
                                  std::vector<std::string> RunResult::* texts) {
  std::vector<std::pair<std::string, std::vector<std::size_t>>> all;
  for (std::size_t run = 0; run < runs.size(); ++run) {
    for (const std::string& text : runs[run].*texts) {
      const auto known = std::ranges::find(all, text, &decltype(all)::value_type::first);
      (known != all.end() ? *known : all.emplace_back(text, std::vector<std::size_t>{}))
          .second.push_back(run + 1);
    }
  }
  std::vector<std::string> lines;
  for (const auto& [text, numbers] : all) {
    std::string of = "run ";
    for (const std::size_t number : numbers) {
      of += (of.size() > 4 ? ", " : "") + std::to_string(number);
    }
    lines.push_back((numbers.size() == runs.size() ? "every run" : of) + ": " + text);
  }
  return lines;
}

}  // namespace

Complaints complaints_of(const RunResult& result) {
  Complaints complaints;
  for (const PhaseResult& phase : result.phases) {
    const std::string where = std::string(to_text(phase.kind)) + ": ";
    judge_calls(phase, where, complaints);
    if (phase.traffic) {
      judge_traffic(*phase.traffic, result.plan.impairment.any(), where, complaints);
    }
    for (const ThroughputResult& search : phase.throughput) {
      if (search.pps == 0) {
        complaints.push_back(where + "no rate of " + search.sizes + " passed");
      }
    }
  }
  return complaints;
}

std::vector<std::string> remarks_of(const RunResult& result) {
  std::vector<std::string> remarks;
  if (const Counts ours = shortages_of(result.link.drops, result.link.rx_missed); !ours.empty()) {
    remarks.push_back(
        with_commas(sum_of(ours)) + " frames found no room in adit-blast (" + listed(ours) +
        "): some of the losses, failures and long times are its own; lower --concurrency, --dial-rate "
        "or the rates, or give it a faster core");
  }
  if (result.link.reconnects > 0) {
    remarks.push_back("a memif server went away and was connected again, " +
                      std::to_string(result.link.reconnects) +
                      " times: what was lost meanwhile is among the losses");
  }
  for (const PhaseResult& phase : result.phases) {
    if (phase.ipv6 && phase.ipv6->with_link < phase.ipv6->calls) {
      remarks.push_back(std::string(to_text(phase.kind)) + ": " +
                        with_commas(phase.ipv6->calls - phase.ipv6->with_link) + " of " +
                        with_commas(phase.ipv6->calls) + " calls have no IPv6 prefix");
    }
  }
  const auto measured_pings = [](const ThroughputResult& search) {
    return search.mode == TrafficMode::kEcho && search.pps > 0;
  };
  if (std::ranges::any_of(result.phases, [&](const PhaseResult& phase) {
        return std::ranges::any_of(phase.throughput, measured_pings);
      })) {
    remarks.push_back("throughput: " + about_pings());
  }
  return remarks;
}

Verdict verdict_of(std::span<const RunResult> runs) {
  if (runs.size() == 1) {
    return {runs.front().complaints, runs.front().remarks};
  }
  Verdict verdict{gathered(runs, &RunResult::complaints), gathered(runs, &RunResult::remarks)};
  for (std::string& remark : remarks_on_spread(quantities_of(runs))) {
    verdict.remarks.push_back(std::move(remark));
  }
  return verdict;
}

}  // namespace adit::app::blast
