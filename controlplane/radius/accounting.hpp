// SPDX-License-Identifier: Apache-2.0
// Accounting-Requests (RFC 2866, RFC 2869 §5.1, §5.2): Start, Interim-Update, Stop, and On and Off of the NAS
// itself.
// A session has a spool slot from its Start to the reply to its Stop. A slot is for the next process: attributes
// that it is too small for are sent whole by this one, and by the next without their Class. A Stop that no server took waits there
// in order, and is sent again, with its Acct-Delay-Time, by this process or the next.
// Starts and Interim-Updates that no server took are not sent again: the Stop contains all their information.
// Thread: control. Owner: the runtime; client and spool outlive it.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "controlplane/base/unix_clock.hpp"
#include "controlplane/concentrator/accounting.hpp"
#include "controlplane/radius/auth.hpp"
#include "controlplane/radius/client.hpp"
#include "controlplane/radius/spool.hpp"

namespace adit::control::radius {

/// RFC 2866 §5.10.
[[nodiscard]] std::uint32_t terminate_cause(EndReason reason);

struct AccountingStatus {
  std::uint32_t slots = 0;      ///< in the spool
  std::uint32_t used = 0;       ///< sessions that are up, and unanswered Stops
  std::uint64_t waiting = 0;    ///< Stops that no server has taken yet
  std::uint64_t in_flight = 0;  ///< requests not answered yet
  std::uint64_t unkept = 0;     ///< sessions that got no slot
  std::uint64_t lost = 0;       ///< their Stops that no server took
};

class RadiusAccounting final : public Accounting {
 public:
  RadiusAccounting(Client& client, NasSettings nas, TimerWheel& wheel, UnixClock clock, EventLog& log,
                   Spool& spool);

  /// Sends with `client` from now on. Pending requests are completed by the client that sent them.
  void use(Client& client) { client_ = &client; }

  /// Sends the Stops that an earlier process left, then Accounting-On. In this order, because on
  /// Accounting-On servers close their open sessions and accept no counters for them afterwards.
  /// Accounting-On is abandoned if a session starts before a server has taken it: servers would close that
  /// session too, and give its address to another.
  void announce_start();
  /// Instead of announce_start(), where calls of an earlier process may live on: finds their sessions, and sends nothing.
  /// adopted() follows for each of them, and nothing else before sessions_are_here().
  void await_sessions();
  /// All calls that live on have been adopted: the sessions of the others have ended with the process. Sends their Stops,
  /// and those that it had left, and no Accounting-On, at which servers would close all.
  void sessions_are_here();
  /// True once Accounting-On has been taken, or if no server answers. No call should start before.
  [[nodiscard]] bool announced() const { return !on_waits_ || unanswered_; }
  /// Call repeatedly once all calls have ended. Sends Accounting-Off when every Stop has been taken, and
  /// nothing if some are left for the next process. True: nothing left to wait for.
  [[nodiscard]] bool announce_stop();

  void started(const AccountedCall& call) override;
  /// False: the spool has its Stop.
  [[nodiscard]] bool adopted(const AccountedCall& call) override;
  void changed(const AccountedCall& call) override;
  void noted(const AccountedCall& call, const contract::CallTotals& totals, Duration since_up) override;
  void interim(const AccountedCall& call, const contract::CallTotals& totals, Duration since_up) override;
  void stopped(const AccountedCall& call, const contract::CallTotals& totals, Duration was_up,
               EndReason reason) override;

  [[nodiscard]] AccountingStatus status() const;

  static constexpr Duration kRetry{10'000};

 private:
  enum class Status : std::uint32_t { kStart = 1, kStop = 2, kInterim = 3, kOn = 7, kOff = 8 };
  using Octets = std::vector<std::uint8_t>;
  using Answered = std::function<void(bool taken)>;

  enum class Classes : std::uint8_t { kAll, kNone };
  [[nodiscard]] RequestWriter written(const AccountedCall& call, Classes classes) const;
  [[nodiscard]] Octets identity_of(const AccountedCall& call, Classes classes = Classes::kAll) const;
  [[nodiscard]] Octets fitting(const AccountedCall& call, const Octets& whole) const;
  [[nodiscard]] Bytes kept(Spool::Slot slot) const;
  void keep(Spool::Slot slot, const AccountedCall& call, Octets whole);
  [[nodiscard]] Octets identity_of_nas() const;
  void recover();
  void find_slot(const AccountedCall& call, const Octets& identity, std::uint64_t now);
  Client::Ticket send(Status status, Octets identity, const SpoolUsage& usage, Answered answered);
  void abandon_on();
  void send_stop(Spool::Slot slot, Answered answered);
  void wait(Spool::Slot slot);
  void offer_next();
  void offer_stop(std::size_t at);
  void offered(bool taken);
  void beat();

  Client* client_;
  const NasSettings nas_;
  UnixClock clock_;
  EventLog& log_;
  Spool& spool_;
  std::unordered_map<std::string, Spool::Slot> sessions_;       // those that are up, by session ID
  std::unordered_map<std::string, Spool::Left> awaited_;        // by session ID, until sessions_are_here()
  std::unordered_map<Spool::Slot, Octets> oversize_;            // identities that a slot is too small for
  std::deque<Spool::Slot> waiting_;                             // Stops, oldest first
  bool on_waits_ = false;                                       // Accounting-On goes after all of them
  std::optional<std::pair<Client*, Client::Ticket>> on_asked_;  // while Accounting-On is pending
  bool unanswered_ = false;                                     // the last request offered got no reply
  bool offering_ = false;  // one at a time: keeps the order, and does not flood a server that is just back
  bool off_sent_ = false;
  std::uint64_t in_flight_ = 0;
  std::size_t probe_ = 1;  // which Stop to try when the oldest is not taken
  std::uint64_t unkept_ = 0;
  std::uint64_t lost_ = 0;
  Timer retry_;
  Timer beat_;
};

}  // namespace adit::control::radius
