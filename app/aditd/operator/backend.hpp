// SPDX-License-Identifier: Apache-2.0
// What the operator's socket needs from the process. Implemented by OperatorView and by tests.
// Thread: control.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/aditd/config/sheet.hpp"
#include "app/aditd/events/event_feed.hpp"
#include "app/aditd/operator/stream.hpp"
#include "controlplane/auth/trial_login.hpp"
#include "controlplane/concentrator/concentrator.hpp"
#include "controlplane/radius/accounting.hpp"
#include "controlplane/radius/client.hpp"
#include "controlplane/radius/dae/dynamic_authorization.hpp"
#include "dataplane/base/counters.hpp"
#include "dataplane/contract/messages.hpp"

namespace adit::app {

/// How long a trace of a call lasts, and how many lines it has at most.
struct TraceLimits {
  std::chrono::seconds time{30};
  std::uint64_t lines = 0;  ///< 0: any number
  static constexpr std::chrono::seconds kMostTime{600};
};

struct RadiusStatus {
  std::vector<control::radius::ServerStatus> servers{};
  control::radius::AccountingStatus accounting{};
  std::vector<control::radius::DaeClientStatus> dae{};
  std::uint64_t dae_strangers = 0;  ///< datagrams from addresses that no [[dae-client]] has
};

struct SessionRow {
  control::CallStatus call;
  contract::CallTotals totals;  ///< so far
  control::Duration uptime{0};  ///< since IP came up; before that, since the call began
};

/// One call in full.
struct SessionInFull {
  SessionRow row;
  control::CallDetails details;
  std::vector<std::pair<std::string_view, std::uint64_t>>
      drops;                                 ///< of its packets, by reason; the first few reasons
  std::optional<contract::CallState> state;  ///< none: its worker did not answer in time
  /// Octets of the totals that MPPC kept off the line, from the peer and to it.
  std::uint64_t rx_saved = 0, tx_saved = 0;
};

/// How many wait in one of a worker's rings, at about this moment.
struct RingDepth {
  std::string_view ring;
  std::uint32_t depth = 0, entries = 0;
};

/// Counts since the worker started.
struct WorkerRow {
  std::uint16_t worker = 0;
  unsigned lcore = 0;
  double busy = 0;  ///< share of its time spent on packets, 0..1
  dataplane::WorkerCounterValues counters;
  std::uint64_t drops = 0;
  std::array<std::uint64_t, dataplane::kDropReasons> drops_by{};  ///< by DropReason
  double busy_seconds = 0;
  std::vector<contract::HistogramValues> histograms{};  ///< as dataplane::kWorkerHistogramTexts
  std::vector<RingDepth> rings{};
};

/// What the control thread measures of itself.
/// Logins by certificate, and the threads that do their public-key work.
struct CertificateMeasures {
  std::uint64_t begun = 0, proven = 0, refused = 0, busy = 0;  ///< control::TlsLogins::Counts
  std::uint64_t connections = 0;                               ///< of TLS, now
  std::uint64_t work_waiting = 0, work_most = 0, work_done = 0;
  double work_seconds = 0;
};

struct ControlMeasures {
  contract::HistogramValues turns;        ///< of its loop, without the sleep
  contract::HistogramValues timers_late;  ///< see control::TimerWheel::lateness()
  double started_at = 0;                  ///< UNIX seconds
  double configured_at = 0;               ///< when the configuration that runs was read
  bool reload_succeeded = true;           ///< the last one; the start counts as one
  CertificateMeasures certificates{};
};

/// One drop reason, summed over the workers. The texts are literals.
struct DropRow {
  std::string_view name;
  std::string_view text;
  std::uint64_t packets = 0;
};

/// One pool of packet buffers. Whether buffers held by devices and caches count as free is up to DPDK:
/// compare with an idle moment.
struct BufferRow {
  std::string name;
  std::uint64_t total = 0;
  std::uint64_t free = 0;
};

/// How one port picks the receive queue of a packet, and how often that queue was not the owner's.
struct SteeringRow {
  std::string port;
  std::string_view role;
  std::uint16_t queues = 0;
  std::string_view by;    ///< dataplane::SteeringBy as text
  std::size_t table = 0;  ///< entries of its redirection table, when RSS decides
  std::size_t rules = 0;  ///< flow rules that the device accepted
  std::uint64_t packets = 0, missed = 0;
};

/// One running port. Packet counts are the device's: all its VLANs show the same.
struct PortRow {
  std::string name;
  std::string_view driver, role;
  std::uint16_t device = 0;  ///< DPDK's port number
  std::string vlan;          ///< "100", "200.100", empty: untagged
  std::string interface;     ///< its kernel interface
  std::string mac;
  bool link_up = false;
  std::uint32_t mbit = 0;  ///< 0: unknown
  std::uint16_t mtu = 0, rx_queues = 0, tx_queues = 0;
  std::uint64_t rx_packets = 0, tx_packets = 0, rx_missed = 0;
  std::uint64_t rx_bytes = 0, tx_bytes = 0, rx_errors = 0, tx_errors = 0;
  dataplane::PortCounterValues arrivals;  ///< what all workers together received from it
  std::uint64_t flaps = 0, restarts = 0;
};

/// One table that grows with calls: its occupancy and memory.
struct MemoryRow {
  std::string_view table;
  std::uint64_t used = 0, entries = 0;  ///< entries 0: no fixed size
  std::uint64_t octets = 0;
};

/// The row of stateful MPPC.
inline constexpr std::string_view kMppcHistories = "mppc histories";

/// A list of sessions, a slice at a time: visits the next ones. False: they were the last. A visit that returns false ends
/// the slice; the next one begins with that session, and so does a list from its place (worker and slot of its CallRef).
using NextSessions = std::function<bool(const std::function<bool(const SessionRow&)>& visit)>;

/// The next slice of source addresses; one that is limited again meanwhile may be missing. False: it was the last.
using NextSources = std::function<bool(const std::function<void(const control::SourceStatus&)>& visit)>;

class OperatorBackend {
 public:
  virtual ~OperatorBackend() = default;
  /// All of them from there on; one that begins or ends meanwhile may be missing. Only while the backend lives.
  [[nodiscard]] virtual NextSessions sessions(control::CallPlace from) const = 0;
  /// Those that `selector` names, the newest of many, in full, and how many it names; `done` is called now or later.
  using Inspected = std::function<void(const std::vector<SessionInFull>& sessions, std::size_t calls)>;
  virtual void inspect(const control::SessionSelector& selector, Inspected done) = 0;
  /// Of calls that go on and of the last that ended, the newest first; a bounded number.
  [[nodiscard]] virtual std::vector<control::StoryRow> stories(
      const control::StorySelector& selector) const = 0;
  [[nodiscard]] virtual control::ConcentratorStats stats() const = 0;
  [[nodiscard]] virtual const control::CallMeasures& call_measures() const = 0;
  [[nodiscard]] virtual ControlMeasures control_measures() const = 0;
  /// All reasons, including those with no packets.
  [[nodiscard]] virtual std::vector<DropRow> drops() const = 0;
  [[nodiscard]] virtual std::vector<WorkerRow> workers() const = 0;
  [[nodiscard]] virtual std::vector<control::PoolStatus> pools() const = 0;
  /// Those that were limited, evicted or delayed, the last ones first. Only while the backend lives.
  [[nodiscard]] virtual NextSources limited_sources() const = 0;
  [[nodiscard]] virtual std::vector<BufferRow> buffers() const = 0;
  [[nodiscard]] virtual std::vector<SteeringRow> steering() const = 0;
  [[nodiscard]] virtual std::vector<PortRow> ports() const = 0;
  [[nodiscard]] virtual RadiusStatus radius() const = 0;
  /// Asks the RADIUS servers as for a client that dials; `done` may be called later, or never if the servers
  /// are removed first.
  virtual void try_login(control::TrialLogin login, control::TrialLogins::Done done) = 0;
  /// What a reload has done, or would do.
  struct ReloadReport {
    bool dry_run = false;
    std::size_t users = 0;              ///< of chap-secrets
    std::vector<ConfigChange> changes;  ///< what the file says otherwise than what ran
    std::vector<std::string> warnings;  ///< about the file, a line each
  };
  using ReloadResult = std::expected<ReloadReport, std::string>;
  using Reloaded = std::function<void(const ReloadResult& result)>;
  /// kDryRun: all but the applying of it.
  enum class Reload : std::uint8_t { kApply, kDryRun };
  /// Reads the configuration again and calls `done`, now or later: each key counts as its ReloadEffect says, chap-secrets
  /// at once. The error has a line for each problem; nothing has changed then.
  virtual void reload(Reload how, Reloaded done) = 0;
  /// What runs, and the file as last loaded. Only while the backend lives, and until it reloads.
  [[nodiscard]] virtual const RunningConfig& config() const = 0;
  /// Stops and starts the port's device and calls `done`, now or later; calls stay up. The error says why it did not
  /// start, and what to do.
  using Restarted = std::function<void(const std::expected<void, std::string>& result)>;
  virtual void restart_port(const std::string& name, Restarted done) = 0;
  /// The log's last rows. It outlives every subscription.
  [[nodiscard]] virtual EventFeed& events() = 0;
  /// One per worker.
  [[nodiscard]] virtual std::vector<control::WorkerSeats> seats() const = 0;
  [[nodiscard]] virtual std::vector<MemoryRow> memory() const = 0;
  /// Whether a worker gets new calls. False: no such worker, or the last one in use.
  virtual bool use_worker(std::uint16_t worker, bool in_use) = 0;
  // These two go through the calls a slice a turn, to the end, and then call `done` with how many they were.
  using Counted = std::function<void(std::size_t calls)>;
  /// Changes the rate limits of calls; without a rate, restores their own.
  virtual void set_rate(control::SessionSelector selector, std::optional<control::SubscriberRate> rate,
                        Counted done) = 0;
  /// Asks calls to end; hard: without LCP's Terminate-Request. `by`: who asks, for the log.
  virtual void terminate(control::SessionSelector selector, bool hard, const std::string& by,
                         Counted done) = 0;

  /// The calls that match, of many the newest, and how many they are.
  struct FoundCalls {
    std::size_t count = 0;
    std::vector<control::CallStatus> calls;
  };
  [[nodiscard]] virtual FoundCalls find_calls(const control::SessionSelector& /*selector*/) const {
    return {};
  }
  /// Sends the call's packets to `sink`, as lines "packet" and a last one "end", while the subscription lasts. The error
  /// says why not. `by`: who asks.
  [[nodiscard]] virtual std::expected<std::unique_ptr<Subscription>, std::string> trace(
      const control::CallStatus& /*call*/, const TraceLimits& /*limits*/, const std::string& /*by*/,
      StreamSink& /*sink*/) {
    return std::unexpected("nothing can be traced");
  }

  /// kNow: every client is told to go, then aditd ends. kHard: it ends at once. kSoft: no new calls are taken, and it ends
  /// with the last call; kCancel: they are taken again. The error says why that cannot be.
  enum class Shutdown : std::uint8_t { kNow, kHard, kSoft, kCancel };
  [[nodiscard]] virtual std::expected<void, std::string> shut_down(Shutdown how) = 0;

  /// What was asked for that changes something, as JSON, by whom, and what came of it: for the log. "begun": it takes time,
  /// and another note follows.
  struct Action {
    std::string_view by, method;
    std::string params, result;
  };
  virtual void note(const Action& /*action*/) {}
};

}  // namespace adit::app
