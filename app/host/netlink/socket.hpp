// SPDX-License-Identifier: Apache-2.0
// A socket to rtnetlink(7), on top of libmnl, and requests that open their own: execute, ask, dump.
// Thread: the owner's. Owner: the caller.
#pragma once

#include <linux/netlink.h>

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <vector>

#include "app/host/netlink/message.hpp"

struct mnl_socket;

namespace adit::app::netlink {

/// Non-blocking.
class Socket {
 public:
  [[nodiscard]] static std::expected<Socket, Failure> open();

  /// Poll it for input.
  [[nodiscard]] int fd() const;
  /// The address that the kernel answers to.
  [[nodiscard]] std::uint32_t port() const;

  /// A multicast group, RTNLGRP_...
  [[nodiscard]] std::expected<void, Failure> join(unsigned group);
  /// Best effort: beyond net.core.rmem_max it needs CAP_NET_ADMIN.
  void enlarge_receive_buffer(int octets);

  [[nodiscard]] std::expected<void, Failure> send(const Request& request) { return send(request.octets()); }
  /// Sends one or several concatenated requests.
  [[nodiscard]] std::expected<void, Failure> send(Bytes requests);

  enum class Received : std::uint8_t {
    kDatagram,
    kNothing,  ///< for now
    kOverrun,  ///< ENOBUFS: the kernel has dropped messages, and drops more until its queue is empty
  };
  /// The datagram is valid until the next call.
  [[nodiscard]] Received receive(Bytes& datagram);
  /// Waits for input first. An overrun is reported as ENOBUFS.
  [[nodiscard]] std::expected<Bytes, Failure> receive_within(std::chrono::milliseconds time);

 private:
  struct Close {
    void operator()(mnl_socket* socket) const;
  };
  std::unique_ptr<mnl_socket, Close> socket_;
  std::vector<std::uint8_t> buffer_;
};

// Each opens a socket of its own and blocks as long as the kernel takes, at most 5 s.

/// Adds NLM_F_ACK and waits for the acknowledgement.
[[nodiscard]] std::expected<void, Failure> execute(Request request);

/// For requests answered by a single message, which is passed to `read` and does not outlive the call.
[[nodiscard]] std::expected<void, Failure> ask(const Request& request,
                                               const std::function<void(const nlmsghdr&)>& read);

/// Adds NLM_F_DUMP and passes on every message of the answer. A dump during which something changed is
/// repeated, with three attempts at most, so `each` may see a message twice.
[[nodiscard]] std::expected<void, Failure> dump(Request request,
                                                const std::function<void(const nlmsghdr&)>& each);

}  // namespace adit::app::netlink
