// SPDX-License-Identifier: Apache-2.0
// A call's messages to its worker: this half of SessionHost goes through one ring, in order. After a message
// that found the ring full no later one may follow: the link overflows, and the core ends the call.
// Thread: control. Owner: it is a base of CallRecord.
#pragma once

#include <cstdint>
#include <span>

#include "controlplane/base/settings.hpp"
#include "controlplane/ppp/session.hpp"
#include "dataplane/contract/messages.hpp"

namespace adit::control {

class ConcentratorCore;

class WorkerLink : public SessionHost {
 public:
  contract::CallRef ref;  ///< set by the core when the call gets its slot

  // ---- SessionHost
  void send_ppp_frame(std::span<const std::uint8_t> frame) override;
  void send_ipv6(std::span<const std::uint8_t> packet) override;
  void set_ppp_compression(bool send_acfc, bool send_pfc) final;
  void enable_mppe(contract::Direction direction, contract::MppeMode mode,
                   const crypto::Secret<16>& start_key, const crypto::Secret<16>& session_key) override;
  void flush_mppe(bool repeated) final;
  void disable_mppe() final;
  [[nodiscard]] bool reserve_mppc_history() final;
  /// Its worker's pair of histories, from 1, until the worker has removed the call; 0: none.
  [[nodiscard]] std::uint32_t mppc_history() const { return mppc_history_; }
  /// The pair that the call had in another process; the core has taken it.
  void adopt_mppc_history(std::uint32_t pair) { mppc_history_ = pair; }

 protected:
  explicit WorkerLink(ConcentratorCore& core) : core_(core) {}

  void post(const contract::ToWorker& message);
  /// May be lost, and is counted then.
  void post_frame(const contract::ToWorker& message, std::span<const std::uint8_t> frame);
  /// False: the ring is full; nothing was sent, and the call goes on without it.
  [[nodiscard]] bool try_post(const contract::ToWorker& message);
  [[nodiscard]] contract::UpdateLimits limits(const SubscriberRate& rate) const;
  /// Sends nothing from now on.
  void close_link() { state_ = State::kClosed; }
  [[nodiscard]] bool link_open() const { return state_ == State::kOpen; }
  [[nodiscard]] bool link_closed() const { return state_ == State::kClosed; }

 private:
  enum class State : std::uint8_t { kOpen, kOverflowed, kClosed };

  ConcentratorCore& core_;
  std::uint32_t mppc_history_ = 0;
  State state_ = State::kOpen;
};

}  // namespace adit::control
