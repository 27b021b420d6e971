// SPDX-License-Identifier: Apache-2.0
// All calls, found in O(1) by session ID, by user and by subscriber address. Owns the records.
// Thread: control. Owner: ConcentratorCore.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "controlplane/concentrator/call_record.hpp"

namespace adit::control {

class CallDirectory {
 public:
  CallRecord& add(std::unique_ptr<CallRecord> call);
  /// Removes the call from every index and destroys it.
  void remove(CallRecord& call);

  /// Lists `call` under `user` (untrusted octets) and under no other.
  void set_user(CallRecord& call, const std::string& user);
  void forget_user(CallRecord& call);
  void set_address(CallRecord& call, wire::Ipv4Address address) { by_address_[address] = &call; }

  [[nodiscard]] std::vector<CallRecord*> of_user(const std::string& user) const;
  [[nodiscard]] CallRecord* at_address(wire::Ipv4Address address) const;
  [[nodiscard]] CallRecord* numbered(std::uint64_t number) const;
  [[nodiscard]] std::vector<CallRecord*> all() const;

  [[nodiscard]] const auto& by_number() const { return by_number_; }
  [[nodiscard]] bool empty() const { return by_number_.empty(); }

 private:
  std::unordered_map<std::uint64_t, std::unique_ptr<CallRecord>> by_number_;
  std::unordered_map<std::string, CallRecord*> by_user_;  // the head of each user's list
  std::unordered_map<wire::Ipv4Address, CallRecord*> by_address_;
};

}  // namespace adit::control
