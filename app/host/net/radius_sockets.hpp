// SPDX-License-Identifier: Apache-2.0
// The UDP sockets of a RADIUS client: a few long-lived ones for each server and service, connected, so that
// the kernel accepts datagrams only from that server's address and port. Local ports are chosen by the
// kernel, at random.
// Thread: control. Owner: aditd's RadiusService.
#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/udp.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "controlplane/radius/client.hpp"

namespace adit::app {

class RadiusSockets final : public control::radius::Transport {
 public:
  /// Receives the datagrams; called from the io_context's handlers.
  using Receive = std::function<void(std::size_t server, control::radius::Service service, std::uint32_t lane,
                                     std::span<const std::uint8_t> datagram)>;

  RadiusSockets(asio::io_context& io, const control::radius::ClientSettings& settings);
  ~RadiusSockets() override;

  /// The error says what failed and what to do.
  [[nodiscard]] std::expected<void, std::string> open(Receive receive);

  bool send(std::size_t server, control::radius::Service service, std::uint32_t lane,
            control::radius::Bytes datagram) override;

 private:
  struct Socket;
  void wait(Socket& socket);
  void read(Socket& socket);

  asio::io_context& io_;
  const control::radius::ClientSettings& settings_;
  Receive receive_;
  std::vector<std::unique_ptr<Socket>> sockets_;  ///< by server, service, lane; null if a service has no port
  std::vector<std::uint8_t> buffer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>();
};

}  // namespace adit::app
