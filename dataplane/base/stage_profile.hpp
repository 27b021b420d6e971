// SPDX-License-Identifier: Apache-2.0
// Where a packet's cycles go: TSC cycles per named stage. Without a profile it costs one well-predicted
// branch per stage and burst. Thread: worker. Owner: the benchmark or the test that sets it.
#pragma once

#include <rte_cycles.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace adit::dataplane {

enum class Stage : std::uint8_t {
  kReceive,
  kParseOuter,
  kFindCalls,
  kAcceptSequence,
  kStripPpp,
  kDecrypt,
  kDecompress,
  kCommit,
  kUplinkCheckInner,
  kForward,
  kFindSubscribers,
  kDownlinkCheckInner,
  kClampMss,
  kCompress,
  kEncrypt,
  kPushPpp,
  kPushGre,
  kPushOuter,
  kSend,
};

inline constexpr std::array<std::string_view, 19> kStageNames{
    "receive", "parse_outer", "find_calls", "accept_sequence",  "strip_ppp",  "decrypt",   "decompress",
    "commit",  "up_inner",    "forward",    "find_subscribers", "down_inner", "clamp_mss", "compress",
    "encrypt", "push_ppp",    "push_gre",   "push_outer",       "send"};

struct StageProfile {
  std::array<std::uint64_t, kStageNames.size()> cycles{};
  std::uint64_t since = 0;

  void begin() noexcept { since = rte_rdtsc(); }
  /// Charges the time since the last mark to `stage`.
  void mark(Stage stage) noexcept {
    const std::uint64_t now = rte_rdtsc();
    cycles[static_cast<std::size_t>(stage)] += now - since;
    since = now;
  }
};

}  // namespace adit::dataplane
