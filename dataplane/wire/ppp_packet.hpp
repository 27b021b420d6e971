// SPDX-License-Identifier: Apache-2.0
// The packet format shared by LCP, the NCPs and the authentication protocols: code, identifier, length, data;
// and the option list of Configure packets (RFC 1661 §5, §6). Parsed packets point into the frame; writing
// fills a fixed buffer.
// Pure; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <optional>

#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/ids.hpp"
#include "dataplane/wire/ppp.hpp"

namespace adit::wire {

/// RFC 1661 §5. 1 to 7 are common to LCP and the NCPs; 8 to 13 are LCP's, 14 and 15 CCP's.
enum class PppCode : std::uint8_t {
  kConfigureRequest = 1,
  kConfigureAck = 2,
  kConfigureNak = 3,
  kConfigureReject = 4,
  kTerminateRequest = 5,
  kTerminateAck = 6,
  kCodeReject = 7,
  kProtocolReject = 8,
  kEchoRequest = 9,
  kEchoReply = 10,
  kDiscardRequest = 11,
  kIdentification = 12,  ///< RFC 1570 §1.1
  kTimeRemaining = 13,   ///< RFC 1570 §1.2
  kResetRequest = 14,    ///< RFC 1962 §3
  kResetAck = 15,
};

inline constexpr std::size_t kPppPacketHeaderSize = 4;

enum class PppPacketError : std::uint8_t {
  kTruncated,       ///< fewer than four octets
  kLengthTooSmall,  ///< Length below four
  kLengthTooLarge,  ///< Length beyond what arrived
};

struct PppPacket {
  std::uint8_t code = 0;  ///< a PppCode, PapCode or ChapCode, or unknown
  std::uint8_t identifier = 0;
  Bytes data;   ///< after the Length field, padding stripped
  Bytes whole;  ///< with code, identifier and length, without padding: what a Code-Reject quotes
};

/// `octets` begin after the PPP protocol field. RFC 1661 §5: octets beyond Length are padding; a packet whose
/// Length does not fit is discarded.
[[nodiscard]] inline std::expected<PppPacket, PppPacketError> parse_ppp_packet(Bytes octets) noexcept {
  if (octets.size() < kPppPacketHeaderSize) {
    return std::unexpected(PppPacketError::kTruncated);
  }
  const std::size_t length = load_be<std::uint16_t>(octets.data() + 2);
  if (length < kPppPacketHeaderSize) {
    return std::unexpected(PppPacketError::kLengthTooSmall);
  }
  if (length > octets.size()) {
    return std::unexpected(PppPacketError::kLengthTooLarge);
  }
  return PppPacket{octets[0], octets[1], octets.subspan(kPppPacketHeaderSize, length - kPppPacketHeaderSize),
                   octets.first(length)};
}

struct PppOption {
  std::uint8_t type = 0;
  Bytes value;  ///< without type and length
  Bytes whole;  ///< with type and length: what an Ack, Nak or Reject copies

  /// The value as a number, if it has exactly that size.
  [[nodiscard]] std::optional<std::uint16_t> u16() const noexcept {
    return value.size() == 2 ? std::optional(load_be<std::uint16_t>(value.data())) : std::nullopt;
  }
  [[nodiscard]] std::optional<std::uint32_t> u32() const noexcept {
    return value.size() == 4 ? std::optional(load_be<std::uint32_t>(value.data())) : std::nullopt;
  }
};

/// The options of a Configure packet. parse() checks every length first, so that one bad option rejects the
/// packet before any option is acted upon, and iterating cannot fail.
class PppOptions {
 public:
  /// None: an option's length is below 2 or reaches past the end, or a single octet is left over.
  /// Store the result before looping over it: in `for (auto option : *parse(data))` the optional is destroyed
  /// too early.
  [[nodiscard]] static std::optional<PppOptions> parse(Bytes data) noexcept {
    for (std::size_t at = 0; at < data.size();) {
      if (data.size() - at < 2 || data[at + 1] < 2 || data[at + 1] > data.size() - at) {
        return std::nullopt;
      }
      at += data[at + 1];
    }
    return PppOptions(data);
  }

  class Iterator {
   public:
    explicit Iterator(Bytes rest) noexcept : rest_(rest) {}
    [[nodiscard]] PppOption operator*() const noexcept {
      const Bytes whole = rest_.first(rest_[1]);
      return PppOption{whole[0], whole.subspan(2), whole};
    }
    Iterator& operator++() noexcept {
      rest_ = rest_.subspan(rest_[1]);
      return *this;
    }
    [[nodiscard]] friend bool operator==(const Iterator& a, const Iterator& b) noexcept {
      return a.rest_.size() == b.rest_.size();
    }

   private:
    Bytes rest_;
  };

  [[nodiscard]] Iterator begin() const noexcept { return Iterator(octets_); }
  [[nodiscard]] Iterator end() const noexcept { return Iterator(octets_.last(0)); }
  [[nodiscard]] Bytes octets() const noexcept { return octets_; }
  [[nodiscard]] bool empty() const noexcept { return octets_.empty(); }

 private:
  explicit PppOptions(Bytes octets) noexcept : octets_(octets) {}
  Bytes octets_;
};

/// Builds one control frame: FF 03, protocol, code, identifier, length, then what is added. Data that does
/// not fit is not cut: the writer fails for good, and frame() is empty.
class PppFrameWriter {
 public:
  /// FF 03, the protocol, and the largest packet that a peer with the default MRU must accept.
  static constexpr std::size_t kCapacity = 4 + 1500;

  PppFrameWriter(PppProtocol protocol, std::uint8_t code, std::uint8_t identifier) noexcept {
    size_ = write_ppp(octets_.data(), protocol, PppCompression{});
    octets_[size_++] = code;
    octets_[size_++] = identifier;
    size_ += 2;  // Length, filled in by frame()
  }
  PppFrameWriter(PppProtocol protocol, PppCode code, std::uint8_t identifier) noexcept
      : PppFrameWriter(protocol, static_cast<std::uint8_t>(code), identifier) {}

  PppFrameWriter& octets(Bytes more) noexcept {
    if (more.size() > room()) {
      failed_ = true;
    } else if (!more.empty()) {
      std::memcpy(octets_.data() + size_, more.data(), more.size());
      size_ += more.size();
    }
    return *this;
  }
  PppFrameWriter& u8(std::uint8_t value) noexcept { return octets(Bytes(&value, 1)); }
  PppFrameWriter& u16(std::uint16_t value) noexcept { return number(value); }
  PppFrameWriter& u32(std::uint32_t value) noexcept { return number(value); }

  PppFrameWriter& option(std::uint8_t type, Bytes value) noexcept {
    if (value.size() > 253 || value.size() + 2 > room()) {
      failed_ = true;
      return *this;
    }
    return u8(type).u8(static_cast<std::uint8_t>(value.size() + 2)).octets(value);
  }
  PppFrameWriter& option(const PppOption& copy) noexcept { return octets(copy.whole); }
  PppFrameWriter& option(std::uint8_t type) noexcept { return option(type, Bytes{}); }
  PppFrameWriter& option_u16(std::uint8_t type, std::uint16_t value) noexcept {
    return option_number(type, value);
  }
  PppFrameWriter& option_u32(std::uint8_t type, std::uint32_t value) noexcept {
    return option_number(type, value);
  }
  PppFrameWriter& option_ipv4(std::uint8_t type, Ipv4Address value) noexcept {
    return option_number(type, value.value);
  }

  /// For a caller whose value cannot be encoded (a name too long for its length octet).
  void fail() noexcept { failed_ = true; }
  /// Octets that still fit; a Code-Reject or Protocol-Reject cuts its quotation to this and to the peer's
  /// MRU.
  [[nodiscard]] std::size_t room() const noexcept { return failed_ ? 0 : kCapacity - size_; }
  [[nodiscard]] bool ok() const noexcept { return !failed_; }
  /// True while nothing follows the header.
  [[nodiscard]] bool empty() const noexcept { return size_ == kDataAt; }

  /// The frame, starting with FF 03, valid as long as the writer; empty if something did not fit.
  [[nodiscard]] Bytes frame() noexcept {
    if (failed_) {
      return {};
    }
    store_be(octets_.data() + kDataAt - 2, static_cast<std::uint16_t>(size_ - kPacketAt));
    return Bytes(octets_).first(size_);
  }
  /// The data alone, which the peer's Configure-Ack must echo octet for octet.
  [[nodiscard]] Bytes data() const noexcept {
    return failed_ ? Bytes() : Bytes(octets_).first(size_).subspan(kDataAt);
  }

 private:
  static constexpr std::size_t kPacketAt = 4;
  static constexpr std::size_t kDataAt = kPacketAt + kPppPacketHeaderSize;

  template <typename T>
  PppFrameWriter& number(T value) noexcept {
    std::array<std::uint8_t, sizeof(T)> big_endian;
    store_be(big_endian.data(), value);
    return octets(big_endian);
  }
  template <typename T>
  PppFrameWriter& option_number(std::uint8_t type, T value) noexcept {
    std::array<std::uint8_t, sizeof(T)> big_endian;
    store_be(big_endian.data(), value);
    return option(type, big_endian);
  }

  std::array<std::uint8_t, kCapacity> octets_;
  std::size_t size_ = 0;
  bool failed_ = false;
};

}  // namespace adit::wire
