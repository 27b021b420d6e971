// SPDX-License-Identifier: Apache-2.0
// The cost of a packet on the uplink and downlink: poll_once() of one worker on ring ports, from the receive
// ring to the transmit ring. Every packet has its own key and sequence number; calls are visited in a random
// order; making the frames is not measured. Cycles are TSC cycles. Traffic is one-way, so every 8th uplink
// packet of a call also costs a bare acknowledgement.
//   BM_<Uplink|Downlink>_Burst/<clear|mppe|mppc>/<inner IP octets>/<calls>; mppc: with MPPE, HTML without history
//   BM_<Uplink|Downlink>_Ipv6/...: the same with IPv6, half of it of a prefix behind the subscriber, of 64 octets and more
//   BM_<Uplink|Downlink>_Workers/<clear|mppe>/<inner IP octets>/<calls>/<workers>: each on a thread of its own, at once
//   BM_<Uplink|Downlink>_Handoff/<clear|mppe>/<inner IP octets>/<calls>: two workers on one thread, in turn by batch: packets
//     that arrive at their owner, and packets that arrive at the other one; what the difference is
//   BM_<Uplink|Downlink>_Ipv6Handoff/...: the same with IPv6, of which more arrive at the other one
#include <benchmark/benchmark.h>
#include <rte_cycles.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "bench/pipeline_rig.hpp"
#include "controlplane/concentrator/concentrator.hpp"
#include "crypto/library.hpp"

namespace adit::bench {
namespace {

/// Reuses the previous row's rig if it fits this one: 65,536 calls take a second to install.
PipelineRig& rig_for(std::uint32_t calls, Coding coding, std::uint16_t workers = 1) {
  static std::unique_ptr<PipelineRig> rig;
  if (rig == nullptr || rig->calls() != calls || rig->coding() != coding || rig->workers() != workers) {
    rig.reset();  // frees the old one's memory first
    rig = std::make_unique<PipelineRig>(calls, coding, workers);
  }
  return *rig;
}

/// Cycles per packet of each stage, in separate rounds: reading the clock between stages has a cost itself.
void count_stages(benchmark::State& state, PipelineRig& rig, Traffic traffic, InnerIp family,
                  std::size_t octets) {
  constexpr int kRounds = 9;
  std::array<std::vector<std::uint64_t>, dataplane::kStageNames.size()> rounds;
  for (int round = 0; round < kRounds; ++round) {
    dataplane::StageProfile profile;
    rig.worker().set_profile(&profile);
    rig.make(traffic, family, octets);
    rig.run();
    static_cast<void>(rig.collect());
    rig.worker().set_profile(nullptr);
    for (std::size_t stage = 0; stage < rounds.size(); ++stage) {
      rounds[stage].push_back(profile.cycles[stage]);
    }
  }
  for (std::size_t stage = 0; stage < rounds.size(); ++stage) {
    std::ranges::sort(rounds[stage]);
    if (const std::uint64_t median = rounds[stage][kRounds / 2]; median > 0) {
      state.counters["stage_" + std::string(dataplane::kStageNames[stage])] =
          static_cast<double>(median) / PipelineRig::kBatch;
    }
  }
}

void run_row(benchmark::State& state, Traffic traffic, InnerIp family, Coding coding, std::size_t octets,
             std::uint32_t calls) {
  PipelineRig& rig = rig_for(calls, coding);
  const double tsc_hz = static_cast<double>(rte_get_tsc_hz());
  std::vector<std::uint64_t> batches;
  for (auto _ : state) {
    rig.make(traffic, family, octets);
    const std::uint64_t took = rig.run();
    batches.push_back(took);
    state.SetIterationTime(static_cast<double>(took) / tsc_hz);
    if (!rig.collect()) {
      state.SkipWithError("packets were dropped");
      return;
    }
  }
  const auto packets = static_cast<double>(state.iterations()) * PipelineRig::kBatch;
  state.SetItemsProcessed(static_cast<std::int64_t>(packets));
  state.SetBytesProcessed(static_cast<std::int64_t>(packets * static_cast<double>(octets)));
  // The median batch: one interrupted by another process's time slice says nothing about us.
  std::ranges::sort(batches);
  state.counters["cycles_per_packet"] =
      static_cast<double>(batches[batches.size() / 2]) / PipelineRig::kBatch;
  state.counters["cycles_per_packet_best"] = static_cast<double>(batches.front()) / PipelineRig::kBatch;
  count_stages(state, rig, traffic, family, octets);
}

double median_per_packet(std::vector<std::uint64_t>& cycles, std::size_t packets) {
  std::ranges::sort(cycles);
  return cycles.empty() ? 0 : static_cast<double>(cycles[cycles.size() / 2]) / static_cast<double>(packets);
}

void run_workers(benchmark::State& state, Traffic traffic, Coding coding, std::size_t octets,
                 std::uint32_t calls, std::uint16_t workers) {
  PipelineRig& rig = rig_for(calls, coding, workers);
  const double tsc_hz = static_cast<double>(rte_get_tsc_hz());
  std::vector<std::uint64_t> batches;
  for (auto _ : state) {
    rig.make(traffic, octets);
    rig.evict();
    batches.push_back(rig.run_in_parallel());
    state.SetIterationTime(static_cast<double>(batches.back()) / tsc_hz);
    if (!rig.collect()) {
      state.SkipWithError("packets were dropped");
      return;
    }
  }
  const std::size_t packets = PipelineRig::kBatch * workers;
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(packets));
  // By the median batch and by the best: on a busy machine most batches lose the second core for a while.
  state.counters["mpps"] = tsc_hz / median_per_packet(batches, packets) / 1e6;
  state.counters["mpps_best"] =
      tsc_hz / (static_cast<double>(batches.front()) / static_cast<double>(packets)) / 1e6;
}

void run_handoff(benchmark::State& state, Traffic traffic, InnerIp family, Coding coding, std::size_t octets,
                 std::uint32_t calls) {
  PipelineRig& rig = rig_for(calls, coding, 2);
  std::array<std::vector<std::uint64_t>, 2> batches;
  for (auto _ : state) {
    std::uint64_t both = 0;
    for (const auto arrival : {PipelineRig::Arrival::kAtOwner, PipelineRig::Arrival::kAtOther}) {
      rig.make(traffic, family, octets, arrival);
      const std::uint64_t took = rig.run();
      batches[static_cast<std::size_t>(arrival)].push_back(took);
      both += took;
      if (!rig.collect()) {
        state.SkipWithError("packets were dropped");
        return;
      }
    }
    state.SetIterationTime(static_cast<double>(both) / static_cast<double>(rte_get_tsc_hz()));
  }
  const double direct = median_per_packet(batches[0], 2 * PipelineRig::kBatch);
  const double missed = median_per_packet(batches[1], 2 * PipelineRig::kBatch);
  state.counters["cycles_at_owner"] = direct;
  state.counters["cycles_at_other"] = missed;
  state.counters["cycles_per_handoff"] = missed - direct;
}

constexpr std::array kCodings = {"clear", "mppe", "mppc"};

std::string row_name(Traffic traffic, const char* what, Coding coding, std::size_t octets,
                     std::uint32_t calls) {
  return std::string("BM_") + (traffic == Traffic::kUplink ? "Uplink" : "Downlink") + "_" + what + "/" +
         kCodings[static_cast<std::size_t>(coding)] + "/" + std::to_string(octets) + "/" +
         std::to_string(calls);
}

void measured_by_hand(benchmark::internal::Benchmark* row) {
  row->UseManualTime()->MinTime(0.3)->Unit(benchmark::kMicrosecond);
}

void register_worker_rows() {
  constexpr std::uint32_t kCalls = 65536;
  for (const Coding coding : {Coding::kClear, Coding::kMppe}) {
    for (const Traffic traffic : {Traffic::kUplink, Traffic::kDownlink}) {
      const std::size_t octets = 576;
      for (const std::uint16_t workers : {std::uint16_t{1}, std::uint16_t{2}}) {
        const std::string name =
            row_name(traffic, "Workers", coding, octets, kCalls) + "/" + std::to_string(workers);
        measured_by_hand(benchmark::RegisterBenchmark(name.c_str(), run_workers, traffic, coding, octets,
                                                      kCalls, workers));
      }
      for (const InnerIp family : {InnerIp::kIpv4, InnerIp::kIpv6}) {
        const char* what = family == InnerIp::kIpv4 ? "Handoff" : "Ipv6Handoff";
        measured_by_hand(benchmark::RegisterBenchmark(row_name(traffic, what, coding, octets, kCalls).c_str(),
                                                      run_handoff, traffic, family, coding, octets, kCalls));
      }
    }
  }
}

void register_rows() {
  for (const Coding coding : {Coding::kClear, Coding::kMppe}) {
    for (const std::uint32_t calls : {1U, 1024U, 65536U, 262144U}) {
      for (const Traffic traffic : {Traffic::kUplink, Traffic::kDownlink}) {
        for (const std::size_t octets : {64U, 576U, 1400U}) {
          for (const InnerIp family : {InnerIp::kIpv4, InnerIp::kIpv6}) {
            const char* what = family == InnerIp::kIpv4 ? "Burst" : "Ipv6";
            measured_by_hand(
                benchmark::RegisterBenchmark(row_name(traffic, what, coding, octets, calls).c_str(), run_row,
                                             traffic, family, coding, octets, calls));
          }
        }
      }
    }
  }
}

void register_mppc_rows() {
  constexpr std::uint32_t kCalls = 1024;
  for (const Traffic traffic : {Traffic::kUplink, Traffic::kDownlink}) {
    for (const std::size_t octets : {64U, 576U, 1400U}) {
      measured_by_hand(
          benchmark::RegisterBenchmark(row_name(traffic, "Burst", Coding::kMppc, octets, kCalls).c_str(),
                                       run_row, traffic, InnerIp::kIpv4, Coding::kMppc, octets, kCalls));
    }
  }
}

}  // namespace
}  // namespace adit::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 2;
  }
  if (const auto ready = adit::crypto::initialise(); !ready) {
    std::fprintf(stderr, "pipeline_bench: %s\n", ready.error().c_str());
    return 1;
  }
  if (!adit::bench::start_eal()) {
    std::fprintf(stderr, "pipeline_bench: EAL did not start\n");
    return 1;
  }
  benchmark::AddCustomContext("tsc_mhz", std::to_string(rte_get_tsc_hz() / 1'000'000));
  benchmark::AddCustomContext("data_plane_octets_per_call", std::to_string(sizeof(adit::dataplane::Call)));
  benchmark::AddCustomContext("control_octets_per_call",
                              std::to_string(adit::control::control_octets_per_call()));
  adit::bench::register_rows();
  adit::bench::register_worker_rows();
  adit::bench::register_mppc_rows();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
