// SPDX-License-Identifier: Apache-2.0
// The traces that operators have begun: tells the call's worker, reads what it records, passes it on to the operator, and
// ends with the call, the time, the number of lines or the operator's hanging up. A seat is free again only when the
// worker has said that nothing of its trace follows. At most kTraceSeats traces, and one of a call.
// Thread: control. Owner: the operator's view; the control loop takes turns, every few milliseconds while any is active().
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "app/aditd/operator/backend.hpp"
#include "dataplane/contract/trace_ring.hpp"

namespace adit::app {

class Tracing {
 public:
  struct Host {
    std::function<contract::TraceRing&(contract::WorkerId worker)> ring;
    std::function<bool(contract::WorkerId worker, const contract::ToWorker& message)> post;
    std::function<std::uint64_t()> tsc;
    std::uint64_t tsc_per_second = 1;
    /// For the log: who traced whom, and how it ended.
    std::function<void(const std::string& by, const std::string& whom, const std::string& result)> note;
  };
  explicit Tracing(Host host) : host_(std::move(host)) {}
  Tracing(const Tracing&) = delete;
  Tracing& operator=(const Tracing&) = delete;

  /// The error says why not; then nothing has changed. The trace lasts no longer than the subscription.
  [[nodiscard]] std::expected<std::unique_ptr<Subscription>, std::string> begin(
      const control::CallStatus& call, const TraceLimits& limits, const std::string& by, StreamSink& sink);
  [[nodiscard]] bool active() const;
  /// Does a bounded part of what is to be done; true: there is more.
  bool turn();

 private:
  class Reader;
  enum class State : std::uint8_t { kFree, kWarming, kRunning, kEnding };
  using Clock = std::chrono::steady_clock;

  struct Seat {
    State state = State::kFree;
    bool told = false;         ///< its worker knows of the end
    std::uint32_t number = 0;  ///< of the trace
    contract::CallRef call;
    StreamSink* sink = nullptr;  ///< nullptr: the operator has gone
    Clock::time_point deadline;
    std::uint64_t left = 0;  ///< lines
    std::uint64_t lines = 0, skipped = 0;
    std::string by, whom;
    std::string_view why;
  };

  [[nodiscard]] contract::TraceRing& ring_of(const Seat& seat) { return host_.ring(seat.call.worker); }
  [[nodiscard]] Seat* find(std::uint32_t number);
  void leave(std::uint32_t number);
  void advance(Seat& seat);
  void end(Seat& seat, std::string_view why);
  void finish(Seat& seat);
  bool read(contract::TraceRing& ring);
  void pass_on(const contract::TraceRecord& record);

  Host host_;
  std::array<Seat, contract::kTraceSeats> seats_;
  std::uint32_t next_number_ = 1;
  std::shared_ptr<char> alive_ = std::make_shared<char>();  // readers may outlive this
};

}  // namespace adit::app
