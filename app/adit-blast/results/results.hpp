// SPDX-License-Identifier: Apache-2.0
// The results of a run, as values: the progress line, the final tables, the JSON file and the HTML report all
// show these and nothing else. Thread: control. Owner: the runner.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/adit-blast/plan/plan.hpp"
#include "app/adit-blast/results/histogram.hpp"

namespace adit::app::blast {

/// By name.
using Counts = std::map<std::string, std::uint64_t>;

[[nodiscard]] inline std::uint64_t sum_of(const Counts& counts) {
  std::uint64_t sum = 0;
  for (const auto& [name, count] : counts) {
    sum += count;
  }
  return sum;
}

/// What happened to one direction's probes between sender and verifier.
struct DirectionResult {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;    ///< intact, not counting duplicates
  std::uint64_t lost = 0;        ///< sent and never received
  std::uint64_t duplicated = 0;  ///< received more than once
  std::uint64_t reordered = 0;   ///< received after a later one of the same call
  std::uint64_t corrupted = 0;   ///< marked as a probe, but not as it was sent; counts as lost as well
  std::uint64_t sent_octets = 0;
  std::uint64_t received_octets = 0;
  std::uint64_t calls = 0;         ///< with at least one packet sent
  std::uint64_t calls_silent = 0;  ///< of these, nothing was received
  std::uint64_t calls_lossy = 0;   ///< of these, something was lost
  Percentiles latency;
};

/// How busy adit-blast itself was during a measurement, and what it lost.
struct GeneratorLoad {
  double worker_busy = 0;      ///< share of the worker's time in passes of its poll loop that found work
  double control_busy = 0;     ///< share of the control thread's time on a CPU, or waiting for one
  double background_busy = 0;  ///< share of the time in which its helper had public-key work (EAP-TLS)
  Counts losses;               ///< frames that found no room (kShortages in limit.hpp, rx_missed), by name
};

struct FamilyResult {
  bool is_ipv6 = false;
  DirectionResult up{}, down{};
  [[nodiscard]] std::string name() const { return is_ipv6 ? "IPv6" : "IPv4"; }
};

/// Of the calls that are up when a phase ends.
struct Ipv6Result {
  std::uint64_t calls = 0;
  std::uint64_t with_link = 0;       ///< have a /64, by a Router Advertisement
  std::uint64_t with_delegated = 0;  ///< have a prefix behind them, by DHCPv6
  std::uint64_t least_advertisements = 0,
                most_advertisements = 0;  ///< that one of them has heard since it dialled
  double mean_advertisements = 0;
  std::uint64_t advertisements = 0;  ///< in this phase, by all calls, those that have ended included
};

/// Octets of packets that were compressed, with their protocol fields, from the clients and to them.
struct CompressionResult {
  struct Way {
    std::uint64_t plain = 0;  ///< before
    std::uint64_t line = 0;   ///< after
    [[nodiscard]] double ratio() const {
      return line != 0 ? static_cast<double>(plain) / static_cast<double>(line) : 1;
    }
  };
  Way up, down;
  [[nodiscard]] bool any() const { return up.plain + down.plain != 0; }
};

struct TrafficResult {
  TrafficMode mode = TrafficMode::kCore;
  std::string sizes;
  double seconds = 0;
  /// With kEcho the round trip, and `down` is unused. Of both families together, in which a call counts once for each.
  DirectionResult up;
  DirectionResult down;
  double offered_pps = 0;  ///< that were to be sent, both directions together; 0: as many as can be
  bool impaired = false;   ///< by ourselves: some of the loss is ours
  CompressionResult compression{};
  GeneratorLoad generator{};
  std::vector<FamilyResult> families{};  ///< each by itself, if IPv6 was to be sent
};

/// Every dial has one outcome: dialled = up + failures + given_up + pending.
struct SetUpResult {
  std::uint64_t dialled = 0;
  std::uint64_t up = 0;
  Counts failures;  ///< by ClientEnd's text
  std::uint64_t given_up =
      0;  ///< abandoned by us, because the run was interrupted or a phase had waited long enough
  std::uint64_t pending = 0;    ///< storm: in progress when its time was up
  double seconds = 0;           ///< from the first dial to the last outcome
  double dialling_seconds = 0;  ///< of these, as long as there was more to dial
  double rate = 0;              ///< calls brought up per second over that time
  double target_rate = 0;       ///< 0: none was set
  std::uint32_t concurrency = 0;
  Percentiles time;        ///< TCP connect to IP up
  double window_full = 0;  ///< share of the time in which a dial was due, but `concurrency` were in progress
  double lines_busy = 0;   ///< ... but no line was idle
  GeneratorLoad generator{};

  [[nodiscard]] std::uint64_t outcomes() const { return up + sum_of(failures) + given_up + pending; }
};

struct ThroughputTrial {
  double offered_pps = 0, achieved_pps = 0, loss = 0;
  bool passed = false;
  std::uint64_t lost = 0;
  GeneratorLoad generator{};
};
struct ThroughputResult {
  std::string sizes;
  double pps = 0;   ///< the highest offered rate that passed, both directions together; 0: none
  double mbps = 0;  ///< of inner IP
  double loss_limit = 0;
  std::vector<ThroughputTrial> trials;
  TrafficMode mode = TrafficMode::kCore;
  bool impaired = false;  ///< by ourselves
  double most_pps = 0;    ///< the highest rate that was to be tried; 0: no limit
};

/// The watched server process and the kernel's sockets, at one instant.
struct Footprint {
  std::uint64_t calls = 0;
  std::uint64_t rss_octets = 0;
  std::uint64_t descriptors = 0;
  /// Kernel memory for TCP sockets (slab and buffers), for both ends if both are on this machine.
  std::uint64_t socket_octets = 0;
};

struct Sample {
  double at = 0;  ///< seconds since the run began
  std::uint64_t calls_up = 0;
  double dials_per_second = 0;
  double up_pps = 0, down_pps = 0;  ///< received by the verifier
  std::uint64_t lost = 0;           ///< known so far (gaps), both directions
};

struct PhaseResult {
  PhaseKind kind = PhaseKind::kSetUp;
  double began = 0;  ///< seconds since the run began
  double seconds = 0;
  std::uint64_t calls_at_end = 0;
  std::optional<SetUpResult> set_up;     ///< set-up, and the redials of churn
  std::optional<TrafficResult> traffic;  ///< traffic, churn and hold with a rate
  std::vector<ThroughputResult> throughput;
  Counts lost_calls;                   ///< not hung up by us; by ClientEnd's text
  std::uint64_t hung_up = 0;           ///< churn, tear-down
  std::uint64_t echoes_answered = 0;   ///< PPTP and LCP echoes in this phase
  std::optional<Ipv6Result> ipv6;      ///< if calls ask for IPv6
  std::optional<Footprint> footprint;  ///< at the end of the phase
};

/// What the impairment did, and what our own data plane dropped.
struct LinkResult {
  std::uint64_t impaired_lost_up = 0, impaired_lost_down = 0;
  std::uint64_t impaired_duplicated_up = 0, impaired_duplicated_down = 0;
  std::uint64_t impaired_reordered_up = 0, impaired_reordered_down = 0;
  Counts drops;                  ///< of our own data plane, by DropReason's name
  std::uint64_t reconnects = 0;  ///< times that a port lost its memif server and was connected again
  std::uint64_t rx_missed = 0;   ///< frames that the port lost for lack of a descriptor or buffer
};

struct RunResult {
  std::string started;  ///< UTC, "2026-01-31T12:00:00Z"
  std::string machine;  ///< CPU, cores, kernel
  std::string version;
  Plan plan;
  double seconds = 0;
  std::optional<Footprint> footprint_before;
  std::vector<PhaseResult> phases;
  std::vector<Sample> samples;
  LinkResult link;
  bool interrupted = false;  ///< its phases are cut short, or lacking
  /// Why the run is not a success (dials failed, packets lost beyond the limit, corruption). Empty: success.
  std::vector<std::string> complaints;
  /// What to mind when reading the figures, success or not: they may be the generator's own.
  std::vector<std::string> remarks;
};

}  // namespace adit::app::blast
