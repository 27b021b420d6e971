// SPDX-License-Identifier: Apache-2.0
#include "crypto/mppc/mppc_coder.hpp"

#include <algorithm>
#include <bit>

#include "crypto/mppc/octet_words.hpp"

namespace adit::crypto {
namespace {

constexpr std::size_t kShortestCopy = 3;
// As many positions are looked up before the first of them is coded: what comes next is then known without a guess, and a
// wrong guess costs more than coding a token.
constexpr std::size_t kBlock = 64;
constexpr std::size_t kWidestStride = 8;

constexpr std::uint64_t kAllBits = ~std::uint64_t{0};
constexpr std::uint64_t kHighBits = 0x8080808080808080;

/// A token's bits, the first one highest; those behind them are 0.
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
constexpr std::array<Code, kComparedOctets + 1> kShortLengths = [] {
  std::array<Code, kComparedOctets + 1> codes{};
  for (std::size_t length = kShortestCopy; length < codes.size(); ++length) {
    codes[length] = length_code(length);
  }
  return codes;
}();

inline Code offset_code(std::size_t offset) {
  struct Kind {
    std::uint32_t more;
    unsigned bits;
  };
  constexpr Kind kKinds[] = {{0b1111 << 6, 10}, {(0b1110 << 8) - 64, 12}, {(0b110 << 13) - 320, 16}};
  const Kind& kind = kKinds[(offset >= 64 ? 1 : 0) + (offset >= 320 ? 1 : 0)];
  return code_of(kind.more + offset, kind.bits);
}

/// Nine bits for an octet of 0x80 and more, `10` and its low seven; the others are coded as themselves.
inline Code literal_code(std::uint8_t octet) {
  return code_of(octet + (octet & 0x80U), 8U + (octet >> 7));
}

/// Writes tokens, 8 octets at a time, so the last 8 of `out` are not for results.
class BitWriter {
 public:
  BitWriter(std::span<std::uint8_t> out, std::size_t most)
      : first_(out.data()), at_(first_), stop_(first_ + std::min(out.size() - sizeof pending_, most)) {}

  /// At most 56 bits.
  void put(Code code) {
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

  [[nodiscard]] std::size_t room() const { return static_cast<std::size_t>(std::max(stop_ - at_, std::ptrdiff_t{0})); }
  [[nodiscard]] bool full() const { return full_ || at_ > stop_; }

  /// The octets written, the last one padded with zeros; 0 if there was no room for all of them.
  std::size_t finish() {
    put({0, 7 & -bits_});
    return full() ? 0 : static_cast<std::size_t>(at_ - first_);
  }

 private:
  std::uint8_t* first_;
  std::uint8_t* at_;
  std::uint8_t* stop_;  ///< a token may begin here, but not behind
  std::uint64_t pending_ = 0;  ///< the first `bits_`, fewer than 8 between two tokens; 0 behind them
  unsigned bits_ = 0;
  bool full_ = false;
};

/// Reads up to 8 octets from `at`, however few of them are literals.
[[gnu::always_inline]] inline void put_literals(BitWriter& writer, const std::uint8_t* at, std::size_t count) {
  for (;; at += 7, count -= 7) {
    const std::size_t now = std::min<std::size_t>(count, 7);
    const std::uint64_t octets = load_bits(at) & ~(kAllBits >> 8 * now);
    if ((octets & kHighBits) == 0) {
      writer.put({octets, static_cast<unsigned>(8 * now)});
    } else {
      for (std::size_t i = 0; i < now; ++i) {
        writer.put(literal_code(at[i]));
      }
    }
    if (count <= 7) {
      return;
    }
  }
}

std::uint32_t head_of(std::uint32_t four) {
  return (four << 8) * 0x9E3779B1U >> 20;
}
static_assert(std::tuple_size_v<MppcHeads> == 1U << (32 - 20));

/// Copies that the positions of a block could begin: from where (as in `heads`), and how many octets. A length of
/// kComparedOctets may go on. `worth`: a bit for each position whose copy is of use, the first one lowest.
struct Found {
  std::array<std::uint16_t, kBlock> from;
  std::array<std::uint8_t, kBlock + 16> lengths;
  std::uint64_t worth;
};

void find_copies(const std::uint8_t* lap, std::size_t start, std::size_t stride, std::size_t count, std::size_t end, MppcHeads& heads,
                 std::size_t base, Found& found) {
  const std::uint8_t* const zero = lap - base;
  const std::uint32_t b = static_cast<std::uint32_t>(base);
  for (std::size_t i = 0, at = base + start; i < count; ++i, at += stride) {
    std::uint16_t& head = heads[head_of(load<std::uint32_t>(zero + at))];
    const std::uint32_t from = std::max<std::uint32_t>(head, b);
    head = static_cast<std::uint16_t>(at);
    found.from[i] = static_cast<std::uint16_t>(from);
    found.lengths[i] = static_cast<std::uint8_t>(std::countr_zero(differing_octets(zero + at, zero + from)));
  }
  if (start == 0) {
    found.lengths[0] = 0;
  }
  if (start + (count - 1) * stride + kComparedOctets > end) {
    for (std::size_t i = 0, left = end - start; i < count; ++i, left -= stride) {
      found.lengths[i] = static_cast<std::uint8_t>(std::min<std::size_t>(found.lengths[i], left));
    }
  }
  std::fill_n(found.lengths.begin() + static_cast<std::ptrdiff_t>(count), 16, std::uint8_t{0});
  found.worth = 0;
  for (std::size_t i = 0; i < kBlock; i += 16) {
    const __m128i lengths = load<__m128i>(found.lengths.data() + i);
    const __m128i next = load<__m128i>(found.lengths.data() + i + 1);
    const __m128i no = _mm_or_si128(_mm_cmpgt_epi8(_mm_set1_epi8(3), lengths), _mm_cmpgt_epi8(next, lengths));
    found.worth |= std::uint64_t(~_mm_movemask_epi8(no) & 0xffff) << i;
  }
  if (count < kBlock) found.worth &= (std::uint64_t{1} << count) - 1;
}

/// How many octets agree, of at most `most`.
std::size_t common_octets(const std::uint8_t* one, const std::uint8_t* other, std::size_t most) {
  std::size_t same = 0;
  for (; same + 8 <= most; same += 8) {
    const std::uint64_t differing = load<std::uint64_t>(one + same) ^ load<std::uint64_t>(other + same);
    if (differing != 0) {
      return same + static_cast<std::size_t>(std::countr_zero(differing)) / 8;
    }
  }
  while (same < most && one[same] == other[same]) {
    ++same;
  }
  return same;
}

/// Codes the octets of `lap` from `begin` to `end` into `out`; 0 if they do not fit. Those before `begin` may be referred to.
/// An entry of `heads` is a position of this lap plus `base`, or is below `base`.
[[gnu::flatten]] std::size_t code_packet(const std::uint8_t* lap, std::size_t begin, std::size_t end, MppcHeads& heads, std::size_t base,
                        std::span<std::uint8_t> out) {
  BitWriter writer(out, end - begin - 1);
  Found found;
  std::size_t literals = begin;  // the first octet that is not yet coded
  std::size_t empty = 0;
  for (std::size_t start = begin; start + kShortestCopy <= end;) {
    const std::size_t stride_shift = std::min<std::size_t>(empty / 2, 3);
    const std::size_t stride = std::size_t{1} << stride_shift;
    const std::size_t count = std::min(kBlock, ((end - start - kShortestCopy) >> stride_shift) + 1);
    find_copies(lap, start, stride, count, end, heads, base, found);
    std::uint64_t worth = found.worth;
    if (literals > start) worth &= literals - start < 64 ? kAllBits << (literals - start) : 0;
    empty = worth == 0 ? empty + 1 : 0;
    const std::size_t next = start + count * stride;
    while (worth != 0) {
      const auto i = static_cast<std::size_t>(std::countr_zero(worth));
      const std::size_t at = start + i * stride;
      const std::size_t offset = at + base - found.from[i];
      std::size_t length = found.lengths[i];
      put_literals(writer, lap + literals, at - literals);
      Code code = kShortLengths[length];
      if (length == kComparedOctets) {
        length += common_octets(lap + at - offset + length, lap + at + length, end - at - length);
        code = length_code(length);
      }
      writer.put(joined(offset_code(offset), code));
      literals = at + length;
      const std::size_t past = (literals - start + stride - 1) >> stride_shift;
      worth = past < kBlock ? worth & kAllBits << past : 0;
    }
    if (writer.full()) return 0;
    start = next;
    if (literals > start + 16) start = literals;
  }
  if (end - literals > writer.room()) {
    return 0;
  }
  put_literals(writer, lap + literals, end - literals);
  return writer.finish();
}

}  // namespace

std::size_t mppc_compress(MppcScratch& scratch, std::span<const std::uint8_t> packet, std::span<std::uint8_t> out) noexcept {
  if (packet.empty() || out.size() < 8 || packet.size() > kMppcLongestPacket) {
    return 0;
  }
  // What is below the base belongs to packets before this one: the table is cleared once in 64 KiB.
  if (scratch.base_ + packet.size() > 0x10000) {
    scratch.heads_.fill(0);
    scratch.base_ = 0;
  }
  std::ranges::copy(packet, scratch.octets_.begin());
  const std::size_t size =
      code_packet(scratch.octets_.data(), 0, packet.size(), scratch.heads_, scratch.base_, out);
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
  if (!packet.empty() && out.size() >= 8 && packet.size() <= kMppcLongestPacket) {
    if (history.position_ + packet.size() > kMppcLongestPacket) {
      history.to_front();
    }
    const std::size_t begin = history.position_;
    const std::size_t end = begin + packet.size();
    std::ranges::copy(packet, history.octets_.begin() + static_cast<std::ptrdiff_t>(begin));
    result.size =
        code_packet(history.octets_.data(), begin, end, history.heads_, history.base_, out);
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
