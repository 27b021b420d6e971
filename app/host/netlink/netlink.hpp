// SPDX-License-Identifier: Apache-2.0
// rtnetlink(7) over libmnl: requests are built here, answers are read here, and every length is checked here.
// Thread: any; a socket belongs to one. Owner: the caller.
#pragma once

#include <linux/netlink.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/ids.hpp"

struct mnl_socket;

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

/// Not blocking.
class Socket {
 public:
  [[nodiscard]] static std::expected<Socket, Failure> open();

  /// To be polled for input.
  [[nodiscard]] int fd() const;
  /// The address that the kernel answers to.
  [[nodiscard]] std::uint32_t port() const;

  /// A multicast group, RTNLGRP_...
  [[nodiscard]] std::expected<void, Failure> join(unsigned group);
  /// Best effort: beyond net.core.rmem_max it needs CAP_NET_ADMIN.
  void enlarge_receive_buffer(int octets);

  [[nodiscard]] std::expected<void, Failure> send(const Request& request) { return send(request.octets()); }
  /// Several requests, one behind the other.
  [[nodiscard]] std::expected<void, Failure> send(Bytes requests);

  enum class Received : std::uint8_t {
    kDatagram,
    kNothing,  ///< for now
    kOverrun,  ///< ENOBUFS: the kernel has dropped messages, and drops more until its queue is empty
  };
  /// The datagram is valid until the next call.
  [[nodiscard]] Received receive(Bytes& datagram);
  /// Waits for input first. An overrun is an error, ENOBUFS.
  [[nodiscard]] std::expected<Bytes, Failure> receive_within(std::chrono::milliseconds time);

 private:
  struct Close {
    void operator()(mnl_socket* socket) const;
  };
  std::unique_ptr<mnl_socket, Close> socket_;
  std::vector<std::uint8_t> buffer_;
};

// Each on a socket of its own. They block for as long as the kernel takes, 5 s at most.

/// Adds NLM_F_ACK and waits for the acknowledgement.
[[nodiscard]] std::expected<void, Failure> execute(Request request);

/// For requests with one message as the answer, which `read` gets; it does not outlive the call.
[[nodiscard]] std::expected<void, Failure> ask(const Request& request,
                                               const std::function<void(const nlmsghdr&)>& read);

/// Adds NLM_F_DUMP and passes on every message of the answer. A dump during which something changed is repeated, three attempts
/// at most, so `each` may get a message twice.
[[nodiscard]] std::expected<void, Failure> dump(Request request,
                                                const std::function<void(const nlmsghdr&)>& each);

}  // namespace adit::app::netlink
