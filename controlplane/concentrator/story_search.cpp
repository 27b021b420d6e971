// SPDX-License-Identifier: Apache-2.0
// Stories of what goes on and of what has ended, by what an operator knows of it.
#include <algorithm>
#include <utility>

#include "controlplane/concentrator/concentrator.hpp"
#include "controlplane/concentrator/concentrator_core.hpp"
#include "controlplane/concentrator/connection_record.hpp"

namespace adit::control {
namespace {

/// What the selector may mean, and what the ended ones are found by.
StoryKeys keys_of(const StorySelector& selector) {
  using By = StorySelector::By;
  const auto may_be = [&](By by) { return selector.by == by || selector.by == By::kAny; };
  const std::string& value = selector.value;
  StoryKeys keys;
  if (may_be(By::kUsername)) {
    keys.user = story_key(value);
  }
  if (may_be(By::kSessionId)) {
    keys.number = CallDirectory::number_of(value).value_or(0);
  }
  if (const auto address = wire::parse_ipv4(value)) {
    keys.peer = may_be(By::kPeer) ? *address : wire::Ipv4Address{};
    keys.address = may_be(By::kIp) ? *address : wire::Ipv4Address{};
  }
  return keys;
}

class Search {
 public:
  explicit Search(const ConcentratorCore& core) : core_(core) {}

  void add(const CallRecord* call) {
    if (call != nullptr && std::ranges::find(calls_, call) == calls_.end()) {
      calls_.push_back(call);
      rows_.push_back(call->told(core_.actions.totals(call->ref).value_or(contract::CallTotals{})));
    }
  }
  void add_user(const std::string& user) {
    for (const CallRecord* call : core_.directory.of_user(user, kStoriesTold)) {
      add(call);
    }
  }
  void add_peer(wire::Ipv4Address peer) {
    const ConnectionRecord* connection = core_.of_peers.newest(peer);
    for (std::size_t looks = 0; connection != nullptr && looks < kStoriesTold; ++looks) {
      for (const PptpCall* call :
           connection->protocol.calls().first(std::min(connection->protocol.calls().size(), kStoriesTold))) {
        add(static_cast<const CallRecord*>(call));
      }
      if (connection->calls == 0) {
        rows_.push_back(connection->told());
      }
      connection = connection->older;
    }
  }
  void add_ended(const StoryKeys& keys) {
    std::vector<const StoryRow*> found;
    core_.stories.find(keys, found);
    for (const StoryRow* row : found) {
      rows_.push_back(*row);
      rows_.back().age = core_.wheel.now() - row->story.begun();
    }
  }
  [[nodiscard]] bool found_nothing() const { return rows_.empty(); }
  /// The newest first. Anybody can dial with anybody's name, and in vain: while the user is up, such dials come last, and
  /// they take only half of the room where others need it.
  [[nodiscard]] std::vector<StoryRow> newest() && {
    std::ranges::stable_sort(rows_, std::less(), &StoryRow::age);
    const auto logged_in = static_cast<std::size_t>(std::ranges::count(rows_, true, &StoryRow::logged_in));
    std::size_t room = kStoriesTold - std::min(logged_in, kStoriesTold / 2);  // of those that did not log in
    std::erase_if(rows_,
                  [&room](const StoryRow& row) { return !row.logged_in && (room == 0 || room-- == 0); });
    if (std::ranges::any_of(
            rows_, [](const StoryRow& row) { return row.logged_in && row.reason == EndReason::kNone; })) {
      std::ranges::stable_partition(rows_, &StoryRow::logged_in);
    }
    rows_.erase(rows_.begin() + static_cast<std::ptrdiff_t>(std::min(rows_.size(), kStoriesTold)),
                rows_.end());
    return std::move(rows_);
  }

 private:
  const ConcentratorCore& core_;
  std::vector<const CallRecord*> calls_;
  std::vector<StoryRow> rows_;
};

}  // namespace

std::vector<StoryRow> Concentrator::stories(const StorySelector& selector) const {
  StoryKeys keys = keys_of(selector);
  const std::string user = std::exchange(keys.user, {});
  Search search(*core_);
  if (keys.number != 0) {
    search.add(core_->directory.with_id(selector.value));
  }
  if (!keys.address.is_none()) {
    search.add(core_->directory.at_address(keys.address));
  }
  if (!keys.peer.is_none()) {
    search.add_peer(keys.peer);
  }
  search.add_ended(keys);
  if (!user.empty() && search.found_nothing()) {  // an address or an ID is that first: names are made up
    search.add_user(selector.value);
    search.add_ended({.user = user});
  }
  return std::move(search).newest();
}

}  // namespace adit::control
