// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include "app/adit/fields.hpp"
#include "app/adit/render.hpp"
#include "app/table.hpp"

namespace adit::app {

std::string render_drops(const Json& result) {
  Rows rows;
  const Json& drops = member(result, "drops");
  const Json& texts = member(result, "texts");
  if (drops.is_object()) {
    for (const auto& [name, packets] : drops.items()) {
      if (packets.is_number_unsigned() && packets.get<std::uint64_t>() != 0) {
        rows.push_back({name, human_count(packets.get<std::uint64_t>()), text(texts, name)});
      }
    }
  }
  return draw_table({{"reason"}, {"packets", Align::kRight}, {"meaning"}}, rows, "no packet was dropped");
}

namespace {

// More columns than this do not fit a terminal: only the sum is shown.
constexpr std::size_t kMostColumns = 8;

/// A table of counters with a column for each worker or port (`by`), unless there is only one of them.
std::string counter_table(const Json& counters, std::string_view by, std::string_view what) {
  std::vector<std::string> titles;
  const Json none;
  const Json& first = counters.empty() ? none : counters.front();
  for (const auto& [name, value] : member(first, by).items()) {
    titles.push_back(std::string(what) + name);
  }
  if (titles.size() == 1 || titles.size() > kMostColumns) {
    titles.clear();
  }
  std::vector<Column> columns{{"counter"}, {"unit"}, {"sum", Align::kRight}};
  for (const std::string& title : titles) {
    columns.push_back({title, Align::kRight});
  }
  columns.push_back({"meaning"});
  Rows rows;
  for (const Json& counter : counters) {
    std::vector<std::string> row{text(counter, "name"), text(counter, "unit"), count(counter, "sum")};
    const Json& values = member(counter, by);
    for (std::size_t i = 0; i < titles.size(); ++i) {
      const auto value =
          i < values.size() ? std::next(values.begin(), static_cast<std::ptrdiff_t>(i)) : values.end();
      row.push_back(value != values.end() && value->is_number_unsigned()
                        ? human_count(value->get<std::uint64_t>())
                        : "");
    }
    row.push_back(text(counter, "text"));
    rows.push_back(std::move(row));
  }
  return draw_table(columns, rows, "no counters");
}

}  // namespace

std::string render_counters(const Json& result) {
  return counter_table(list(result, "workers"), "by_worker", "worker ") + '\n' +
         counter_table(list(result, "ports"), "by_port", "");
}

std::string render_workers(const Json& result) {
  Rows rows;
  for (const Json& worker : list(result, "workers")) {
    rows.push_back({count(worker, "worker"), count(worker, "lcore"), share(real(worker, "busy"), 1),
                    count(worker, "rx_packets"), count(worker, "tx_packets"), count(worker, "uplink_packets"),
                    human_bytes(number(worker, "uplink_bytes")), count(worker, "downlink_packets"),
                    human_bytes(number(worker, "downlink_bytes")), count(worker, "steer_miss"),
                    count(worker, "reordered"), count(worker, "drops")});
  }
  return draw_table({{"worker", Align::kRight},
                     {"lcore", Align::kRight},
                     {"busy", Align::kRight},
                     {"rx-pkts", Align::kRight},
                     {"tx-pkts", Align::kRight},
                     {"up-pkts", Align::kRight},
                     {"up-bytes", Align::kRight},
                     {"down-pkts", Align::kRight},
                     {"down-bytes", Align::kRight},
                     {"steer-miss", Align::kRight},
                     {"reordered", Align::kRight},
                     {"drops", Align::kRight}},
                    rows, "no workers");
}

std::string render_steering(const Json& result) {
  Rows ports;
  for (const Json& port : list(result, "ports")) {
    ports.push_back({text(port, "port"), text(port, "role"), count(port, "queues"), text(port, "by"),
                     count(port, "table_entries"), count(port, "rules"), count(port, "packets"),
                     count(port, "missed"), percent(number(port, "missed"), number(port, "packets"))});
  }
  Rows workers;
  for (const Json& worker : list(result, "workers")) {
    workers.push_back({count(worker, "worker"), count(worker, "calls"),
                       !flag(worker, "in_use")   ? "idled"
                       : flag(worker, "pressed") ? "busier than the others"
                                                 : "takes calls"});
  }
  return draw_table({{"port", Align::kLeft, kNameWidth},
                     {"role"},
                     {"queues", Align::kRight},
                     {"steered-by"},
                     {"table", Align::kRight},
                     {"rules", Align::kRight},
                     {"rx-pkts", Align::kRight},
                     {"missed", Align::kRight},
                     {"share", Align::kRight}},
                    ports, "no ports") +
         '\n' +
         draw_table({{"worker", Align::kRight}, {"calls", Align::kRight}, {"state"}}, workers, "no workers");
}

}  // namespace adit::app
