// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/operator/tracing.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "app/base64.hpp"
#include "app/escape.hpp"
#include "dataplane/base/drop_reason.hpp"

namespace adit::app {

using contract::TraceRecord;
using contract::TraceVerdict;

namespace {

/// A record of a full-sized packet is some 3 KiB of JSON, made in about 5 us.
constexpr int kRecordsPerTurn = 64;
/// Of what waits for a reader. More is skipped and counted, so that a slow reader is not cut off.
constexpr std::size_t kMostUnsent = StreamSink::kMaxUnsent / 2;

std::string time_text(std::chrono::system_clock::time_point at) {
  const auto micros = std::chrono::time_point_cast<std::chrono::microseconds>(at);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(micros);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)), (micros - seconds).count());
}

// Built by hand: a Json tree costs several times as much. All of it is ours and needs no escaping.
std::string record_json(const TraceRecord& record, std::chrono::system_clock::time_point at) {
  std::string reason;
  std::string_view text = contract::describe(record.verdict).text;
  if (record.verdict == TraceVerdict::kDropped) {
    const auto& why = dataplane::describe(dataplane::DropReason{record.drop_reason});
    reason = fmt::format(R"("reason":"{}",)", why.name);
    text = why.text;
  }
  return fmt::format(
      R"({{"time":"{}","packet":{},"direction":"{}","layer":"{}","verdict":"{}",{}"text":"{}","octets":{},"frame":"{}"}})",
      time_text(at), record.packet, record.direction == contract::Direction::kReceive ? "up" : "down",
      contract::kTraceLayers[static_cast<std::size_t>(record.layer)], contract::describe(record.verdict).name,
      reason, text, record.length, to_base64({record.octets.data(), record.captured}));
}

}  // namespace

/// The operator's end of a trace.
class Tracing::Reader final : public Subscription {
 public:
  Reader(Tracing& tracing, std::uint32_t number)
      : tracing_(tracing), alive_(tracing.alive_), number_(number) {}
  ~Reader() override {
    if (!alive_.expired()) {
      tracing_.leave(number_);
    }
  }
  [[nodiscard]] std::string_view name() const override { return "trace"; }

 private:
  Tracing& tracing_;
  std::weak_ptr<char> alive_;
  std::uint32_t number_;
};

std::expected<std::unique_ptr<Subscription>, std::string> Tracing::begin(const control::CallStatus& call,
                                                                         const TraceLimits& limits,
                                                                         const std::string& by,
                                                                         StreamSink& sink) {
  const auto same = std::ranges::find_if(
      seats_, [&](const Seat& seat) { return seat.state != State::kFree && seat.call == call.call; });
  if (same != seats_.end()) {
    return std::unexpected("that call is being traced by " + same->by);
  }
  const auto seat = std::ranges::find(seats_, State::kFree, &Seat::state);
  if (seat == seats_.end()) {
    return std::unexpected(
        fmt::format("{} calls are being traced already; end one of the traces", seats_.size()));
  }
  *seat = {.state = State::kWarming,
           .number = next_number_++,
           .call = call.call,
           .sink = &sink,
           .deadline = Clock::now() + limits.time,
           .left = limits.lines,
           .by = by,
           .whom = "sid " + call.session_id + ", " + escape_octets(call.session.user),
           .why = {}};
  auto reader = std::make_unique<Reader>(*this, seat->number);
  host_.note(by, seat->whom, "begun");
  return reader;
}

bool Tracing::active() const {
  return std::ranges::any_of(seats_, [](const Seat& seat) { return seat.state != State::kFree; });
}

Tracing::Seat* Tracing::find(std::uint32_t number) {
  const auto found = std::ranges::find_if(
      seats_, [number](const Seat& seat) { return seat.state != State::kFree && seat.number == number; });
  return found == seats_.end() ? nullptr : &*found;
}

void Tracing::leave(std::uint32_t number) {
  if (Seat* seat = find(number); seat != nullptr) {
    seat->sink = nullptr;
    end(*seat, "hang_up");
  }
}

void Tracing::end(Seat& seat, std::string_view why) {
  if (seat.why.empty()) {
    seat.why = why;
  }
  if (seat.state == State::kWarming) {  // its worker has not heard of it
    finish(seat);
  } else {
    seat.state = State::kEnding;
  }
}

/// Tells the operator and the log; the seat is free.
void Tracing::finish(Seat& seat) {
  const std::uint64_t lost =
      seat.skipped + (seat.state == State::kWarming
                          ? 0
                          : ring_of(seat).lost(static_cast<std::size_t>(&seat - seats_.data())));
  host_.note(seat.by, seat.whom, fmt::format("{}, {} lines, {} lost", seat.why, seat.lines, lost));
  if (seat.sink != nullptr) {
    seat.sink->send(notification(
        "end", fmt::format(R"({{"why":"{}","lines":{},"lost":{}}})", seat.why, seat.lines, lost)));
    seat.sink->finish();
  }
  seat = {};
}

/// What messages are due, and what the time says.
void Tracing::advance(Seat& seat) {
  contract::TraceRing& ring = ring_of(seat);
  const auto at = static_cast<std::uint8_t>(&seat - seats_.data());
  if (seat.state == State::kWarming && !ring.warm() &&
      host_.post(seat.call.worker,
                 contract::BeginTrace{.call = seat.call, .ring = &ring, .number = seat.number, .seat = at})) {
    seat.state = State::kRunning;
  }
  if (seat.state != State::kEnding && Clock::now() >= seat.deadline) {
    end(seat, "time");
  }
  if (seat.state == State::kEnding && !seat.told) {
    seat.told = host_.post(seat.call.worker, contract::EndTrace{.call = seat.call, .number = seat.number});
  }
}

bool Tracing::turn() {
  bool more = false;
  for (Seat& seat : seats_) {
    if (seat.state == State::kFree) {
      continue;
    }
    advance(seat);
    if (seat.state != State::kRunning && seat.state != State::kEnding) {
      more = more || seat.state == State::kWarming;
      continue;
    }
    contract::TraceRing& ring = ring_of(seat);
    const bool ended = ring.ended(static_cast<std::size_t>(&seat - seats_.data()), seat.number);
    const std::uint32_t number = seat.number;
    const bool rest = read(ring);
    more = more || rest;
    if (ended && !rest && find(number) == &seat) {
      end(seat, "call_ended");
      finish(seat);
    }
  }
  return more;
}

/// True: there may be more.
bool Tracing::read(contract::TraceRing& ring) {
  for (int taken = 0; taken < kRecordsPerTurn / static_cast<int>(contract::kTraceSeats); ++taken) {
    const TraceRecord* record = ring.front();
    if (record == nullptr) {
      return false;
    }
    pass_on(*record);
    ring.release();
  }
  return true;
}

void Tracing::pass_on(const TraceRecord& record) {
  Seat* seat = find(record.trace);
  if (seat == nullptr || seat->sink == nullptr || !seat->why.empty() ||
      record.verdict == TraceVerdict::kRepeated) {
    return;
  }
  if (seat->sink->unsent() > kMostUnsent) {
    ++seat->skipped;
    return;
  }
  const auto age = static_cast<std::int64_t>(host_.tsc() - record.tsc);
  const auto at = std::chrono::system_clock::now() -
                  std::chrono::nanoseconds(static_cast<std::int64_t>(
                      static_cast<double>(age) * 1e9 / static_cast<double>(host_.tsc_per_second)));
  seat->sink->send(notification("packet", record_json(record, at)));
  ++seat->lines;
  if (seat->left > 0 && --seat->left == 0) {
    end(*seat, "lines");
  }
}

}  // namespace adit::app
