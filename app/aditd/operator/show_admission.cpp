// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <chrono>

#include "app/aditd/operator/handlers.hpp"

namespace adit::app {
namespace {

// Thousands of rows when strangers at many addresses press on admission: just then control has no time to spare.
constexpr std::size_t kSourcesPerSlice = 64;

Json source_json(const control::SourceStatus& row) {
  return {{"source", wire::to_string(row.address)},
          {"before_login", row.before_login},
          {"after_login", row.after_login},
          {"refused", row.history.refused},
          {"evicted", row.history.evicted},
          {"failed_logins", row.history.failed_logins},
          {"delayed", row.history.delayed},
          {"seconds_ago", std::chrono::duration_cast<std::chrono::seconds>(row.since).count()}};
}

}  // namespace

List show_admission(const OperatorBackend& backend) {
  const control::ConcentratorStats stats = backend.stats();
  return {.head = fmt::format(R"({{"connections":{},"before_login":{},"sources":[)", stats.connections,
                              stats.connections_before_login),
          .next =
              [rows = backend.limited_sources(), at = std::size_t{0}](const List::Row& row) mutable {
                const std::size_t end = std::min(rows.size(), at + kSourcesPerSlice);
                for (; at < end; ++at) {
                  row(dump(source_json(rows[at])));
                }
                return at < rows.size();
              },
          .tail = "]}"};
}

}  // namespace adit::app
