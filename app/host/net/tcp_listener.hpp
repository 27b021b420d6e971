// SPDX-License-Identifier: Apache-2.0
// TCP/1723: listens and accepts; accepted connections belong to TcpConnections. What the kernel holds cannot be
// chosen from, so connections are accepted as they come, and then wait in a line that serves source addresses
// in turn: one that redials thousands of times a second delays itself.
// Thread: control. Owner: aditd's control loop.
#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "app/host/net/tcp_connections.hpp"
#include "app/host/net/waiting_line.hpp"
#include "dataplane/wire/token_bucket.hpp"

namespace adit::app {

class AcceptEvents {
 public:
  virtual ~AcceptEvents() = default;
  /// False: the connection is refused, and closed at once.
  [[nodiscard]] virtual bool on_accept(control::ConnectionId id, wire::Ipv4Address peer,
                                       wire::Ipv4Address local) = 0;
  /// accept() failed because descriptors or memory ran out. True: a connection was dropped, try again;
  /// otherwise accepting pauses for a moment. Worth logging then.
  [[nodiscard]] virtual bool on_accept_failed(const std::string& why) = 0;
  /// One that waited for its turn was closed: the line or the descriptors ran out, and its source had most there.
  virtual void on_turned_away(wire::Ipv4Address peer, control::Scarce what) = 0;
  /// Turns of the rate that something else than new connections has taken since this was asked last.
  [[nodiscard]] virtual std::uint64_t turns_taken() { return 0; }
};

struct ListenOptions {
  bool address_may_come_later = false;  ///< the address may not exist yet: aditd creates its interface
  std::string vrf{};                    ///< the VRF that clients are in; empty: none
};

class TcpListener {
 public:
  /// `rate`: connections admitted per second, all addresses together; 0: no limit. Refused ones do not count.
  /// Others wait in the line; when that is full of different sources, in the kernel's backlog, and beyond that
  /// in their clients, which repeat the SYN, so a redial storm is spread over time.
  TcpListener(asio::io_context& io, TcpConnections& connections, AcceptEvents& events, std::uint32_t rate);
  ~TcpListener();
  /// Another rate from now on; what waits for its turn goes on waiting.
  void limit(std::uint32_t rate);

  /// Address 0.0.0.0 listens on every local address. The error says what failed on which address, and what to do.
  [[nodiscard]] std::expected<void, std::string> listen(wire::Ipv4Address address, std::uint16_t port,
                                                        const ListenOptions& options);
  void stop_listening();
  /// From now on the kernel refuses connections (RST), so that clients try another server at once; those that wait for
  /// their turn are closed.
  void refuse();
  /// After refuse(). The error names an address on which somebody else listens by now; others are open again.
  [[nodiscard]] std::expected<void, std::string> listen_again();

 private:
  struct Listener;
  void accept_some(Listener& listener);
  [[nodiscard]] bool accept_one(Listener& listener);
  [[nodiscard]] bool free_a_descriptor(const std::string& why);
  void pause(Listener& listener, std::chrono::milliseconds time);
  void wait(Listener& listener);
  void empty_the_line();
  void serve();
  [[nodiscard]] bool pays_what_is_owed();
  void serve_after(std::chrono::milliseconds time);
  [[nodiscard]] bool limited() const { return rate_.tokens != 0; }
  [[nodiscard]] bool adopt(asio::ip::tcp::socket socket);

  asio::io_context& io_;
  TcpConnections& connections_;
  AcceptEvents& events_;
  wire::TokenRate rate_;
  wire::TokenBucket bucket_;  // of connections that may be admitted now
  std::uint64_t owed_ = 0;    // turns that were taken, and not by connections
  WaitingLine<asio::ip::tcp::socket> line_;
  asio::steady_timer serving_;
  bool serving_soon_ = false;
  bool refuses_ = false;
  std::vector<std::unique_ptr<Listener>> listeners_;
};

}  // namespace adit::app
