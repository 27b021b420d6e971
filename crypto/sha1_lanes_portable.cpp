// SPDX-License-Identifier: Apache-2.0
// Four lanes of whatever vectors the CPU's base has (SSE2, NEON), or of plain words.
#include "crypto/mppe_rekey.hpp"
#include "crypto/sha1_lanes_template.hpp"

namespace adit::crypto {

void rekey_sha1_portable(const RekeyLane* lanes, std::size_t count, bool wide) {
  using Lanes = Sha1Lanes<GenericIsa<4>>;
  while (count > 1) {
    const std::size_t now = count < Lanes::kLanes ? count : Lanes::kLanes;
    Lanes::rekey(lanes, now, wide);
    lanes += now;
    count -= now;
  }
  rekey_sha1_openssl(lanes, count, wide);
}

}  // namespace adit::crypto
