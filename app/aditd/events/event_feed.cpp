// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/events/event_feed.hpp"

#include <algorithm>
#include <utility>

namespace adit::app {
namespace {

using control::Field;
using control::Severity;

// As the log cuts values; a record's are an operator's words as a rule, and whole.
constexpr std::size_t kMost = 256, kMostOfRecord = 4096, kMostWhole = 0xffff;
constexpr std::size_t kLength = 2;

/// A value as it is kept: one that is too long ends in `cut`.
struct Kept {
  std::string_view value, cut;

  Kept(const Field& field, Severity severity) : value(field.value) {
    constexpr std::string_view kCut = "...";
    const std::size_t most = field.whole                     ? kMostWhole - kCut.size()
                             : severity == Severity::kRecord ? kMostOfRecord
                                                             : kMost;
    if (value.size() > most) {
      value = value.substr(0, most);
      cut = kCut;
    }
  }
  [[nodiscard]] std::size_t size() const { return value.size() + cut.size(); }
};

/// Returns where the next goes.
char* put(char* at, std::string_view text, std::string_view end = "") {
  const std::size_t size = text.size() + end.size();
  *at++ = static_cast<char>(size & 0xff);
  *at++ = static_cast<char>(size >> 8);
  return std::ranges::copy(end, std::ranges::copy(text, at).out).out;
}

std::string_view take(std::string_view& packed) {
  const auto octet = [&](std::size_t at) { return std::size_t{static_cast<unsigned char>(packed[at])}; };
  const std::string_view text = packed.substr(kLength, octet(0) | octet(1) << 8);
  packed.remove_prefix(kLength + text.size());
  return text;
}

std::string pack(Severity severity, std::string_view name, std::initializer_list<Field> fields) {
  std::size_t octets = kLength + name.size();
  for (const Field& field : fields) {
    octets += 2 * kLength + field.key.size() + Kept(field, severity).size();
  }
  std::string packed(octets, '\0');
  char* at = put(packed.data(), name);
  for (const Field& field : fields) {
    const Kept kept(field, severity);
    at = put(put(at, field.key), kept.value, kept.cut);
  }
  return packed;
}

std::size_t octets_of(const EventFeed::Row& row) {
  return sizeof row + row.packed.capacity();
}

}  // namespace

std::string_view EventFeed::Row::name() const {
  std::string_view rest = packed;
  return take(rest);
}

void EventFeed::Row::fields(const std::function<bool(std::string_view, std::string_view)>& each) const {
  std::string_view rest = packed;
  take(rest);
  while (!rest.empty()) {
    const std::string_view key = take(rest);
    if (!each(key, take(rest))) {
      return;
    }
  }
}

EventFeed::EventFeed() : EventFeed(Room{}, [] { return std::chrono::system_clock::now(); }) {}

EventFeed::EventFeed(Room room, Clock clock)
    : clock_(std::move(clock)),
      origin_(static_cast<std::uint64_t>(
          std::chrono::duration_cast<std::chrono::microseconds>(clock_().time_since_epoch()).count())),
      next_(origin_ + 1) {
  records_.room = room.records;
  others_.room = room.others;
}

void EventFeed::event(Severity severity, std::string_view name, std::initializer_list<Field> fields) {
  const auto now = clock_();
  (is_rare(severity, now) ? records_ : others_).add({next_, now, severity, pack(severity, name, fields)});
  ++next_;
  for (Reader* reader : readers_) {
    reader->on_row();
  }
}

bool EventFeed::is_rare(Severity severity, std::chrono::system_clock::time_point now) {
  if (severity == Severity::kRecord) {
    return true;
  }
  if (severity == Severity::kFailure || severity == Severity::kDebug) {
    return false;
  }
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
  return rare_.take(kRare, 1, static_cast<std::uint32_t>(milliseconds.count()));
}

std::uint64_t EventFeed::oldest() const {
  const Row* row = after(0);
  return row == nullptr ? next_ : row->seq;
}

const EventFeed::Row* EventFeed::after(std::uint64_t seq) const {
  const Row* first = nullptr;
  for (const Window* window : {&records_, &others_}) {
    const auto found = window->after(seq);
    if (found != window->rows.end() && (first == nullptr || found->seq < first->seq)) {
      first = &*found;
    }
  }
  return first;
}

EventFeed::Missed EventFeed::missed_after(std::uint64_t seq) const {
  seq = std::clamp(seq, origin_, next_ - 1);
  const auto left = [&](const Window& window) {
    return static_cast<std::uint64_t>(window.rows.end() - window.after(seq));
  };
  return {.rows = next_ - 1 - seq - left(records_) - left(others_), .records = records_.forgotten > seq};
}

void EventFeed::Window::add(Row row) {
  octets += octets_of(row);
  rows.push_back(std::move(row));
  while (octets > room) {
    octets -= octets_of(rows.front());
    forgotten = rows.front().seq;
    rows.pop_front();
  }
}

std::deque<EventFeed::Row>::const_iterator EventFeed::Window::after(std::uint64_t seq) const {
  return std::ranges::upper_bound(rows, seq, {}, &Row::seq);
}

}  // namespace adit::app
