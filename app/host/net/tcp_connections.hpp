// SPDX-License-Identifier: Apache-2.0
// TCP connections for PPTP, accepted or dialled; they carry octets and know nothing of messages. Each send()
// goes out in its own segment (TCP_NODELAY, one write per message), because NAT helpers parse PPTP per
// segment. For a peer that does not read, a bounded amount of output is queued; beyond that the connection is
// closed.
// Thread: control. Owner: a control loop.
#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "controlplane/concentrator/concentrator.hpp"

namespace adit::app {

/// Called from the io_context's handlers, never from inside send() or close().
class TcpEvents {
 public:
  virtual ~TcpEvents() = default;
  virtual void on_bytes(control::ConnectionId id, std::span<const std::uint8_t> octets) = 0;
  virtual void on_closed(control::ConnectionId id, control::EndReason reason) = 0;
};

class TcpConnections {
 public:
  TcpConnections(asio::io_context& io, TcpEvents& events, std::uint32_t max_output_octets);
  /// Instead of what the constructor was told; it counts when more is sent.
  void allow_output(std::uint32_t max_output_octets) { max_output_octets_ = max_output_octets; }
  ~TcpConnections();

  /// Takes a connected socket. Input is reported after start_reading(); send() works at once.
  control::ConnectionId adopt(asio::ip::tcp::socket socket);
  void start_reading(control::ConnectionId id);
  /// Closes at once, with a RST if there is unread input; no event follows.
  void drop(control::ConnectionId id);

  void send(control::ConnectionId id, std::span<const std::uint8_t> message);
  /// Sends what is queued, then a FIN, then waits at most 2 s for the peer's. Closing at once with input
  /// unread would send a RST, which overtakes our last message.
  void close(control::ConnectionId id);

  /// Connections whose socket is still open, including closing ones.
  [[nodiscard]] std::size_t open_count() const { return connections_.size(); }

 private:
  struct Connection;
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
  std::unordered_map<control::ConnectionId, std::unique_ptr<Connection>> connections_;
  std::vector<std::uint8_t> input_;  ///< shared by all connections: octets are passed on before the next read
};

}  // namespace adit::app
