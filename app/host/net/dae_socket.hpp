// SPDX-License-Identifier: Apache-2.0
// The UDP socket for RFC 5176 requests (port 3799): passes each to a handler and sends back its answer.
// Thread: control. Owner: aditd's RadiusService.
#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/udp.hpp>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dataplane/wire/ids.hpp"

namespace adit::app {

class DaeSocket {
 public:
  /// Returns the answer to a datagram; empty: none.
  using Receive =
      std::function<std::vector<std::uint8_t>(wire::Ipv4Address source, std::span<const std::uint8_t>)>;

  explicit DaeSocket(asio::io_context& io) : socket_(io) {}

  /// The error says what failed and what to do.
  [[nodiscard]] std::expected<void, std::string> open(wire::Ipv4Address address, std::uint16_t port,
                                                      Receive receive);

 private:
  void wait();
  void read();

  asio::ip::udp::socket socket_;
  Receive receive_;
  std::vector<std::uint8_t> buffer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>();
};

}  // namespace adit::app
