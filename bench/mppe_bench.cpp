// SPDX-License-Identifier: Apache-2.0
// The cost of MPPE: bursts of 64 packets spread over 1, 8 or 64 calls (each call's packets adjacent, as the
// data plane arranges them), in place, each packet with its own key as the chains advance; and the cost of
// its parts.
//   BM_Mppe_<Encrypt|Decrypt>/<implementation>/<octets | imix>/<calls>
//   BM_Rc4_Stream/<kernel>/<octets>    key schedule not counted
//   BM_Rc4_Schedule/<kernel>           BM_Rekey_Sha1/<kernel>   per key
//   BM_Rc4_Key/<kernel>                schedule and 16 octets of stream by turns, as keys are changed
// imix: 64, 576 and 1,400 octets in the proportion 7:4:1, shuffled. Every contender is checked against
// OpenSSL before it is timed. All contenders for one input are timed alternately, round by round
// (interleaved.hpp). Where a process's stack and tables happen to lie makes some of them slower for its whole life:
// scripts/bench runs several processes.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <map>
#include <random>

#include "bench/interleaved.hpp"
#include "bench/mppe_contenders.hpp"
#include "crypto/library.hpp"
#include "crypto/mppe_implementations.hpp"
#include "crypto/mppe_rekey.hpp"

namespace adit::bench {
namespace {

using crypto::MppeChain;
using crypto::MppeJob;

constexpr std::size_t kPackets = 64;
constexpr std::size_t kSlot = 2048;
constexpr int kRounds = 100;
constexpr std::size_t kImix = 0;  // instead of a size

std::vector<MppeContender> all_mppe() {
  std::vector<MppeContender> all = mppe_contenders();
  for (const std::string_view name : crypto::mppe_implementations()) {
    all.push_back({std::string(name), crypto::mppe_crypt, [name] {
                     if (!crypto::mppe_select(name)) {
                       std::abort();
                     }
                   }});
  }
  return all;
}

/// One contender's calls and packets. The same seed gives every contender the same burst.
class Burst {
 public:
  Burst(std::size_t octets, std::size_t calls) : chains_(calls), octets_(kPackets * kSlot) {
    std::mt19937_64 random(octets * 100 + calls);
    for (MppeChain& chain : chains_) {
      for (std::size_t i = 0; i < 16; ++i) {
        chain.start_key[i] = static_cast<std::uint8_t>(random());
        chain.session_key[i] = static_cast<std::uint8_t>(random());
      }
    }
    for (std::uint8_t& octet : octets_) {
      octet = static_cast<std::uint8_t>(random());
    }
    constexpr std::uint16_t kMix[] = {64, 576, 64, 576, 64, 1400, 64, 576, 64, 576, 64, 64};
    for (std::size_t i = 0; i < kPackets; ++i) {
      sizes_[i] = octets == kImix ? kMix[i % std::size(kMix)] : static_cast<std::uint16_t>(octets);
    }
    std::shuffle(sizes_.begin(), sizes_.end(), random);
  }
  Burst(const Burst&) = delete;
  Burst& operator=(const Burst&) = delete;

  void make_jobs() {
    const std::size_t per_call = kPackets / chains_.size();
    for (std::size_t i = 0; i < kPackets; ++i) {
      // 58 octets of headers precede a packet in its buffer, so it is rarely aligned.
      jobs_[i] = {.chain = &chains_[i / per_call],
                  .changes = static_cast<std::uint32_t>(1 + i % per_call),
                  .size = sizes_[i],
                  .data = octets_.data() + i * kSlot + 58};
    }
  }
  void run(const Crypt& crypt) {
    crypt(jobs_);
    const std::size_t per_call = kPackets / chains_.size();
    for (std::size_t call = 0; call < chains_.size(); ++call) {
      chains_[call].session_key = jobs_[call * per_call + per_call - 1].key;
    }
  }
  [[nodiscard]] std::size_t payload() const {
    std::size_t sum = 0;
    for (const std::uint16_t size : sizes_) {
      sum += size;
    }
    return sum;
  }
  [[nodiscard]] bool same_as(const Burst& other) const {
    bool same = octets_ == other.octets_;
    for (std::size_t i = 0; i < chains_.size(); ++i) {
      same = same && chains_[i].session_key == other.chains_[i].session_key;
    }
    return same;
  }

 private:
  std::vector<MppeChain> chains_;
  std::vector<std::uint8_t> octets_;
  std::array<std::uint16_t, kPackets> sizes_;
  std::array<MppeJob, kPackets> jobs_;
};

struct Cell {
  std::map<std::string, Figure> figures;  ///< per packet or key
  std::size_t packets = kPackets;         ///< or keys, of one run
  std::size_t payload = 0;                ///< their octets
  std::string error;
};

void keep(Cell& cell, const std::vector<Contender>& contenders, std::size_t units, int rounds) {
  const std::vector<Figure> figures = compare(contenders, rounds);
  for (std::size_t i = 0; i < figures.size(); ++i) {
    const auto each = static_cast<double>(units);
    cell.figures[contenders[i].name] = {figures[i].median / each, figures[i].decile / each,
                                        figures[i].best / each};
  }
}

Cell measure_mppe(std::size_t octets, std::size_t calls) {
  const std::vector<MppeContender> all = all_mppe();
  std::vector<std::unique_ptr<Burst>> bursts;
  std::vector<Contender> contenders;
  Cell cell;
  for (const MppeContender& one : all) {
    bursts.push_back(std::make_unique<Burst>(octets, calls));
    Burst& burst = *bursts.back();
    one.choose();
    for (int round = 0; round < 3; ++round) {
      burst.make_jobs();
      burst.run(one.crypt);
    }
    if (!burst.same_as(*bursts.front())) {
      cell.error += one.name + " differs from " + all.front().name + "; ";
    }
    contenders.push_back({one.name,
                          [&burst, &one] {
                            one.choose();
                            burst.make_jobs();
                          },
                          [&burst, &one] { burst.run(one.crypt); }});
  }
  cell.payload = bursts.front()->payload();
  keep(cell, contenders, kPackets, kRounds);
  return cell;
}

using Keys = std::array<std::array<std::uint8_t, 16>, kPackets>;

void refill(Keys& keys) {
  static std::mt19937_64 random(4);
  for (auto& key : keys) {
    const std::uint64_t halves[] = {random(), random()};
    std::memcpy(key.data(), halves, sizeof halves);
  }
}

std::vector<const crypto::Rc4Kernel*> our_kernels() {
  std::vector<const crypto::Rc4Kernel*> kernels = {&crypto::kRc4Portable};
#if defined(__x86_64__)
  kernels.push_back(&crypto::kRc4Ahead);
  const crypto::CpuFeatures& cpu = crypto::cpu_features();
  if (cpu.avx) {
    kernels.push_back(&crypto::kRc4One);
    kernels.push_back(&crypto::kRc4Four);
  }
  if (cpu.avx512vl) {
    kernels.push_back(&crypto::kRc4Gather8);
    kernels.push_back(&crypto::kRc4Gather16);
  }
#endif
  return kernels;
}

std::vector<Rc4Contender> all_rc4() {
  std::vector<Rc4Contender> all = rc4_contenders();
#ifdef ADIT_BENCHMARK_LIBRARIES
  for (Rc4Contender& one : library_rc4_contenders()) {
    all.push_back(std::move(one));
  }
#endif
  return all;
}

constexpr std::size_t kKeys = 16;  // few enough that all tables stay in the first-level cache, or nearly

/// RC4 of kKeys packets, by a library's cipher for each or by one of our kernels.
class Ciphers {
 public:
  explicit Ciphers(const Rc4Contender& library) {
    for (std::size_t i = 0; i < kKeys; ++i) {
      singles_.push_back(library.make());
    }
  }
  explicit Ciphers(const crypto::Rc4Kernel& kernel) : kernel_(&kernel), scratch_(kKeys / rc4_most(kernel)) {}

  void set_size(std::size_t size) {
    for (std::size_t i = 0; i < kKeys; ++i) {
      packets_[i] = {keys[i].data(), &octets[i * kSlot + 58], size, true};
    }
  }
  void schedule() { run(true, false); }
  void apply() { run(false, true); }
  void by_turns() { run(true, true); }

  Keys keys{};
  std::vector<std::uint8_t> octets = std::vector<std::uint8_t>(kKeys * kSlot);

 private:
  void run(bool schedules, bool streams) {
    for (std::size_t i = 0; i < singles_.size(); ++i) {
      if (schedules) {
        singles_[i]->set_key(keys[i]);
      }
      if (streams) {
        singles_[i]->crypt({packets_[i].data, packets_[i].size});
      }
    }
    for (std::size_t call = 0; call < scratch_.size(); ++call) {
      const std::size_t most = rc4_most(*kernel_);
      if (schedules) {
        kernel_->schedule(scratch_[call], &packets_[call * most], most);
      }
      if (streams) {
        kernel_->apply(scratch_[call], &packets_[call * most], most);
      }
    }
  }

  const crypto::Rc4Kernel* kernel_ = nullptr;
  std::vector<crypto::Rc4Scratch> scratch_;
  std::vector<std::unique_ptr<StreamCipher>> singles_;
  std::array<crypto::Rc4Packet, kKeys> packets_{};
};

enum class Part : std::uint8_t { kSchedules, kStreams, kByTurns };

Cell measure_rc4(Part part, std::size_t size) {
  std::vector<std::unique_ptr<Ciphers>> all;
  std::vector<Contender> contenders;
  const auto add = [&](const std::string& name, const auto& of) {
    all.push_back(std::make_unique<Ciphers>(of));
    Ciphers* const ciphers = all.back().get();
    ciphers->set_size(size);
    contenders.push_back({name,
                          [=] {
                            refill(ciphers->keys);
                            if (part == Part::kStreams) {
                              ciphers->schedule();
                            }
                          },
                          [=] {
                            if (part == Part::kByTurns) {
                              ciphers->by_turns();
                            } else {
                              part == Part::kStreams ? ciphers->apply() : ciphers->schedule();
                            }
                          }});
  };
  for (const Rc4Contender& one : all_rc4()) {
    add(one.name, one);
  }
  for (const crypto::Rc4Kernel* const kernel : our_kernels()) {
    add(std::string("adit_") + kernel->name, *kernel);
  }
  Cell cell;
  cell.packets = kKeys;
  cell.payload = kKeys * size;
  for (const std::unique_ptr<Ciphers>& one : all) {  // all must produce the same octets with one key
    one->schedule();
    one->apply();
    if (one->octets != all.front()->octets) {
      cell.error += contenders[static_cast<std::size_t>(&one - &all.front())].name + " differs; ";
    }
  }
  keep(cell, contenders, kKeys, kRounds);
  return cell;
}

Cell measure_sha1() {
  std::vector<std::pair<std::string, crypto::RekeySha1>> kernels = {
      {"openssl_lowlevel", crypto::rekey_sha1_openssl}, {"portable", crypto::rekey_sha1_portable}};
#ifdef ADIT_IPSEC_MB
  kernels.emplace_back("ipsec-mb", crypto::rekey_sha1_ipsec_mb);
#endif
#if defined(__x86_64__)
  const crypto::CpuFeatures& cpu = crypto::cpu_features();
  const std::pair<bool, std::pair<std::string, crypto::RekeySha1>> more[] = {
      {cpu.sha, {"sha-ni", crypto::rekey_sha1_shani}},
      {cpu.avx2, {"avx2", crypto::rekey_sha1_avx2}},
      {cpu.avx512f, {"avx512", crypto::rekey_sha1_avx512}}};
  for (const auto& [runs, kernel] : more) {
    if (runs) {
      kernels.push_back(kernel);
    }
  }
#endif
  Cell cell;
  static Keys starts;
  refill(starts);
  std::vector<std::unique_ptr<Keys>> keys;
  std::vector<Contender> contenders;
  for (const auto& [name, kernel] : kernels) {
    for (const std::size_t count : {kPackets, std::size_t{1}}) {
      keys.push_back(std::make_unique<Keys>());
      contenders.push_back({name + (count == 1 ? "_one" : ""), [] {},
                            [sessions = keys.back().get(), kernel = kernel, count] {
                              crypto::RekeyLane lanes[kPackets];
                              for (std::size_t i = 0; i < kPackets; ++i) {
                                lanes[i] = {starts[i].data(), (*sessions)[i].data()};
                              }
                              for (std::size_t at = 0; at < kPackets; at += count) {
                                kernel(lanes + at, count, true);
                              }
                            }});
    }
  }
  keep(cell, contenders, kPackets, kRounds);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (*keys[i] != *keys[0]) {
      cell.error += contenders[i].name + " differs; ";
    }
  }
  return cell;
}

/// Rows with the same input share a cell, which is measured with the first of them.
void add_rows(const std::string& subject, const std::string& input, const std::vector<std::string>& names,
              std::function<Cell()> measure) {
  const auto cell = std::make_shared<Cell>();
  for (const std::string& name : names) {
    const auto row = [cell, measure, name](benchmark::State& state) {
      if (cell->figures.empty()) {
        *cell = measure();
      }
      if (!cell->error.empty()) {
        return state.SkipWithError(cell->error.c_str());
      }
      const Figure figure = cell->figures.at(name);
      for (auto _ : state) {
        state.SetIterationTime(figure.median * static_cast<double>(cell->packets) / tsc_hz());
      }
      state.SetItemsProcessed(static_cast<std::int64_t>(cell->packets) * state.iterations());
      state.SetBytesProcessed(static_cast<std::int64_t>(cell->payload * state.iterations()));
      state.counters["cycles_per_packet"] = figure.median;
      state.counters["cycles_per_packet_p10"] = figure.decile;
      state.counters["cycles_per_packet_best"] = figure.best;
    };
    benchmark::RegisterBenchmark((subject + "/" + name + input).c_str(), row)->UseManualTime()->Iterations(1);
  }
}

void register_rows() {
  std::vector<std::string> names;
  for (const MppeContender& one : all_mppe()) {
    names.push_back(one.name);
  }
  for (const std::size_t calls : {64UL, 8UL, 1UL}) {
    for (const std::size_t octets :
         {std::size_t{64}, std::size_t{256}, std::size_t{576}, std::size_t{1400}, kImix}) {
      const std::string input =
          "/" + (octets == kImix ? "imix" : std::to_string(octets)) + "/" + std::to_string(calls);
      for (const char* const subject : {"BM_Mppe_Encrypt", "BM_Mppe_Decrypt"}) {
        add_rows(subject, input, names, [=] { return measure_mppe(octets, calls); });
      }
    }
  }
  names.clear();
  for (const Rc4Contender& one : all_rc4()) {
    names.push_back(one.name);
  }
  for (const crypto::Rc4Kernel* const kernel : our_kernels()) {
    names.push_back(std::string("adit_") + kernel->name);
  }
  add_rows("BM_Rc4_Schedule", "", names, [] { return measure_rc4(Part::kSchedules, 0); });
  add_rows("BM_Rc4_Key", "", names, [] { return measure_rc4(Part::kByTurns, 16); });
  for (const std::size_t octets : {64UL, 256UL, 576UL, 1400UL}) {
    add_rows("BM_Rc4_Stream", "/" + std::to_string(octets), names,
             [=] { return measure_rc4(Part::kStreams, octets); });
  }
  names.clear();
  for (const auto& [name, figure] : measure_sha1().figures) {
    names.push_back(name);
  }
  add_rows("BM_Rekey_Sha1", "", names, [] { return measure_sha1(); });
}

}  // namespace
}  // namespace adit::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 2;
  }
  if (const auto ready = adit::crypto::initialise(); !ready) {
    std::fprintf(stderr, "mppe_bench: %s\n", ready.error().c_str());
    return 1;
  }
  benchmark::AddCustomContext("tsc_mhz", std::to_string(adit::bench::tsc_hz() / 1e6));
  benchmark::AddCustomContext("core_per_tsc", std::to_string(adit::bench::core_per_tsc()));
  benchmark::AddCustomContext("mppe_implementation", std::string(adit::crypto::mppe_implementation()));
  adit::bench::register_rows();
  adit::crypto::mppe_calibrate_again();  // some time later, as aditd does while it starts
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
