// SPDX-License-Identifier: Apache-2.0
// What the control plane has to say to the operator: one named event with key=value fields.
// Values may hold octets from peers as they came: whoever prints them escapes and bounds them (app/aditd/log).
// Secrets are never handed over.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace adit::control {

enum class Severity { kDebug, kInfo, kWarning, kError };

struct Field {
  std::string_view key;
  std::string value;
};

class EventLog {
 public:
  virtual ~EventLog() = default;
  virtual void event(Severity severity, std::string_view name, std::initializer_list<Field> fields) = 0;
};

}  // namespace adit::control
