// SPDX-License-Identifier: Apache-2.0
// Who gives way when something is scarce: of all that is held by peers who have not logged in (connections,
// calls), something of the source address that holds most. Sources are compared by what they hold before
// login less what they hold after it, so that subscribers behind one address (CGNAT) vouch for each other,
// while an address of strangers is worth one.
// Every operation is O(1) in claims and sources. Thread: control. Owner: ConcentratorCore.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <unordered_map>

#include "controlplane/base/timer_wheel.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::control {

class CallRecord;
class ConnectionRecord;
class FairShare;

/// One thing held by one peer. Embedded in the record of the holder; pinned.
class Claim {
 public:
  explicit Claim(ConnectionRecord& its_connection, CallRecord* its_call = nullptr)
      : connection(its_connection), call(its_call) {}
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;

  ConnectionRecord&
      connection;          ///< what ends when the claim has to give way, unless another call is logged in
  CallRecord* const call;  ///< to a call's place; nullptr: to the connection's

 private:
  friend class FairShare;
  struct Source;
  enum class State : std::uint8_t { kNone, kBeforeLogin, kAfterLogin };
  std::list<Source>::iterator source_;
  Claim* older_ = nullptr;  // of the same source, before login
  Claim* newer_ = nullptr;
  Instant since_;
  State state_ = State::kNone;
};

class FairShare {
 public:
  struct Holding {
    std::uint32_t before_login = 0, after_login = 0;
  };

  explicit FairShare(const TimerWheel& wheel) : wheel_(wheel) {}

  /// `claim`, of nothing until now, is held by `source`, which has not logged in.
  void add(Claim& claim, wire::Ipv4Address source);
  /// Its peer has logged in, or is logged in no longer. No effect when nothing changes.
  void set_logged_in(Claim& claim, bool logged_in);
  /// No effect on a claim of nothing.
  void remove(Claim& claim);

  /// What gives way if `newcomer` claims one more. nullptr: the newcomer itself, whose source holds most, or
  /// nobody else has anything that is not logged in.
  /// The source that holds most loses its oldest, or its newest while all are younger than a dial takes: in an
  /// honest storm from one address those who came first get on.
  [[nodiscard]] Claim* yields_to(wire::Ipv4Address newcomer) const;
  /// The same without a newcomer; nullptr: there is nothing that could.
  [[nodiscard]] Claim* yields() const;

  /// What the sources are compared by, with one more claim.
  [[nodiscard]] std::size_t weight_of_newcomer(wire::Ipv4Address source) const;
  [[nodiscard]] Holding holding(wire::Ipv4Address source) const;
  [[nodiscard]] std::size_t before_login() const { return before_login_; }

 private:
  using Source = Claim::Source;
  using Sources = std::list<Source>;

  [[nodiscard]] const Source* find(wire::Ipv4Address address) const;
  [[nodiscard]] Claim* yields_of(const Source& source) const;
  void link(Claim& claim);
  void unlink(Claim& claim);
  void place(Sources::iterator source);

  const TimerWheel& wheel_;
  std::unordered_map<wire::Ipv4Address, Sources::iterator> by_address_;
  // Each source is in one list. Those that hold something before login, by weight, those first whose weight
  // has not changed for the longest: with 10,000 strangers of one claim each, the oldest claim's.
  std::deque<Sources> by_weight_ = std::deque<Sources>(1);
  std::size_t most_ = 0;  // the greatest weight of any; 0 if there are none
  Sources logged_in_;     // those that hold nothing before login
  std::size_t before_login_ = 0;
};

struct Claim::Source {
  wire::Ipv4Address address;
  FairShare::Holding holding{};
  Claim* oldest = nullptr;  // before login
  Claim* newest = nullptr;
  std::list<Source>* in = nullptr;
  [[nodiscard]] std::size_t weight(std::size_t more = 0) const {
    const std::size_t before = holding.before_login + more;
    return before > holding.after_login ? before - holding.after_login : 0;
  }
};

}  // namespace adit::control
