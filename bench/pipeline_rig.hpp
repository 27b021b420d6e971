// SPDX-License-Identifier: Apache-2.0
// Workers on ring ports, with any number of calls up, and the other ends of those calls: frames are made
// fresh (new sequence numbers, new keys) outside the measured time; packets that come out are counted, and
// their buffers reused.
#pragma once

#include <rte_mbuf.h>
#include <rte_ring.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "app/host/shared_memory.hpp"
#include "crypto/mppc/mppc_coder.hpp"
#include "crypto/mppe_batch.hpp"
#include "dataplane/call/call_index.hpp"
#include "dataplane/call/call_memory.hpp"
#include "dataplane/contract/mailbox.hpp"
#include "dataplane/worker/data_plane.hpp"
#include "dataplane/worker/worker.hpp"

namespace adit::bench {

/// Starts EAL, with hugepages if there are enough; prints which. Once per process.
[[nodiscard]] bool start_eal();

enum class Traffic : std::uint8_t { kUplink, kDownlink };
enum class InnerIp : std::uint8_t { kIpv4, kIpv6 };
/// What CCP has agreed on. kMppc: MPPC and MPPE, both stateless, and the packets carry HTML.
enum class Coding : std::uint8_t { kClear, kMppe, kMppc };

class PipelineRig {
 public:
  static constexpr std::size_t kBatch = 1024;  ///< packets made, measured and collected at a time
  static constexpr std::uint16_t kMaxWorkers = 2;

  /// Call n belongs to worker n % workers.
  PipelineRig(std::uint32_t calls, Coding coding, std::uint16_t workers = 1);
  ~PipelineRig();
  PipelineRig(const PipelineRig&) = delete;
  PipelineRig& operator=(const PipelineRig&) = delete;

  /// Evicts what make() made from all caches, as if a NIC or another core had written it: otherwise the
  /// worker on the maker's own core would find its frames in the cache, and the others would not.
  void evict() const;

  enum class Arrival : std::uint8_t { kAtOwner, kAtOther };
  /// Puts kBatch frames per worker, carrying inner IP packets of `inner_octets`, on the port where they
  /// arrive: on the queue that their call's owner polls, or on another one.
  void make(Traffic traffic, std::size_t inner_octets, Arrival arrival = Arrival::kAtOwner) {
    make(traffic, InnerIp::kIpv4, inner_octets, arrival);
  }
  void make(Traffic traffic, InnerIp family, std::size_t inner_octets, Arrival arrival = Arrival::kAtOwner);
  /// Lets the workers poll, one after another, until they find nothing; TSC cycles.
  std::uint64_t run();
  /// Each worker on its own core, all at once; TSC cycles from the common start until the last is done.
  std::uint64_t run_in_parallel();
  /// Collects what was sent; false if a packet is missing.
  [[nodiscard]] bool collect();

  dataplane::Worker& worker() { return plane_->worker({0}); }
  [[nodiscard]] std::size_t workers() const { return plane_->worker_count(); }
  [[nodiscard]] std::uint32_t calls() const { return static_cast<std::uint32_t>(peers_.size()); }
  [[nodiscard]] Coding coding() const { return coding_; }

 private:
  /// The client's end of one call.
  struct PeerEnd {
    crypto::MppeChain chain;
    std::uint32_t sequence = 0;
    std::uint16_t count = 0;
  };

  /// The second worker's thread.
  class Partner {
   public:
    Partner(dataplane::Worker& worker, int cpu);
    /// It polls until it finds nothing.
    void start() { asked_.fetch_add(1, std::memory_order_release); }
    /// When it had found nothing, in TSC cycles.
    [[nodiscard]] std::uint64_t wait() const;

   private:
    std::atomic<std::uint64_t> asked_{0};
    std::atomic<std::uint64_t> done_{0};
    std::uint64_t ended_ = 0;
    std::jthread thread_;
  };

  void install(std::uint32_t number);
  void spread_acknowledgements();
  [[nodiscard]] std::uint16_t worker_of(std::uint32_t number) const;
  [[nodiscard]] contract::CallRef ref_of(std::uint32_t number) const;
  [[nodiscard]] std::uint32_t next_call();
  void tell(std::uint32_t number, const contract::ToWorker& message);
  std::size_t write_uplink(std::uint8_t* at, std::uint32_t number, InnerIp family, std::size_t inner_octets);
  std::size_t write_downlink(std::uint8_t* at, std::uint32_t number, InnerIp family,
                             std::size_t inner_octets);
  void write_inner(std::uint8_t* at, Traffic traffic, InnerIp family, std::uint32_t number,
                   std::size_t octets);
  void encrypt();
  void place_calls(const dataplane::Settings& settings, std::uint16_t workers);

  const Coding coding_;
  std::optional<app::SharedMemory> call_octets_;  ///< as aditd has it, with ADIT_BENCH_CALLS=shared
  std::optional<dataplane::CallMemory> call_memory_;
  std::unique_ptr<dataplane::DataPlane<dataplane::Worker>> plane_;
  std::vector<PeerEnd> peers_;
  std::vector<std::uint32_t> walk_;  ///< the calls in a seeded random order, visited cyclically
  std::size_t step_ = 0;
  std::vector<rte_mbuf*> made_;
  std::vector<std::vector<std::uint8_t>> pages_;  ///< what the packets of kMppc carry
  std::size_t next_page_ = 0;
  crypto::MppcScratch scratch_;
  std::vector<crypto::MppeJob> jobs_;
  std::vector<std::uint32_t> job_calls_;
  std::uint64_t forwarded_ = 0;
  std::unique_ptr<Partner> partner_;  ///< of two workers; the first is the caller's
};

}  // namespace adit::bench
