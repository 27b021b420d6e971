// SPDX-License-Identifier: Apache-2.0
// Logs for tests: one that discards, one that records.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/base/event_log.hpp"

namespace adit::test {

class SilentLog final : public control::EventLog {
 public:
  void event(control::Severity, std::string_view, std::initializer_list<control::Field>) override {}
};

struct LoggedEvent {
  std::string name;
  std::map<std::string, std::string> fields;
  std::string line;  ///< "name key=value key=value", in the order given
  control::Severity severity;
};

class RecordingLog final : public control::EventLog {
 public:
  void event(control::Severity severity, std::string_view name,
             std::initializer_list<control::Field> fields) override {
    if (also != nullptr) {
      also->event(severity, name, fields);
    }
    LoggedEvent& logged =
        events.emplace_back(LoggedEvent{std::string(name), {}, std::string(name), severity});
    for (const control::Field& field : fields) {
      logged.fields[std::string(field.key)] = field.value;
      logged.line += ' ' + std::string(field.key) + '=' + field.value;
    }
  }

  [[nodiscard]] std::vector<LoggedEvent> named(std::string_view name) const {
    std::vector<LoggedEvent> found;
    std::ranges::copy_if(events, std::back_inserter(found), [&](const auto& e) { return e.name == name; });
    return found;
  }
  /// Whether a line contains `part`.
  [[nodiscard]] bool has(std::string_view part) const {
    return std::ranges::any_of(events, [&](const auto& e) { return e.line.find(part) != std::string::npos; });
  }

  std::vector<LoggedEvent> events;
  control::EventLog* also = nullptr;
};

}  // namespace adit::test
