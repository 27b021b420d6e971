// SPDX-License-Identifier: Apache-2.0
// A DHCPv6 client for one delegated prefix (RFC 8415 §18.2): Solicit with rapid commit, Request, Renew and Rebind, with the
// retransmission of §15. It takes the first offer, as a PPP link has one server, and releases nothing: the lease ends
// with the call. Sans-I/O. Thread: control. Owner: ClientIpv6Link.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "controlplane/client/client_ipv6_context.hpp"
#include "dataplane/wire/dhcpv6.hpp"

namespace adit::control {

class Dhcpv6Requester {
 public:
  /// RFC 8415 §7.6: SOL_MAX_DELAY.
  static constexpr Duration kMaxDelay{1'000};

  Dhcpv6Requester(TimerWheel& wheel, Entropy& entropy, ClientIpv6Host& host)
      : wheel_(wheel),
        entropy_(entropy),
        host_(host),
        retransmit_(wheel, on_timer<&Dhcpv6Requester::send>, this),
        next_(wheel, on_timer<&Dhcpv6Requester::go_on>, this) {}

  void start(std::uint64_t interface_id);
  void stop();
  /// A DHCPv6 message to a client, whole. Others' and malformed ones are ignored.
  void on_message(wire::Bytes octets);
  /// Asks for a first prefix, and no server has said that there is none.
  [[nodiscard]] bool waits() const {
    return (state_ == State::kSoliciting || state_ == State::kRequesting) && !refused_;
  }

 private:
  enum class State : std::uint8_t { kStopped, kSoliciting, kRequesting, kBound, kRenewing, kRebinding };

  /// Of a server's message, as far as it concerns us.
  struct Answer {
    wire::Bytes server_id;
    bool rapid = false;
    bool tells_of_ia = false;                     ///< of ours
    std::optional<wire::Dhcpv6Binding> prefix{};  ///< the first with a lifetime
    std::uint32_t t1 = 0, t2 = 0;                 ///< seconds
  };

  /// None: it is malformed, or not for us (RFC 8415 §16.3, §16.10).
  [[nodiscard]] std::optional<Answer> read(const wire::Dhcpv6Message& message) const;
  [[nodiscard]] static bool read_ia(Answer& answer, wire::Bytes value);
  void on_advertise(const Answer& answer);
  void on_reply(const Answer& answer);
  void bind(const Answer& answer);
  void begin();
  void ask(State state);
  void send();
  void go_on();
  [[nodiscard]] Duration next_timeout(Duration first, Duration longest);
  [[nodiscard]] std::array<std::uint8_t, 12> duid() const;

  TimerWheel& wheel_;
  Entropy& entropy_;
  ClientIpv6Host& host_;
  Timer retransmit_;
  Timer next_;  // the first Solicit; while bound, T1, then T2, then the end of the lease
  State state_ = State::kStopped;
  bool refused_ = false;
  std::uint64_t interface_id_ = 0;
  std::uint32_t transaction_id_ = 0;
  unsigned sent_ = 0;  // of this exchange
  Duration timeout_{0};
  Instant began_, t2_, expires_;
  std::array<std::uint8_t, 130> server_id_{};
  std::uint8_t server_id_size_ = 0;
  std::optional<wire::Ipv6Prefix> prefix_;  // held, or offered
};

}  // namespace adit::control
