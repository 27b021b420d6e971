// SPDX-License-Identifier: Apache-2.0
#include "app/host/net/radius_sockets.hpp"

#include <algorithm>

namespace adit::app {

using asio::ip::udp;
using control::radius::Service;

namespace {

constexpr int kRepliesPerWake = 64;
constexpr std::size_t kLargestDatagram = 65'536;
constexpr int kReceiveBuffer = 1 << 20;  // for a burst of replies while the control thread is busy
constexpr std::size_t kServices = 2;

}  // namespace

struct RadiusSockets::Socket {
  Socket(asio::io_context& io, std::size_t of_server, Service of_service, std::uint32_t of_lane)
      : socket(io), server(of_server), service(of_service), lane(of_lane) {}
  udp::socket socket;
  std::size_t server;
  Service service;
  std::uint32_t lane;
};

RadiusSockets::RadiusSockets(asio::io_context& io, const control::radius::ClientSettings& settings)
    : io_(io), settings_(settings), buffer_(kLargestDatagram) {}

RadiusSockets::~RadiusSockets() = default;

std::expected<void, std::string> RadiusSockets::open(Receive receive) {
  receive_ = std::move(receive);
  for (std::size_t server = 0; server < settings_.servers.size(); ++server) {
    const control::radius::ServerSettings& of = settings_.servers[server];
    for (const auto& [service, port] :
         {std::pair(Service::kAuthentication, of.auth_port), std::pair(Service::kAccounting, of.acct_port)}) {
      for (std::uint32_t lane = 0; lane < settings_.lanes; ++lane) {
        sockets_.push_back(port == 0 ? nullptr : std::make_unique<Socket>(io_, server, service, lane));
        if (port == 0) {
          continue;
        }
        udp::socket& socket = sockets_.back()->socket;
        asio::error_code error;
        socket.open(udp::v4(), error);
        if (!error) {
          socket.connect({asio::ip::address_v4(of.address.value), port}, error);
        }
        if (error) {
          return std::unexpected("RADIUS server " + of.name + ": cannot open a socket to " +
                                 wire::to_string(of.address) + ":" + std::to_string(port) + ": " +
                                 error.message() + "; is there a route to it?");
        }
        socket.non_blocking(true, error);
        socket.set_option(asio::socket_base::receive_buffer_size(kReceiveBuffer), error);
        wait(*sockets_.back());
      }
    }
  }
  return {};
}

bool RadiusSockets::send(std::size_t server, Service service, std::uint32_t lane,
                         control::radius::Bytes datagram) {
  const std::size_t at = (server * kServices + static_cast<std::size_t>(service)) * settings_.lanes + lane;
  asio::error_code error;
  sockets_[at]->socket.send(asio::buffer(datagram.data(), datagram.size()), 0, error);
  return !error;  // refused, or the buffer is full: lost, and retransmitted later
}

void RadiusSockets::wait(Socket& socket) {
  // A socket that is ready when it is closed is told so all the same.
  socket.socket.async_wait(udp::socket::wait_read,
                           [this, &socket, alive = std::weak_ptr(alive_)](const asio::error_code& error) {
                             if (!error && !alive.expired()) {
                               read(socket);
                               wait(socket);
                             }
                           });
}

void RadiusSockets::read(Socket& socket) {
  for (int n = 0; n < kRepliesPerWake; ++n) {
    asio::error_code error;
    const std::size_t size = socket.socket.receive(asio::buffer(buffer_), 0, error);
    if (error == asio::error::would_block) {
      return;
    }
    if (!error) {  // otherwise it is an ICMP error about an earlier request
      receive_(socket.server, socket.service, socket.lane, {buffer_.data(), size});
    }
  }
}

}  // namespace adit::app
