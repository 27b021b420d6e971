// SPDX-License-Identifier: Apache-2.0
// Outgoing TCP connections, each from a source address of its own; once connected they belong to
// TcpConnections.
// Thread: control. Owner: the fleet.
#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "app/host/net/tcp_connections.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::app::blast {

class DialEvents {
 public:
  virtual ~DialEvents() = default;
  /// `line`: as passed to connect(). Reading begins after this returns.
  virtual void on_connected(std::uint32_t line, control::ConnectionId id) = 0;
  /// `local`: this machine could not even try (descriptors, ports, an address that it does not have).
  virtual void on_connect_failed(std::uint32_t line, bool local, const std::string& why) = 0;
};

class TcpDialer {
 public:
  TcpDialer(asio::io_context& io, TcpConnections& connections, DialEvents& events)
      : io_(io), connections_(connections), events_(events) {}

  /// The kernel picks the port when it connects, so that one port can serve every source address. The outcome
  /// is always reported later, never from inside connect().
  void connect(std::uint32_t line, wire::Ipv4Address from, wire::Ipv4Address to, std::uint16_t port);
  /// Abandons an attempt that has no outcome yet.
  void give_up(std::uint32_t line) { waiting_.erase(line); }

 private:
  void on_writable(std::uint32_t line);
  void fail_soon(std::uint32_t line, const std::string& why);

  asio::io_context& io_;
  TcpConnections& connections_;
  DialEvents& events_;
  std::unordered_map<std::uint32_t, std::unique_ptr<asio::ip::tcp::socket>> waiting_;
};

}  // namespace adit::app::blast
