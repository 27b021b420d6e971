// SPDX-License-Identifier: Apache-2.0
// DHCPv6 messages and options (RFC 8415 §8, §21), of clients and servers; not those of relays. What is read points into
// the message; writing fills the caller's buffer. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <optional>
#include <string_view>

#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::wire {

inline constexpr std::uint16_t kDhcpv6ClientPort = 546;
inline constexpr std::uint16_t kDhcpv6ServerPort = 547;
inline constexpr std::size_t kDhcpv6HeaderSize = 4;
inline constexpr std::size_t kDhcpv6OptionHeaderSize = 4;

enum class Dhcpv6Type : std::uint8_t {
  kSolicit = 1,
  kAdvertise = 2,
  kRequest = 3,
  kConfirm = 4,
  kRenew = 5,
  kRebind = 6,
  kReply = 7,
  kRelease = 8,
  kDecline = 9,
  kReconfigure = 10,
  kInformationRequest = 11,
  kRelayForward = 12,
  kRelayReply = 13,
};
/// Values of Dhcpv6Type, with 0 for none of them.
inline constexpr std::size_t kDhcpv6Types = 14;

enum class Dhcpv6Code : std::uint16_t {
  kClientId = 1,
  kServerId = 2,
  kIaNa = 3,
  kIaAddress = 5,
  kOptionRequest = 6,
  kPreference = 7,
  kElapsedTime = 8,
  kStatusCode = 13,
  kRapidCommit = 14,
  kDnsServers = 23,  ///< RFC 3646 §3
  kDomainList = 24,  ///< RFC 3646 §4
  kIaPd = 25,
  kIaPrefix = 26,
};

/// RFC 8415 §21.13.
enum class Dhcpv6Status : std::uint16_t {
  kSuccess = 0,
  kUnspecFail = 1,
  kNoAddrsAvail = 2,
  kNoBinding = 3,
  kNotOnLink = 4,
  kUseMulticast = 5,
  kNoPrefixAvail = 6,
};

// ---- reading ---------------------------------------------------------------------------------------------------

struct Dhcpv6Option {
  std::uint16_t code = 0;  ///< a Dhcpv6Code, or unknown
  Bytes value;
  [[nodiscard]] bool is(Dhcpv6Code other) const noexcept { return code == static_cast<std::uint16_t>(other); }
};

/// The options of a message, or within an option. parse() checks every length first, as PppOptions does.
class Dhcpv6Options {
 public:
  /// None: an option's length reaches past the end, or fewer than four octets are left over. Store the result before
  /// looping over it.
  [[nodiscard]] static std::optional<Dhcpv6Options> parse(Bytes octets) noexcept {
    for (Bytes rest = octets; !rest.empty(); rest = rest.subspan(size_of_first(rest))) {
      if (rest.size() < kDhcpv6OptionHeaderSize || size_of_first(rest) > rest.size()) {
        return std::nullopt;
      }
    }
    return Dhcpv6Options(octets);
  }
  Dhcpv6Options() noexcept = default;

  class Iterator {
   public:
    explicit Iterator(Bytes rest) noexcept : rest_(rest) {}
    [[nodiscard]] Dhcpv6Option operator*() const noexcept {
      return {load_be<std::uint16_t>(rest_.data()),
              rest_.subspan(kDhcpv6OptionHeaderSize, load_be<std::uint16_t>(rest_.data() + 2))};
    }
    Iterator& operator++() noexcept {
      rest_ = rest_.subspan(size_of_first(rest_));
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

  /// The value of the first option of this kind.
  [[nodiscard]] std::optional<Bytes> find(Dhcpv6Code code) const noexcept {
    for (const Dhcpv6Option option : *this) {
      if (option.is(code)) {
        return option.value;
      }
    }
    return std::nullopt;
  }

 private:
  explicit Dhcpv6Options(Bytes octets) noexcept : octets_(octets) {}
  [[nodiscard]] static std::size_t size_of_first(Bytes rest) noexcept {
    return kDhcpv6OptionHeaderSize + load_be<std::uint16_t>(rest.data() + 2);
  }
  Bytes octets_;
};

/// RFC 8415 §8.
struct Dhcpv6Message {
  std::uint8_t type = 0;             ///< a Dhcpv6Type, or unknown
  std::uint32_t transaction_id = 0;  ///< 24 bits
  Dhcpv6Options options;
};

/// None: shorter than its header, or an option's length is wrong. A relay's messages have another header, and are read
/// up to their type alone.
[[nodiscard]] inline std::optional<Dhcpv6Message> parse_dhcpv6(Bytes octets) noexcept {
  if (octets.size() < kDhcpv6HeaderSize) {
    return std::nullopt;
  }
  const std::uint32_t head = load_be<std::uint32_t>(octets.data());
  Dhcpv6Message message{.type = octets[0], .transaction_id = head & 0xff'ffff, .options = {}};
  if (message.type == static_cast<std::uint8_t>(Dhcpv6Type::kRelayForward) ||
      message.type == static_cast<std::uint8_t>(Dhcpv6Type::kRelayReply)) {
    return message;
  }
  const auto options = Dhcpv6Options::parse(octets.subspan(kDhcpv6HeaderSize));
  if (!options) {
    return std::nullopt;
  }
  message.options = *options;
  return message;
}

/// RFC 8415 §11.1: a type of two octets, and 1 to 128 more.
[[nodiscard]] inline bool is_duid(Bytes value) noexcept {
  return value.size() >= 3 && value.size() <= 130;
}

/// RFC 8415 §21.4 and §21.21: both kinds of identity association have the same fields.
struct Dhcpv6Ia {
  std::uint32_t iaid = 0;
  std::uint32_t t1 = 0, t2 = 0;  ///< seconds
  Dhcpv6Options options;         ///< addresses or prefixes
};
[[nodiscard]] inline std::optional<Dhcpv6Ia> parse_ia(Bytes value) noexcept {
  if (value.size() < 12) {
    return std::nullopt;
  }
  const auto options = Dhcpv6Options::parse(value.subspan(12));
  if (!options) {
    return std::nullopt;
  }
  return Dhcpv6Ia{.iaid = load_be<std::uint32_t>(value.data()),
                  .t1 = load_be<std::uint32_t>(value.data() + 4),
                  .t2 = load_be<std::uint32_t>(value.data() + 8),
                  .options = *options};
}

/// An address with its lifetimes (RFC 8415 §21.6), as a prefix of 128 bits; or a prefix (§21.22).
struct Dhcpv6Binding {
  Ipv6Prefix prefix;
  std::uint32_t preferred = 0, valid = 0;  ///< seconds
};
[[nodiscard]] inline std::optional<Dhcpv6Binding> parse_ia_address(Bytes value) noexcept {
  if (value.size() < 24 || !Dhcpv6Options::parse(value.subspan(24))) {
    return std::nullopt;
  }
  return Dhcpv6Binding{.prefix = {.address = load_ipv6(value.data()), .length = 128},
                       .preferred = load_be<std::uint32_t>(value.data() + 16),
                       .valid = load_be<std::uint32_t>(value.data() + 20)};
}
/// Bits of the prefix beyond its length are cleared. None: the length is above 128, too.
[[nodiscard]] inline std::optional<Dhcpv6Binding> parse_ia_prefix(Bytes value) noexcept {
  if (value.size() < 25 || value[8] > 128 || !Dhcpv6Options::parse(value.subspan(25))) {
    return std::nullopt;
  }
  return Dhcpv6Binding{
      .prefix = {.address = Ipv6Prefix::cut(load_ipv6(value.data() + 9), value[8]), .length = value[8]},
      .preferred = load_be<std::uint32_t>(value.data()),
      .valid = load_be<std::uint32_t>(value.data() + 4)};
}

/// RFC 8415 §21.13. None: no room for the code.
[[nodiscard]] inline std::optional<Dhcpv6Status> parse_dhcpv6_status(Bytes value) noexcept {
  return value.size() < 2 ? std::nullopt
                          : std::optional(static_cast<Dhcpv6Status>(load_be<std::uint16_t>(value.data())));
}

/// RFC 8415 §21.7: whether `value`, an Option Request, names `code`; an odd octet at its end is ignored.
[[nodiscard]] inline bool requests_option(Bytes value, Dhcpv6Code code) noexcept {
  for (; value.size() >= 2; value = value.subspan(2)) {
    if (load_be<std::uint16_t>(value.data()) == static_cast<std::uint16_t>(code)) {
      return true;
    }
  }
  return false;
}

// ---- writing ---------------------------------------------------------------------------------------------------

/// Writes one message into the caller's buffer. What does not fit is not cut: the writer fails for good, and message() is
/// empty.
class Dhcpv6Writer {
 public:
  Dhcpv6Writer(MutableBytes buffer, Dhcpv6Type type, std::uint32_t transaction_id) noexcept
      : buffer_(buffer) {
    u32(std::uint32_t{static_cast<std::uint8_t>(type)} << 24 | (transaction_id & 0xff'ffff));
  }

  Dhcpv6Writer& octets(Bytes more) noexcept {
    if (more.size() > room()) {
      failed_ = true;
    } else if (!more.empty()) {
      std::memcpy(buffer_.data() + size_, more.data(), more.size());
      size_ += more.size();
    }
    return *this;
  }
  Dhcpv6Writer& u8(std::uint8_t value) noexcept { return octets(Bytes(&value, 1)); }
  Dhcpv6Writer& u16(std::uint16_t value) noexcept { return number(value); }
  Dhcpv6Writer& u32(std::uint32_t value) noexcept { return number(value); }
  Dhcpv6Writer& address(const Ipv6Address& value) noexcept {
    std::uint8_t copy[kIpv6AddressSize];
    store_ipv6(copy, value);
    return octets(copy);
  }

  /// Begins an option that may contain others; end() takes what this returns, and fills in the length.
  [[nodiscard]] std::size_t begin(Dhcpv6Code code) noexcept {
    u16(static_cast<std::uint16_t>(code)).u16(0);
    return size_;
  }
  Dhcpv6Writer& end(std::size_t begun) noexcept {
    if (!failed_) {
      store_be(buffer_.data() + begun - 2, static_cast<std::uint16_t>(size_ - begun));
    }
    return *this;
  }
  Dhcpv6Writer& option(Dhcpv6Code code, Bytes value) noexcept {
    const std::size_t begun = begin(code);
    return octets(value).end(begun);
  }
  Dhcpv6Writer& status(Dhcpv6Status status, std::string_view message) noexcept {
    const std::size_t begun = begin(Dhcpv6Code::kStatusCode);
    return u16(static_cast<std::uint16_t>(status)).octets(octets_of(message)).end(begun);
  }
  Dhcpv6Writer& ia_address(const Dhcpv6Binding& binding) noexcept {
    const std::size_t begun = begin(Dhcpv6Code::kIaAddress);
    return address(binding.prefix.address).u32(binding.preferred).u32(binding.valid).end(begun);
  }
  Dhcpv6Writer& ia_prefix(const Dhcpv6Binding& binding) noexcept {
    const std::size_t begun = begin(Dhcpv6Code::kIaPrefix);
    return u32(binding.preferred)
        .u32(binding.valid)
        .u8(binding.prefix.length)
        .address(binding.prefix.address)
        .end(begun);
  }

  /// Octets that still fit.
  [[nodiscard]] std::size_t room() const noexcept { return failed_ ? 0 : buffer_.size() - size_; }
  [[nodiscard]] Bytes message() const noexcept { return failed_ ? Bytes() : Bytes(buffer_).first(size_); }

 private:
  template <typename T>
  Dhcpv6Writer& number(T value) noexcept {
    std::uint8_t copy[sizeof value];
    store_be(copy, value);
    return octets(copy);
  }

  MutableBytes buffer_;
  std::size_t size_ = 0;
  bool failed_ = false;
};

}  // namespace adit::wire
