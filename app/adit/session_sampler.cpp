// SPDX-License-Identifier: Apache-2.0
#include "app/adit/session_sampler.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "app/adit/fields.hpp"

namespace adit::app {
namespace {

// The counters that rates are made of.
constexpr const char* kCounted[] = {"sid", "rx_bytes", "tx_bytes", "rx_packets", "tx_packets"};

double seconds_between(SessionSampler::Clock::time_point from, SessionSampler::Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

/// `units` for each one counted; a counter that went back is another call's.
std::uint64_t rate(std::uint64_t before, std::uint64_t now, double seconds, double units) {
  return now < before || seconds <= 0
             ? 0
             : static_cast<std::uint64_t>(std::llround(static_cast<double>(now - before) * units / seconds));
}

}  // namespace

SessionSampler::SessionSampler(Ask ask, SamplerWish wish, std::function<Clock::time_point()> now)
    : ask_(std::move(ask)), wish_(std::move(wish)), now_(std::move(now)) {
  if (wish_.rates && !wish_.keys.empty()) {
    for (const char* key : kCounted) {
      if (std::ranges::find(wish_.keys, key) == wish_.keys.end()) {
        wish_.keys.emplace_back(key);
      }
    }
  }
}

Json SessionSampler::page_params(std::size_t rows_so_far, const Json& after) const {
  Json params = {{"after", after}};  // null: from the first one
  if (!wish_.keys.empty()) {
    params["columns"] = wish_.keys;
  }
  if (!wish_.match.is_null()) {
    params["match"] = wish_.match;
  }
  if (wish_.order == nullptr && wish_.limit != 0) {
    params["limit"] = wish_.limit - rows_so_far;
  }
  return params;
}

std::expected<SessionSample, CallFailure> SessionSampler::look() {
  SessionSample sample;
  Seen seen;
  const Clock::time_point began = now_();
  sample.seconds = has_looked_ ? seconds_between(looked_, began) : 0;
  const auto is_enough = [&] {
    return wish_.order == nullptr && wish_.limit != 0 && sample.rows.size() >= wish_.limit;
  };
  Json after;
  do {
    auto page = ask_("show.sessions", page_params(sample.rows.size(), after));
    if (!page) {
      return std::unexpected(std::move(page.error()));
    }
    take(*page, now_(), sample, seen);
    after = member(*page, "next");
  } while (!after.is_null() && !is_enough());
  keep_first(sample.rows, wish_.limit != 0 ? wish_.limit : sample.rows.size());
  before_ = std::move(seen);
  looked_ = began;
  has_looked_ = true;
  return sample;
}

void SessionSampler::take(Json& page, Clock::time_point at, SessionSample& sample, Seen& seen) const {
  constexpr std::size_t kPatience = 4096;  // rows that may be too many before the last ones are let go
  if (!page.is_object() || !page.contains("sessions") || !page["sessions"].is_array()) {
    return;
  }
  for (Json& row : page["sessions"]) {
    ++sample.calls;
    if (wish_.rates) {
      const Counters now{at, number(row, "rx_bytes"), number(row, "tx_bytes"), number(row, "rx_packets"),
                         number(row, "tx_packets")};
      add_rates(row, now, sample);
      seen.emplace(text(row, "sid"), now);
    }
    sample.rows.push_back(std::move(row));
  }
  if (wish_.order != nullptr && wish_.limit != 0 && sample.rows.size() > wish_.limit + kPatience) {
    keep_first(sample.rows, wish_.limit);
  }
}

void SessionSampler::add_rates(Json& row, const Counters& now, SessionSample& sample) const {
  const auto found = before_.find(text(row, "sid"));
  if (found == before_.end()) {
    return;
  }
  const Counters& before = found->second;
  const double seconds = seconds_between(before.at, now.at);
  const std::uint64_t rx = rate(before.rx_bytes, now.rx_bytes, seconds, 8);
  const std::uint64_t tx = rate(before.tx_bytes, now.tx_bytes, seconds, 8);
  const std::uint64_t rx_packets = rate(before.rx_packets, now.rx_packets, seconds, 1);
  const std::uint64_t tx_packets = rate(before.tx_packets, now.tx_packets, seconds, 1);
  row["rx_bits_per_second"] = rx;
  row["tx_bits_per_second"] = tx;
  row["bits_per_second"] = rx + tx;
  row["rx_packets_per_second"] = rx_packets;
  row["tx_packets_per_second"] = tx_packets;
  sample.rx_bits_per_second += rx;
  sample.tx_bits_per_second += tx;
  sample.rx_packets_per_second += rx_packets;
  sample.tx_packets_per_second += tx_packets;
}

void SessionSampler::keep_first(std::vector<Json>& rows, std::size_t most) const {
  most = std::min(most, rows.size());
  if (wish_.order != nullptr) {
    std::ranges::stable_sort(
        rows, [this](const Json& row, const Json& other) { return comes_first(*wish_.order, row, other); });
  }
  rows.resize(most);
}

}  // namespace adit::app
