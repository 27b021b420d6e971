// SPDX-License-Identifier: Apache-2.0
// The plain MPPE engine: one job after the other, as RFC 3078 §7.3 describes it.
#include "crypto/mppe_implementations.hpp"

#include "crypto/mppe_rekey.hpp"
#include "crypto/rc4.hpp"

namespace adit::crypto {
namespace {

/// Derives job.key, continuing from the job before it where that saves key changes.
void derive_key(const MppeJob* before, MppeJob& job) noexcept {
  const MppeChain& chain = *job.chain;
  std::uint32_t steps = job.changes;
  if (before != nullptr && before->chain == job.chain && before->changes <= job.changes) {
    steps -= before->changes;
    job.key = before->key;
  } else {
    job.key = chain.session_key;
  }
  for (; steps > 0; --steps) {
    mppe_change_key(chain.start_key, chain.length, job.key);
  }
}

}  // namespace

void mppe_crypt_plain(std::span<MppeJob> jobs) noexcept {
  const MppeJob* before = nullptr;
  for (MppeJob& job : jobs) {
    derive_key(before, job);
    Rc4(std::span(job.key).first(mppe_key_octets(job.chain->length))).apply({job.data, job.size});
    before = &job;
  }
}

}  // namespace adit::crypto
