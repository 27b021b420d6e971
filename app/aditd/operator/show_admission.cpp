// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "app/aditd/operator/handlers.hpp"

namespace adit::app {

Json show_admission(const OperatorBackend& backend) {
  const control::ConcentratorStats stats = backend.stats();
  Json sources = Json::array();
  for (const control::SourceStatus& row : backend.limited_sources()) {
    sources.push_back({{"source", wire::to_string(row.address)},
                       {"before_login", row.before_login},
                       {"after_login", row.after_login},
                       {"refused", row.history.refused},
                       {"evicted", row.history.evicted},
                       {"failed_logins", row.history.failed_logins},
                       {"delayed", row.history.delayed},
                       {"seconds_ago", std::chrono::duration_cast<std::chrono::seconds>(row.since).count()}});
  }
  return {{"connections", stats.connections},
          {"before_login", stats.connections_before_login},
          {"sources", std::move(sources)}};
}

}  // namespace adit::app
