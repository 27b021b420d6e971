// SPDX-License-Identifier: Apache-2.0
// A link's MPPE start keys, each good for one key stream. RC4 under a key that was used before gives the XOR
// of two plaintexts away, and CCP that negotiates anew makes no new keys (RFC 3078 §7.1: they come from the
// authentication): so a key that was given out is wiped here, and one that comes again is refused.
// Thread: control. Owner: the network phase, for as long as its session.
#pragma once

#include <optional>

#include "crypto/mppe_keys.hpp"

namespace adit::control {

class SingleUseKeys {
 public:
  /// Those of a new authentication. False: one of them has been in use before; nothing is kept.
  [[nodiscard]] bool load(const crypto::MppeStartKeys& keys) {
    forget();
    if (used_ && (equal(used_->send, keys.send) || equal(used_->receive, keys.receive))) {
      return false;
    }
    fresh_ = keys;
    return true;
  }
  /// Wipes those that were not given out.
  void forget() { fresh_.reset(); }

  /// The key that the peer encrypts with. Until CCP opens we may change the mode that we request, and the
  /// peer has not begun: so the same key may go to the data path again, for the other mode.
  [[nodiscard]] std::optional<crypto::Secret<16>> receive() {
    if (!fresh_) {
      return std::nullopt;
    }
    used().receive = fresh_->receive;
    return fresh_->receive;
  }
  /// The key that we encrypt with, once. Both directions are then in use, and this holds no keys any more.
  [[nodiscard]] std::optional<crypto::Secret<16>> take_send() {
    if (!fresh_) {
      return std::nullopt;
    }
    used() = *fresh_;
    forget();
    return used_->send;
  }

 private:
  static bool equal(const crypto::Secret<16>& a, const crypto::Secret<16>& b) {
    return crypto::equal_constant_time(a.bytes(), b.bytes());
  }
  crypto::MppeStartKeys& used() { return used_ ? *used_ : used_.emplace(); }

  std::optional<crypto::MppeStartKeys> fresh_;
  std::optional<crypto::MppeStartKeys> used_;  // the last ones given out
};

}  // namespace adit::control
