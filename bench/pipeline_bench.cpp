// SPDX-License-Identifier: Apache-2.0
// What a packet costs on its way up and down: poll_once() of one worker on ring ports, from the receive ring to the
// transmit ring. Every packet has a key and sequence number of its own; calls are visited in a random order; making the
// frames is not measured. Cycles are TSC cycles. One-way traffic: every 8th packet up of a call costs a bare
// acknowledgement besides (64k calls of one packet each: none).
//   BM_<Uplink|Downlink>_Burst/<clear|mppe>/<inner IP octets>/<calls>
#include <benchmark/benchmark.h>
#include <rte_cycles.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "bench/pipeline_rig.hpp"
#include "controlplane/concentrator.hpp"
#include "crypto/library.hpp"

namespace adit::bench {
namespace {

/// The rig of the row before, when it serves this one too: 65,536 calls take a second to install.
PipelineRig& rig_for(std::uint32_t calls, bool mppe) {
  static std::unique_ptr<PipelineRig> rig;
  if (rig == nullptr || rig->calls() != calls || rig->mppe() != mppe) {
    rig.reset();  // its memory first
    rig = std::make_unique<PipelineRig>(calls, mppe);
  }
  return *rig;
}

/// Cycles per packet of each stage, from rounds of their own: reading the clock between stages costs some itself.
void count_stages(benchmark::State& state, PipelineRig& rig, Traffic traffic, std::size_t octets) {
  constexpr int kRounds = 9;
  std::array<std::vector<std::uint64_t>, dataplane::kStageNames.size()> rounds;
  for (int round = 0; round < kRounds; ++round) {
    dataplane::StageProfile profile;
    rig.worker().set_profile(&profile);
    rig.make(traffic, octets);
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

void run_row(benchmark::State& state, Traffic traffic, bool mppe, std::size_t octets, std::uint32_t calls) {
  PipelineRig& rig = rig_for(calls, mppe);
  const double tsc_hz = static_cast<double>(rte_get_tsc_hz());
  std::vector<std::uint64_t> batches;
  for (auto _ : state) {
    rig.make(traffic, octets);
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
  // The median batch: one that somebody else's time slice fell into says nothing of us.
  std::ranges::sort(batches);
  state.counters["cycles_per_packet"] =
      static_cast<double>(batches[batches.size() / 2]) / PipelineRig::kBatch;
  state.counters["cycles_per_packet_best"] = static_cast<double>(batches.front()) / PipelineRig::kBatch;
  count_stages(state, rig, traffic, octets);
}

void register_rows() {
  for (const bool mppe : {false, true}) {
    for (const std::uint32_t calls : {1U, 1024U, 65536U}) {
      for (const Traffic traffic : {Traffic::kUplink, Traffic::kDownlink}) {
        for (const std::size_t octets : {64U, 576U, 1400U}) {
          const std::string name =
              std::string("BM_") + (traffic == Traffic::kUplink ? "Uplink" : "Downlink") + "_Burst/" +
              (mppe ? "mppe" : "clear") + "/" + std::to_string(octets) + "/" + std::to_string(calls);
          benchmark::RegisterBenchmark(name.c_str(), run_row, traffic, mppe, octets, calls)
              ->UseManualTime()
              ->MinTime(0.3)
              ->Unit(benchmark::kMicrosecond);
        }
      }
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
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
