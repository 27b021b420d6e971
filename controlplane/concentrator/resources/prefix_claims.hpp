// SPDX-License-Identifier: Apache-2.0
// Who has an address or a network, where several claim it. A prefix may have any number of claimants: the same
// Framed-Route on two sessions, because a customer redialled before the old session timed out. The latest has
// it; when it goes, the one before gets it back; the end of any other changes nothing. The machine comes before
// every subscriber. Between prefixes that lie in each other, the longest wins, as in any router.
// Of either family. A claim costs O(1) in the number of claims; memory is bounded by the calls and what each may have.
// Thread: control. Owner: ConcentratorCore.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "dataplane/contract/call_ref.hpp"
#include "dataplane/wire/ids.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::control {

enum class ClaimedBy : std::uint8_t {
  kMachine,     ///< an address or a network of the machine's own: packets stay with the kernel
  kSubscriber,  ///< a subscriber's own address, or its link's prefix
  kNetwork,     ///< a network behind a subscriber
};

/// `Prefix`: wire::Ipv4Prefix or wire::Ipv6Prefix.
template <typename Prefix>
struct BasicPrefixClaim {
  using By = ClaimedBy;
  Prefix prefix;
  By by = By::kSubscriber;
  contract::CallRef call{};  ///< whose; none of the machine's
  friend bool operator==(const BasicPrefixClaim&, const BasicPrefixClaim&) = default;
};

using PrefixClaim = BasicPrefixClaim<wire::Ipv4Prefix>;
using PrefixClaim6 = BasicPrefixClaim<wire::Ipv6Prefix>;

/// Where the outcome goes: the data plane's index, the XDP programs, the routes announced to the kernel.
class PrefixActions {
 public:
  virtual ~PrefixActions() = default;
  /// From now on `claim.prefix` is the claimant's, except what lies in longer prefixes.
  virtual void map_prefix(const PrefixClaim& claim) = 0;
  /// Nobody claims `prefix` any more. `heir`: the longest prefix around it that somebody has.
  virtual void unmap_prefix(const wire::Ipv4Prefix& prefix, const std::optional<PrefixClaim>& heir) = 0;

  /// The same for IPv6, where every lookup looks for the longest prefix, and so needs no heir.
  virtual void map_prefix(const PrefixClaim6& claim) = 0;
  virtual void unmap_prefix(const wire::Ipv6Prefix& prefix) = 0;
};

template <typename Prefix>
class BasicPrefixClaims {
  using Claim = BasicPrefixClaim<Prefix>;
  using Claimants = std::list<Claim>;  // the last one has it

 public:
  /// Valid until released.
  using Handle = typename Claimants::iterator;

  explicit BasicPrefixClaims(PrefixActions& actions) : actions_(actions) {}
  BasicPrefixClaims(const BasicPrefixClaims&) = delete;
  BasicPrefixClaims& operator=(const BasicPrefixClaims&) = delete;

  Handle claim(const Claim& claim);
  void release(Handle handle);
  /// Claims `wanted` instead of what `handles` are of. What is in both stays claimed throughout. `on_new(claim)` is
  /// called before each that is not.
  template <typename OnNew>
  void replace(std::vector<Handle>& handles, const std::vector<Claim>& wanted, OnNew on_new) {
    std::vector<Handle> old = std::exchange(handles, {});
    for (const Claim& one : wanted) {
      const auto known = std::ranges::find_if(old, [&](Handle handle) { return *handle == one; });
      if (known == old.end()) {
        on_new(one);
        handles.push_back(claim(one));
      } else {
        handles.push_back(*known);
        old.erase(known);
      }
    }
    for (const Handle handle : old) {
      release(handle);
    }
  }

  /// Whether the prefix is this claimant's now, and not another's.
  [[nodiscard]] bool has_it(Handle handle) const;

 private:
  struct Hash {
    std::size_t operator()(const wire::Ipv4Prefix& prefix) const {
      return std::hash<std::uint64_t>{}(std::uint64_t{prefix.address.value} << 8 | prefix.length);
    }
    std::size_t operator()(const wire::Ipv6Prefix& prefix) const {
      return std::hash<wire::Ipv6Prefix>{}(prefix);
    }
  };
  void unmap(const Prefix& prefix);

  PrefixActions& actions_;
  std::unordered_map<Prefix, Claimants, Hash> claims_;
};

using PrefixClaims = BasicPrefixClaims<wire::Ipv4Prefix>;
using PrefixClaims6 = BasicPrefixClaims<wire::Ipv6Prefix>;

}  // namespace adit::control
