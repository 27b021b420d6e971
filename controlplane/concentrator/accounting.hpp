// SPDX-License-Identifier: Apache-2.0
// The interface to accounting: told of each call when IP first comes up, periodically while IP is up, and of
// the final counters. Thread: control.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/base/end_reason.hpp"
#include "controlplane/base/station_ids.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "controlplane/ppp/data_path.hpp"
#include "dataplane/contract/messages.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::control {

/// What all records of a call say of it.
struct AccountedCall {
  std::string session_id;
  std::string user;
  wire::Ipv4Address peer, local;                   ///< outer
  wire::Ipv4Address address;                       ///< the subscriber's
  std::optional<Ipv6Binding> ipv6{};               ///< what it has, or had last
  std::vector<std::vector<std::uint8_t>> classes;  ///< as sent by the server
  bool by_radius = false;                          ///< a RADIUS server accepted the user
  SharedStationIds stations{};                     ///< nullptr: the peer did not bring the call in
};

class Accounting {
 public:
  virtual ~Accounting() = default;
  virtual void started(const AccountedCall& call) = 0;
  /// The call was another process's, which has told of its start, and its records go on. False: they have ended, and the
  /// call is not to go on.
  [[nodiscard]] virtual bool adopted(const AccountedCall& call) = 0;
  /// The call's records say something else from now on: its end does so even if this process crashes before it.
  virtual void changed(const AccountedCall& call) = 0;
  /// Called about once a minute, so that the call's end can be recorded even if this process crashes before
  /// it.
  virtual void noted(const AccountedCall& call, const contract::CallTotals& totals, Duration since_up) = 0;
  /// `since_up`: how long IP has been up. Totals are the data plane's current ones.
  virtual void interim(const AccountedCall& call, const contract::CallTotals& totals, Duration since_up) = 0;
  /// Totals are final: the worker has removed the call.
  virtual void stopped(const AccountedCall& call, const contract::CallTotals& totals, Duration was_up,
                       EndReason reason) = 0;
};

}  // namespace adit::control
