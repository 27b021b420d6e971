// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/log/failure_counts.hpp"

namespace adit::app {
namespace {

constexpr int kToldAtOnce = 64;

}  // namespace

bool FailureCounts::admit(std::string_view event, std::string_view peer, std::chrono::milliseconds now) {
  const std::string key = std::string(event) + ' ' + std::string(peer);
  if (table_.find(key) == nullptr && table_.size() == kRemembered) {
    tell(table_.oldest().second);  // forgotten in favour of this one
  }
  Failures& failures = table_.use(key);
  if (failures.event.empty() || now - failures.since >= kWithin) {
    tell(failures);
    failures = {.event = std::string(event), .peer = std::string(peer), .since = now};
  }
  if (failures.written < kWritten) {
    ++failures.written;
    return true;
  }
  ++failures.counted;
  return false;
}

void FailureCounts::flush(std::chrono::milliseconds now) {
  for (int told = 0; told < kToldAtOnce && table_.size() != 0; ++told) {
    const auto& [key, failures] = table_.oldest();
    if (now - failures.since < kWithin) {
      return;
    }
    tell(failures);
    table_.erase(std::string(key));
  }
}

void FailureCounts::tell_all() {
  while (table_.size() != 0) {
    const auto& [key, failures] = table_.oldest();
    tell(failures);
    table_.erase(std::string(key));
  }
}

void FailureCounts::tell(const Failures& failures) const {
  if (failures.counted != 0) {
    tell_(failures.event, failures.peer, failures.counted);
  }
}

}  // namespace adit::app
