// SPDX-License-Identifier: Apache-2.0
// The option negotiation automaton of RFC 1661 §4: the table of §4.1 with its restart timer and counter,
// nothing else. Packets, identifiers and options are in control_protocol.hpp; LCP, IPCP and CCP share this
// class. Thread: control. Owner: the protocol whose actions it calls.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "controlplane/base/settings.hpp"
#include "controlplane/base/timer_wheel.hpp"

namespace adit::control {

/// RFC 1661 §4.2, in the table's numbering.
enum class PppState : std::uint8_t {
  kInitial,
  kStarting,
  kClosed,
  kStopped,
  kClosing,
  kStopping,
  kReqSent,
  kAckRcvd,
  kAckSent,
  kOpened,
};
inline constexpr std::size_t kPppStates = 10;

/// RFC 1661 §4.3, in the table's order.
enum class PppEvent : std::uint8_t {
  kUp,
  kDown,
  kOpen,
  kClose,
  kTimeoutRetry,   ///< TO+: the timer expired with counter > 0
  kTimeoutGiveUp,  ///< TO-: the timer expired with counter 0
  kRcrGood,        ///< RCR+: Configure-Request, acceptable
  kRcrBad,         ///< RCR-: Configure-Request, not acceptable
  kRca,            ///< Configure-Ack
  kRcn,            ///< Configure-Nak or -Reject
  kRtr,            ///< Terminate-Request
  kRta,            ///< Terminate-Ack
  kRuc,            ///< unknown code
  kRxjPermitted,   ///< RXJ+: acceptable Code- or Protocol-Reject
  kRxjFatal,       ///< RXJ-: Code- or Protocol-Reject of something essential
  kRxr,            ///< Echo-Request, Echo-Reply or Discard-Request
};
inline constexpr std::size_t kPppEvents = 16;

/// RFC 1661 §4.4.
enum class PppAction : std::uint8_t {
  kNone,
  kTlu,
  kTld,
  kTls,
  kTlf,
  kIrc,
  kZrc,
  kScr,
  kSca,
  kScn,
  kStr,
  kSta,
  kScj,
  kSer
};

/// One cell of the table. An event that cannot happen in a state ("-") does not change it.
struct PppTransition {
  std::array<PppAction, 3> actions{};
  PppState next = PppState::kInitial;
};

/// The cell of RFC 1661 §4.1.
[[nodiscard]] PppTransition ppp_transition(PppState state, PppEvent event);
[[nodiscard]] std::string_view to_text(PppState state);

/// How a protocol carries out the table's actions. Called after the state has changed. this_layer_up and
/// this_layer_finished are always the last action of their event: only they may raise another event of the
/// automaton.
class AutomatonActions {
 public:
  virtual void this_layer_up() = 0;
  virtual void this_layer_down() = 0;
  virtual void this_layer_started() = 0;
  virtual void this_layer_finished() = 0;
  virtual void send_configure_request() = 0;
  virtual void send_configure_ack() = 0;
  virtual void send_configure_nak_or_reject() = 0;
  virtual void send_terminate_request() = 0;
  virtual void send_terminate_ack() = 0;
  virtual void send_code_reject() = 0;
  virtual void send_echo_reply() = 0;

 protected:
  ~AutomatonActions() = default;
};

class PppAutomaton {
 public:
  /// The first frames of a PPTP call are often lost, because one end is not ready. So the restart timer begins with this
  /// and doubles with each repeat, up to settings.timeout (RFC 1661 §4.6 allows for that). It does not begin anew
  /// until the layer below does: where the round trip is longer, the repeats of a negotiation that has begun anew
  /// would make the peer begin anew as well, and so on without end.
  static constexpr Duration kFirstRestart{300};

  PppAutomaton(const PppSettings& settings, TimerWheel& wheel, AutomatonActions& actions)
      : settings_(settings),
        actions_(actions),
        restart_timer_(wheel, on_timer<&PppAutomaton::on_restart_timer>, this) {}

  void on(PppEvent event);
  /// `state`: one without a restart timer, that the automaton of an earlier process was in.
  void adopt(PppState state) { state_ = state; }
  [[nodiscard]] PppState state() const { return state_; }
  [[nodiscard]] bool restart_timer_runs() const { return restart_timer_.armed(); }

 private:
  void perform(PppAction action, const PppTransition& transition);
  void on_restart_timer();
  void count_and_arm();

  const PppSettings& settings_;
  AutomatonActions& actions_;
  Timer restart_timer_;
  using ShortDuration = std::chrono::duration<std::uint32_t, std::milli>;  // a call has several automata
  ShortDuration restart_{kFirstRestart};  // the timer's value, but that of the last request
  ShortDuration patience_{};              // with the requests that may still follow
  std::uint32_t restart_counter_ = 0;
  PppState state_ = PppState::kInitial;
};

}  // namespace adit::control
