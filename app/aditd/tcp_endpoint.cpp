// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/tcp_endpoint.hpp"

#include <asio/buffer.hpp>
#include <asio/post.hpp>
#include <chrono>

namespace adit::app {

using asio::ip::tcp;
using control::ConnectionId;
using control::EndReason;

namespace {

constexpr int kBacklog = 4096;
constexpr int kAcceptsPerWake = 64;  // a redial storm must not starve the connections that live
constexpr std::size_t kInputOctets = 16 * 1024;
constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr std::chrono::seconds kLinger{2};

wire::Ipv4Address to_wire(const asio::ip::address& address) {
  return address.is_v4() ? wire::Ipv4Address(address.to_v4().to_uint()) : wire::Ipv4Address();
}

}  // namespace

struct TcpEndpoint::Listener {
  explicit Listener(asio::io_context& io) : acceptor(io), pause(io) {}
  tcp::acceptor acceptor;
  asio::steady_timer pause;
};

struct TcpEndpoint::Connection {
  Connection(ConnectionId connection_id, tcp::socket s)
      : id(connection_id), socket(std::move(s)), linger(socket.get_executor()) {}
  ConnectionId id;
  tcp::socket socket;
  asio::steady_timer linger;
  std::vector<std::uint8_t> output;  // what the kernel did not take yet; empty for nearly every connection
  bool waiting_writable = false;
  bool closing = false;  // close() was called: input is discarded
};

TcpEndpoint::TcpEndpoint(asio::io_context& io, TcpEvents& events, std::uint32_t max_output_octets)
    : io_(io), events_(events), max_output_octets_(max_output_octets), input_(kInputOctets) {}

TcpEndpoint::~TcpEndpoint() = default;

std::expected<void, std::string> TcpEndpoint::listen(wire::Ipv4Address address, std::uint16_t port) {
  auto listener = std::make_unique<Listener>(io_);
  const tcp::endpoint endpoint(asio::ip::address_v4(address.value), port);
  asio::error_code error;
  const auto failed = [&](const char* what) {
    return std::unexpected("cannot " + std::string(what) + " " + to_string(address) + ":" +
                           std::to_string(port) + ": " + error.message() +
                           "; is the address on this host, and no other server on the port?");
  };
  if (listener->acceptor.open(tcp::v4(), error); error) {
    return failed("open a socket for");
  }
  listener->acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (listener->acceptor.bind(endpoint, error); error) {
    return failed("bind");
  }
  if (listener->acceptor.listen(kBacklog, error); error) {
    return failed("listen on");
  }
  listener->acceptor.non_blocking(true, error);
  accept_some(*listener);
  listeners_.push_back(std::move(listener));
  return {};
}

void TcpEndpoint::stop_listening() {
  for (auto& listener : listeners_) {
    asio::error_code ignored;
    listener->pause.cancel();
    listener->acceptor.close(ignored);
  }
}

// Takes what is waiting, then waits for more.
void TcpEndpoint::accept_some(Listener& listener) {
  for (int i = 0; i < kAcceptsPerWake; ++i) {
    asio::error_code error;
    tcp::socket socket(io_);
    listener.acceptor.accept(socket, error);
    if (!error) {
      adopt(std::move(socket));
      continue;
    }
    if (error == asio::error::would_block || error == asio::error::try_again) {
      break;
    }
    if (error == asio::error::connection_aborted) {
      continue;
    }
    if (error == asio::error::bad_descriptor) {
      return;
    }
    events_.on_accept_failed(error.message());
    listener.pause.expires_after(kAcceptPause);
    listener.pause.async_wait([this, &listener](const asio::error_code& cancelled) {
      if (!cancelled) {
        accept_some(listener);
      }
    });
    return;
  }
  listener.acceptor.async_wait(tcp::acceptor::wait_read, [this, &listener](const asio::error_code& error) {
    if (!error) {
      accept_some(listener);
    }
  });
}

void TcpEndpoint::adopt(tcp::socket socket) {
  asio::error_code error;
  const auto peer = socket.remote_endpoint(error);
  const auto local = error ? tcp::endpoint() : socket.local_endpoint(error);
  if (error) {
    return;  // gone before we looked
  }
  socket.non_blocking(true, error);
  socket.set_option(tcp::no_delay(true), error);
  const ConnectionId id = next_id_++;
  auto owned = std::make_unique<Connection>(id, std::move(socket));
  Connection& connection = *owned;
  connections_.emplace(id, std::move(owned));  // known before on_accept, which may already send
  if (!events_.on_accept(id, to_wire(peer.address()), to_wire(local.address()))) {
    connections_.erase(id);
    return;
  }
  wait_readable(connection);
}

TcpEndpoint::Connection* TcpEndpoint::find(ConnectionId id) {
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : found->second.get();
}

void TcpEndpoint::wait_readable(Connection& connection) {
  connection.socket.async_wait(tcp::socket::wait_read,
                               [this, id = connection.id](const asio::error_code& error) {
                                 if (!error) {
                                   read_some(id);
                                 }
                               });
}

void TcpEndpoint::read_some(ConnectionId id) {
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

void TcpEndpoint::send(ConnectionId id, std::span<const std::uint8_t> message) {
  Connection* connection = find(id);
  if (connection == nullptr || connection->closing) {
    return;
  }
  std::size_t sent = 0;
  if (connection->output.empty()) {
    asio::error_code error;
    sent = connection->socket.write_some(asio::buffer(message.data(), message.size()), error);
    if (error && error != asio::error::would_block && error != asio::error::try_again) {
      return;  // the read side reports the loss
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

void TcpEndpoint::wait_writable(Connection& connection) {
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

void TcpEndpoint::flush(ConnectionId id) {
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

void TcpEndpoint::close(ConnectionId id) {
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

void TcpEndpoint::finish(Connection& connection) {
  asio::error_code ignored;
  connection.socket.shutdown(tcp::socket::shutdown_send, ignored);
}

// The connection is over on the peer's account or ours; nobody hears of it again.
void TcpEndpoint::lose(ConnectionId id, EndReason reason) {
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
