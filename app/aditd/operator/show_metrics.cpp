// SPDX-License-Identifier: Apache-2.0
// `show.metrics`: a source's families in each slice.
#include <memory>

#include "app/aditd/operator/handlers.hpp"
#include "app/aditd/operator/metrics/sources.hpp"

namespace adit::app {
namespace {

constexpr MetricSource kSources[] = {
    &process_metrics,
    &control_metrics,
    &memory_metrics,
    &call_metrics,
    &setup_metrics,
    &pool_metrics,
    &ipv6_metrics,
    &read_workers,
    &worker_metrics,
    &drop_metrics,
    &worker_histogram_metrics,
    &ring_metrics,
    &port_metrics,
    &radius_metrics,
    &accounting_metrics,
};

}  // namespace

List show_metrics(const OperatorBackend& backend) {
  auto scrape = std::make_shared<Scrape>(Scrape{.backend = backend});
  return {.head = R"({"families":[)",
          .next =
              [scrape, source = std::size_t{0}](const List::Row& row) mutable {
                const bool again = kSources[source](*scrape);
                source += again ? 0 : 1;
                scrape->turn = again ? scrape->turn + 1 : 0;
                const bool more = source < std::size(kSources);
                if (!more) {
                  scrape->out.end();
                }
                for (const std::string& family : scrape->out.take()) {
                  row(family);
                }
                return more;
              },
          .tail = "]}"};
}

}  // namespace adit::app
