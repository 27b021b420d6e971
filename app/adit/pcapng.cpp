// SPDX-License-Identifier: Apache-2.0
#include "app/adit/pcapng.hpp"

#include <algorithm>
#include <concepts>

namespace adit::app {
namespace {

enum BlockType : std::uint32_t { kSection = 0x0A0D0D0A, kInterface = 1, kEnhancedPacket = 6 };
enum Option : std::uint16_t {
  kEnd = 0,
  kComment = 1,
  kUserApplication = 4,
  kName = 2,
  kFlags = 2,
  kPacketId = 5
};
// tcpdump.org/linktypes: IP from its header on; PPP, with or without address and control.
enum LinkType : std::uint16_t { kPpp = 9, kRaw = 101 };

constexpr std::uint32_t kByteOrder = 0x1A2B3C4D;
constexpr std::size_t kMostOptionOctets = 0xffff;

class Block {
 public:
  explicit Block(BlockType type) {
    put<std::uint32_t>(type);
    put<std::uint32_t>(0);
  }
  template <std::unsigned_integral T>
  Block& put(T value) {
    for (std::size_t at = 0; at < sizeof value; ++at) {
      text_ += static_cast<char>(value >> (8 * at) & 0xff);
    }
    return *this;
  }
  Block& put(std::string_view octets) {
    text_ += octets;
    text_.append((4 - text_.size() % 4) % 4, '\0');
    return *this;
  }
  Block& option(Option code, std::string_view value) {
    value = value.substr(0, kMostOptionOctets);
    return put<std::uint16_t>(code).put(static_cast<std::uint16_t>(value.size())).put(value);
  }
  /// The whole block.
  std::string finish() {
    put<std::uint32_t>(kEnd);
    const auto size = static_cast<std::uint32_t>(text_.size() + sizeof(std::uint32_t));
    put(size);
    for (std::size_t at = 0; at < sizeof size; ++at) {
      text_[4 + at] = static_cast<char>(size >> (8 * at) & 0xff);
    }
    return std::move(text_);
  }

 private:
  std::string text_;
};

std::string interface_block(LinkType type, std::string_view name) {
  return Block(kInterface)
      .put<std::uint16_t>(type)
      .put<std::uint16_t>(0)
      .put<std::uint32_t>(0)
      .option(kName, name)
      .finish();
}

std::string number(std::uint64_t value, std::size_t octets) {
  std::string text;
  for (std::size_t at = 0; at < octets; ++at) {
    text += static_cast<char>(value >> (8 * at) & 0xff);
  }
  return text;
}

}  // namespace

std::string pcapng_begin(std::string_view program, std::string_view comment) {
  std::string section = Block(kSection)
                            .put(kByteOrder)
                            .put<std::uint16_t>(1)
                            .put<std::uint16_t>(0)
                            .put(~std::uint64_t{0})  // the section's length: not known
                            .option(kComment, comment)
                            .option(kUserApplication, program)
                            .finish();
  return section + interface_block(kRaw, "outer") + interface_block(kRaw, "inner") +
         interface_block(kPpp, "ppp");
}

std::string pcapng_packet(const CapturedPacket& packet) {
  const std::string_view data(reinterpret_cast<const char*>(packet.data.data()), packet.data.size());
  return Block(kEnhancedPacket)
      .put(static_cast<std::uint32_t>(packet.interface))
      .put(static_cast<std::uint32_t>(packet.micros >> 32))
      .put(static_cast<std::uint32_t>(packet.micros))
      .put(static_cast<std::uint32_t>(data.size()))
      .put(std::max(packet.octets, static_cast<std::uint32_t>(data.size())))
      .put(data)
      .option(kComment, packet.comment)
      .option(kFlags, number(packet.inbound ? 1 : 2, 4))
      .option(kPacketId, number(packet.id, 8))
      .finish();
}

}  // namespace adit::app
