// SPDX-License-Identifier: Apache-2.0
// MPPC decompression bit by bit and octet by octet, as RFC 2118 §4 reads: what the decoder is held to. It keeps its history
// as a list of laps' octets in a ring, and notes what a careful sender does not do.
#pragma once

#include <algorithm>
#include <cstdint>
#include <expected>
#include <span>
#include <vector>

#include "crypto/mppc/mppc_decoder.hpp"

namespace adit::crypto::test {

class ReferenceMppc {
 public:
  using Result = std::expected<std::vector<std::uint8_t>, MppcFault>;

  /// Nothing changes on a fault.
  Result decompress(MppcFlags flags, std::span<const std::uint8_t> packet, std::size_t most) {
    ReferenceMppc trial = *this;
    Result result = trial.run(flags, packet, most);
    if (result) {
      *this = trial;
    }
    return result;
  }
  void begin(MppcFlags flags) {
    if (flags.flushed) {
      octets_.assign(kMppcHistoryOctets, 0);
    }
    if (flags.flushed || flags.at_front) {
      position_ = 0;
    }
  }
  /// A copy began before the front, of a former lap or of what was never written.
  [[nodiscard]] bool looked_behind_the_front() const { return looked_behind_the_front_; }
  /// A copy's source went on from the end of the history to its front.
  [[nodiscard]] bool ran_over_the_end() const { return ran_over_the_end_; }
  [[nodiscard]] std::size_t position() const { return position_; }

 private:
  Result run(MppcFlags flags, std::span<const std::uint8_t> packet, std::size_t most) {
    begin(flags);
    ran_over_the_end_ = false;
    packet_ = packet;
    bit_ = 0;
    std::vector<std::uint8_t> out;
    const auto append = [&](std::uint8_t octet) {
      octets_[position_++] = octet;
      out.push_back(octet);
    };
    const MppcFault too_much =
        most <= kMppcHistoryOctets - position_ ? MppcFault::kTooLong : MppcFault::kBeyondEnd;
    const std::size_t room = std::min(most, kMppcHistoryOctets - position_);
    if (packet.empty()) {
      return std::unexpected(MppcFault::kEmpty);
    }
    while (left() >= 8) {
      if (!next()) {
        const auto low = static_cast<std::uint8_t>(number(7));
        if (out.size() == room) {
          return std::unexpected(too_much);
        }
        append(low);
        continue;
      }
      if (!next()) {
        if (out.size() == room) {
          return std::unexpected(too_much);
        }
        if (left() < 7) {
          return std::unexpected(MppcFault::kTruncated);
        }
        append(static_cast<std::uint8_t>(0x80 | number(7)));
        continue;
      }
      std::size_t offset = 0;
      if (!next()) {
        offset = number(13) + 320;
      } else if (!next()) {
        offset = number(8) + 64;
      } else {
        offset = number(6);
      }
      int ones = 0;
      while (ones < 12 && next()) {
        ++ones;
      }
      const std::size_t length = ones == 0 ? 3 : ones == 12 ? 0 : (std::size_t{2} << ones) + number(ones + 1);
      if (bit_ > packet_.size() * 8) {
        return std::unexpected(MppcFault::kTruncated);
      }
      if (offset == 0 || offset >= kMppcHistoryOctets) {
        return std::unexpected(offset == 0 ? MppcFault::kOffsetZero : MppcFault::kOffsetBeyondHistory);
      }
      if (length == 0) {
        return std::unexpected(MppcFault::kLengthCode);
      }
      if (length > room - out.size()) {
        return std::unexpected(too_much);
      }
      looked_behind_the_front_ = looked_behind_the_front_ || offset > position_;
      ran_over_the_end_ = ran_over_the_end_ || (offset > position_ && position_ + length > offset);
      for (std::size_t i = 0; i < length; ++i) {
        append(octets_[(position_ + kMppcHistoryOctets - offset) % kMppcHistoryOctets]);
      }
    }
    if (out.empty()) {
      return std::unexpected(MppcFault::kTruncated);
    }
    return out;
  }

  [[nodiscard]] std::size_t left() const { return packet_.size() * 8 - std::min(bit_, packet_.size() * 8); }
  /// 0 behind the end.
  bool next() {
    const bool one = bit_ < packet_.size() * 8 && (packet_[bit_ / 8] >> (7 - bit_ % 8) & 1) != 0;
    ++bit_;
    return one;
  }
  std::size_t number(int bits) {
    std::size_t value = 0;
    for (; bits > 0; --bits) {
      value = value << 1 | (next() ? 1 : 0);
    }
    return value;
  }

  std::vector<std::uint8_t> octets_ = std::vector<std::uint8_t>(kMppcHistoryOctets);
  std::size_t position_ = 0;
  bool looked_behind_the_front_ = false;
  bool ran_over_the_end_ = false;
  std::span<const std::uint8_t> packet_;
  std::size_t bit_ = 0;
};

}  // namespace adit::crypto::test
