// SPDX-License-Identifier: Apache-2.0
#include "crypto/mppc/mppc_decoder.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "crypto/mppc/octet_words.hpp"

namespace adit::crypto {
namespace {

constexpr int kSmallestToken = 8;                             // bits; fewer are the last octet's padding
constexpr int kMostLengthOnes = 11;                           // 4,096 to 8,191
constexpr std::ptrdiff_t kNoLength = 2 * kMppcHistoryOctets;  // more than there is ever room for

// What the decoder may touch ahead of itself in a step of the wide loop: two refills of the window, each 8 octets
// and at most 7 further; 7 literals, and a copy of up to 32 octets or the first words of a longer one.
constexpr std::size_t kAmpleInput = 15;
constexpr std::ptrdiff_t kAmpleRoom = 48;
constexpr std::ptrdiff_t kWideCopy = 32;
static_assert(kMppcHistorySlack >= kWideCopy);

/// How an offset is coded, by the token's first four bits: `11` and two others.
struct alignas(8) OffsetCode {
  std::uint16_t shift;  ///< of a window, which leaves the value in its lowest bits
  std::uint16_t mask;
  std::uint16_t first;
};
constexpr std::size_t kFirstOffsetCode = 0b1100;
constexpr OffsetCode kOffsetCodes[] = {{48, 0x1FFF, 320}, {48, 0x1FFF, 320}, {52, 0xFF, 64}, {54, 0x3F, 0}};
/// How many bits they have, an octet for each, the first one lowest: the length behind them waits for that, and shifting takes less
/// time than a look-up.
constexpr std::uint32_t kOffsetBits = 10U << 24 | 12U << 16 | 16U << 8 | 16U;

/// Lengths of up to 31, by the eight bits that the longest of them has: the length, and in the low octet how many bits are
/// its. 0: a longer one.
constexpr std::array<std::uint16_t, 256> kLengthCodes = [] {
  std::array<std::uint16_t, 256> codes{};
  for (unsigned next = 0; next < 0xF0; ++next) {
    const auto ones = static_cast<unsigned>(std::countl_one(static_cast<std::uint8_t>(next)));
    const unsigned bits = ones == 0 ? 1 : 2 * ones + 2;
    const unsigned low = next >> (8 - bits) & ((2U << ones) - 1);
    const unsigned length = ones == 0 ? 3 : (2U << ones) + low;
    codes[next] = static_cast<std::uint16_t>(length << 8 | bits);
  }
  return codes;
}();

/// The history after its initialisation.
constexpr MppcHistoryOctets kNothing{};

/// The next bits of the packet, the first of them highest. Bits below the `bits_` that count are those that follow in
/// the packet, or 0 behind its end.
class BitReader {
 public:
  explicit BitReader(std::span<const std::uint8_t> octets)
      : at_(octets.data()),
        end_(at_ + octets.size()),
        ample_until_(end_ - std::min(octets.size(), kAmpleInput)) {}

  [[nodiscard]] bool is_ample() const { return at_ < ample_until_; }
  [[nodiscard]] std::uint64_t window() const { return window_; }
  [[nodiscard]] int bits() const { return bits_; }

  /// At least 56 bits. Needs 8 octets left.
  void refill_wide() {
    window_ |= load_bits(at_) >> bits_;
    at_ += static_cast<unsigned>(bits_ ^ 63) / 8;
    bits_ |= 56;
  }
  /// At least 56 bits, or all that are left.
  void refill() {
    for (; bits_ <= 56 && at_ != end_; bits_ += 8) {
      window_ |= static_cast<std::uint64_t>(*at_++) << (56 - bits_);
    }
  }
  /// More than there are leave fewer than none.
  void skip(int bits) {
    window_ <<= bits;
    bits_ -= bits;
  }

 private:
  const std::uint8_t* at_;
  const std::uint8_t* end_;
  const std::uint8_t* ample_until_;  ///< from here on, fewer than kAmpleInput octets may be left
  std::uint64_t window_ = 0;
  int bits_ = 0;
};

/// One packet. `history` is a ring of 8,192 octets in which the packet begins at `base`.
class Decoding {
 public:
  Decoding(const std::uint8_t* history, std::size_t base, std::span<const std::uint8_t> packet,
           std::span<std::uint8_t> out)
      : input_(packet),
        history_(history),
        base_(static_cast<std::ptrdiff_t>(base)),
        to_history_(static_cast<std::ptrdiff_t>(reinterpret_cast<std::uintptr_t>(history + base) -
                                                reinterpret_cast<std::uintptr_t>(out.data()))),
        first_(out.data()),
        at_(out.data()),
        end_(out.data() + std::min(out.size(), kMppcHistoryOctets - base)),
        too_much_(out.size() <= kMppcHistoryOctets - base ? MppcFault::kTooLong : MppcFault::kBeyondEnd) {}

  std::expected<std::size_t, MppcFault> run() {
    const std::uint8_t* const room_until = end_ - std::min(end_ - first_, kAmpleRoom);
    while (at_ < room_until) {
      if (input_.is_ample()) {
        if (!step<true>()) {
          return std::unexpected(fault_);
        }
        continue;
      }
      input_.refill();
      if (input_.bits() < kSmallestToken) {
        break;
      }
      if (!step<false>()) {
        return std::unexpected(fault_);
      }
    }
    for (input_.refill(); input_.bits() >= kSmallestToken; input_.refill()) {
      if (!one_token()) {
        return std::unexpected(fault_);
      }
    }
    if (at_ == first_) {
      return std::unexpected(MppcFault::kEmpty);
    }
    return static_cast<std::size_t>(at_ - first_);
  }

 private:
  /// Up to seven octets below 0x80, which are coded as themselves, and the token behind them. No token is longer than 40 bits,
  /// so of an ample input the window holds all of it. False: a fault.
  template <bool kAmple>
  bool step() {
    refill<kAmple>();
    const std::uint64_t octets =
        std::byteswap(input_.window());  // counting zeros from the low end takes less time
    int literals = std::countr_zero((octets & 0x80808080808080) | 0x8000000000000000) & 56;  // bits of them
    if constexpr (!kAmple) {
      literals = std::min(literals, input_.bits() & ~7);
    }
    store(at_, octets);
    at_ += static_cast<unsigned>(literals) / 8;
    input_.skip(literals);
    if (literals == 56) {
      return true;
    }
    refill<kAmple>();
    if constexpr (!kAmple) {
      if (input_.bits() < kSmallestToken) {
        return true;
      }
    }
    if ((input_.window() >> 62 & 1) == 0) {
      return high_literal();
    }
    const auto [offset, length] = read_copy();
    // Whether a copy begins in the packet or in the history nobody can guess: the address is chosen, not the way.
    const std::ptrdiff_t index = at_ - first_ - offset;  // in the packet
    const std::ptrdiff_t before = index >> 63;           // all bits, if it is before the packet
    const auto from = reinterpret_cast<const std::uint8_t*>(reinterpret_cast<std::uintptr_t>(at_) -
                                                            static_cast<std::size_t>(offset) +
                                                            static_cast<std::size_t>(before & to_history_));
    // All that is seldom, or a fault, asked at once. If one of these is below zero, a copy of 16 octets would read some that it has
    // yet to write; two of them are too few; it comes from the former lap, which also are all offsets of 8,192 and more;
    // it runs from the history into the packet; or the token is truncated.
    std::ptrdiff_t unusual =
        (offset - 16) | (kWideCopy - length) | (base_ + index) | (before & -(index + length));
    if constexpr (!kAmple) {
      unusual |= input_.bits();
    }
    if (unusual < 0) {
      return copy_with_care(static_cast<std::size_t>(offset), static_cast<std::size_t>(length));
    }
    copy_octets<16>(at_, from);
    copy_octets<16>(at_ + 16, from + 16);
    at_ += length;
    return true;
  }

  template <bool kAmple>
  void refill() {
    if constexpr (kAmple) {
      input_.refill_wide();
    } else {
      input_.refill();
    }
  }

  /// The same near the end of `out`.
  bool one_token() {
    const std::uint64_t window = input_.window();
    if (window >> 62 < 3 && at_ == end_) {
      return fails(too_much_);
    }
    if (window >> 63 == 0) {
      *at_++ = static_cast<std::uint8_t>(window >> 56);
      input_.skip(8);
      return true;
    }
    if (window >> 62 == 2) {
      return high_literal();
    }
    const auto [offset, length] = read_copy();
    return copy_with_care(static_cast<std::size_t>(offset), static_cast<std::size_t>(length));
  }

  bool fails(MppcFault fault) {
    fault_ = fault;
    return false;
  }

  bool high_literal() {
    *at_++ = static_cast<std::uint8_t>(0x80 | (input_.window() >> 55 & 0x7F));
    input_.skip(9);
    return input_.bits() >= 0 || fails(MppcFault::kTruncated);
  }

  struct Copy {
    std::ptrdiff_t offset;
    std::ptrdiff_t length;  ///< or kNoLength
  };

  /// Needs a full window.
  Copy read_copy() {
    const std::uint64_t window = input_.window();
    const OffsetCode& code = kOffsetCodes[(window >> 60) - kFirstOffsetCode];
    Copy copy{.offset = static_cast<std::ptrdiff_t>((window >> code.shift & code.mask) + code.first),
              .length = 0};
    input_.skip(static_cast<int>(kOffsetBits >> (window >> 57 & 0b11000) & 0xFF));
    const std::uint32_t length = kLengthCodes[input_.window() >> 56];
    if (length == 0) [[unlikely]] {
      copy.length = read_long_length();
    } else {
      input_.skip(static_cast<int>(length & 0xFFU));
      copy.length = length >> 8U;
    }
    return copy;
  }

  std::ptrdiff_t read_long_length() {
    const std::uint64_t window = input_.window();
    const int ones = std::countl_one(window);
    if (ones > kMostLengthOnes) {
      return kNoLength;
    }
    input_.skip(2 * ones + 2);
    const std::uint64_t first = std::uint64_t{2} << ones;
    return static_cast<std::ptrdiff_t>(first | (window >> (62 - 2 * ones) & (first - 1)));
  }

  bool copy_with_care(std::size_t offset, std::size_t length) {
    if (!judge(offset, length)) {
      return false;
    }
    copy(offset, length);
    return true;
  }

  bool judge(std::size_t offset, std::size_t length) {
    if (input_.bits() < 0) {
      return fails(MppcFault::kTruncated);
    }
    if (offset - 1 >= kMppcHistoryOctets - 1) {
      return fails(offset == 0 ? MppcFault::kOffsetZero : MppcFault::kOffsetBeyondHistory);
    }
    if (length > static_cast<std::size_t>(end_ - at_)) {
      return fails(length == kNoLength ? MppcFault::kLengthCode : too_much_);
    }
    return true;
  }

  /// Any copy that there is room for. It can begin in the history and run into the packet.
  void copy(std::size_t offset, std::size_t length) {
    const auto done = static_cast<std::size_t>(at_ - first_);
    if (offset > done) {
      const std::size_t past = std::min(length, offset - done);
      const std::size_t from = (static_cast<std::size_t>(base_) + done - offset) % kMppcHistoryOctets;
      const std::size_t before_end = std::min(past, kMppcHistoryOctets - from);
      std::memcpy(at_, history_ + from, before_end);
      std::memcpy(at_ + before_end, history_, past - before_end);
      at_ += past;
      length -= past;
    }
    const auto room = static_cast<std::size_t>(end_ - at_);
    const std::size_t wide = std::min(length, room - std::min(room, sizeof(std::uint64_t) * 2));
    if (wide > 0) {
      copy_wide(offset, wide);
    }
    for (length -= wide; length > 0; --length, ++at_) {
      *at_ = *(at_ - offset);
    }
  }

  /// A copy of the packet's own octets, in steps of up to 16: needs room for 16 behind it.
  void copy_wide(std::size_t offset, std::size_t length) {
    const std::uint8_t* from = at_ - offset;
    std::uint8_t* to = at_;
    at_ += length;
    if (offset >= 16) {
      do {
        copy_octets<16>(to, from);
        to += 16;
        from += 16;
      } while (to < at_);
    } else if (offset >= 8) {
      do {
        copy_octets<8>(to, from);
        to += 8;
        from += 8;
      } while (to < at_);
    } else {
      // A word of the repeated octets, stored again and again as many octets further as are whole repetitions.
      constexpr std::uint64_t kRepeat[] = {0,
                                           0x0101010101010101,
                                           0x0001000100010001,
                                           0x0001000001000001,
                                           0x0000000100000001,
                                           0x0000010000000001,
                                           0x0001000000000001,
                                           0x0100000000000001};
      constexpr std::uint8_t kStep[] = {0, 8, 8, 6, 8, 5, 6, 7};
      const std::uint64_t octets = load<std::uint64_t>(from) & ((std::uint64_t{1} << 8 * offset) - 1);
      const std::uint64_t pattern = octets * kRepeat[offset];
      const std::size_t step = kStep[offset];
      do {
        store(to, pattern);
        to += step;
      } while (to < at_);
    }
  }

  BitReader input_;
  const std::uint8_t* history_;
  std::ptrdiff_t base_;
  std::ptrdiff_t to_history_;  ///< from an address before the packet to where that octet is
  std::uint8_t* first_;
  std::uint8_t* at_;
  std::uint8_t* end_;
  MppcFault too_much_;
  MppcFault fault_ = MppcFault::kEmpty;
};

// Flattened, for what is stored through a pointer to octets could change any object that has an address: a decoder that
// has none lives in registers.
[[gnu::flatten]] std::expected<std::size_t, MppcFault> decode(const std::uint8_t* history, std::size_t base,
                                                              std::span<const std::uint8_t> packet,
                                                              std::span<std::uint8_t> out) {
  return Decoding(history, base, packet, out).run();
}

}  // namespace

std::expected<std::size_t, MppcFault> mppc_decompress(std::span<const std::uint8_t> packet,
                                                      std::span<std::uint8_t> out) noexcept {
  return decode(kNothing.data(), 0, packet, out);
}

std::expected<std::size_t, MppcFault> mppc_decompress(const MppcHistory& history, MppcFlags flags,
                                                      std::span<const std::uint8_t> packet,
                                                      std::span<std::uint8_t> out) noexcept {
  const std::size_t base = flags.flushed || flags.at_front ? 0 : history.position_;
  return decode(flags.flushed ? kNothing.data() : history.octets_.data(), base, packet, out);
}

void MppcHistory::commit(MppcFlags flags, std::span<const std::uint8_t> plain) noexcept {
  if (flags.flushed) {
    std::fill_n(octets_.begin(), used_, std::uint8_t{0});
    used_ = 0;
  }
  if (flags.flushed || flags.at_front) {
    position_ = 0;
  }
  if (plain.size() > kMppcHistoryOctets - position_) {
    std::abort();  // not what was tried with this history
  }
  std::ranges::copy(plain, octets_.begin() + position_);
  position_ = static_cast<std::uint16_t>(position_ + plain.size());
  used_ = std::max(used_, position_);
}

}  // namespace adit::crypto
