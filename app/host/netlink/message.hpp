// SPDX-License-Identifier: Apache-2.0
// rtnetlink(7) messages, on top of libmnl: builds requests and reads what the kernel sends, with every length
// checked. Thread: any. Owner: the caller (values and views).
#pragma once

#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/ids.hpp"
#include "dataplane/wire/ip_family.hpp"

namespace adit::app::netlink {

using wire::Bytes;

/// Why a request failed: the errno, from a system call or from the kernel's answer, and the kernel's text if
/// it sent one.
struct Failure {
  int code = 0;
  std::string detail{};  ///< the extended acknowledgement's text; usually empty
  /// "Invalid argument" or "Invalid argument (Unknown device type)".
  [[nodiscard]] std::string text() const;
};

/// The attributes after a message's header, or inside a nested attribute. A view of the message's octets. An
/// attribute whose length does not match the type asked for counts as absent.
class Attributes {
 public:
  Attributes() = default;
  explicit Attributes(Bytes octets) : octets_(octets) {}

  [[nodiscard]] std::optional<Bytes> find(std::uint16_t type) const;
  [[nodiscard]] bool has(std::uint16_t type) const { return find(type).has_value(); }
  [[nodiscard]] std::optional<std::uint16_t> u16(std::uint16_t type) const;
  [[nodiscard]] std::optional<std::uint32_t> u32(std::uint16_t type) const;
  /// 0.0.0.0 if absent.
  [[nodiscard]] wire::Ipv4Address ipv4(std::uint16_t type) const;
  /// :: if absent.
  [[nodiscard]] wire::Ipv6Address ipv6(std::uint16_t type) const;
  template <wire::IpAddress Address>
  [[nodiscard]] Address address(std::uint16_t type) const {
    if constexpr (std::same_as<Address, wire::Ipv4Address>) {
      return ipv4(type);
    } else {
      return ipv6(type);
    }
  }
  /// Empty if absent.
  [[nodiscard]] std::string_view text(std::uint16_t type) const;
  [[nodiscard]] Attributes nested(std::uint16_t type) const;

 private:
  Bytes octets_;
};

/// AF_INET or AF_INET6.
template <wire::IpAddress Address>
inline constexpr std::uint8_t kFamily = std::same_as<Address, wire::Ipv4Address> ? AF_INET : AF_INET6;

/// A message's octets after nlmsghdr.
[[nodiscard]] Bytes payload_of(const nlmsghdr& message);

/// A message's header (rtmsg, ndmsg, ifinfomsg) and its attributes.
template <typename Header>
struct Body {
  const Header& header;
  Attributes attributes;
};

/// Empty: the message is too short for a `Header`.
template <typename Header>
[[nodiscard]] std::optional<Body<Header>> body_of(const nlmsghdr& message) {
  const Bytes payload = payload_of(message);
  if (payload.size() < sizeof(Header)) {
    return std::nullopt;
  }
  const std::size_t behind = std::min<std::size_t>(NLMSG_ALIGN(sizeof(Header)), payload.size());
  return Body<Header>{*reinterpret_cast<const Header*>(payload.data()), Attributes(payload.subspan(behind))};
}

/// Of an NLMSG_ERROR, with code 0 if it is an acknowledgement; empty for any other message.
[[nodiscard]] std::optional<Failure> read_error(const nlmsghdr& message);

void for_each_message(Bytes datagram, const std::function<void(const nlmsghdr&)>& each);

/// One message to the kernel. If attributes do not fit, send() refuses the message with EMSGSIZE.
class Request {
 public:
  /// NLM_F_REQUEST is always set.
  template <typename Header>
  Request(std::uint16_t type, unsigned flags, const Header& header) : Request(type, flags) {
    put_header({reinterpret_cast<const std::uint8_t*>(&header), sizeof header});
  }

  void put_u16(std::uint16_t type, std::uint16_t value);
  void put_u32(std::uint16_t type, std::uint32_t value);
  void put_ipv4(std::uint16_t type, wire::Ipv4Address value);
  void put_address(std::uint16_t type, wire::Ipv4Address value) { put_ipv4(type, value); }
  void put_address(std::uint16_t type, const wire::Ipv6Address& value);
  void put_text(std::uint16_t type, std::string_view value);
  void put_octets(std::uint16_t type, Bytes value);
  /// `fill` adds the nested attributes.
  void nest(std::uint16_t type, const std::function<void()>& fill);

  void set_sequence(std::uint32_t sequence);
  void add_flags(unsigned flags);
  /// Empty if it was too large.
  [[nodiscard]] Bytes octets() const;

 private:
  static constexpr std::size_t kRoom = 512;
  Request(std::uint16_t type, unsigned flags);
  void put_header(Bytes header);
  [[nodiscard]] nlmsghdr* message() { return reinterpret_cast<nlmsghdr*>(buffer_.data()); }
  void keep(bool fitted) { fits_ = fits_ && fitted; }

  alignas(NLMSG_ALIGNTO) std::array<std::uint8_t, kRoom> buffer_{};
  bool fits_ = true;
};

}  // namespace adit::app::netlink
