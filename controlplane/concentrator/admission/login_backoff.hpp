// SPDX-License-Identifier: Apache-2.0
// Slows down who guesses passwords, and nobody else. By source address and user name: after a few wrong ones
// the next attempt of that pair waits, twice as long each time, before the back end is asked; the same user is
// let in from elsewhere meanwhile. A user who has logged in from there before never waits for more than seconds,
// whoever else behind the same address guesses at the name. By source address: one that has tried many names hears late that it was
// wrong; who is right hears it at once, so others behind the same address (CGNAT) do not notice.
// What is remembered is bounded and forgotten by time. O(1). Thread: control. Owner: ConcentratorCore.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "controlplane/base/lru_table.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::control {

class LoginBackoff {
 public:
  explicit LoginBackoff(const TimerWheel& wheel) : wheel_(wheel) {}

  struct Turn {
    Duration wait{0};           ///< 0: the back end may be asked now, and is taken to have been asked
    bool wrong_before = false;  ///< why it waits; otherwise earlier attempts have no verdict yet
  };
  /// When an attempt's turn is. `user` is the account that the peer named (CallLogin::account_of()): untrusted octets, all
  /// names of one password the same, because it is not to be guessed under a hundred domains, realms and spellings.
  [[nodiscard]] Turn ask(wire::Ipv4Address source, const std::string& user);
  /// It gave no verdict, or nobody waits for one any more.
  void abandoned(wire::Ipv4Address source, const std::string& user);
  /// The back end's verdict. Rejections for other reasons than a wrong name or password count as abandoned().
  void accepted(wire::Ipv4Address source, const std::string& user);
  /// Returns how long the source has to wait for this answer.
  [[nodiscard]] Duration rejected(wire::Ipv4Address source, const std::string& user);
  /// Pairs and sources; bounded.
  [[nodiscard]] std::size_t remembered() const { return pairs_.size() + sources_.size(); }

 private:
  struct Pair {
    wire::Ipv4Address source;
    std::string user;
    friend bool operator==(const Pair&, const Pair&) = default;
  };
  struct PairHash {
    std::size_t operator()(const Pair& pair) const {
      return std::hash<std::string>{}(pair.user) ^ (std::size_t{pair.source.value} * 0x9E37'79B9'7F4A'7C15U);
    }
  };
  struct Failures {
    std::uint32_t count = 0;  // halved for each kForgiven since `last`
    Instant last{};
    Instant next{};           // no attempt before
    std::uint32_t asked = 0;  // attempts without a verdict so far
    bool known = false;       // has been accepted
  };

  void forgive(Failures& failures) const;

  const TimerWheel& wheel_;
  LruTable<Pair, Failures, PairHash> pairs_{16'384};
  LruTable<wire::Ipv4Address, Failures> sources_{4'096};
};

}  // namespace adit::control
