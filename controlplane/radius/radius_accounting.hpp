// SPDX-License-Identifier: Apache-2.0
// Accounting-Requests (RFC 2866, RFC 2869 §5.1, §5.2): Start, Interim-Update, Stop, and On when the process starts. A Stop
// that no server took is kept, in order and bounded, and offered again with its Acct-Delay-Time.
// Thread: control. Owner: the runtime; the client outlives it.
#pragma once

#include <deque>
#include <functional>

#include "controlplane/accounting.hpp"
#include "controlplane/radius/client.hpp"
#include "controlplane/radius/radius_auth.hpp"

namespace adit::control::radius {

/// RFC 2866 §5.10.
[[nodiscard]] std::uint32_t terminate_cause(EndReason reason);

class RadiusAccounting final : public Accounting {
 public:
  /// `unix_at_start`: seconds since 1970 when the wheel stood at 0, for Event-Timestamp.
  RadiusAccounting(Client& client, NasSettings nas, TimerWheel& wheel, EventLog& log,
                   std::uint64_t unix_at_start);

  /// Accounting-On: what servers still hold of this NAS is over.
  void announce_start();

  void started(const AccountedCall& call) override;
  void interim(const AccountedCall& call, const contract::CallTotals& totals, Duration since_up) override;
  void stopped(const AccountedCall& call, const contract::CallTotals& totals, Duration was_up,
               EndReason reason) override;

  /// Stops that no server has taken yet; one beyond kMaxWaiting is logged and lost.
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

  static constexpr std::size_t kMaxWaiting = 65'536;
  static constexpr Duration kRetry{10'000};

 private:
  using Write = std::function<void(RequestWriter&)>;
  struct Record {
    Write write;
    Instant at;
  };
  enum class Status : std::uint32_t { kStart = 1, kStop = 2, kInterim = 3, kOn = 7 };

  [[nodiscard]] Write writer_of(Status status, const AccountedCall& call) const;
  [[nodiscard]] Client::Compose composer_of(const Record& record) const;
  void send(Record record, bool keep);
  void keep(Record record);
  void offer_again();

  Client& client_;
  const NasSettings nas_;
  TimerWheel& wheel_;
  EventLog& log_;
  const std::uint64_t unix_at_start_;
  std::deque<Record> waiting_;
  bool offering_ = false;  // one at a time: in order, and no flood on a server that has just come back
  Timer retry_;
};

}  // namespace adit::control::radius
