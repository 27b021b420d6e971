// SPDX-License-Identifier: Apache-2.0
// Sixteen lanes of AVX-512 F. Compiled for it: see sha1_lanes.hpp for what must not be used here.
// The logic is that of the AVX2 kernel; the tests also run it in sixteen lanes of plain vectors, on any CPU.
#include <immintrin.h>

#include "crypto/kernels/sha1_lanes_template.hpp"

namespace adit::crypto {
namespace {

struct Avx512 : GenericIsa<16> {
  // The immediates are truth tables: bit 4*b + 2*c + d of it is f(b, c, d).
  static inline void choose(Vector& f, const Vector& b, const Vector& c, const Vector& d) {
    f = ternary<0b1100'1010>(b, c, d);
  }
  static inline void parity(Vector& f, const Vector& b, const Vector& c, const Vector& d) {
    f = ternary<0b1001'0110>(b, c, d);
  }
  static inline void majority(Vector& f, const Vector& b, const Vector& c, const Vector& d) {
    f = ternary<0b1110'1000>(b, c, d);
  }

 private:
  static inline __m512i to(const Vector& x) { return reinterpret_cast<__m512i>(x); }
  static inline Vector from(__m512i x) { return reinterpret_cast<Vector>(x); }
  template <int kTable>
  static inline Vector ternary(const Vector& b, const Vector& c, const Vector& d) {
    return from(_mm512_ternarylogic_epi32(to(b), to(c), to(d), kTable));
  }
};

}  // namespace

void rekey_sha1_avx512(const RekeyLane* lanes, std::size_t count, bool wide) {
  Sha1Lanes<Avx512>::rekey_all(lanes, count, wide);
}

}  // namespace adit::crypto
