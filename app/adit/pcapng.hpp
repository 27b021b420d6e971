// SPDX-License-Identifier: Apache-2.0
// Blocks of a pcapng file (draft-ietf-opsawg-pcapng §4): what adit trace --write writes and Wireshark reads. One interface
// for each layer of a packet; what became of it is its comment. Little-endian, times in microseconds. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace adit::app {

/// In the order in which pcapng_begin() describes them.
enum class CaptureInterface : std::uint32_t { kOuter, kInner, kPpp };

struct CapturedPacket {
  CaptureInterface interface{};
  std::uint64_t micros = 0;  ///< since 1970
  std::uint32_t octets = 0;  ///< of the packet; `data` may have fewer
  std::span<const std::uint8_t> data;
  bool inbound = false;  ///< from the client
  std::uint64_t id = 0;  ///< the same for all layers of one packet
  std::string_view comment;
};

/// Section and interfaces. `program` and `comment` say what made the file, and of what.
[[nodiscard]] std::string pcapng_begin(std::string_view program, std::string_view comment);

[[nodiscard]] std::string pcapng_packet(const CapturedPacket& packet);

}  // namespace adit::app
