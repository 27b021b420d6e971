// SPDX-License-Identifier: Apache-2.0
#include "app/adit/fields.hpp"
#include "app/adit/render.hpp"
#include "app/table.hpp"

namespace adit::app {

std::string render_sessions(const Json& result) {
  Rows rows;
  for (const Json& session : list(result, "sessions")) {
    rows.push_back({text(session, "sid"), user_name(session, "username"), text(session, "calling_sid"),
                    text(session, "ip"), text(session, "type"), text(session, "rate_limit"),
                    flag(session, "mppe") ? "mppe-" + text(session, "mppe_mode") : "", text(session, "state"),
                    human_uptime(number(session, "uptime_seconds")), human_bytes(number(session, "rx_bytes")),
                    human_bytes(number(session, "tx_bytes"))});
  }
  return draw_table({{"sid"},
                     {"username"},
                     {"calling-sid"},
                     {"ip"},
                     {"type"},
                     {"rate-limit"},
                     {"comp"},
                     {"state"},
                     {"uptime", Align::kRight},
                     {"rx-bytes", Align::kRight},
                     {"tx-bytes", Align::kRight}},
                    rows, "no sessions");
}

std::uint64_t acted_on_count(const Json& result) {
  return number(result, "terminated") + number(result, "shaped");
}

namespace {

std::string render_count(const Json& result, const std::string& what) {
  const std::uint64_t calls = acted_on_count(result);
  return std::to_string(calls) + (calls == 1 ? " call " : " calls ") + what + '\n';
}

}  // namespace

std::string render_ended(const Json& result) {
  return render_count(result, "ended");
}

std::string render_changed(const Json& result) {
  return render_count(result, "changed");
}

}  // namespace adit::app
