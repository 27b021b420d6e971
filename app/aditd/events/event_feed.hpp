// SPDX-License-Identifier: Apache-2.0
// The log's last rows, numbered, for those who read along: an event is a row of the log, whatever its level and whether a
// storm suppresses its line. Two windows, bounded in octets: one of what bills, audits or is rare, one of what strangers can
// cause at will, so that they push nothing else out. A row costs one allocation; text is made only for a reader.
// Numbers are the microseconds of the start, plus one a row: those of another process are told by being smaller.
// Thread: control. Owner: the log.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/base/event_log.hpp"
#include "dataplane/wire/token_bucket.hpp"

namespace adit::app {

class EventFeed final : public control::EventLog {
 public:
  struct Row {
    std::uint64_t seq = 0;
    std::chrono::system_clock::time_point time;
    control::Severity severity{};
    std::string packed;  ///< name, key, value, key, value...: the length of each in two octets before it

    [[nodiscard]] std::string_view name() const;
    /// Calls `take(key, value)` for each field, until it returns false.
    void fields(const std::function<bool(std::string_view key, std::string_view value)>& take) const;
  };

  /// Octets of each window. 20,000 calls that end take some 10 MiB.
  struct Room {
    std::size_t records = std::size_t{32} << 20;
    std::size_t others = std::size_t{8} << 20;
  };
  /// Rows a second among the records that are none: what the machine tells of itself. More count as a storm, as strangers can
  /// cause some of them (a RADIUS server gives no verdict): at this rate they take a day and a half to fill the window.
  static constexpr wire::TokenRate kRare{.tokens = 1, .milliseconds = 1000, .capacity = 256};

  using Clock = std::function<std::chrono::system_clock::time_point()>;
  EventFeed();
  EventFeed(Room room, Clock clock);

  void event(control::Severity severity, std::string_view name,
             std::initializer_list<control::Field> fields) override;

  /// What the next row will be.
  [[nodiscard]] std::uint64_t next() const { return next_; }
  /// The oldest row that is left, or next().
  [[nodiscard]] std::uint64_t oldest() const;
  /// The row before this process' first.
  [[nodiscard]] std::uint64_t origin() const { return origin_; }
  /// The first row behind `seq`; nullptr: there is none. Valid until the next event.
  [[nodiscard]] const Row* after(std::uint64_t seq) const;

  /// What is no longer there of what came behind `seq`.
  struct Missed {
    std::uint64_t rows = 0;
    bool records = false;  ///< some of them bill, audit or are rare
  };
  [[nodiscard]] Missed missed_after(std::uint64_t seq) const;
  /// The last row of each window that made room for others; 0: none has.
  struct Forgotten {
    std::uint64_t records = 0, others = 0;
  };
  [[nodiscard]] Forgotten forgotten() const { return {records_.forgotten, others_.forgotten}; }
  /// Of both windows.
  [[nodiscard]] std::size_t rows() const { return records_.rows.size() + others_.rows.size(); }
  [[nodiscard]] std::size_t octets() const { return records_.octets + others_.octets; }

  /// Who wants to know that there is another row. It may not call the feed back at once.
  class Reader {
   public:
    virtual ~Reader() = default;
    virtual void on_row() = 0;
  };
  /// Until removed. Both outlive neither the other's call.
  void add(Reader& reader) { readers_.push_back(&reader); }
  void remove(Reader& reader) { std::erase(readers_, &reader); }

 private:
  struct Window {
    std::size_t room = 0, octets = 0;
    std::uint64_t forgotten = 0;  ///< the last one that made room
    std::deque<Row> rows;

    void add(Row row);
    /// The place of the first row behind `seq`.
    [[nodiscard]] std::deque<Row>::const_iterator after(std::uint64_t seq) const;
  };
  [[nodiscard]] bool is_rare(control::Severity severity, std::chrono::system_clock::time_point now);

  Clock clock_;
  std::uint64_t origin_, next_;
  Window records_, others_;
  wire::TokenBucket rare_{kRare};
  std::vector<Reader*> readers_;
};

}  // namespace adit::app
