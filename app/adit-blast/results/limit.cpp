// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/results/limit.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "app/adit-blast/results/numbers.hpp"
#include "dataplane/base/limits.hpp"

namespace adit::app::blast {
namespace {

/// A worker that finds work in this share of its time has none left: what is lost then may be lost for want of it.
constexpr double kWorkerIsFull = 0.98;
/// Less than this, and it was not for want of speed that it did not send.
constexpr double kWorkerIsSlow = 0.8;
/// A control thread sleeps at least a little between the events of a load that it can bear.
constexpr double kControlIsFull = 0.9;
constexpr double kMostOfTheTime = 0.5;
/// Less than this share of the dials or packets does not decide about a rate.
constexpr double kDecisive = 0.01;

std::string share(double part) {
  return percentage(part, 1);
}

std::string worker_busy(const GeneratorLoad& generator) {
  return "its worker was busy for " + share(generator.worker_busy) + " of the time";
}

/// One rate, as it was offered and what became of it.
struct Flowing {
  double offered_pps = 0;  ///< 0: as much as the generator can send
  double sent_pps = 0;
  std::uint64_t lost = 0;
  double loss = 0;  ///< as a fraction of 1
  TrafficMode mode = TrafficMode::kCore;
  bool impaired = false;
  const GeneratorLoad& generator;
  const PhaseResult& phase;  ///< whose calls carried it
};

/// Too many calls ended for the rest to carry the rate, or to have lost nothing.
bool calls_decide(const PhaseResult& phase) {
  const std::uint64_t ended = sum_of(phase.lost_calls);
  return static_cast<double>(ended) > kDecisive * static_cast<double>(ended + phase.calls_at_end);
}

Limit limit_of_calls(const PhaseResult& phase) {
  const std::uint64_t ended = sum_of(phase.lost_calls);
  return {LimitedBy::kServer, fmt::format("{} of {} calls ended without our asking ({})", with_commas(ended),
                                          with_commas(ended + phase.calls_at_end), listed(phase.lost_calls))};
}

/// Something was lost: where, in the order of what is certain.
Limit limit_of_loss(const Flowing& flow) {
  const std::uint64_t ours = sum_of(flow.generator.losses);
  const std::string lost = share(flow.loss) + " of " + with_commas(flow.sent_pps) + " pps";
  if (ours > 0 && ours >= flow.lost / 2) {
    return {LimitedBy::kGeneratorRings,
            fmt::format("of {} packets lost, adit-blast had no room for {} ({})", with_commas(flow.lost),
                        with_commas(ours), listed(flow.generator.losses))};
  }
  if (flow.impaired) {
    return {LimitedBy::kImpairment, lost + " were lost, as --impair asks for"};
  }
  if (calls_decide(flow.phase)) {
    return limit_of_calls(flow.phase);
  }
  if (flow.generator.worker_busy >= kWorkerIsFull) {
    return {LimitedBy::kGeneratorCpu, lost + " were lost while " + worker_busy(flow.generator) +
                                          "; give adit-blast a faster core, or one of its own"};
  }
  if (flow.mode == TrafficMode::kEcho) {
    return {LimitedBy::kServerPings, lost + " were not answered; " + about_pings()};
  }
  return {LimitedBy::kServer,
          lost + " were lost, and adit-blast could have done more: " + worker_busy(flow.generator)};
}

Limit limit_of_flow(const Flowing& flow) {
  if (flow.sent_pps == 0 && flow.phase.calls_at_end == 0 && flow.phase.lost_calls.empty()) {
    return {LimitedBy::kNoCalls, "nothing was sent: no call was up"};
  }
  const bool sent_less = flow.sent_pps < kOfferedShare * flow.offered_pps;
  if (sent_less && calls_decide(flow.phase)) {
    return limit_of_calls(flow.phase);
  }
  if (sent_less) {
    // A worker that has time and does not send was not running: on a shared core others were.
    const bool had_time = flow.generator.worker_busy < kWorkerIsSlow;
    return {LimitedBy::kGeneratorCpu,
            fmt::format(
                "adit-blast sent {} of {} pps, {}; give it a {}", with_commas(flow.sent_pps),
                with_commas(flow.offered_pps), worker_busy(flow.generator),
                had_time ? "core of its own, which something else took" : "faster core, or one of its own")};
  }
  if (flow.lost > 0) {
    return limit_of_loss(flow);
  }
  if (flow.offered_pps == 0) {
    return {LimitedBy::kGeneratorCpu,
            with_commas(flow.sent_pps) + " pps are as much as adit-blast can send, and none were lost"};
  }
  return {LimitedBy::kOffered, with_commas(flow.sent_pps) + " pps were sent and arrived"};
}

/// The rate just above the best one that passed; nullptr: all passed.
const ThroughputTrial* first_failure(const ThroughputResult& search) {
  const ThroughputTrial* first = nullptr;
  for (const ThroughputTrial& trial : search.trials) {
    if (!trial.passed && trial.offered_pps > search.pps &&
        (first == nullptr || trial.offered_pps < first->offered_pps)) {
      first = &trial;
    }
  }
  return first;
}

std::string_view title(LimitedBy by) {
  switch (by) {
    case LimitedBy::kOffered:
      return "what was asked for";
    case LimitedBy::kNoCalls:
      return "no calls";
    case LimitedBy::kCalls:
      return "--calls";
    case LimitedBy::kConcurrency:
      return "--concurrency";
    case LimitedBy::kCallers:
      return "--callers";
    case LimitedBy::kImpairment:
      return "--impair";
    case LimitedBy::kGeneratorCpu:
      return "our own CPU";
    case LimitedBy::kGeneratorRings:
      return "our own rings";
    case LimitedBy::kServerPings:
      return "the server's pings";
    case LimitedBy::kServer:
      return "the server or the link";
    case LimitedBy::kUnknown:
      break;
  }
  return "not known";
}

}  // namespace

std::string_view to_text(LimitedBy by) {
  switch (by) {
    case LimitedBy::kOffered:
      return "offered";
    case LimitedBy::kNoCalls:
      return "no_calls";
    case LimitedBy::kCalls:
      return "calls";
    case LimitedBy::kConcurrency:
      return "concurrency";
    case LimitedBy::kCallers:
      return "callers";
    case LimitedBy::kImpairment:
      return "impairment";
    case LimitedBy::kGeneratorCpu:
      return "generator_cpu";
    case LimitedBy::kGeneratorRings:
      return "generator_rings";
    case LimitedBy::kServerPings:
      return "server_pings";
    case LimitedBy::kServer:
      return "server";
    case LimitedBy::kUnknown:
      break;
  }
  return "unknown";
}

Limit limit_of(const SetUpResult& dials, PhaseKind kind) {
  const auto all = static_cast<double>(dials.dialled);
  const double per_second = dials.dialling_seconds > 0 ? all / dials.dialling_seconds : 0;
  const std::uint64_t ours = sum_of(dials.generator.losses);
  const std::uint64_t failed = sum_of(dials.failures);
  const std::string each = "each takes " + milliseconds(dials.time.p50_ms) + " (p50)";
  if (static_cast<double>(ours) > kDecisive * all) {
    return {
        LimitedBy::kGeneratorRings,
        fmt::format("adit-blast had no room for {} frames ({}), which are sent again after seconds; lower "
                    "--concurrency or --dial-rate",
                    with_commas(ours), listed(dials.generator.losses))};
  }
  if (dials.generator.control_busy >= kControlIsFull) {
    return {LimitedBy::kGeneratorCpu, "adit-blast's control thread had work for " +
                                          share(dials.generator.control_busy) + " of the time"};
  }
  if (dials.generator.background_busy >= kControlIsFull) {
    return {LimitedBy::kGeneratorCpu, "adit-blast had public-key work (eap-tls) for " +
                                          share(dials.generator.background_busy) +
                                          " of the time; dial from several machines"};
  }
  if (kind == PhaseKind::kChurn) {
    return {LimitedBy::kOffered, "as many as --churn hangs up"};
  }
  if (dials.target_rate > 0 && per_second >= kOfferedShare * dials.target_rate) {
    return {LimitedBy::kOffered, "--dial-rate " + decimal(dials.target_rate) + " was kept"};
  }
  if (dials.window_full >= kMostOfTheTime) {
    return {LimitedBy::kConcurrency,
            fmt::format("all {} dials that may be in progress were for {} of the time, and {}",
                        with_commas(std::uint64_t{dials.concurrency}), share(dials.window_full), each)};
  }
  if (dials.lines_busy >= kMostOfTheTime) {
    return {LimitedBy::kCallers, "all lines were busy for " + share(dials.lines_busy) + " of the time"};
  }
  if (static_cast<double>(failed) > kDecisive * all) {
    return {LimitedBy::kServer,
            with_commas(failed) + " of " + with_commas(dials.dialled) + " dials failed, and " + each};
  }
  if (dials.dialled <= dials.concurrency) {
    return {LimitedBy::kCalls,
            fmt::format("all {} were dialled at once, and the slowest took {}; more calls than --concurrency "
                        "give a rate",
                        with_commas(dials.dialled), milliseconds(dials.time.max_ms))};
  }
  return {LimitedBy::kServer, each};
}

Limit limit_of(const TrafficResult& traffic, const PhaseResult& phase) {
  const std::uint64_t sent = traffic.up.sent + traffic.down.sent;
  const std::uint64_t lost = traffic.up.lost + traffic.down.lost;
  return limit_of_flow({.offered_pps = traffic.offered_pps,
                        .sent_pps = traffic.seconds > 0 ? static_cast<double>(sent) / traffic.seconds : 0,
                        .lost = lost,
                        .loss = sent > 0 ? static_cast<double>(lost) / static_cast<double>(sent) : 0,
                        .mode = traffic.mode,
                        .impaired = traffic.impaired,
                        .generator = traffic.generator,
                        .phase = phase});
}

Limit limit_of(const ThroughputResult& search, const PhaseResult& phase) {
  const ThroughputTrial* failure = first_failure(search);
  if (failure == nullptr && search.pps > 0 && search.pps >= search.most_pps && search.most_pps > 0) {
    return {LimitedBy::kOffered, with_commas(search.pps) + " pps, the most that was to be tried, passed"};
  }
  if (failure == nullptr) {
    return {LimitedBy::kUnknown, "the search was interrupted"};
  }
  return limit_of_flow({.offered_pps = failure->offered_pps,
                        .sent_pps = failure->achieved_pps,
                        .lost = failure->lost,
                        .loss = failure->loss,
                        .mode = search.mode,
                        .impaired = search.impaired,
                        .generator = failure->generator,
                        .phase = phase});
}

std::string in_words(const Limit& limit) {
  return std::string(title(limit.by)) + ": " + limit.why;
}

Counts shortages_of(const Counts& drops, std::uint64_t rx_missed) {
  Counts found;
  for (const dataplane::DropReason reason : kShortages) {
    const auto named = drops.find(std::string(describe(reason).name));
    if (named != drops.end() && named->second > 0) {
      found.insert(*named);
    }
  }
  if (rx_missed > 0) {
    found[std::string(kRxMissed)] = rx_missed;
  }
  return found;
}

std::string listed(const Counts& counts) {
  std::string text;
  for (const auto& [name, count] : counts) {
    text += (text.empty() ? "" : ", ") + name + ' ' + with_commas(count);
  }
  return text;
}

std::string about_pings() {
  return fmt::format(
      "these are pings that the server's end of the tunnels answers, not packets that it forwards (aditd "
      "answers {} a "
      "second for each call, {} for each worker); to measure forwarding give --core-address, and --core if "
      "another "
      "interface leads there",
      dataplane::kCallIcmpPerSecond, with_commas(std::uint64_t{dataplane::kIcmpPerSecond}));
}

}  // namespace adit::app::blast
