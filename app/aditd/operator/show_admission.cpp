// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <chrono>

#include "app/aditd/operator/handlers.hpp"

namespace adit::app {
namespace {

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
              [slice = backend.limited_sources()](const List::Row& row) {
                return slice([&row](const control::SourceStatus& source) { row(dump(source_json(source))); });
              },
          .tail = "]}"};
}

}  // namespace adit::app
