// SPDX-License-Identifier: Apache-2.0
// A data plane: workers, a mailbox for each, and what they share with control (call index, hand-off rings,
// routes). Every data plane is built here, whatever its workers' stages are: the concentrator's, the load
// generator's, a test's or a benchmark's.
// Thread: control. Owner: the program's runtime, which closes the ports after it.
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/base/settings.hpp"
#include "dataplane/call/call_index.hpp"
#include "dataplane/call/call_memory.hpp"
#include "dataplane/contract/mailbox.hpp"
#include "dataplane/contract/trace_ring.hpp"
#include "dataplane/path/handoff.hpp"
#include "dataplane/worker/route_snapshots.hpp"
#include "dataplane/worker/worker_core.hpp"

namespace adit::dataplane {

struct OpenPort;

/// A port and how many queues it was started with. Worker w polls receive queues w, w + workers, ... and
/// sends on transmit queue w if there is one, otherwise through worker w % tx_queues.
struct PortQueues {
  Port port;
  std::uint16_t rx_queues = 1;  ///< 0: another port of the same device delivers its frames
  std::uint16_t tx_queues = 1;
};
[[nodiscard]] std::vector<PortQueues> queues_of(std::span<const OpenPort> ports);

/// What a data plane needs besides the operator's settings. Everything pointed to must outlive it.
struct DataPlaneResources {
  std::vector<int>
      sockets;  ///< the NUMA node of each worker (SOCKET_ID_ANY, -1: any); one element per worker
  std::vector<PortQueues> ports;
  rte_mempool* pool = nullptr;                               ///< for packets that workers originate
  unsigned id_host_bits = 0;                                 ///< see CallIndex
  int control_wake_fd = -1;                                  ///< eventfd to write when control sleeps
  KernelRings* kernel = nullptr;                             ///< for ports that punt; nullptr: none do
  const std::atomic<std::uint32_t>* paused_ports = nullptr;  ///< see WorkerSettings
  /// Where the workers' calls stand, of call_tables_shape(). nullptr: in DPDK's memory, which ends with the process.
  const CallMemory* call_memory = nullptr;
};

/// The tables of calls that a data plane of so many workers has.
[[nodiscard]] CallTablesShape call_tables_shape(const Settings& settings, std::uint16_t workers) noexcept;

/// Everything but the workers.
class DataPlaneCore {
 public:
  DataPlaneCore(const DataPlaneCore&) = delete;
  DataPlaneCore& operator=(const DataPlaneCore&) = delete;

  [[nodiscard]] std::uint16_t worker_count() const {
    return static_cast<std::uint16_t>(resources_.sockets.size());
  }
  [[nodiscard]] std::uint32_t slots_per_worker() const { return slots_per_worker_; }
  /// Pairs of histories for stateful MPPC.
  [[nodiscard]] std::uint32_t mppc_histories_per_worker() const { return mppc_histories_per_worker_; }
  [[nodiscard]] contract::Mailbox& mailbox(contract::WorkerId worker) { return *mailboxes_[worker.value]; }
  /// Where a worker records traced packets: made when it is first asked for, and kept. Warm it before a worker is told.
  [[nodiscard]] contract::TraceRing& trace_ring(contract::WorkerId worker);
  /// Indexed by worker.
  [[nodiscard]] std::span<contract::Mailbox* const> mailboxes() const { return mailbox_list_; }
  /// What other workers have handed to this one.
  [[nodiscard]] const rte_ring& handoff(contract::WorkerId worker) const { return *rings_.of(worker); }
  [[nodiscard]] CallIndex& index() { return index_; }
  [[nodiscard]] const CallIndex& index() const { return index_; }

 protected:
  DataPlaneCore(const Settings& settings, DataPlaneResources resources);
  ~DataPlaneCore() = default;

  /// False: there is memory for calls, but of another shape.
  [[nodiscard]] bool fits_call_memory() const noexcept;
  /// For the next worker; false: out of memory.
  [[nodiscard]] bool add_mailbox();
  [[nodiscard]] WorkerSettings settings_of(std::uint16_t worker) const;
  [[nodiscard]] WorkerShares shares_of(std::uint16_t worker) const {
    return {.index = index_, .mailbox = *mailboxes_[worker], .next_hops = routes_.cell(), .rings = rings_};
  }
  [[nodiscard]] static std::expected<void, std::string> launch(int (*run)(void*), void* worker,
                                                               std::uint16_t number, unsigned lcore);
  /// Waits until no lcore runs a worker.
  static void wait_for_lcores();

  RouteSnapshots routes_;

 private:
  struct ReleaseMailbox {
    void operator()(contract::Mailbox* mailbox) const;
  };

  const Settings settings_;
  const DataPlaneResources resources_;
  const std::uint32_t slots_per_worker_;
  const std::uint32_t mppc_histories_per_worker_;
  CallIndex index_;
  HandoffRings rings_;
  std::vector<std::unique_ptr<contract::Mailbox, ReleaseMailbox>> mailboxes_;
  std::vector<contract::Mailbox*> mailbox_list_;
  std::vector<std::unique_ptr<contract::TraceRing>> trace_rings_;  // by worker
};

template <typename WorkerType>
class DataPlane final : public DataPlaneCore {
 public:
  /// Builds a worker for each of `resources.sockets`: WorkerType::create(settings, shares, stages...). EAL
  /// must be up. The error says what there was no memory for, and what to do.
  template <typename... Stages>
  [[nodiscard]] static std::expected<std::unique_ptr<DataPlane>, std::string> create(
      const Settings& settings, DataPlaneResources resources, Stages&... stages) {
    std::unique_ptr<DataPlane> plane(new DataPlane(settings, std::move(resources)));
    if (!plane->fits_call_memory()) {
      return std::unexpected("the memory for calls was made for other workers, slots or modes");
    }
    for (std::uint16_t number = 0; number < plane->worker_count(); ++number) {
      if (!plane->add_mailbox()) {
        return std::unexpected("no DPDK memory for the mailbox of worker " + std::to_string(number) +
                               "; reserve more hugepages, or give more with `-- -m MEGABYTES`");
      }
      auto worker = WorkerType::create(plane->settings_of(number), plane->shares_of(number), stages...);
      if (!worker) {
        return std::unexpected(std::move(worker.error()));
      }
      plane->workers_.push_back(std::move(*worker));
    }
    return plane;
  }

  /// Stops the workers, if launched.
  ~DataPlane() {
    if (launched_) {
      for (const auto& worker : workers_) {
        worker->stop();
      }
      wait_for_lcores();
    }
  }

  /// Starts each worker on its lcore. An error as well: one has inherited calls and nobody has said which live on.
  [[nodiscard]] std::expected<void, std::string> launch(std::span<const unsigned> lcores) {
    for (const auto& worker : workers_) {
      if (worker->awaits_adoption()) {
        return std::unexpected("a worker's calls of the process before are neither adopted nor freed");
      }
    }
    launched_ = true;
    for (std::uint16_t number = 0; number < worker_count(); ++number) {
      if (auto launched =
              DataPlaneCore::launch(&WorkerType::launch, workers_[number].get(), number, lcores[number]);
          !launched) {
        return launched;
      }
    }
    return {};
  }

  [[nodiscard]] WorkerType& worker(contract::WorkerId worker) { return *workers_[worker.value]; }
  [[nodiscard]] const WorkerType& worker(contract::WorkerId worker) const { return *workers_[worker.value]; }
  [[nodiscard]] std::span<const std::unique_ptr<WorkerType>> workers() const { return workers_; }

  /// Completed loop iterations of each worker.
  [[nodiscard]] std::vector<std::uint64_t> iterations() const {
    std::vector<std::uint64_t> iterations;
    for (const auto& worker : workers_) {
      iterations.push_back(worker->iterations());
    }
    return iterations;
  }
  /// From their next iteration on, workers look destinations up in `hops`.
  void publish(std::unique_ptr<const NextHops> hops) {
    routes_.publish(std::move(hops), [this] { return iterations(); });
  }
  /// What was published last; nullptr: nothing yet. It lives until the next is published.
  [[nodiscard]] const NextHops* routes() const { return routes_.latest(); }
  /// Frees snapshots that no worker can still be using. Cheap; call it from time to time.
  void reclaim() {
    routes_.reclaim([this] { return iterations(); });
  }

 private:
  using DataPlaneCore::DataPlaneCore;

  std::vector<std::unique_ptr<WorkerType>> workers_;
  bool launched_ = false;
};

}  // namespace adit::dataplane
