// SPDX-License-Identifier: Apache-2.0
// Who has an address or a network, where several claim it. A prefix may have any number of claimants: the same
// Framed-Route on two sessions, because a customer redialled before the old session timed out. The latest has
// it; when it goes, the one before gets it back; the end of any other changes nothing. The machine comes before
// every subscriber. Between prefixes that lie in each other, the longest wins, as in any router.
// A claim costs O(1) in the number of claims; memory is bounded by the calls and what each may have.
// Thread: control. Owner: ConcentratorCore.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <unordered_map>

#include "dataplane/contract/call_ref.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::control {

struct PrefixClaim {
  enum class By : std::uint8_t {
    kMachine,     ///< an address or a network of the machine's own: packets stay with the kernel
    kSubscriber,  ///< a subscriber's own address
    kNetwork,     ///< a network behind a subscriber
  };
  wire::Ipv4Prefix prefix;
  By by = By::kSubscriber;
  contract::CallRef call{};  ///< whose; none of the machine's
  friend bool operator==(const PrefixClaim&, const PrefixClaim&) = default;
};

/// Where the outcome goes: the data plane's index, the XDP programs, the routes announced to the kernel.
class PrefixActions {
 public:
  virtual ~PrefixActions() = default;
  /// From now on `claim.prefix` is the claimant's, except what lies in longer prefixes.
  virtual void map_prefix(const PrefixClaim& claim) = 0;
  /// Nobody claims `prefix` any more. `heir`: the longest prefix around it that somebody has.
  virtual void unmap_prefix(const wire::Ipv4Prefix& prefix, const std::optional<PrefixClaim>& heir) = 0;
};

class PrefixClaims {
  using Claimants = std::list<PrefixClaim>;  // the last one has it

 public:
  /// Valid until released.
  using Handle = Claimants::iterator;

  explicit PrefixClaims(PrefixActions& actions) : actions_(actions) {}
  PrefixClaims(const PrefixClaims&) = delete;
  PrefixClaims& operator=(const PrefixClaims&) = delete;

  Handle claim(const PrefixClaim& claim);
  void release(Handle handle);

  /// Whether the prefix is this claimant's now, and not another's.
  [[nodiscard]] bool has_it(Handle handle) const;

 private:
  struct Hash {
    std::size_t operator()(const wire::Ipv4Prefix& prefix) const {
      return std::hash<std::uint64_t>{}(std::uint64_t{prefix.address.value} << 8 | prefix.length);
    }
  };
  /// Claims are not shorter: see can_be_behind_a_subscriber().
  static constexpr std::uint8_t kShortest = 16;
  [[nodiscard]] std::optional<PrefixClaim> around(const wire::Ipv4Prefix& prefix) const;

  PrefixActions& actions_;
  std::unordered_map<wire::Ipv4Prefix, Claimants, Hash> claims_;
};

}  // namespace adit::control
