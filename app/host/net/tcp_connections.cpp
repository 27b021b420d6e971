// SPDX-License-Identifier: Apache-2.0
#include "app/host/net/tcp_connections.hpp"

#include <asio/buffer.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>

namespace adit::app {

using asio::ip::tcp;
using control::ConnectionId;
using control::EndReason;

namespace {

// What one connection can put before control at once; the loop takes connections in turn. A dial-up's messages
// are 500 octets together.
constexpr std::size_t kInputOctets = 2 * 1024;
constexpr std::chrono::seconds kLinger{2};

}  // namespace

struct TcpConnections::Connection {
  Connection(ConnectionId connection_id, tcp::socket s)
      : id(connection_id), socket(std::move(s)), linger(socket.get_executor()) {}
  ConnectionId id;
  tcp::socket socket;
  asio::steady_timer linger;
  std::vector<std::uint8_t> output;  // what the kernel has not taken yet; nearly always empty
  bool waiting_writable = false;
  bool closing = false;  // close() was called: input is discarded
};

TcpConnections::TcpConnections(asio::io_context& io, TcpEvents& events, std::uint32_t max_output_octets)
    : io_(io), events_(events), max_output_octets_(max_output_octets), input_(kInputOctets) {}

TcpConnections::~TcpConnections() = default;

ConnectionId TcpConnections::adopt(tcp::socket socket) {
  asio::error_code ignored;
  socket.non_blocking(true, ignored);
  socket.set_option(tcp::no_delay(true), ignored);
  const ConnectionId id = next_id_++;
  connections_.emplace(id, std::make_unique<Connection>(id, std::move(socket)));
  return id;
}

void TcpConnections::start_reading(ConnectionId id) {
  if (Connection* connection = find(id); connection != nullptr) {
    wait_readable(*connection);
  }
}

void TcpConnections::drop(ConnectionId id) {
  connections_.erase(id);
}

TcpConnections::Connection* TcpConnections::find(ConnectionId id) {
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : found->second.get();
}

void TcpConnections::wait_readable(Connection& connection) {
  connection.socket.async_wait(tcp::socket::wait_read,
                               [this, id = connection.id](const asio::error_code& error) {
                                 if (!error) {
                                   read_some(id);
                                 }
                               });
}

void TcpConnections::read_some(ConnectionId id) {
  Connection* connection = find(id);
  if (connection == nullptr) {
    return;
  }
  asio::error_code error;
  const std::size_t octets = connection->socket.read_some(asio::buffer(input_), error);
  if (error == asio::error::would_block || error == asio::error::try_again) {
    wait_readable(*connection);
    return;
  }
  if (error) {
    lose(id, EndReason::kPeerClosed);
    return;
  }
  if (!connection->closing) {
    events_.on_bytes(id, std::span(input_.data(), octets));
    connection = find(id);
  }
  if (connection != nullptr) {
    wait_readable(*connection);
  }
}

void TcpConnections::send(ConnectionId id, std::span<const std::uint8_t> message) {
  Connection* connection = find(id);
  if (connection == nullptr || connection->closing) {
    return;
  }
  std::size_t sent = 0;
  if (connection->output.empty()) {
    asio::error_code error;
    sent = connection->socket.write_some(asio::buffer(message.data(), message.size()), error);
    if (error && error != asio::error::would_block && error != asio::error::try_again) {
      return;  // the next read reports the loss
    }
  }
  if (sent == message.size()) {
    return;
  }
  connection->output.insert(connection->output.end(), message.begin() + static_cast<std::ptrdiff_t>(sent),
                            message.end());
  if (connection->output.size() > max_output_octets_) {
    asio::post(io_, [this, id] { lose(id, EndReason::kOutputOverflow); });
    return;
  }
  wait_writable(*connection);
}

void TcpConnections::wait_writable(Connection& connection) {
  if (connection.waiting_writable) {
    return;
  }
  connection.waiting_writable = true;
  connection.socket.async_wait(tcp::socket::wait_write,
                               [this, id = connection.id](const asio::error_code& error) {
                                 if (!error) {
                                   flush(id);
                                 }
                               });
}

void TcpConnections::flush(ConnectionId id) {
  Connection* connection = find(id);
  if (connection == nullptr) {
    return;
  }
  connection->waiting_writable = false;
  asio::error_code error;
  const std::size_t sent = connection->socket.write_some(asio::buffer(connection->output), error);
  connection->output.erase(connection->output.begin(),
                           connection->output.begin() + static_cast<std::ptrdiff_t>(sent));
  if (error && error != asio::error::would_block && error != asio::error::try_again) {
    lose(id, EndReason::kPeerClosed);
    return;
  }
  if (!connection->output.empty()) {
    wait_writable(*connection);
    return;
  }
  connection->output.shrink_to_fit();
  if (connection->closing) {
    finish(*connection);
  }
}

void TcpConnections::close(ConnectionId id) {
  Connection* connection = find(id);
  if (connection == nullptr || connection->closing) {
    return;
  }
  connection->closing = true;
  connection->linger.expires_after(kLinger);
  connection->linger.async_wait([this, id](const asio::error_code& cancelled) {
    if (!cancelled) {
      connections_.erase(id);
    }
  });
  if (connection->output.empty()) {
    finish(*connection);
  }
}

void TcpConnections::finish(Connection& connection) {
  asio::error_code ignored;
  connection.socket.shutdown(tcp::socket::shutdown_send, ignored);
}

// Ends the connection; reports it unless close() had been called.
void TcpConnections::lose(ConnectionId id, EndReason reason) {
  Connection* connection = find(id);
  if (connection == nullptr) {
    return;
  }
  const bool expected = connection->closing;
  connections_.erase(id);
  if (!expected) {
    events_.on_closed(id, reason);
  }
}

}  // namespace adit::app
