// SPDX-License-Identifier: Apache-2.0
// Things that wait to be served, in turn by their source: the next one is of the source that has waited
// longest for a turn, whatever others have in the line. When the line is full, the source with most in it loses
// its newest. O(1). Thread: any one. Owner: whoever serves.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <iterator>
#include <list>
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
      turns_.push_back(&*found->second);
      found->second->turn = std::prev(turns_.end());
    }
    found->second->things.push_back(std::move(thing));
    ++size_;
    place(found->second);
    return size_ > most_ ? std::optional(drop_newest()) : std::nullopt;
  }

  /// Requires !empty().
  [[nodiscard]] Thing next() {
    const auto queue = by_source_.find(turns_.front()->source)->second;
    Thing thing = std::move(queue->things.front());
    queue->things.pop_front();
    turns_.splice(turns_.end(), turns_, queue->turn);
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
  struct Queue {
    wire::Ipv4Address source;
    std::deque<Thing> things{};
    std::list<Queue>* in = nullptr;
    typename std::list<Queue*>::iterator turn{};
  };
  using Queues = std::list<Queue>;

  void taken_from(typename Queues::iterator queue) {
    --size_;
    place(queue);
    if (queue->things.empty()) {
      turns_.erase(queue->turn);
      by_source_.erase(queue->source);
      queue->in->erase(queue);
    }
  }
  /// Moves a queue that has become longer or shorter by one to the list of its length.
  void place(typename Queues::iterator queue) {
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
  std::unordered_map<wire::Ipv4Address, typename Queues::iterator> by_source_;
  Queues none_;
  std::deque<Queues> by_length_;  // a deque: the lists stay where they are
  std::list<Queue*> turns_;
};

}  // namespace adit::app
