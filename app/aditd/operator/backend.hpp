// SPDX-License-Identifier: Apache-2.0
// What the operator's socket asks of the process: implemented by OperatorView, and by tests.
// Thread: control.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/auth/trial_login.hpp"
#include "controlplane/concentrator/concentrator.hpp"
#include "controlplane/radius/accounting.hpp"
#include "controlplane/radius/client.hpp"
#include "controlplane/radius/dae/dynamic_authorization.hpp"
#include "dataplane/base/counters.hpp"
#include "dataplane/contract/messages.hpp"

namespace adit::app {

struct RadiusStatus {
  std::vector<control::radius::ServerStatus> servers{};
  control::radius::AccountingStatus accounting{};
  std::vector<control::radius::DaeClientStatus> dae{};
  std::uint64_t dae_strangers = 0;  ///< datagrams from addresses that are no [[dae-client]]'s
};

struct SessionRow {
  control::CallStatus call;
  contract::CallTotals totals;  ///< so far
  control::Duration uptime{0};  ///< since IP came up; before that, since the call began
};

/// All counts are since the worker started.
struct WorkerRow {
  std::uint16_t worker = 0;
  unsigned lcore = 0;
  double busy = 0;  ///< share of its time that it spent on packets, 0..1
  dataplane::WorkerCounterValues counters;
  std::uint64_t drops = 0;
};

/// One reason, all workers together. The texts are literals.
struct DropRow {
  std::string_view name;
  std::string_view text;
  std::uint64_t packets = 0;
};

/// One pool of packet buffers. What devices and caches hold ready counts as free or not as DPDK has it: compare with an
/// idle moment.
struct BufferRow {
  std::string name;
  std::uint64_t total = 0;
  std::uint64_t free = 0;
};

/// One port: how it chooses the queue of what it receives, and how often that was not the owner's.
struct SteeringRow {
  std::string port;
  std::string_view role;
  std::uint16_t queues = 0;
  std::string_view by;    ///< dataplane::SteeringBy as text
  std::size_t table = 0;  ///< entries of its redirection table, when RSS decides
  std::size_t rules = 0;  ///< flow rules that it took
  std::uint64_t packets = 0, missed = 0;
};

/// One port as it runs. Packets are the device's: VLANs of it show the same.
struct PortRow {
  std::string name;
  std::string_view driver, role;
  std::uint16_t device = 0;  ///< DPDK's number of it
  std::string vlan;          ///< "100", "200.100", empty: untagged
  std::string interface;     ///< the kernel's part in it
  std::string mac;
  bool link_up = false;
  std::uint32_t mbit = 0;  ///< 0: unknown
  std::uint16_t mtu = 0, rx_queues = 0, tx_queues = 0;
  std::uint64_t rx_packets = 0, tx_packets = 0, rx_missed = 0;
  dataplane::PortCounterValues arrivals;  ///< what all workers received by it
  std::uint64_t flaps = 0, restarts = 0;
};

/// One table that grows with calls: what it holds, and its memory.
struct MemoryRow {
  std::string_view table;
  std::uint64_t used = 0, entries = 0;  ///< entries 0: it grows
  std::uint64_t octets = 0;
};

class OperatorBackend {
 public:
  virtual ~OperatorBackend() = default;
  virtual void for_each_session(const std::function<void(const SessionRow&)>& visit) const = 0;
  [[nodiscard]] virtual control::ConcentratorStats stats() const = 0;
  /// Every reason, including those without a packet.
  [[nodiscard]] virtual std::vector<DropRow> drops() const = 0;
  [[nodiscard]] virtual std::vector<WorkerRow> workers() const = 0;
  [[nodiscard]] virtual std::vector<control::PoolStatus> pools() const = 0;
  [[nodiscard]] virtual std::vector<BufferRow> buffers() const = 0;
  [[nodiscard]] virtual std::vector<SteeringRow> steering() const = 0;
  [[nodiscard]] virtual std::vector<PortRow> ports() const = 0;
  [[nodiscard]] virtual RadiusStatus radius() const = 0;
  /// Asks the RADIUS servers as for a client that dials; `done` may be called later, or never when the servers
  /// are gone by then.
  virtual void try_login(control::TrialLogin login, control::TrialLogins::Done done) = 0;
  /// Reads the configuration again and calls `done`, now or later: RADIUS servers, rates, [[dae-client]] and chap-secrets take
  /// effect then, the rest at the next start. An error says what is wrong, by line; nothing has changed then.
  using Reloaded = std::function<void(const std::expected<void, std::string>& result)>;
  virtual void reload(Reloaded done) = 0;
  /// Stops and starts its device; calls stay. False: no such port, or one is being restarted already.
  virtual bool restart_port(const std::string& name) = 0;
  /// By worker.
  [[nodiscard]] virtual std::vector<control::WorkerSeats> seats() const = 0;
  [[nodiscard]] virtual std::vector<MemoryRow> memory() const = 0;
  /// Gives a worker new calls or none. False: no such worker, or the last one in use.
  virtual bool use_worker(std::uint16_t worker, bool in_use) = 0;
  /// Changes their rate limits; none: back to their own. Returns how many.
  virtual std::size_t set_rate(const control::SessionSelector& selector,
                               std::optional<control::SubscriberRate> rate) = 0;
  /// Returns how many calls were asked to end.
  virtual std::size_t terminate(const control::SessionSelector& selector, bool hard) = 0;
};

}  // namespace adit::app
