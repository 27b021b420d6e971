// SPDX-License-Identifier: Apache-2.0
// Intel ipsec-mb's multi-buffer SHA-1, for comparison and for users who prefer it: ADIT_MPPE=ipsec-mb.
// Never chosen automatically: including job management it takes 440 cycles per key on AMD Zen 3; our AVX2
// kernel takes 145, four lanes of SSE2 285. It also needs a manager per thread, allocated at the thread's
// first batch and kept until the process ends: the one allocation on the data path, made only on request.
#include <intel-ipsec-mb.h>

#include <algorithm>
#include <cstring>

#include "crypto/kernels/sha1_lanes.hpp"

namespace adit::crypto {
namespace {

constexpr std::size_t kBatch = 16;
constexpr std::size_t kDigest = 20;

struct Message {
  std::uint8_t octets[112];
  std::uint8_t digest[kDigest];
};

IMB_MGR* new_manager() {
  IMB_MGR* const manager = alloc_mb_mgr(0);
  if (manager != nullptr) {
    init_mb_mgr_auto(manager, nullptr);
  }
  return manager;
}

IMB_MGR* manager_of_this_thread() {
  thread_local IMB_MGR* const manager = new_manager();
  return manager;
}

std::size_t write(Message& message, const RekeyLane& lane, bool wide) {
  const std::size_t key = wide ? 16 : 8;
  std::memcpy(message.octets, lane.start, key);
  std::memset(message.octets + key, 0, 40);
  std::memcpy(message.octets + key + 40, lane.session, key);
  std::memset(message.octets + 2 * key + 40, 0xF2, 40);
  return 2 * key + 80;
}

}  // namespace

void rekey_sha1_ipsec_mb(const RekeyLane* lanes, std::size_t count, bool wide) {
  IMB_MGR* const manager = manager_of_this_thread();
  if (manager == nullptr) {
    return rekey_sha1_openssl(lanes, count, wide);
  }
  Message messages[kBatch];
  while (count > 0) {
    const std::size_t now = std::min(count, kBatch);
    for (std::size_t i = 0; i < now; ++i) {
      IMB_JOB* const job = IMB_GET_NEXT_JOB(manager);
      std::memset(job, 0, sizeof *job);
      job->cipher_mode = IMB_CIPHER_NULL;
      job->cipher_direction = IMB_DIR_ENCRYPT;
      job->chain_order = IMB_ORDER_HASH_CIPHER;
      job->hash_alg = IMB_AUTH_SHA_1;
      job->msg_len_to_hash_in_bytes = write(messages[i], lanes[i], wide);
      job->src = messages[i].octets;
      job->auth_tag_output = messages[i].digest;
      job->auth_tag_output_len_in_bytes = kDigest;
      IMB_SUBMIT_JOB(manager);
    }
    while (IMB_FLUSH_JOB(manager) != nullptr) {
    }
    for (std::size_t i = 0; i < now; ++i) {
      const std::size_t key = wide ? 16 : 8;
      std::memset(lanes[i].session, 0, 16);
      std::memcpy(lanes[i].session, messages[i].digest, key);
    }
    lanes += now;
    count -= now;
  }
}

}  // namespace adit::crypto
