// SPDX-License-Identifier: Apache-2.0
// All calls, found in O(1) by session ID, by user and by subscriber address. Owns the records.
// Thread: control. Owner: ConcentratorCore.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "controlplane/base/user_name.hpp"
#include "controlplane/concentrator/call_record.hpp"
#include "controlplane/concentrator/call_walk.hpp"
#include "controlplane/concentrator/resources/call_slots.hpp"

namespace adit::control {

class CallDirectory {
 public:
  /// `ignore_case`: users whose names differ only in the case of ASCII letters are one.
  explicit CallDirectory(bool ignore_case = false) : ignore_case_(ignore_case) {}

  CallRecord& add(std::unique_ptr<CallRecord> call);
  /// Removes the call from every index and destroys it.
  void remove(CallRecord& call);

  /// Lists `call` under `user` (untrusted octets) and under no other.
  void set_user(CallRecord& call, const std::string& user);
  void forget_user(CallRecord& call);
  void set_address(CallRecord& call, wire::Ipv4Address address) { by_address_[address] = &call; }
  /// Unless another call has it by now.
  void forget_address(const CallRecord& call);
  void set_prefix(CallRecord& call, const wire::Ipv6Prefix& prefix) { by_prefix_[prefix] = &call; }
  /// Likewise.
  void forget_prefix(const CallRecord& call, const wire::Ipv6Prefix& prefix);

  /// What a user is listed under: the same for all spellings that are one user.
  [[nodiscard]] std::string key_of(std::string_view user) const { return user_key(user, ignore_case_); }
  /// The last `most` of them to log in, the newest first; without `most`, all.
  [[nodiscard]] std::vector<CallRecord*> of_user(
      const std::string& user, std::size_t most = std::numeric_limits<std::size_t>::max()) const;
  [[nodiscard]] std::size_t count_of(const std::string& user) const;
  [[nodiscard]] CallRecord* at_address(wire::Ipv4Address address) const;
  [[nodiscard]] CallRecord* at_prefix(const wire::Ipv6Prefix& prefix) const;
  /// The call with the longest prefix in which this one is; nullptr: none.
  [[nodiscard]] CallRecord* around(const wire::Ipv6Prefix& prefix) const;
  /// `session_id` as CallRecord::session_id(), from outside.
  [[nodiscard]] CallRecord* with_id(std::string_view session_id) const;
  [[nodiscard]] CallRecord* numbered(std::uint64_t number) const;
  [[nodiscard]] static std::optional<std::uint64_t> number_of(std::string_view session_id);

  /// Visits the newest calls that a selector other than kAll names, at most `most`. Returns how many it names.
  std::size_t visit_named(const SessionSelector& selector, std::size_t most,
                          const std::function<void(const CallRecord&)>& visit) const;

  using Slots = std::span<const CallSlots<CallRecord>>;
  /// Returns false when there is no room to act on the call now: the next slice begins with it.
  using Visit = std::function<bool(CallRecord& call)>;
  /// Visits the next slice of `walk`. `slots`: of all workers, always the same ones.
  void walk(CallWalk& walk, Slots slots, const Visit& visit) const;

  [[nodiscard]] bool empty() const { return by_number_.empty(); }

 private:
  struct OfUser {
    CallRecord* first = nullptr;
    std::size_t count = 0;
  };
  /// By an IPv4 address, an IPv6 address, or an IPv6 prefix.
  [[nodiscard]] CallRecord* at_ip(std::string_view text) const;
  void begin(CallWalk& walk) const;
  void walk_named(CallWalk& walk, const Visit& visit) const;

  bool ignore_case_;
  std::unordered_map<std::uint64_t, std::unique_ptr<CallRecord>> by_number_;
  std::unordered_map<std::string, OfUser> by_user_;  // a list each
  std::unordered_map<wire::Ipv4Address, CallRecord*> by_address_;
  std::unordered_map<wire::Ipv6Prefix, CallRecord*> by_prefix_;
};

}  // namespace adit::control
