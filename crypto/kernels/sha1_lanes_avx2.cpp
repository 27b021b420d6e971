// SPDX-License-Identifier: Apache-2.0
// Eight lanes of AVX2. Compiled for AVX2: see sha1_lanes.hpp for what must not be used here.
#include "crypto/kernels/sha1_lanes_template.hpp"

namespace adit::crypto {

void rekey_sha1_avx2(const RekeyLane* lanes, std::size_t count, bool wide) {
  Sha1Lanes<GenericIsa<8>>::rekey_all(lanes, count, wide);
}

}  // namespace adit::crypto
