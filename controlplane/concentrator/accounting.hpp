// SPDX-License-Identifier: Apache-2.0
// The interface to whatever keeps records of calls: it hears of each call whose IP came up, then, periodically while IP is up,
// and finally with the last counters. Thread: control.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "controlplane/base/end_reason.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "dataplane/contract/messages.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::control {

/// What stays the same over a call's life.
struct AccountedCall {
  std::string session_id;
  std::string user;
  wire::Ipv4Address peer, local;                   ///< outer
  wire::Ipv4Address address;                       ///< the subscriber's
  std::vector<std::vector<std::uint8_t>> classes;  ///< as the server gave them
  bool by_radius = false;                          ///< a RADIUS server accepted the user
};

class Accounting {
 public:
  virtual ~Accounting() = default;
  virtual void started(const AccountedCall& call) = 0;
  /// Called about once a minute, so that the call's end can be recorded even if this process does not live to see it.
  virtual void noted(const AccountedCall& call, const contract::CallTotals& totals, Duration since_up) = 0;
  /// `since_up`: how long IP has been up. Totals are the data plane's at this moment.
  virtual void interim(const AccountedCall& call, const contract::CallTotals& totals, Duration since_up) = 0;
  /// Totals are final: the worker has forgotten the call.
  virtual void stopped(const AccountedCall& call, const contract::CallTotals& totals, Duration was_up,
                       EndReason reason) = 0;
};

}  // namespace adit::control
