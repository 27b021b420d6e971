// SPDX-License-Identifier: Apache-2.0
// TCP/1723: listens, accepts, moves octets. Knows nothing of PPTP; the only file that knows whose TCP it is (Asio over
// kernel sockets). Each send() leaves in a segment of its own (TCP_NODELAY, one write a message): NAT helpers parse
// PPTP per segment. A peer that does not read costs a bounded queue, then its connection.
// Thread: control. Owner: aditd's control loop.
#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "controlplane/concentrator.hpp"

namespace adit::app {

/// Where TCP events go. Called from the io_context's handlers, never from inside send() or close().
class TcpEvents {
 public:
  virtual ~TcpEvents() = default;
  [[nodiscard]] virtual bool on_accept(control::ConnectionId id, wire::Ipv4Address peer,
                                       wire::Ipv4Address local) = 0;
  virtual void on_bytes(control::ConnectionId id, std::span<const std::uint8_t> octets) = 0;
  virtual void on_closed(control::ConnectionId id, control::EndReason reason) = 0;
  /// accept() failed for want of descriptors or memory; accepting pauses for a moment. Worth a log line.
  virtual void on_accept_failed(const std::string& why) = 0;
};

class TcpEndpoint {
 public:
  TcpEndpoint(asio::io_context& io, TcpEvents& events, std::uint32_t max_output_octets);
  ~TcpEndpoint();

  /// Address 0.0.0.0 listens on every local address. The error says what failed on which address, and what to do.
  [[nodiscard]] std::expected<void, std::string> listen(wire::Ipv4Address address, std::uint16_t port);
  void stop_listening();

  void send(control::ConnectionId id, std::span<const std::uint8_t> message);
  /// Sends what is queued, then FIN, then waits for the peer's (2 s at most): closing at once with unread input would
  /// turn into a RST that overtakes our last message.
  void close(control::ConnectionId id);

  /// Connections whose socket is still open, closing ones included.
  [[nodiscard]] std::size_t open_count() const { return connections_.size(); }

 private:
  struct Listener;
  struct Connection;
  void accept_some(Listener& listener);
  void adopt(asio::ip::tcp::socket socket);
  void wait_readable(Connection& connection);
  void wait_writable(Connection& connection);
  void read_some(control::ConnectionId id);
  void flush(control::ConnectionId id);
  void finish(Connection& connection);
  void lose(control::ConnectionId id, control::EndReason reason);
  [[nodiscard]] Connection* find(control::ConnectionId id);

  asio::io_context& io_;
  TcpEvents& events_;
  std::uint32_t max_output_octets_;
  control::ConnectionId next_id_ = 1;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::unordered_map<control::ConnectionId, std::unique_ptr<Connection>> connections_;
  std::vector<std::uint8_t> input_;  // shared by all connections: octets are handed on before the next read
};

}  // namespace adit::app
