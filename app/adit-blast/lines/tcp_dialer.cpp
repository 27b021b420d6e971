// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/lines/tcp_dialer.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <asio/post.hpp>

namespace adit::app::blast {

using asio::ip::tcp;

void TcpDialer::connect(std::uint32_t line, wire::Ipv4Address from, wire::Ipv4Address to,
                        std::uint16_t port) {
  auto socket = std::make_unique<tcp::socket>(io_);
  asio::error_code error;
  if (socket->open(tcp::v4(), error); error) {
    return fail_soon(line, "socket: " + error.message());
  }
  const int on = 1;
  ::setsockopt(socket->native_handle(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (socket->bind(tcp::endpoint(asio::ip::address_v4(from.value), 0), error); error) {
    return fail_soon(line, "bind " + to_string(from) + ": " + error.message());
  }
  socket->non_blocking(true, error);
  tcp::socket& waiting = *socket;
  waiting_[line] = std::move(socket);
  // Not asio's connect(), which would wait. EINPROGRESS is normal; anything else shows when the socket is
  // writable.
  const sockaddr_in address{
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(to.value)}, .sin_zero = {}};
  if (::connect(waiting.native_handle(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0 &&
      errno != EINPROGRESS) {
    const std::string why = "connect: " + asio::error_code(errno, asio::system_category()).message();
    waiting_.erase(line);
    return fail_soon(line, why);
  }
  waiting.async_wait(tcp::socket::wait_write, [this, line](const asio::error_code& cancelled) {
    if (!cancelled) {
      on_writable(line);
    }
  });
}

void TcpDialer::on_writable(std::uint32_t line) {
  const auto found = waiting_.find(line);
  if (found == waiting_.end()) {
    return;
  }
  tcp::socket socket = std::move(*found->second);
  waiting_.erase(found);
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket.native_handle(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    return events_.on_connect_failed(line, false, asio::error_code(error, asio::system_category()).message());
  }
  const control::ConnectionId id = connections_.adopt(std::move(socket));
  events_.on_connected(line, id);
  connections_.start_reading(id);
}

void TcpDialer::fail_soon(std::uint32_t line, const std::string& why) {
  asio::post(io_, [this, line, why] { events_.on_connect_failed(line, true, why); });
}

}  // namespace adit::app::blast
