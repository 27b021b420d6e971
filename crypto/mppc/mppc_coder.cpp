// SPDX-License-Identifier: Apache-2.0
// Two steps by turns, neither of which has to guess what text comes next, because a wrong guess costs more than coding a
// token: looking up where the octets of a block's positions were seen before, all of them; then coding the block, from one
// copy of use to the next. Both are as fast as they have few instructions, not more: the first has eleven for a position, the
// second eighty for a copy with the literals before it.
#include "crypto/mppc/mppc_coder.hpp"

#include <algorithm>
#include <bit>

#include "crypto/mppc/octet_words.hpp"

namespace adit::crypto {
namespace {

constexpr std::size_t kShortestCopy = 3;
constexpr std::size_t kBlock = 64;  // positions: a bit for each is in a register
constexpr std::size_t kProbablyRandom =
    256;  // octets without a copy: from there on, few positions are looked up

constexpr std::uint64_t kAllBits = ~std::uint64_t{0};
constexpr std::uint64_t kHighBits = 0x8080808080808080;

/// The bits of a token or several, the last one lowest.
struct Code {
  std::uint64_t value;
  unsigned bits;
};

constexpr Code joined(Code first, Code second) {
  return {first.value << second.bits | second.value, first.bits + second.bits};
}

/// One token's, or a part of it, as tables have it.
struct ShortCode {
  std::uint32_t value;
  std::uint32_t bits;
};

constexpr ShortCode length_code(std::size_t length) {
  if (length == kShortestCopy) {
    return {0, 1};
  }
  const auto ones = static_cast<std::uint32_t>(std::bit_width(length)) - 2;
  const auto low = static_cast<std::uint32_t>(length) & ((2U << ones) - 1);
  return {((1U << ones) - 1) << (ones + 2) | low, 2 * ones + 2};
}

/// Of those that two comparisons find: nearly all.
constexpr std::array<ShortCode, 2 * kComparedOctets> kShortLengths = [] {
  std::array<ShortCode, 2 * kComparedOctets> codes{};
  for (std::size_t length = kShortestCopy; length < codes.size(); ++length) {
    codes[length] = length_code(length);
  }
  return codes;
}();

/// How an offset is coded, by its 64th part: comparisons would become branches that nobody can guess. To `value` the offset is
/// added.
constexpr std::array<ShortCode, kMppcHistoryOctets / 64> kOffsetKinds = [] {
  std::array<ShortCode, kMppcHistoryOctets / 64> kinds{};
  kinds.fill({(0b110U << 13) - 320, 16});
  std::fill_n(kinds.begin() + 1, 320 / 64 - 1, ShortCode{(0b1110U << 8) - 64, 12});
  kinds[0] = {0b1111U << 6, 10};
  return kinds;
}();

Code copy_code(std::size_t offset, ShortCode length) {
  const ShortCode& kind = kOffsetKinds[offset / 64];
  return joined({kind.value + offset, kind.bits}, {length.value, length.bits});
}

/// `10` and the low seven bits for an octet of 0x80 and more; the others are coded as themselves.
Code literal_code(std::uint8_t octet) {
  return {octet + (octet & 0x80U), 8U + (octet >> 7)};
}

/// The first `count`, fewer than 8, of the octets at `at`, all 8 of which are read. Only octets below 0x80 are coded so.
Code literals(const std::uint8_t* at, std::size_t count) {
  const auto bits = static_cast<unsigned>(8 * count);
  return {load_bits(at) >> 1 >> (~bits % 64), bits};
}

bool has_high(Code literals) {
  return (literals.value & kHighBits) != 0;
}

/// Writes tokens, 8 octets at a time, so the last 8 octets of `out` are not for results. At most `most` octets fit.
class BitWriter {
 public:
  BitWriter(std::span<std::uint8_t> out, std::size_t most)
      : at_(out.data()), stop_(at_ + std::min(out.size() - sizeof written_, most)) {}

  static constexpr unsigned kMostBits = 56;

  /// At most so many bits. False: what was put before did not fit.
  [[nodiscard, gnu::always_inline]] bool put(Code code) {
    written_ = written_ << code.bits | code.value;
    bits_ += code.bits;
    if (at_ > stop_) [[unlikely]] {
      return false;
    }
    store_bits(at_, written_ << (-bits_ % 64));
    at_ += bits_ / 8;
    bits_ %= 8;
    return true;
  }

  [[nodiscard]] bool has_room(std::size_t octets) const {
    return at_ <= stop_ && octets <= static_cast<std::size_t>(stop_ - at_);
  }

  /// Where the octets end, the last one padded with zeros; null if they did not fit.
  [[nodiscard]] const std::uint8_t* finish() { return put({0, -bits_ % 8}) && at_ <= stop_ ? at_ : nullptr; }

 private:
  std::uint8_t* at_;
  std::uint8_t* stop_;
  std::uint64_t written_ = 0;  ///< the lowest `bits_`, fewer than 8, are the first of the octet at `at_`
  unsigned bits_ = 0;
};

/// Any number of any octets. Reads up to 8 from `at`, however few of them are literals.
[[nodiscard, gnu::always_inline]] inline bool put_literals(BitWriter& writer, const std::uint8_t* at,
                                                           std::size_t count) {
  constexpr std::size_t kAtOnce = 7;
  for (;; at += kAtOnce, count -= kAtOnce) {
    const std::size_t now = std::min(count, kAtOnce);
    if (const Code these = literals(at, now); !has_high(these)) {
      if (!writer.put(these)) {
        return false;
      }
    } else {
#pragma GCC unroll 1
      for (std::size_t i = 0; i < now; ++i) {
        if (!writer.put(literal_code(at[i]))) {
          return false;
        }
      }
    }
    if (count <= kAtOnce) {
      return true;
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
  MppcHeads&
      heads;  ///< positions of this lap; where there was none the front, as good as any to compare with
};

/// What is known of a block's positions.
struct Found {
  std::array<std::uint16_t, kBlock> from;
  /// equal_bits() of a position and the one in `from`; 0 behind the last one.
  std::array<std::uint16_t, kBlock + 8> same;
};

/// Looks `count` positions up, from `start` on, and enters them. Not inlined: it needs all registers.
[[gnu::noinline]] void find_copies(const Lap& lap, std::size_t start, std::size_t count, Found& found) {
  // Copies: what is stored below could be the lap's for all one can see.
  const std::uint8_t* const front = lap.octets;
  const std::uint8_t* const octets = front + start;
  std::uint16_t* const heads = lap.heads.data();
#pragma GCC unroll 4
  for (std::size_t i = 0; i < count; ++i) {
    std::uint16_t& head = heads[head_of(load<std::uint32_t>(octets + i))];
    const std::uint16_t from = head;
    head = static_cast<std::uint16_t>(start + i);
    found.from[i] = from;
    found.same[i] = equal_bits(octets + i, front + from);
  }
  if (start == 0) {
    found.same[0] = 0;  // the front, compared with itself
  }
  std::size_t left = lap.end - start - count;
  for (std::size_t i = count; i > 0 && ++left < kComparedOctets;) {
    found.same[--i] &= static_cast<std::uint16_t>((1U << left) - 1);
  }
  std::fill(found.same.begin() + static_cast<std::ptrdiff_t>(count), found.same.end(), std::uint16_t{0});
}

/// Looks one position of four up, from `start` on; the first one that can be copied, or the end.
std::size_t find_sparsely(const Lap& lap, std::size_t start) {
  for (std::size_t at = start; at + kShortestCopy <= lap.end; at += 4) {
    const auto four = load<std::uint32_t>(lap.octets + at);
    std::uint16_t& head = lap.heads[head_of(four)];
    if ((four ^ load<std::uint32_t>(lap.octets + head)) << 8 == 0) {
      return at;
    }
    head = static_cast<std::uint16_t>(at);
  }
  return lap.end;
}

/// How many octets agree, of at most `most`. Reads as far as there is room behind a lap.
[[gnu::noinline]] std::size_t common_octets(const std::uint8_t* one, const std::uint8_t* other,
                                            std::size_t most) {
  for (std::size_t same = 0; same < most; same += kComparedOctets) {
    if (const std::size_t more = equal_octets(one + same, other + same); more < kComparedOctets) {
      return std::min(same + more, most);
    }
  }
  return most;
}

/// Codes the copies of a block that starts at `at`, and the literals before each; `coded` becomes where the last one ends. False: did not fit.
[[nodiscard, gnu::always_inline]] inline bool code_copies(const Lap& lap, const Found& found, std::size_t at,
                                                          std::size_t& coded, BitWriter& writer) {
  const std::uint8_t* const octets = lap.octets;
  const std::size_t start = at;
  std::uint64_t of_use = copies_of_use(found.same.data());
  while (of_use != 0) {
    const std::size_t passed = trailing_zeros(of_use);
    of_use >>= passed;
    at += passed;
    const std::size_t from = found.from[at - start];
    std::size_t length = trailing_zeros(~std::uint64_t{found.same[at - start]});
    if (length == kComparedOctets) [[unlikely]] {
      length = std::min(length + equal_octets(octets + at + length, octets + from + length), lap.end - at);
    }
    ShortCode coded_length{};
    if (length < kShortLengths.size()) [[likely]] {
      coded_length = kShortLengths[length];
    } else {
      length = common_octets(octets + at, octets + from, lap.end - at);
      coded_length = length_code(length);
    }
    const Code copy = copy_code(at - from, coded_length);
    const std::size_t count = at - coded;
    const Code before = literals(octets + coded, count % 8);
    if (8 * count + copy.bits <= BitWriter::kMostBits && !has_high(before)) [[likely]] {
      if (!writer.put(joined(before, copy))) {
        return false;
      }
    } else if (!put_literals(writer, octets + coded, count) || !writer.put(copy)) {
      return false;
    }
    at += length;
    coded = at;
    if (length >= kBlock) [[unlikely]] {
      break;
    }
    of_use >>= length;
  }
  return true;
}

/// Codes the octets from `begin` to the lap's end into `out`, with copies of any before; 0 if they do not shrink, or do not fit.
std::size_t code_packet(const Lap& lap, std::size_t begin, std::span<std::uint8_t> out) {
  BitWriter writer(out, lap.end - begin - 1);
  Found found;
  std::size_t coded = begin;  // all before this octet
  for (std::size_t start = begin; start + kShortestCopy <= lap.end;) {
    if (start - coded >= kProbablyRandom) {
      start = find_sparsely(lap, start);
    }
    if (start == lap.end) {
      break;
    }
    const std::size_t count = std::min(kBlock, lap.end - start - kShortestCopy + 1);
    find_copies(lap, start, count, found);
    if (!code_copies(lap, found, start, coded, writer)) {
      return 0;
    }
    start = std::max(start + count, coded);  // a long copy saves the look-ups of what it covers
  }
  if (!writer.has_room(lap.end - coded) || !put_literals(writer, lap.octets + coded, lap.end - coded)) {
    return 0;
  }
  const std::uint8_t* const end = writer.finish();
  return end == nullptr ? 0 : static_cast<std::size_t>(end - out.data());
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
  scratch.heads_.fill(0);
  std::ranges::copy(packet, scratch.octets_.begin());
  return code_packet({scratch.octets_.data(), packet.size(), scratch.heads_}, 0, out);
}

void MppcSendHistory::to_front() noexcept {
  position_ = 0;
  heads_.fill(0);
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
    result.size = code_packet({history.octets_.data(), end, history.heads_}, begin, out);
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
