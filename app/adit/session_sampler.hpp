// SPDX-License-Identifier: Apache-2.0
// Looks at aditd's calls, a page after the other, and tells from two looks how much each carries a second. It keeps a
// call's counters from one look to the next, and of rows only those that are to be shown.
// Thread: main.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "app/adit/invocation.hpp"
#include "app/adit/shown_columns.hpp"

namespace adit::app {

struct SamplerWish {
  std::vector<std::string> keys{};     ///< what each row must have; empty: all that is usual
  Json match{};                        ///< as show.sessions takes it; null: every call
  const ShownColumn* order = nullptr;  ///< nullptr: as they come
  std::size_t limit = 0;               ///< rows at most; 0: all
  bool rates = false;
};

/// Of all calls that matched, also of those beyond the limit. Rates: since the look before.
struct SessionSample {
  std::vector<Json> rows{};
  std::uint64_t calls = 0;
  double seconds = 0;  ///< since the look before; 0: this is the first
  std::uint64_t rx_bits_per_second = 0, tx_bits_per_second = 0;
  std::uint64_t rx_packets_per_second = 0, tx_packets_per_second = 0;
};

class SessionSampler {
 public:
  using Clock = std::chrono::steady_clock;
  SessionSampler(Ask ask, SamplerWish wish, std::function<Clock::time_point()> now = &Clock::now);

  void set_limit(std::size_t rows) { wish_.limit = rows; }

  /// With rates, a row of a call that was there the last time has rx_bits_per_second and so on.
  [[nodiscard]] std::expected<SessionSample, CallFailure> look();

 private:
  struct Counters {
    Clock::time_point at{};
    std::uint64_t rx_bytes = 0, tx_bytes = 0, rx_packets = 0, tx_packets = 0;
  };
  using Seen = std::unordered_map<std::string, Counters>;

  void take(Json& page, Clock::time_point at, SessionSample& sample, Seen& seen) const;
  void add_rates(Json& row, const Counters& now, SessionSample& sample) const;
  void keep_first(std::vector<Json>& rows, std::size_t most) const;
  [[nodiscard]] Json page_params(std::size_t rows_so_far, const Json& after) const;

  Ask ask_;
  SamplerWish wish_;
  std::function<Clock::time_point()> now_;
  Seen before_;
  Clock::time_point looked_{};
  bool has_looked_ = false;
};

}  // namespace adit::app
