// SPDX-License-Identifier: Apache-2.0
// One subscriber line: an address that dials, is up, hangs up and dials again. It ties together the parts of
// a dial: a TCP connection, the sans-I/O client, a data-plane call, and its share of the traffic.
// Thread: control. Owner: the fleet.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/base/timer_wheel.hpp"
#include "controlplane/client/client_call.hpp"
#include "controlplane/concentrator/concentrator.hpp"

namespace adit::app::blast {

class Fleet;

class Line final : public control::ClientCallHost {
 public:
  enum class State : std::uint8_t {
    kIdle,
    kConnecting,  ///< TCP
    kDialling,    ///< PPTP and PPP
    kUp,
    kQuiet,     ///< its traffic has stopped, packets in flight may still arrive
    kEnding,    ///< closing PPP and PPTP
    kRemoving,  ///< ended; the worker has not released the call yet
  };

  Line(Fleet& fleet, std::uint32_t number, wire::Ipv4Address address);
  ~Line() override;

  [[nodiscard]] State state() const { return state_; }
  /// In the current dial.
  [[nodiscard]] std::uint32_t echoes_answered() const {
    return client_ == nullptr ? 0 : client_->status().echoes_answered;
  }
  /// The same.
  [[nodiscard]] std::uint32_t advertisements() const {
    return client_ == nullptr ? 0 : client_->status().advertisements;
  }
  [[nodiscard]] control::Ipv6Binding ipv6() const {
    return client_ == nullptr ? control::Ipv6Binding{} : client_->status().ipv6;
  }

  /// Only when idle.
  void dial();
  /// Only while connecting or dialling: drops the connection. No event of the line or its client may be on the stack.
  void abandon();
  /// Only when up: stops its traffic, then closes the call as its profile does, or just goes silent
  /// (`abrupt`).
  void hang_up(bool abrupt);
  /// The same, where no traffic is under way.
  void hang_up_now(bool abrupt);

  // ---- events
  void on_connected(control::ConnectionId id);
  void on_connect_failed(bool local, const std::string& why);
  void on_bytes(std::span<const std::uint8_t> octets);
  void on_closed();
  void on_frame(std::span<const std::uint8_t> frame);
  void on_mppe_desynchronised();
  void on_call_removed();

  // ---- control::ClientCallHost
  void send(std::span<const std::uint8_t> message) override;
  void close() override;
  void install_call(wire::LocalCallId local, wire::PeerCallId peer) override;
  void send_ppp_frame(std::span<const std::uint8_t> frame) override;
  void set_ppp_compression(bool send_acfc, bool send_pfc) override;
  void enable_mppe(contract::Direction direction, contract::MppeMode mode,
                   const crypto::Secret<16>& start_key, const crypto::Secret<16>& session_key) override;
  void disable_mppe() override;
  void enable_ip(wire::Ipv4Address own, std::uint16_t peer_mru, bool require_mppe) override;
  void disable_ip() override;
  void enable_ipv6(const control::Ipv6Binding& binding, std::uint16_t peer_mru, bool require_mppe) override;
  void disable_ipv6() override;
  void send_ipv6(std::span<const std::uint8_t> packet) override;
  void client_up() override;
  void client_ended(control::ClientEnd end, std::string_view detail) override;

 private:
  void on_timer();
  void over(control::ClientEnd end, std::string_view detail);
  void release_id();
  void enter(State next);

  Fleet& fleet_;
  const std::uint32_t number_;
  const wire::Ipv4Address address_;
  State state_ = State::kIdle;
  bool was_up_ = false;
  bool joined_ = false;  // and takes part in the traffic
  bool abrupt_ = false;
  std::uint8_t waits_ = 0;                // for IPv6, since it is up
  control::ConnectionId connection_ = 0;  // 0: none
  std::int64_t dialled_us_ = 0;
  std::optional<wire::LocalCallId> id_;
  std::optional<contract::CallRef> call_;
  bool answered_ = false;                                // the Outgoing-Call-Reply has arrived
  std::vector<std::vector<std::uint8_t>> early_frames_;  // frames that overtook it
  std::unique_ptr<control::ClientCall> client_;
  control::Timer timer_;
};

}  // namespace adit::app::blast
