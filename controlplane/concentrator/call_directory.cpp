// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/call_directory.hpp"

#include <charconv>
#include <memory>
#include <utility>

#include "controlplane/base/subscriber_network.hpp"

namespace adit::control {
namespace {

/// `selector` of a walk that has begun: a user is a key of the directory.
bool is_of(const CallRecord& call, const SessionSelector& selector) {
  return selector.by == SessionSelector::By::kAll ||
         (call.user_links.user != nullptr && *call.user_links.user == selector.value);
}

}  // namespace

CallRecord& CallDirectory::add(std::unique_ptr<CallRecord> call) {
  CallRecord& record = *call;
  by_number_.emplace(record.number(), std::move(call));
  return record;
}

void CallDirectory::remove(CallRecord& call) {
  forget_user(call);
  forget_address(call);
  by_number_.erase(call.number());
}

void CallDirectory::forget_address(const CallRecord& call) {
  if (const auto at = by_address_.find(call.address()); at != by_address_.end() && at->second == &call) {
    by_address_.erase(at);
  }
}

void CallDirectory::set_user(CallRecord& call, const std::string& user) {
  forget_user(call);
  std::string key = key_of(user);
  auto spelled = key == user ? nullptr : std::make_unique<const std::string>(user);
  const auto entry = by_user_.try_emplace(std::move(key)).first;
  OfUser& calls = entry->second;
  // Keys of an unordered_map do not move.
  call.user_links = {&entry->first, nullptr, calls.first, std::move(spelled)};
  if (calls.first != nullptr) {
    calls.first->user_links.previous = &call;
  }
  calls.first = &call;
  ++calls.count;
}

void CallDirectory::forget_user(CallRecord& call) {
  const CallRecord::UserLinks links = std::exchange(call.user_links, {});
  if (links.user == nullptr) {
    return;
  }
  const auto entry = by_user_.find(*links.user);
  CallRecord*& towards = links.previous != nullptr ? links.previous->user_links.next : entry->second.first;
  towards = links.next;
  if (links.next != nullptr) {
    links.next->user_links.previous = links.previous;
  }
  if (--entry->second.count == 0) {
    by_user_.erase(entry);
  }
}

std::vector<CallRecord*> CallDirectory::of_user(const std::string& user, std::size_t most) const {
  std::vector<CallRecord*> calls;
  const auto entry = by_user_.find(key_of(user));
  CallRecord* call = entry == by_user_.end() ? nullptr : entry->second.first;
  for (; call != nullptr && calls.size() < most; call = call->user_links.next) {
    calls.push_back(call);
  }
  return calls;
}

std::size_t CallDirectory::count_of(const std::string& user) const {
  const auto entry = by_user_.find(key_of(user));
  return entry == by_user_.end() ? 0 : entry->second.count;
}

std::size_t CallDirectory::visit_named(const SessionSelector& selector, std::size_t most,
                                       const std::function<void(const CallRecord&)>& visit) const {
  using By = SessionSelector::By;
  if (selector.by == By::kUsername) {
    for (const CallRecord* call : of_user(selector.value, most)) {
      visit(*call);
    }
    return count_of(selector.value);
  }
  const CallRecord* call = selector.by == By::kSessionId ? with_id(selector.value)
                           : selector.by == By::kIp      ? at_ip(selector.value)
                                                         : nullptr;
  if (call == nullptr) {
    return 0;
  }
  visit(*call);
  return 1;
}

CallRecord* CallDirectory::at_address(wire::Ipv4Address address) const {
  const auto entry = by_address_.find(address);
  return entry == by_address_.end() ? nullptr : entry->second;
}

CallRecord* CallDirectory::at_prefix(const wire::Ipv6Prefix& prefix) const {
  const auto entry = by_prefix_.find(prefix);
  return entry == by_prefix_.end() ? nullptr : entry->second;
}

CallRecord* CallDirectory::around(const wire::Ipv6Prefix& prefix) const {
  for (std::uint8_t length = prefix.length; length >= kShortestBehindSubscriber; --length) {
    if (CallRecord* call = at_prefix(shortened(prefix, length))) {
      return call;
    }
  }
  return nullptr;
}

void CallDirectory::forget_prefix(const CallRecord& call, const wire::Ipv6Prefix& prefix) {
  if (const auto entry = by_prefix_.find(prefix); entry != by_prefix_.end() && entry->second == &call) {
    by_prefix_.erase(entry);
  }
}

CallRecord* CallDirectory::at_ip(std::string_view text) const {
  if (const auto address = wire::parse_ipv4(text)) {
    return at_address(*address);
  }
  const auto address = wire::parse_ipv6_address(text);
  const auto prefix =
      address ? wire::Ipv6Prefix{.address = *address, .length = 128} : wire::parse_ipv6_prefix(text);
  return !prefix ? nullptr : address ? around(*prefix) : at_prefix(*prefix);
}

CallRecord* CallDirectory::numbered(std::uint64_t number) const {
  const auto entry = by_number_.find(number);
  return entry == by_number_.end() ? nullptr : entry->second.get();
}

std::optional<std::uint64_t> CallDirectory::number_of(std::string_view session_id) {
  constexpr std::size_t kDigits = 16;
  std::uint64_t number = 0;
  const char* end = session_id.data() + session_id.size();
  const auto parsed = std::from_chars(session_id.data(), end, number, 16);
  const bool whole = session_id.size() == kDigits && parsed.ec == std::errc{} && parsed.ptr == end;
  return whole ? std::optional(number) : std::nullopt;
}

CallRecord* CallDirectory::with_id(std::string_view session_id) const {
  const auto number = number_of(session_id);
  return number ? numbered(*number) : nullptr;
}

// ---- walks ------------------------------------------------------------------------------------------------

void CallDirectory::walk(CallWalk& walk, Slots slots, const Visit& visit) const {
  if (walk.stage_ == CallWalk::Stage::kNew) {
    begin(walk);
  }
  if (walk.stage_ == CallWalk::Stage::kNamed) {
    return walk_named(walk, visit);
  }
  std::size_t calls = 0;
  for (std::size_t looks = 0; looks < kPlacesPerSlice && calls < kCallsPerSlice; ++looks) {
    if (walk.worker_ >= slots.size()) {
      walk.stage_ = CallWalk::Stage::kDone;
      return;
    }
    const CallSlots<CallRecord>& of_worker = slots[walk.worker_];
    if (walk.slot_ >= of_worker.size()) {
      ++walk.worker_;
      walk.slot_ = 0;
      continue;
    }
    if (CallRecord* call = of_worker.at(walk.slot_); call != nullptr) {
      ++calls;
      if (is_of(*call, walk.selector_) && !visit(*call)) {
        return;
      }
    }
    ++walk.slot_;
  }
}

/// What an index names is looked up, once; every call, and those of a user of many, are met on the way through
/// the slots.
void CallDirectory::begin(CallWalk& walk) const {
  using By = SessionSelector::By;
  auto& [by, value] = walk.selector_;
  if (by == By::kUsername) {
    value = key_of(value);
  }
  walk.stage_ = CallWalk::Stage::kNamed;
  if (by == By::kAll || (by == By::kUsername && count_of(value) > kCallsPerSlice)) {
    walk.stage_ = CallWalk::Stage::kSlots;
  } else {
    visit_named(walk.selector_, kCallsPerSlice,
                [&walk](const CallRecord& call) { walk.named_.push_back(call.number()); });
  }
}

void CallDirectory::walk_named(CallWalk& walk, const Visit& visit) const {
  for (; !walk.named_.empty(); walk.named_.pop_back()) {
    CallRecord* call = numbered(walk.named_.back());  // nullptr: it has gone since
    if (call != nullptr && !visit(*call)) {
      return;
    }
  }
  walk.stage_ = CallWalk::Stage::kDone;
}

}  // namespace adit::control
