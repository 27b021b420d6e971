// SPDX-License-Identifier: Apache-2.0
// Things that wait to be served, in turn by their source: the next one is of the source whose last turn is longest
// ago, also if nothing of it has waited since: who comes back at once, from however many addresses, waits behind who
// comes once (as old flows behind new ones in RFC 8290 §4.2). Each fourth is of the source that has been in the line
// longest without a turn, so that an address with many clients behind it is never starved. When the line is full, the
// source with most in it loses its newest. Work: the logarithm of the line's length, which is bounded. Thread: any
// one. Owner: whoever serves.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <list>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "dataplane/wire/ids.hpp"

namespace adit::app {

template <typename Thing>
class WaitingLine {
 public:
  explicit WaitingLine(std::size_t most) : most_(most) {}

  /// Whether the line is full of things of different sources, so that there is no room for one more.
  [[nodiscard]] bool full() const { return size_ >= most_ && longest_ <= 1; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// How many the source with most has in it.
  [[nodiscard]] std::size_t longest() const { return longest_; }

  /// Requires !full(). In a line of the full length, the newest of the source with most is destroyed; this may
  /// be `thing`. Returns that source.
  std::optional<wire::Ipv4Address> add(wire::Ipv4Address source, Thing thing) {
    auto found = by_source_.find(source);
    if (found == by_source_.end()) {
      none_.push_back({.source = source});
      found = by_source_.emplace(source, std::prev(none_.end())).first;
      found->second->in = &none_;
      wait_for_turn(found->second);
    }
    found->second->things.push_back(std::move(thing));
    ++size_;
    place(found->second);
    return size_ > most_ ? std::optional(drop_newest()) : std::nullopt;
  }

  /// Requires !empty().
  [[nodiscard]] Thing next() {
    const bool longest_in_line = ++turn_ % kInLineEvery == 0;
    const auto queue = longest_in_line ? in_line_.front() : by_last_turn_.begin()->second;
    Thing thing = std::move(queue->things.front());
    queue->things.pop_front();
    has_had_turn(queue);
    taken_from(queue);
    return thing;
  }

  /// Destroys the newest of the source with most, and returns the source. Requires !empty().
  wire::Ipv4Address drop_newest() {
    const auto queue = by_length_[longest_].begin();
    const wire::Ipv4Address source = queue->source;
    queue->things.pop_back();
    taken_from(queue);
    return source;
  }

 private:
  /// Every so many turns are of the source that has been in the line longest.
  static constexpr unsigned kInLineEvery = 4;
  /// So many turns are remembered: at 5,000 a second, 13 seconds of them, in 5 MB at most.
  static constexpr std::size_t kTurnsRemembered = 65'536;

  struct Queue;
  using Queues = std::list<Queue>;
  using Place = typename Queues::iterator;
  /// First those of which no turn is remembered, as they came; then by their last turn.
  struct Rank {
    std::uint64_t last_turn;
    std::uint64_t came;
    auto operator<=>(const Rank&) const = default;
  };
  struct Queue {
    wire::Ipv4Address source;
    std::deque<Thing> things{};
    Queues* in = nullptr;
    typename std::list<Place>::iterator in_line{};
    typename std::map<Rank, Place>::iterator ranked{};
  };

  void wait_for_turn(Place queue) {
    const auto last = last_turns_.find(queue->source);
    const Rank rank{.last_turn = last == last_turns_.end() ? 0 : last->second, .came = ++came_};
    queue->ranked = by_last_turn_.emplace(rank, queue).first;
    queue->in_line = in_line_.insert(in_line_.end(), queue);
  }
  void leave_line(Place queue) {
    by_last_turn_.erase(queue->ranked);
    in_line_.erase(queue->in_line);
  }
  void has_had_turn(Place queue) {
    last_turns_[queue->source] = turn_;
    turns_.emplace_back(queue->source, turn_);
    if (turns_.size() > kTurnsRemembered) {
      const auto& [source, turn] = turns_.front();
      if (const auto last = last_turns_.find(source); last->second == turn) {
        last_turns_.erase(last);
      }
      turns_.pop_front();
    }
    leave_line(queue);
    wait_for_turn(queue);
  }
  void taken_from(Place queue) {
    --size_;
    place(queue);
    if (queue->things.empty()) {
      leave_line(queue);
      by_source_.erase(queue->source);
      queue->in->erase(queue);
    }
  }
  /// Moves a queue that has become longer or shorter by one to the list of its length.
  void place(Place queue) {
    const std::size_t length = queue->things.size();
    while (by_length_.size() <= length) {
      by_length_.emplace_back();
    }
    Queues& to = by_length_[length];
    to.splice(to.end(), *std::exchange(queue->in, &to), queue);
    longest_ = std::max(longest_, length);
    if (by_length_[longest_].empty()) {
      --longest_;
    }
  }

  std::size_t most_;
  std::size_t size_ = 0;
  std::size_t longest_ = 0;
  std::unordered_map<wire::Ipv4Address, Place> by_source_;
  Queues none_;
  std::deque<Queues> by_length_;  // a deque: the lists stay where they are
  std::map<Rank, Place> by_last_turn_;
  std::list<Place> in_line_;  // by when they came or had their last turn
  std::uint64_t turn_ = 0;
  std::uint64_t came_ = 0;
  std::unordered_map<wire::Ipv4Address, std::uint64_t> last_turns_;  // of the turns in turns_
  std::deque<std::pair<wire::Ipv4Address, std::uint64_t>> turns_;    // the oldest first
};

}  // namespace adit::app
