// SPDX-License-Identifier: Apache-2.0
// A link's MPPE start keys, each good for one key stream. RC4 under a key that was used before gives the XOR
// of two plaintexts away, and CCP that negotiates anew makes no new keys (RFC 3078 §7.1: they come from the
// authentication): so a key that was given out is wiped here, and one that comes again is refused.
// Thread: control. Owner: the network phase, for as long as its session.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "crypto/digest.hpp"
#include "crypto/mppe_keys.hpp"

namespace adit::control {

class SingleUseKeys {
 public:
  /// Enough of a digest to know a key again, and nothing that decrypts.
  using Print = std::array<std::uint8_t, 16>;
  /// Of the last keys given out; zeros: none of that direction was.
  struct Used {
    Print send{}, receive{};
  };

  /// Those of a new authentication. False: one of them has been in use before; nothing is kept.
  [[nodiscard]] bool load(const crypto::MppeStartKeys& keys) {
    forget();
    if (used_.send == print_of(keys.send) || used_.receive == print_of(keys.receive)) {
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
    used_.receive = print_of(fresh_->receive);
    return fresh_->receive;
  }
  /// The key that we encrypt with, once. Both directions are then in use, and this holds no keys any more.
  [[nodiscard]] std::optional<crypto::Secret<16>> take_send() {
    if (!fresh_) {
      return std::nullopt;
    }
    used_ = {.send = print_of(fresh_->send), .receive = print_of(fresh_->receive)};
    const std::optional<crypto::Secret<16>> send = fresh_->send;
    forget();
    return send;
  }

  [[nodiscard]] const Used& used() const { return used_; }
  /// The session lives on in this process: these keys have been given out by another.
  void adopt(const Used& used) { used_ = used; }

 private:
  static Print print_of(const crypto::Secret<16>& key) {
    const auto digest = crypto::sha1({key.bytes()});
    Print print;
    std::ranges::copy_n(digest.begin(), print.size(), print.begin());
    return print;
  }

  std::optional<crypto::MppeStartKeys> fresh_;
  Used used_;
};

}  // namespace adit::control
