// SPDX-License-Identifier: Apache-2.0
// TCP/1723: listens and accepts; accepted connections belong to TcpConnections.
// Thread: control. Owner: aditd's control loop.
#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "app/host/net/tcp_connections.hpp"
#include "dataplane/wire/token_bucket.hpp"

namespace adit::app {

class AcceptEvents {
 public:
  virtual ~AcceptEvents() = default;
  /// False: the connection is refused, and closed at once.
  [[nodiscard]] virtual bool on_accept(control::ConnectionId id, wire::Ipv4Address peer,
                                       wire::Ipv4Address local) = 0;
  /// accept() failed because descriptors or memory ran out; accepting pauses for a moment. Worth logging.
  virtual void on_accept_failed(const std::string& why) = 0;
};

struct ListenOptions {
  bool address_may_come_later = false;  ///< the address may not exist yet: aditd creates its interface
  std::string vrf{};                    ///< the VRF that clients are in; empty: none
};

class TcpListener {
 public:
  /// `rate`: connections accepted per second, all addresses together; 0: no limit. Others wait in the
  /// kernel's backlog, and beyond that in their clients, which repeat the SYN, so a redial storm is spread
  /// over time.
  TcpListener(asio::io_context& io, TcpConnections& connections, AcceptEvents& events, std::uint32_t rate);
  ~TcpListener();

  /// Address 0.0.0.0 listens on every local address. The error says what failed on which address, and what to do.
  [[nodiscard]] std::expected<void, std::string> listen(wire::Ipv4Address address, std::uint16_t port,
                                                        const ListenOptions& options);
  void stop_listening();

 private:
  struct Listener;
  void accept_some(Listener& listener);
  void pause(Listener& listener, std::chrono::milliseconds time);
  [[nodiscard]] bool limited() const { return rate_.tokens != 0; }
  void adopt(asio::ip::tcp::socket socket);

  asio::io_context& io_;
  TcpConnections& connections_;
  AcceptEvents& events_;
  const wire::TokenRate rate_;
  wire::TokenBucket bucket_;  // of connections that may be accepted now
  std::vector<std::unique_ptr<Listener>> listeners_;
};

}  // namespace adit::app
