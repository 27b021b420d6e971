// SPDX-License-Identifier: Apache-2.0
#include "app/adit/fields.hpp"
#include "app/adit/render.hpp"
#include "app/table.hpp"

namespace adit::app {

std::string render_admission(const Json& result) {
  Rows rows;
  for (const Json& source : list(result, "sources")) {
    rows.push_back({text(source, "source"), count(source, "before_login"), count(source, "after_login"),
                    count(source, "refused"), count(source, "evicted"), count(source, "failed_logins"),
                    count(source, "delayed"), count(source, "seconds_ago")});
  }
  return "connections: " + count(result, "connections") + ", before login: " + count(result, "before_login") +
         "\n\n" +
         draw_table({{"source"},
                     {"before login", Align::kRight},
                     {"logged in", Align::kRight},
                     {"refused", Align::kRight},
                     {"evicted", Align::kRight},
                     {"failed logins", Align::kRight},
                     {"delayed", Align::kRight},
                     {"s ago", Align::kRight}},
                    rows, "no address was limited");
}

}  // namespace adit::app
