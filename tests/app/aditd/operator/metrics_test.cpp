// SPDX-License-Identifier: Apache-2.0
// Metric names are an API: operators' boards and alerts are made of them.
#include <gtest/gtest.h>
#include <time.h>

#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "app/aditd/operator/handlers.hpp"
#include "dataplane/base/drop_reason.hpp"
#include "tests/app/aditd/operator/fake_backend.hpp"
#include "tests/app/golden.hpp"

namespace adit::app {
namespace {

struct Reply {
  Json families;
  std::size_t slices = 0, octets = 0;
  std::chrono::nanoseconds longest{0};
};

/// In which this thread ran: the machine may be busy.
std::chrono::nanoseconds time_of_thread() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

Reply scrape(const FakeBackend& backend) {
  Reply made;
  RpcReply reply{show_metrics(backend)};
  std::string text;
  while (reply.more()) {
    const std::chrono::nanoseconds began = time_of_thread();
    text += reply.next();
    made.longest = std::max(made.longest, time_of_thread() - began);
    ++made.slices;
  }
  made.octets = text.size();
  made.families = Json::parse(text)["families"];
  return made;
}

const Json& family(const Reply& reply, std::string_view name) {
  for (const Json& one : reply.families) {
    if (one["name"] == name) {
      return one;
    }
  }
  static const Json kNone;
  ADD_FAILURE() << name;
  return kNone;
}

/// "adit_drops counter reason,worker"
std::string line_of(const Json& one) {
  std::string labels;
  if (!one["samples"].empty()) {
    for (const auto& [label, value] : one["samples"].front()["labels"].items()) {
      labels += (labels.empty() ? " " : ",") + label;
    }
  }
  return one["name"].get<std::string>() + ' ' + one["type"].get<std::string>() + labels + '\n';
}

TEST(Metrics, SEC_12_NamesTypesAndLabelsAreWhatTheyWere) {
  hold_to_golden("tests/app/aditd/operator/golden/metrics.txt", "> ", [](const std::string&) {
    const Reply reply = scrape(FakeBackend());
    std::string text;
    for (const Json& one : reply.families) {
      // The kernel's version decides.
      text += one["name"] == "process_open_fds" ? "" : line_of(one);
    }
    return text;
  });
}

// docs/metrics.md ends with the table of all of them.
TEST(Metrics, TheManualHasThemAll) {
  const char* root = ::getenv("ADIT_SOURCE_ROOT");
  ASSERT_NE(root, nullptr) << "run it by `meson test`, or set it to the directory that has meson.build";
  const std::string file = std::string(root) + "/docs/metrics.md";
  std::stringstream manual;
  manual << std::ifstream(file).rdbuf();
  const std::string titles = "| name | type | labels | meaning |\n";
  const std::string before = manual.str().substr(0, manual.str().find(titles));
  std::string table = titles + "|---|---|---|---|\n";
  for (const Json& one : scrape(FakeBackend()).families) {
    std::string labels;
    if (!one["samples"].empty()) {
      for (const auto& [label, value] : one["samples"].front()["labels"].items()) {
        labels += (labels.empty() ? "" : ", ") + label;
      }
    }
    table += one["name"] == "process_open_fds"
                 ? ""
                 : "| `" + one["name"].get<std::string>() + "` | " + one["type"].get<std::string>() + " | " +
                       labels + " | " + one["help"].get<std::string>() + " |\n";
  }
  if (::getenv("ADIT_WRITE_GOLDEN") != nullptr) {
    std::ofstream(file) << before + table;
  }
  EXPECT_EQ(before + table, manual.str())
      << "if that is meant, run it with ADIT_WRITE_GOLDEN=1 and read the diff";
}

TEST(Metrics, FollowPrometheusConventions) {
  const std::regex name("[a-z][a-z0-9_]*[a-z0-9]");
  std::set<std::string> names;
  for (const Json& one : scrape(FakeBackend()).families) {
    const std::string is = one["name"];
    EXPECT_TRUE(std::regex_match(is, name)) << is;
    EXPECT_TRUE(is.starts_with("adit_") || is.starts_with("process_")) << is;
    EXPECT_TRUE(names.insert(is).second) << is << " twice";
    for (const char* suffix : {"_total", "_info", "_count", "_sum", "_bucket"}) {
      EXPECT_FALSE(is.ends_with(suffix)) << is;
    }
    EXPECT_EQ(one["unit"], is.ends_with("_seconds") ? "seconds"
                           : is.ends_with("_bytes") ? "bytes"
                                                    : "")
        << is;
    const std::string help = one["help"];
    EXPECT_TRUE(help.ends_with('.') && help.size() > 10) << is << ": " << help;
    for (const Json& sample : one["samples"]) {
      for (const char* label : {"user", "username", "sid", "peer", "ip", "address", "session"}) {
        EXPECT_FALSE(sample["labels"].contains(label)) << is;
      }
    }
  }
}

TEST(Metrics, EveryCounterAndReasonIsThere) {
  FakeBackend backend;
  const Reply reply = scrape(backend);
  std::string text;
  for (const Json& one : reply.families) {
    text += one["name"].get<std::string>() + ' ';
  }
  std::size_t by_worker = 0;
  for (const Json& one : reply.families) {
    by_worker += one["type"] == "counter" && !one["samples"].empty() &&
                         one["samples"].front()["labels"].size() == 1 &&
                         one["samples"].front()["labels"].contains("worker")
                     ? 1
                     : 0;
  }
  EXPECT_EQ(by_worker, dataplane::kWorkerCounterTexts.size()) << text;
  EXPECT_EQ(family(reply, "adit_calls_ended")["samples"].size(),
            static_cast<std::size_t>(control::EndReason::kInternal));
  EXPECT_EQ(family(reply, "adit_worker_rx_packets")["samples"],
            Json::parse(R"([{"labels":{"worker":"0"},"value":1000000}])"));
  EXPECT_EQ(family(reply, "adit_drops")["samples"].size(), 1U) << "reasons without a packet are left out";
  EXPECT_EQ(family(reply, "adit_worker_busy_seconds")["samples"][0]["value"], 1.5);
}

TEST(Metrics, AHistogramIsCumulativeAndInBaseUnits) {
  FakeBackend backend;
  for (const std::uint64_t ms : {3, 7, 7, 60, 60'000}) {
    backend.call_measures_.setup.observe(ms);
  }
  const Json sample = family(scrape(backend), "adit_call_setup_seconds")["samples"][0];
  EXPECT_EQ(sample["count"], 5);
  EXPECT_NEAR(sample["sum"].get<double>(), 60.077, 1e-9);
  EXPECT_EQ(sample["buckets"].size(), control::SetupBounds::kUpper.size());
  EXPECT_EQ(sample["buckets"][0], Json::parse("[0.005,1]"));
  EXPECT_EQ(sample["buckets"][1], Json::parse("[0.01,3]"));
  EXPECT_EQ(sample["buckets"].back(), Json::parse("[10.0,4]")) << "the rest is count's";
}

// Control has a millisecond for it; 16 workers, each with a packet for every reason.
TEST(Metrics, ALongReplyIsMadeInSlices) {
  FakeBackend backend;
  backend.worker_count = 16;
  backend.drops_everywhere = true;
  const Reply reply = scrape(backend);
  std::printf("16 workers: %zu families, %zu octets in %zu slices, the longest took %.3f ms\n",
              reply.families.size(), reply.octets, reply.slices,
              static_cast<double>(reply.longest.count()) * 1e-6);
  EXPECT_EQ(family(reply, "adit_drops")["samples"].size(), 16 * dataplane::kDropReasons);
  EXPECT_GT(reply.slices, 14U);
  EXPECT_LT(reply.octets, 300'000U);
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_LT(reply.longest, std::chrono::milliseconds(1));
#endif
}

}  // namespace
}  // namespace adit::app
