// SPDX-License-Identifier: Apache-2.0
#include "app/host/net/dae_socket.hpp"

#include <utility>

namespace adit::app {

using asio::ip::udp;

namespace {

constexpr int kRequestsPerWake = 16;
constexpr std::size_t kRequestBuffer = 65'536;  // the largest possible datagram

}  // namespace

std::expected<void, std::string> DaeSocket::open(wire::Ipv4Address address, std::uint16_t port,
                                                 Receive receive) {
  receive_ = std::move(receive);
  buffer_.resize(kRequestBuffer);
  asio::error_code error;
  socket_.open(udp::v4(), error);
  if (!error) {
    socket_.bind({asio::ip::address_v4(address.value), port}, error);
  }
  if (error) {
    return std::unexpected("cannot take RADIUS Disconnect- and CoA-Requests on " + wire::to_string(address) +
                           ":" + std::to_string(port) + ": " + error.message() +
                           "; set radius.dae-ip-address to an address of this machine and radius.dae-port "
                           "to a free port");
  }
  socket_.non_blocking(true, error);
  wait();
  return {};
}

void DaeSocket::wait() {
  // A socket that is ready when it is closed is told so all the same.
  socket_.async_wait(udp::socket::wait_read,
                     [this, alive = std::weak_ptr(alive_)](const asio::error_code& error) {
                       if (!error && !alive.expired()) {
                         read();
                         wait();
                       }
                     });
}

void DaeSocket::read() {
  for (int n = 0; n < kRequestsPerWake; ++n) {
    udp::endpoint from;
    asio::error_code error;
    const std::size_t size = socket_.receive_from(asio::buffer(buffer_), from, 0, error);
    if (error == asio::error::would_block) {
      return;
    }
    if (error) {
      continue;
    }
    const auto answer = receive_(wire::Ipv4Address(from.address().to_v4().to_uint()), {buffer_.data(), size});
    if (!answer.empty()) {
      socket_.send_to(asio::buffer(answer), from, 0,
                      error);  // if it fails, the client repeats its request
    }
  }
}

}  // namespace adit::app
