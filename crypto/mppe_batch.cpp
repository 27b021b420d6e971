// SPDX-License-Identifier: Apache-2.0
// The MPPE engine in lanes. A batch takes two passes. Keys: up to 16 chains at a time make their next key change
// together, SHA-1 and RC4 each in lanes; the jobs of one chain cannot be spread over lanes, because each key is derived
// from the one before. The chains with the most changes left go first, so that no long one is left to run alone.
// Packets: sorted by length, in groups of similar length, because all lanes run as long as the longest.
#include "crypto/mppe_batch.hpp"

#include <algorithm>
#include <cstring>

#include "crypto/mppe_implementations.hpp"
#include "crypto/mppe_rekey.hpp"

namespace adit::crypto {
namespace {

constexpr std::size_t kMostLanes = 16;
constexpr std::size_t kBlock = 16;  ///< octets of key stream that kernels make at least

/// Jobs of one chain, each of which continues from the one before. The key reached so far is in the current
/// job's `key`.
struct Run {
  MppeJob* current;
  MppeJob* end;
  std::uint32_t changes;  ///< made so far

  [[nodiscard]] std::uint32_t left() const noexcept { return end[-1].changes - changes; }

  /// Skips the jobs whose key is reached, and hands the key to the next one. False when no job is left.
  [[nodiscard]] bool settle() noexcept {
    while (changes >= current->changes) {
      MppeJob* const next = current + 1;
      if (next == end) {
        return false;
      }
      next->key = current->key;
      current = next;
    }
    return true;
  }
};

[[nodiscard]] bool continues_from(const MppeJob& before, const MppeJob& job) noexcept {
  return before.chain == job.chain && before.changes <= job.changes;
}

/// The runs of `jobs` that still need key changes. `before`: the job in front of them, or null.
std::size_t find_runs(const MppeJob* before, std::span<MppeJob> jobs, Run (&runs)[kMppeChunk]) noexcept {
  std::size_t count = 0;
  MppeJob* const end = jobs.data() + jobs.size();
  for (MppeJob* first = jobs.data(); first != end;) {
    MppeJob* last = first + 1;
    while (last != end && continues_from(last[-1], *last)) {
      ++last;
    }
    const bool continues = before != nullptr && continues_from(*before, *first);
    first->key = continues ? before->key : first->chain->session_key;
    runs[count] = {first, last, continues ? before->changes : 0};
    count += runs[count].settle() ? 1 : 0;
    before = nullptr;
    first = last;
  }
  return count;
}

/// Of `left` packets: as many of the groups planned in a row for one kernel as a call of it takes. `same(group)`: the
/// group that begins that many packets further on is planned for it as well.
template <typename Same>
std::size_t taken_at_once(const Rc4Kernel& kernel, std::size_t left, Same same) noexcept {
  std::size_t taken = kernel.lanes;
  while (taken < rc4_most(kernel) && taken < left && same(taken)) {
    taken += kernel.lanes;
  }
  return std::min(taken, left);
}

/// The next key of each chain. RFC 3078 §7.3: SHA-1 makes the interim key, which is then encrypted with itself.
void change_keys(const MppeKernels& kernels, Rc4Scratch& scratch, std::span<const RekeyLane> chains,
                 bool wide) noexcept {
  for (std::size_t at = 0; at < chains.size();) {
    const Sha1Way& way = kernels.sha1[kernels.sha1_plan[chains.size() - at]];
    const std::size_t now = std::min(chains.size() - at, way.lanes());
    way.rekey(&chains[at], now, wide);
    at += now;
  }
  for (std::size_t at = 0; at < chains.size();) {
    const std::uint8_t way = kernels.key_plan[chains.size() - at];
    const Rc4Kernel& kernel = *kernels.rc4[way].kernel;
    const std::size_t now = taken_at_once(kernel, chains.size() - at, [&](std::size_t group) {
      return kernels.key_plan[chains.size() - at - group] == way;
    });
    Rc4Packet packets[kMostLanes];
    for (std::size_t lane = 0; lane < now; ++lane) {
      std::uint8_t* const key = chains[at + lane].session;
      packets[lane] = {key, key, std::size_t{wide ? 16U : 8U}, wide};
    }
    rc4_crypt(kernel, scratch, packets, now);
    at += now;
  }
}

/// Those of `runs` that make their next change: as many as there are lanes, those with the most left; or all for
/// which it is the last. `runs` is sorted by that, and still is when those taken have one less: of runs with the same
/// number left, the last are taken.
struct Turn {
  std::size_t front;  ///< runs[0, front)
  std::size_t from;   ///< and runs[from, end)
  std::size_t end;

  explicit Turn(std::span<const Run> runs) noexcept {
    const std::size_t now = runs.front().left() == 1 ? runs.size() : std::min(runs.size(), kMostLanes);
    const std::uint32_t least = runs[now - 1].left();
    front = now;
    while (front > 0 && runs[front - 1].left() == least) {
      --front;
    }
    end = now;
    while (end < runs.size() && runs[end].left() == least) {
      ++end;
    }
    from = end - (now - front);
  }
};

/// Completes all runs of one key size.
void finish_runs(const MppeKernels& kernels, Rc4Scratch& scratch, std::span<Run> runs, bool wide) noexcept {
  const auto more_left = [](const Run& a, const Run& b) { return a.left() > b.left(); };
  if (!std::is_sorted(runs.begin(), runs.end(), more_left)) {
    std::sort(runs.begin(), runs.end(), more_left);
  }
  while (!runs.empty()) {
    const Turn turn(runs);
    RekeyLane lanes[kMppeChunk];
    std::size_t count = 0;
    const auto each = [&](auto what) {
      for (std::size_t i = 0; i < turn.front; ++i) {
        what(runs[i]);
      }
      for (std::size_t i = turn.from; i < turn.end; ++i) {
        what(runs[i]);
      }
    };
    each([&](Run& run) { lanes[count++] = {run.current->chain->start_key.data(), run.current->key.data()}; });
    change_keys(kernels, scratch, {lanes, count}, wide);
    each([&](Run& run) {
      if (!wide) {
        mppe_salt(run.current->chain->length, run.current->key);
      }
      ++run.changes;
      static_cast<void>(run.settle());
    });
    while (!runs.empty() && runs.back().left() == 0) {
      runs = runs.first(runs.size() - 1);
    }
  }
}

void derive_keys(const MppeKernels& kernels, Rc4Scratch& scratch, const MppeJob* before,
                 std::span<MppeJob> jobs) noexcept {
  Run runs[kMppeChunk];
  const std::size_t count = find_runs(before, jobs, runs);
  Run* const narrow = std::partition(
      runs, runs + count, [](const Run& run) { return run.current->chain->length == MppeKeyLength::k128; });
  finish_runs(kernels, scratch, {runs, narrow}, true);
  finish_runs(kernels, scratch, {narrow, runs + count}, false);
}

/// The non-empty jobs, longest first, by a counting sort: a bucket for each number of key-stream blocks, the
/// last one for 2,032 octets and more. A group of fewer than four, if any, holds the shortest.
std::size_t sort_by_length(std::span<MppeJob> jobs, MppeJob* (&sorted)[kMppeChunk]) noexcept {
  constexpr std::size_t kBuckets = 128;
  const auto bucket_of = [](const MppeJob& job) {
    return kBuckets - 1 - std::min<std::size_t>((job.size + kBlock - 1) / kBlock, kBuckets - 1);
  };
  std::uint8_t starts[kBuckets + 1] = {};
  for (const MppeJob& job : jobs) {
    ++starts[bucket_of(job) + 1];
  }
  const std::size_t count = jobs.size() - starts[kBuckets];  // without the empty ones
  for (std::size_t bucket = 1; bucket < kBuckets; ++bucket) {
    starts[bucket] = static_cast<std::uint8_t>(starts[bucket] + starts[bucket - 1]);
  }
  for (MppeJob& job : jobs) {
    sorted[starts[bucket_of(job)]++] = &job;
  }
  return count;
}

/// For each packet, which way would take it and those behind it, so that all cost least. The groups that follow from
/// that are full where lengths allow it, and long packets do not keep lanes waiting.
void plan_packets(std::span<const Rc4Way> ways, std::span<MppeJob* const> sorted,
                  std::uint8_t (&plan)[kMppeChunk]) noexcept {
  std::uint32_t cheapest[kMppeChunk + kMostLanes];  // from this packet to the last
  std::fill_n(cheapest + sorted.size(), kMostLanes, 0U);
  for (std::size_t at = sorted.size(); at-- > 0;) {
    cheapest[at] = ~0U;
    for (std::size_t way = 0; way < ways.size(); ++way) {
      const std::uint32_t cycles = ways[way].cost(sorted[at]->size) + cheapest[at + ways[way].lanes()];
      plan[at] = cycles < cheapest[at] ? static_cast<std::uint8_t>(way) : plan[at];
      cheapest[at] = std::min(cheapest[at], cycles);
    }
  }
}

void crypt_packets(std::span<const Rc4Way> ways, Rc4Scratch& scratch, std::span<MppeJob> jobs) noexcept {
  MppeJob* sorted[kMppeChunk];
  const std::size_t count = sort_by_length(jobs, sorted);
  std::uint8_t plan[kMppeChunk];
  plan_packets(ways, {sorted, count}, plan);
  for (std::size_t at = 0; at < count;) {
    const Rc4Kernel& kernel = *ways[plan[at]].kernel;
    const std::size_t now =
        taken_at_once(kernel, count - at, [&](std::size_t group) { return plan[at + group] == plan[at]; });
    Rc4Packet packets[kMostLanes];
    for (std::size_t lane = 0; lane < now; ++lane) {
      const MppeJob& job = *sorted[at + lane];
      packets[lane] = {job.key.data(), job.data, job.size, job.chain->length == MppeKeyLength::k128};
    }
    rc4_crypt(kernel, scratch, packets, now);
    at += now;
  }
}

}  // namespace

void mppe_crypt_lanes(const MppeKernels& kernels, std::span<MppeJob> jobs) noexcept {
  Rc4Scratch scratch;
  const MppeJob* before = nullptr;
  while (!jobs.empty()) {
    const std::span<MppeJob> chunk = jobs.first(std::min(jobs.size(), kMppeChunk));
    derive_keys(kernels, scratch, before, chunk);
    crypt_packets(kernels.rc4, scratch, chunk);
    before = &chunk.back();
    jobs = jobs.subspan(chunk.size());
  }
}

}  // namespace adit::crypto
