// SPDX-License-Identifier: Apache-2.0
// rtnetlink(7)'s messages, over libmnl: requests are built here and what the kernel sends is read here, with every length
// checked. Thread: any. Owner: the caller (values and views).
#pragma once

#include <linux/netlink.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::app::netlink {

using wire::Bytes;

/// Why a request failed: the errno, of a system call or as the kernel answered, and what the kernel says beside it.
struct Failure {
  int code = 0;
  std::string detail{};  ///< the extended acknowledgement's text; empty mostly
  /// "Invalid argument" or "Invalid argument (Unknown device type)".
  [[nodiscard]] std::string text() const;
};

/// The attributes behind a message's header, or inside a nested attribute. A view of the message's octets. An attribute
/// whose length is not that of the type asked for counts as absent.
class Attributes {
 public:
  Attributes() = default;
  explicit Attributes(Bytes octets) : octets_(octets) {}

  [[nodiscard]] std::optional<Bytes> find(std::uint16_t type) const;
  [[nodiscard]] bool has(std::uint16_t type) const { return find(type).has_value(); }
  [[nodiscard]] std::optional<std::uint16_t> u16(std::uint16_t type) const;
  [[nodiscard]] std::optional<std::uint32_t> u32(std::uint16_t type) const;
  /// 0.0.0.0 when absent.
  [[nodiscard]] wire::Ipv4Address ipv4(std::uint16_t type) const;
  /// Empty when absent.
  [[nodiscard]] std::string_view text(std::uint16_t type) const;
  [[nodiscard]] Attributes nested(std::uint16_t type) const;

 private:
  Bytes octets_;
};

/// A message's octets behind nlmsghdr.
[[nodiscard]] Bytes payload_of(const nlmsghdr& message);

/// A message's header (rtmsg, ndmsg, ifinfomsg) and its attributes.
template <typename Header>
struct Body {
  const Header& header;
  Attributes attributes;
};

/// Nothing: the message is too short for a `Header`.
template <typename Header>
[[nodiscard]] std::optional<Body<Header>> body_of(const nlmsghdr& message) {
  const Bytes payload = payload_of(message);
  if (payload.size() < sizeof(Header)) {
    return std::nullopt;
  }
  const std::size_t behind = std::min<std::size_t>(NLMSG_ALIGN(sizeof(Header)), payload.size());
  return Body<Header>{*reinterpret_cast<const Header*>(payload.data()), Attributes(payload.subspan(behind))};
}

/// Of an NLMSG_ERROR, code 0 when it acknowledges; nothing for any other message.
[[nodiscard]] std::optional<Failure> read_error(const nlmsghdr& message);

void for_each_message(Bytes datagram, const std::function<void(const nlmsghdr&)>& each);

/// One message to the kernel. Attributes that do not fit make it one that send() refuses with EMSGSIZE.
class Request {
 public:
  /// NLM_F_REQUEST is set anyway.
  template <typename Header>
  Request(std::uint16_t type, unsigned flags, const Header& header) : Request(type, flags) {
    put_header({reinterpret_cast<const std::uint8_t*>(&header), sizeof header});
  }

  void put_u16(std::uint16_t type, std::uint16_t value);
  void put_u32(std::uint16_t type, std::uint32_t value);
  void put_ipv4(std::uint16_t type, wire::Ipv4Address value);
  void put_text(std::uint16_t type, std::string_view value);
  void put_octets(std::uint16_t type, Bytes value);
  /// `fill` puts what goes inside.
  void nest(std::uint16_t type, const std::function<void()>& fill);

  void set_sequence(std::uint32_t sequence);
  void add_flags(unsigned flags);
  /// Empty when it was too large.
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
