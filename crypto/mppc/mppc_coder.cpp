// SPDX-License-Identifier: Apache-2.0
// Two steps by turns, neither of which has to guess what text comes next, because a wrong guess costs more than coding a
// token: looking up where the octets of a block's positions were seen before, all of them; then coding the block, from one
// copy of use to the next.
#include "crypto/mppc/mppc_coder.hpp"

#include <algorithm>
#include <bit>

#include "crypto/mppc/octet_words.hpp"

namespace adit::crypto {
namespace {

constexpr std::size_t kShortestCopy = 3;
constexpr std::size_t kBlock = 64;
constexpr std::size_t kWidestStride = 8;

constexpr std::uint64_t kAllBits = ~std::uint64_t{0};
constexpr std::uint64_t kHighBits = 0x8080808080808080;

/// The bits of a token or several, the first one highest; those behind them are 0.
struct Code {
  std::uint64_t value;
  unsigned bits;
};

constexpr Code code_of(std::uint64_t value, unsigned bits) {
  return {value << (64 - bits), bits};
}

constexpr Code joined(Code first, Code second) {
  return {first.value | second.value >> first.bits, first.bits + second.bits};
}

constexpr Code length_code(std::size_t length) {
  if (length == kShortestCopy) {
    return {0, 1};
  }
  const auto ones = static_cast<unsigned>(std::bit_width(length)) - 2;
  const std::size_t low = length & ((std::size_t{2} << ones) - 1);
  return code_of(((std::uint64_t{1} << ones) - 1) << (ones + 2) | low, 2 * ones + 2);
}

/// Of those that one comparison finds.
constexpr std::array<Code, kComparedOctets> kShortLengths = [] {
  std::array<Code, kComparedOctets> codes{};
  for (std::size_t length = kShortestCopy; length < codes.size(); ++length) {
    codes[length] = length_code(length);
  }
  return codes;
}();

Code offset_code(std::size_t offset) {
  struct Kind {
    std::uint32_t prefix;  // less the first offset that has it
    unsigned bits;
  };
  constexpr Kind kKinds[] = {{0b1111 << 6, 10}, {(0b1110 << 8) - 64, 12}, {(0b110 << 13) - 320, 16}};
  const Kind& kind = kKinds[(offset >= 64 ? 1 : 0) + (offset >= 320 ? 1 : 0)];
  return code_of(kind.prefix + offset, kind.bits);
}

/// `10` and the low seven bits for an octet of 0x80 and more; the others are coded as themselves.
Code literal_code(std::uint8_t octet) {
  return code_of(octet + (octet & 0x80U), 8U + (octet >> 7));
}

/// Writes tokens, 8 octets at a time, so the last 8 octets of `out` are not for results. At most `most` octets fit.
class BitWriter {
 public:
  BitWriter(std::span<std::uint8_t> out, std::size_t most)
      : first_(out.data()), at_(first_), stop_(first_ + std::min(out.size() - sizeof pending_, most)) {}

  /// At most 56 bits.
  [[gnu::always_inline]] void put(Code code) {
    pending_ |= code.value >> bits_;
    bits_ += code.bits;
    if (at_ > stop_) {
      full_ = true;
      at_ = first_;
    }
    store_bits(at_, pending_);
    at_ += bits_ / 8;
    pending_ <<= bits_ & ~7U;
    bits_ &= 7;
  }

  /// Some did not fit, and all is lost.
  [[nodiscard]] bool full() const { return full_ || at_ > stop_; }
  [[nodiscard]] bool has_room(std::size_t octets) const {
    return !full() && octets <= static_cast<std::size_t>(stop_ - at_);
  }

  /// The octets written, the last one padded with zeros; 0 if they did not fit.
  std::size_t finish() {
    put({0, -bits_ & 7U});
    return full() ? 0 : static_cast<std::size_t>(at_ - first_);
  }

 private:
  std::uint8_t* first_;
  std::uint8_t* at_;
  std::uint8_t* stop_;
  std::uint64_t pending_ = 0;  ///< of the next octet, the first `bits_`, fewer than 8; 0 behind them
  unsigned bits_ = 0;
  bool full_ = false;
};

/// Reads up to 8 octets from `at`, however few of them are literals.
[[gnu::always_inline]] inline void put_literals(BitWriter& writer, const std::uint8_t* at,
                                                std::size_t count) {
  constexpr std::size_t kAtOnce = 7;
  for (;; at += kAtOnce, count -= kAtOnce) {
    const std::size_t now = std::min(count, kAtOnce);
    const std::uint64_t octets = load_bits(at) & ~(kAllBits >> 8 * now);
    if ((octets & kHighBits) == 0) {
      writer.put({octets, static_cast<unsigned>(8 * now)});
    } else {
      for (std::size_t i = 0; i < now; ++i) {
        writer.put(literal_code(at[i]));
      }
    }
    if (count <= kAtOnce) {
      return;
    }
  }
}

std::uint32_t head_of(std::uint32_t four) {
  return (four << 8) * 0x9E3779B1U >> 20;  // of three octets
}
static_assert(std::tuple_size_v<MppcHeads> == 1U << (32 - 20));

/// The history since its front, and the packet behind it, with room for kComparedOctets behind that.
struct Lap {
  const std::uint8_t* octets;
  std::size_t end;
  MppcHeads& heads;  ///< an entry is a position of this lap plus `base`, or is below `base`
  std::uint32_t base;
};

/// What is known of a block's positions. A length of kComparedOctets may go on.
struct Found {
  std::array<std::uint16_t, kBlock> from;                      ///< as in the heads
  std::array<std::uint8_t, kBlock + kComparedOctets> lengths;  ///< 0 behind the last one
  std::uint64_t
      of_use;  ///< a bit for each, the first one lowest: a copy, and the next position has no longer one
};

/// Looks `count` positions up, from `start` in steps of `stride`, and enters them. Not inlined: it needs all registers.
[[gnu::noinline]] void find_copies(const Lap& lap, std::size_t start, std::size_t stride, std::size_t count,
                                   Found& found) {
  const std::uint8_t* const octets =
      lap.octets;  // copies: what is stored below could be the lap's for all one can see
  const std::uint32_t base = lap.base;
  std::uint16_t* const heads = lap.heads.data();
  for (std::size_t i = 0, at = start; i < count; ++i, at += stride) {
    std::uint16_t& head = heads[head_of(load<std::uint32_t>(octets + at))];
    // A head of former packets leads to the front instead, which is as good as any other place to compare with.
    const std::uint32_t from = std::max<std::uint32_t>(head, base);
    head = static_cast<std::uint16_t>(base + at);
    found.from[i] = static_cast<std::uint16_t>(from);
    found.lengths[i] = static_cast<std::uint8_t>(equal_octets(octets + at, octets + (from - base)));
  }
  if (start == 0) {
    found.lengths[0] = 0;  // the front, compared with itself
  }
  if (start + (count - 1) * stride + kComparedOctets > lap.end) {
    for (std::size_t i = 0, left = lap.end - start; i < count; ++i, left -= stride) {
      found.lengths[i] = static_cast<std::uint8_t>(std::min<std::size_t>(found.lengths[i], left));
    }
  }
  std::fill_n(found.lengths.begin() + static_cast<std::ptrdiff_t>(count), kComparedOctets, std::uint8_t{0});
  found.of_use = 0;
  for (std::size_t i = 0; i < kBlock; i += 16) {
    found.of_use |= static_cast<std::uint64_t>(octets_of_use(found.lengths.data() + i, kShortestCopy)) << i;
  }
  found.of_use &= kAllBits >> (kBlock - count);
}

/// How many octets agree, of at most `most`. Reads as far as there is room behind a lap.
std::size_t common_octets(const std::uint8_t* one, const std::uint8_t* other, std::size_t most) {
  for (std::size_t same = 0; same < most; same += kComparedOctets) {
    if (const std::size_t more = equal_octets(one + same, other + same); more < kComparedOctets) {
      return std::min(same + more, most);
    }
  }
  return most;
}

/// The bits from `first` on, which may be behind all of them.
std::uint64_t bits_from(std::uint64_t bits, std::size_t first) {
  return first < kBlock ? bits & kAllBits << first : 0;
}

/// Codes the octets from `begin` to the lap's end into `out`, with copies of any before; 0 if they do not shrink, or do not fit.
std::size_t code_packet(const Lap& lap, std::size_t begin, std::span<std::uint8_t> out) {
  BitWriter writer(out, lap.end - begin - 1);
  Found found;
  std::size_t coded = begin;  // all before this octet
  std::size_t in_vain = 0;    // blocks without a copy until now
  for (std::size_t start = begin; start + kShortestCopy <= lap.end;) {
    // What has not repeated for so long is probably random. One position of 2 is looked up then, later one of 4 or 8.
    const auto shift =
        static_cast<unsigned>(std::min<std::size_t>(in_vain / 2, std::bit_width(kWidestStride) - 1));
    const std::size_t count = std::min(kBlock, ((lap.end - start - kShortestCopy) >> shift) + 1);
    find_copies(lap, start, std::size_t{1} << shift, count, found);
    in_vain = found.of_use == 0 ? in_vain + 1 : 0;
    std::uint64_t of_use =
        bits_from(found.of_use, (std::max(coded, start) - start + (std::size_t{1} << shift) - 1) >> shift);
    while (of_use != 0) {
      const auto i = static_cast<std::size_t>(std::countr_zero(of_use));
      const std::size_t at = start + (i << shift);
      const std::size_t from = found.from[i] - lap.base;
      const std::size_t length = found.lengths[i];
      put_literals(writer, lap.octets + coded, at - coded);
      if (length < kComparedOctets) {
        writer.put(joined(offset_code(at - from), kShortLengths[length]));
        coded = at + length;
      } else {
        const std::size_t more =
            common_octets(lap.octets + from + length, lap.octets + at + length, lap.end - at - length);
        writer.put(joined(offset_code(at - from), length_code(length + more)));
        coded = at + length + more;
      }
      of_use = bits_from(of_use, (coded - start + (std::size_t{1} << shift) - 1) >> shift);
    }
    if (writer.full()) {
      return 0;
    }
    start += count << shift;
    if (coded > start + kComparedOctets) {
      start = coded;  // a long copy saves the look-ups of what it covers
    }
  }
  if (!writer.has_room(lap.end - coded)) {
    return 0;
  }
  put_literals(writer, lap.octets + coded, lap.end - coded);
  return writer.finish();
}

/// Others cannot shrink, or there is no room for one step of the writer.
bool worth_trying(std::span<const std::uint8_t> packet, std::span<std::uint8_t> out) {
  return packet.size() >= kShortestCopy && packet.size() <= kMppcLongestPacket &&
         out.size() >= sizeof(std::uint64_t);
}

}  // namespace

std::size_t mppc_compress(MppcScratch& scratch, std::span<const std::uint8_t> packet,
                          std::span<std::uint8_t> out) noexcept {
  if (!worth_trying(packet, out)) {
    return 0;
  }
  // What is below the base belongs to packets before this one: the table is cleared once in 64 KiB.
  if (scratch.base_ + packet.size() > 0x10000) {
    scratch.heads_.fill(0);
    scratch.base_ = 0;
  }
  std::ranges::copy(packet, scratch.octets_.begin());
  const std::size_t size =
      code_packet({scratch.octets_.data(), packet.size(), scratch.heads_, scratch.base_}, 0, out);
  scratch.base_ += static_cast<std::uint32_t>(packet.size());
  return size;
}

void MppcSendHistory::to_front() noexcept {
  constexpr std::size_t kLastBase = 0x10000 - kMppcHistoryOctets;
  position_ = 0;
  if (base_ == kLastBase) {
    heads_.fill(0);
    base_ = 0;
  } else {
    base_ = static_cast<std::uint16_t>(base_ + kMppcHistoryOctets);
  }
}

void MppcSendHistory::flush() noexcept {
  to_front();
  flushed_ = true;
}

MppcCompressed mppc_compress(MppcSendHistory& history, std::span<const std::uint8_t> packet,
                             std::span<std::uint8_t> out) noexcept {
  MppcCompressed result{.size = 0, .flags = {.flushed = history.flushed_, .at_front = false}};
  if (worth_trying(packet, out)) {
    if (history.position_ + packet.size() > kMppcLongestPacket) {
      history.to_front();
    }
    const std::size_t begin = history.position_;
    const std::size_t end = begin + packet.size();
    std::ranges::copy(packet, history.octets_.begin() + static_cast<std::ptrdiff_t>(begin));
    result.size = code_packet({history.octets_.data(), end, history.heads_, history.base_}, begin, out);
    if (result.size != 0) {
      result.flags.at_front = begin == 0;
      history.position_ = static_cast<std::uint16_t>(end);
      history.flushed_ = false;
      return result;
    }
  }
  history.flush();
  return result;
}

}  // namespace adit::crypto
