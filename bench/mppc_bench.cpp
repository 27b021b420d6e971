// SPDX-License-Identifier: Apache-2.0
// The cost of MPPC, and what it saves, against FreeRDP's coder and decoder of the same 8 KiB:
//   BM_Mppc_Compress/<implementation>/<corpus>/<octets>     BM_Mppc_Decompress/...
// adit and freerdp keep a history, as one call does; adit_stateless forgets it with each packet. Both decoders read what our
// coder wrote. The corpora are those of tests/crypto/mppc/corpus.hpp, enough packets that no branch predictor learns them;
// of those that do not shrink there is nothing to decompress. All contenders for one input are timed alternately
// (interleaved.hpp).
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "bench/interleaved.hpp"
#include "crypto/mppc/mppc_coder.hpp"
#include "crypto/mppc/mppc_decoder.hpp"
#include "tests/crypto/mppc/corpus.hpp"
#include "tests/crypto/mppc/freerdp.hpp"

namespace adit::bench {
namespace {

using Octets = std::vector<std::uint8_t>;

constexpr std::size_t kInput = 128 * 1024;
constexpr int kRounds = 60;

struct Coded {
  Octets octets;  ///< none: did not shrink
  crypto::MppcFlags flags;
};

/// One input's packets, and what each contender needs for them.
class Case {
 public:
  Case(std::string_view corpus, std::size_t octets) {
    crypto::test::Corpus source(corpus);
    for (std::size_t i = 0; i < kInput / octets; ++i) {
      packets_.push_back(source.packet(octets));
    }
    for (const Octets& packet : packets_) {
      const crypto::MppcCompressed sent = mppc_compress(*sender_, packet, out_);
      stateful_.push_back(
          {{out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(sent.size)}, sent.flags});
      const std::size_t size = mppc_compress(*scratch_, packet, out_);
      stateless_.push_back(
          {{out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(size)}, {.flushed = true}});
      const auto theirs = their_coder_.compress(packet).octets;
      theirs_ += theirs.empty() ? packet.size() : theirs.size();
    }
  }

  [[nodiscard]] std::size_t octets() const { return packets_.size() * packets_[0].size(); }
  [[nodiscard]] double ratio(const std::string& name) const {
    if (name == "freerdp") {
      return static_cast<double>(theirs_) / static_cast<double>(octets());
    }
    std::size_t sum = 0;
    for (std::size_t i = 0; i < packets_.size(); ++i) {
      const Octets& coded = (name == "adit" ? stateful_ : stateless_)[i].octets;
      sum += coded.empty() ? packets_[i].size() : coded.size();
    }
    return static_cast<double>(sum) / static_cast<double>(octets());
  }

  std::vector<Contender> coders() {
    return {{"freerdp", [this] { their_coder_.reset(); },
             [this] {
               for (const Octets& packet : packets_) {
                 benchmark::DoNotOptimize(their_coder_.compress(packet));
               }
             }},
            {"adit", [this] { *sender_ = {}; },
             [this] {
               for (const Octets& packet : packets_) {
                 benchmark::DoNotOptimize(mppc_compress(*sender_, packet, out_));
               }
             }},
            {"adit_stateless", [] {},
             [this] {
               for (const Octets& packet : packets_) {
                 benchmark::DoNotOptimize(mppc_compress(*scratch_, packet, out_));
               }
             }}};
  }

  std::vector<Contender> decoders() {
    return {{"freerdp", [this] { their_decoder_.reset(); },
             [this] {
               for (const Coded& coded : stateful_) {
                 if (!coded.octets.empty()) {
                   benchmark::DoNotOptimize(their_decoder_.decompress(coded.flags, coded.octets));
                 }
               }
             }},
            {"adit", [this] { *receiver_ = {}; },
             [this] {
               for (const Coded& coded : stateful_) {
                 const std::size_t size =
                     coded.octets.empty() ? 0 : *mppc_decompress(*receiver_, coded.flags, coded.octets, out_);
                 receiver_->commit(coded.flags, std::span(out_).first(size));
               }
             }},
            {"adit_stateless", [] {},
             [this] {
               for (const Coded& coded : stateless_) {
                 if (!coded.octets.empty()) {
                   benchmark::DoNotOptimize(crypto::mppc_decompress(coded.octets, out_));
                 }
               }
             }}};
  }

 private:
  std::vector<Octets> packets_;
  std::vector<Coded> stateful_;
  std::vector<Coded> stateless_;
  std::size_t theirs_ = 0;
  Octets out_ = Octets(2048);
  std::unique_ptr<crypto::MppcScratch> scratch_ = std::make_unique<crypto::MppcScratch>();
  std::unique_ptr<crypto::MppcSendHistory> sender_ = std::make_unique<crypto::MppcSendHistory>();
  std::unique_ptr<crypto::MppcHistory> receiver_ = std::make_unique<crypto::MppcHistory>();
  crypto::test::FreerdpCoder their_coder_;
  crypto::test::FreerdpDecoder their_decoder_;
};

void add_rows(bool compresses, const std::string& corpus, std::size_t octets) {
  const auto figures = std::make_shared<std::vector<Figure>>();
  const auto input = std::make_shared<std::unique_ptr<Case>>();
  const std::string names[] = {"freerdp", "adit", "adit_stateless"};
  for (std::size_t i = 0; i < std::size(names); ++i) {
    const auto row = [=, name = names[i]](benchmark::State& state) {
      if (figures->empty()) {
        *input = std::make_unique<Case>(corpus, octets);
        *figures = compare(compresses ? (*input)->coders() : (*input)->decoders(), kRounds);
      }
      const Figure& figure = (*figures)[i];
      const auto all = static_cast<double>((*input)->octets());
      for (auto _ : state) {
        state.SetIterationTime(figure.median / tsc_hz());
      }
      state.SetBytesProcessed(static_cast<std::int64_t>((*input)->octets()) * state.iterations());
      state.counters["cycles_per_octet"] = figure.median / all;
      state.counters["cycles_per_octet_p10"] = figure.decile / all;
      state.counters["cycles_per_octet_best"] = figure.best / all;
      state.counters["ratio"] = (*input)->ratio(name);
    };
    const std::string name = std::string(compresses ? "BM_Mppc_Compress/" : "BM_Mppc_Decompress/") +
                             names[i] + "/" + corpus + "/" + std::to_string(octets);
    benchmark::RegisterBenchmark(name.c_str(), row)->UseManualTime()->Iterations(1);
  }
}

}  // namespace
}  // namespace adit::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 2;
  }
  benchmark::AddCustomContext("tsc_mhz", std::to_string(adit::bench::tsc_hz() / 1e6));
  benchmark::AddCustomContext("core_per_tsc", std::to_string(adit::bench::core_per_tsc()));
  for (const bool compresses : {true, false}) {
    for (const std::string_view corpus : adit::crypto::test::kCorpora) {
      for (const std::size_t octets : {64UL, 256UL, 576UL, 1400UL}) {
        if (compresses || (corpus != "tls" && corpus != "random")) {
          adit::bench::add_rows(compresses, std::string(corpus), octets);
        }
      }
    }
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
