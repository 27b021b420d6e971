// SPDX-License-Identifier: Apache-2.0
// All lines of a run, and everything they share: TCP, call IDs, slots, the mailbox, commands to the traffic
// worker. Counts how dials and calls end. Everything per line is O(1).
// Thread: control. Owner: the runner.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "app/adit-blast/lines/client_addresses.hpp"
#include "app/adit-blast/lines/line.hpp"
#include "app/adit-blast/lines/tcp_dialer.hpp"
#include "app/adit-blast/plan/plan.hpp"
#include "app/adit-blast/results/histogram.hpp"
#include "app/adit-blast/results/results.hpp"
#include "app/adit-blast/traffic/blast_runtime.hpp"
#include "app/host/os_entropy.hpp"
#include "controlplane/client/client_end.hpp"
#include "controlplane/client/client_settings.hpp"
#include "controlplane/concentrator/resources/call_ids.hpp"
#include "controlplane/concentrator/resources/call_slots.hpp"

namespace adit::app::blast {

using EndCounts = std::array<std::uint64_t, control::kClientEnds>;
/// The counts that are not zero, by the text of their end.
[[nodiscard]] std::map<std::string, std::uint64_t> by_text(const EndCounts& counts);

/// Since reset_counts().
struct FleetCounts {
  std::uint64_t came_up = 0;
  EndCounts failed{};          ///< dials that failed
  std::uint64_t given_up = 0;  ///< dials that abandon_dials() ended
  EndCounts lost{};            ///< calls that were up and ended although we did not hang up
  std::uint64_t hung_up = 0;
  std::map<std::string, std::uint64_t> details;  ///< reasons given for failures and losses; bounded
};

class Fleet final : TcpEvents, DialEvents {
 public:
  /// All references must outlive the fleet.
  Fleet(const Plan& plan, std::uint32_t lines, const ClientAddresses& addresses,
        const control::ClientSettings& settings, BlastRuntime& runtime, asio::io_context& io,
        control::TimerWheel& wheel);
  ~Fleet() override;

  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(lines_.size()); }
  [[nodiscard]] Line& line(std::uint32_t number) { return *lines_[number]; }

  // ---- number of lines in each state
  [[nodiscard]] std::uint64_t up() const { return in_[index(Line::State::kUp)]; }
  [[nodiscard]] std::uint64_t dialling() const {
    return in_[index(Line::State::kConnecting)] + in_[index(Line::State::kDialling)];
  }
  [[nodiscard]] std::uint64_t ending() const {
    return in_[index(Line::State::kQuiet)] + in_[index(Line::State::kEnding)] +
           in_[index(Line::State::kRemoving)];
  }
  [[nodiscard]] std::uint64_t idle() const { return in_[index(Line::State::kIdle)]; }

  /// Every line that is up takes part in the traffic.
  [[nodiscard]] bool settled() const { return joined_ >= up(); }
  /// Including those that are closing.
  [[nodiscard]] std::size_t open_connections() const { return tcp_.open_count(); }

  /// Since the run began. O(lines).
  [[nodiscard]] std::uint64_t echoes_answered() const;
  [[nodiscard]] std::uint64_t advertisements() const;
  /// Of the calls that are up. O(lines).
  [[nodiscard]] Ipv6Result ipv6() const;

  [[nodiscard]] const FleetCounts& counts() const { return counts_; }
  [[nodiscard]] const Histogram& set_up_times() const { return set_up_times_; }
  void reset_counts();

  /// Reads a bounded number of the worker's messages. True if there were any.
  bool read_messages();
  /// Once per iteration of the loop: deletes clients that have ended, and retries what did not fit into a
  /// ring.
  void tidy();

  /// Ends all dials in progress, without a word to the server. O(lines).
  void abandon_dials();

  /// Sends a command to the traffic worker; false if its ring is full.
  bool command(const TrafficCommand& command) { return runtime_.commands().push(command); }

  // ---- for lines -------------------------------------------------------------------------------------------------
  [[nodiscard]] control::TimerWheel& wheel() { return wheel_; }
  /// The server that a line dials. Lines that share a source address use different servers, as long as there
  /// are enough.
  [[nodiscard]] wire::Ipv4Address server_of(std::uint32_t number) const {
    return wire::Ipv4Address(plan_.server.value + number % plan_.servers);
  }
  [[nodiscard]] std::int64_t now_us() const;
  void on_state(Line::State from, Line::State to) {
    --in_[index(from)];
    ++in_[index(to)];
  }
  void on_parted() { --joined_; }
  void on_up(Line& line, std::int64_t took_us);
  void on_over(Line& line, control::ClientEnd end, std::string_view detail, bool was_up);
  /// Deletes it later, because it may still be on the stack.
  void retire(std::unique_ptr<control::ClientCall> client) { over_.push_back(std::move(client)); }

  void connect(std::uint32_t number, wire::Ipv4Address from) {
    dialer_.connect(number, from, server_of(number), plan_.tcp_port);
  }
  void give_up(std::uint32_t number) { dialer_.give_up(number); }
  void send(control::ConnectionId id, std::span<const std::uint8_t> message) { tcp_.send(id, message); }
  void close(control::ConnectionId id);
  void drop(control::ConnectionId id);

  /// The user name for that line, asked for each time it dials.
  [[nodiscard]] std::string user_of(std::uint32_t number) const;
  [[nodiscard]] std::unique_ptr<control::ClientCall> make_client(wire::LocalCallId id, Line& line);
  [[nodiscard]] std::optional<wire::LocalCallId> allocate_id(wire::Ipv4Address address);
  void release_id(wire::Ipv4Address address, wire::LocalCallId id);
  [[nodiscard]] std::optional<contract::CallRef> take_slot(Line& line) { return slots_.take(line); }
  void release_slot(const contract::CallRef& call) { slots_.release(call); }

  void install(const contract::InstallCall& message);
  void remove(const contract::CallRef& call, wire::Ipv4Address address, wire::Ipv4Address server,
              wire::LocalCallId id);
  /// Queues the message here when the ring is full.
  void post(const contract::ToWorker& message);
  /// With the frame that belongs to it; lost when there is no room, as on a link.
  void post_frame(const contract::ToWorker& message, std::span<const std::uint8_t> frame);

  void join(const contract::CallRef& call, const control::ClientStatus& status);
  void quiet(std::uint32_t slot) { must({.kind = TrafficCommand::Kind::kQuiet, .slot = slot}); }
  void leave(std::uint32_t slot) { must({.kind = TrafficCommand::Kind::kLeave, .slot = slot}); }

 private:
  static constexpr std::size_t index(Line::State state) { return static_cast<std::size_t>(state); }

  // TcpEvents
  void on_bytes(control::ConnectionId id, std::span<const std::uint8_t> octets) override;
  void on_closed(control::ConnectionId id, control::EndReason reason) override;
  // DialEvents
  void on_connected(std::uint32_t line, control::ConnectionId id) override;
  void on_connect_failed(std::uint32_t line, bool local, const std::string& why) override;

  void pop_waiting_message();
  void on_message(const contract::ToControl& message, std::span<const std::uint8_t> frame);
  /// Traffic commands must arrive, and in order: those that do not fit are queued here.
  void must(const TrafficCommand& command);

  const Plan& plan_;
  const ClientAddresses& addresses_;
  const control::ClientSettings& settings_;
  BlastRuntime& runtime_;
  control::TimerWheel& wheel_;
  OsEntropy entropy_;
  TcpConnections tcp_;
  TcpDialer dialer_;
  control::CallIds ids_;
  control::CallSlots<Line> slots_;
  std::vector<std::unique_ptr<Line>> lines_;
  std::unordered_map<control::ConnectionId, Line*> by_connection_;
  std::vector<std::unique_ptr<control::ClientCall>> over_;
  std::deque<contract::ToWorker> waiting_messages_;
  std::deque<TrafficCommand> waiting_commands_;
  std::array<std::uint64_t, 7> in_{};
  std::uint64_t echoes_of_ended_ = 0;
  std::uint64_t advertisements_of_ended_ = 0;
  std::uint64_t joined_ = 0;  // of the lines that are up
  FleetCounts counts_;
  Histogram set_up_times_;

 public:
  /// Called for the worker; carried out by whoever mirrors the kernel's routes.
  std::function<void(wire::Ipv4Address)> resolve;
  std::function<void(const wire::Ipv6Address&)> resolve6;
  /// Called for each line that comes up, if set. It must not act on the line at once, because the line's
  /// client is on the stack.
  std::function<void(Line&)> came_up;
};

}  // namespace adit::app::blast
