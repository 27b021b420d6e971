// SPDX-License-Identifier: Apache-2.0
// Over what control has set of a call: whoever inherits the call from a process that has died knows by it that none of this
// was half written, or written over. What packets move is not under it; see KeyMark for what protects their keys.
// Thread: the call's worker. Owner: the call.
#pragma once

#include <atomic>
#include <cstdint>

namespace adit::dataplane {

struct Call;

/// CRC-32C of the call's identity, keys to start from, limits and IPv6; never 0. The flags and modes must be sound.
[[nodiscard]] std::uint32_t seal_of(const Call& call) noexcept;

/// One change: the seal is broken while this lives.
class SealedChange {
 public:
  explicit SealedChange(Call& call) noexcept;
  ~SealedChange();
  SealedChange(const SealedChange&) = delete;
  SealedChange& operator=(const SealedChange&) = delete;

 private:
  Call& call_;
};

}  // namespace adit::dataplane
