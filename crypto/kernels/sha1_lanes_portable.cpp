// SPDX-License-Identifier: Apache-2.0
// Four lanes of whatever vectors the CPU's base has (SSE2, NEON), or of plain words.
#include "crypto/kernels/sha1_lanes_template.hpp"

namespace adit::crypto {

void rekey_sha1_portable(const RekeyLane* lanes, std::size_t count, bool wide) {
  using Lanes = Sha1Lanes<GenericIsa<4>>;
  const std::size_t lone = count % Lanes::kLanes == 1 ? 1 : 0;
  Lanes::rekey_all(lanes, count - lone, wide);
  rekey_sha1_openssl(lanes + count - lone, lone, wide);
}

}  // namespace adit::crypto
