// SPDX-License-Identifier: Apache-2.0
// The operator's socket: UNIX stream, one JSON-RPC 2.0 request per line (rpc.hpp), answered in order.
// Clients, request length and unsent output are bounded; a new client replaces the one that has been silent
// longest, but none that has a stream (stream.hpp), of which there are at most kMaxStreams. A reply's pieces are chores: a turn
// of the loop makes one, whoever asks, and the next of the same reply once the socket has taken it.
// A second socket beside it answers only what changes nothing, to a group of its own.
// Thread: control. Owner: the control loop.
#pragma once

#include <asio/io_context.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/steady_timer.hpp>
#include <cstdint>
#include <expected>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "app/aditd/config/config.hpp"
#include "app/aditd/operator/backend.hpp"
#include "app/aditd/operator/rpc.hpp"
#include "app/chores.hpp"

namespace adit::app {

/// Where the read-only socket is: beside the other, "adit-read.sock", unless the settings name a place.
[[nodiscard]] std::string read_only_path(const CliSettings& settings);

/// Error, with a remedy: a process answers at the socket of `settings`. Does not wait.
[[nodiscard]] std::expected<void, std::string> check_no_other_answers(const CliSettings& settings);

class ControlSocket {
 public:
  static constexpr std::size_t kMaxClients = 16;
  static constexpr std::size_t kMaxStreams = 12;
  static constexpr std::size_t kMaxRequest = 65'536;  ///< octets, newline included

  /// `io`, `chores` and `backend` outlive the socket, and `io` the chores. `access`: which of the two sockets of `settings`.
  ControlSocket(asio::io_context& io, Chores& chores, OperatorBackend& backend, const CliSettings& settings,
                Access access = Access::kFull);
  /// Closes every client and removes the socket file.
  ~ControlSocket();
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;

  /// Creates the socket file (mode 0600; with a group, or read-only, 0660), and its directory if missing. A file left
  /// by a dead process is replaced; one in use, or of another kind, is an error with a remedy.
  [[nodiscard]] std::expected<void, std::string> listen();

  [[nodiscard]] std::size_t clients() const { return clients_.size(); }

 private:
  class Client;
  /// Where the socket is and whose, and the keys that say so.
  struct Place {
    std::string_view key, group_key;
    std::string path, group;
    unsigned mode = 0;  ///< before it is given to the group
  };
  static Place place_of(const CliSettings& settings, Access access);
  [[nodiscard]] std::expected<void, std::string> clear_path() const;
  [[nodiscard]] std::expected<void, std::string> give_to_group() const;
  [[nodiscard]] std::string error(std::string_view what, std::string_view remedy) const;
  void accept();
  void add(asio::local::stream_protocol::socket socket);
  void remove(Client& client);
  void touch(Client& client);
  [[nodiscard]] bool has_room_for_stream() const;

  asio::io_context& io_;
  Chores& chores_;
  OperatorBackend& backend_;
  const Place place_;
  const Access access_;
  asio::local::stream_protocol::acceptor acceptor_;
  asio::steady_timer accept_again_;
  std::list<std::shared_ptr<Client>> clients_;  // least recently active first
  bool made_file_ = false;
  std::shared_ptr<char> alive_ = std::make_shared<char>();  // handlers that may outlive this object check it
};

}  // namespace adit::app
