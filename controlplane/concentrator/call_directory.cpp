// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/call_directory.hpp"

#include <utility>

namespace adit::control {

CallRecord& CallDirectory::add(std::unique_ptr<CallRecord> call) {
  CallRecord& record = *call;
  by_number_.emplace(record.number(), std::move(call));
  return record;
}

void CallDirectory::remove(CallRecord& call) {
  forget_user(call);
  const auto at = by_address_.find(call.address());
  if (at != by_address_.end() && at->second == &call) {
    by_address_.erase(at);
  }
  by_number_.erase(call.number());
}

void CallDirectory::set_user(CallRecord& call, const std::string& user) {
  forget_user(call);
  const auto [entry, first] = by_user_.try_emplace(user, nullptr);
  CallRecord* head = entry->second;
  call.user_links = {&entry->first, nullptr, head};  // keys of an unordered_map do not move
  if (head != nullptr) {
    head->user_links.previous = &call;
  }
  entry->second = &call;
}

void CallDirectory::forget_user(CallRecord& call) {
  const CallRecord::UserLinks links = std::exchange(call.user_links, {});
  if (links.user == nullptr) {
    return;
  }
  if (links.next != nullptr) {
    links.next->user_links.previous = links.previous;
  }
  if (links.previous != nullptr) {
    links.previous->user_links.next = links.next;
  } else if (links.next != nullptr) {
    by_user_.find(*links.user)->second = links.next;
  } else {
    by_user_.erase(by_user_.find(*links.user));
  }
}

std::vector<CallRecord*> CallDirectory::of_user(const std::string& user) const {
  std::vector<CallRecord*> calls;
  const auto entry = by_user_.find(user);
  for (CallRecord* call = entry == by_user_.end() ? nullptr : entry->second; call != nullptr;
       call = call->user_links.next) {
    calls.push_back(call);
  }
  return calls;
}

CallRecord* CallDirectory::at_address(wire::Ipv4Address address) const {
  const auto entry = by_address_.find(address);
  return entry == by_address_.end() ? nullptr : entry->second;
}

CallRecord* CallDirectory::numbered(std::uint64_t number) const {
  const auto entry = by_number_.find(number);
  return entry == by_number_.end() ? nullptr : entry->second.get();
}

std::vector<CallRecord*> CallDirectory::all() const {
  std::vector<CallRecord*> calls;
  calls.reserve(by_number_.size());
  for (const auto& [number, call] : by_number_) {
    calls.push_back(call.get());
  }
  return calls;
}

}  // namespace adit::control
