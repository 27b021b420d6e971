// SPDX-License-Identifier: Apache-2.0
// The control plane's log: named events with key=value fields.
// Values may hold octets from peers as received: whoever prints them escapes and bounds them (app/aditd/log).
// They never hold secrets.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace adit::control {

enum class Severity {
  kDebug,
  kInfo,
  kWarning,
  kError,
  kRecord,  ///< as kInfo, of what audits or bills: no storm suppresses it
  kFailure,  ///< as kWarning, of what a peer tried in vain: repetitions by one `peer` (a field of it) are counted
};

struct Field {
  std::string_view key;
  std::string value;
  bool whole = false;  ///< words of our own, bounded by their writer: never cut
};

class EventLog {
 public:
  virtual ~EventLog() = default;
  virtual void event(Severity severity, std::string_view name, std::initializer_list<Field> fields) = 0;
};

}  // namespace adit::control
