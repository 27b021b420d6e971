// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/operator/control_socket.hpp"

#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <asio/buffer.hpp>
#include <asio/read_until.hpp>
#include <asio/write.hpp>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "app/aditd/operator/rpc.hpp"
#include "app/escape.hpp"
#include "dataplane/ports/unique_fd.hpp"

namespace adit::app {

using Socket = asio::local::stream_protocol::socket;

namespace {

std::string error_at(const CliSettings& settings, std::string_view what, std::string_view remedy) {
  return "cli.socket: value \"" + escape_octets(settings.socket) + "\": " + std::string(what) + "; " +
         std::string(remedy);
}

}  // namespace

std::expected<void, std::string> check_no_other_answers(const CliSettings& settings) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  settings.socket.copy(address.sun_path, sizeof address.sun_path - 1);
  const dataplane::UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const bool answered =
      ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
      errno == EAGAIN;  // somebody listens, and is behind
  if (answered) {
    return std::unexpected(error_at(settings, "another aditd answers there", "stop it, or set another path"));
  }
  return {};
}

// Reads a line, answers it piece by piece, reads the next: holds at most one request and one piece of a
// reply.
class ControlSocket::Client : public std::enable_shared_from_this<Client> {
 public:
  Client(ControlSocket& server, Socket socket)
      : server_(&server), socket_(std::move(socket)), by_(peer_of(socket_)) {}

  void start() { read(); }

  /// The server forgets this client, or is being destroyed: the client touches it no more.
  void detach() {
    server_ = nullptr;
    asio::error_code ignored;
    socket_.close(ignored);
  }

 private:
  /// Who it is, as the kernel knows: SO_PEERCRED.
  static std::string peer_of(Socket& socket) {
    ucred peer{};
    socklen_t size = sizeof peer;
    const bool known = ::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
    return known ? "uid " + std::to_string(peer.uid) : "unknown";
  }

  void read() {
    asio::async_read_until(socket_, asio::dynamic_buffer(input_, kMaxRequest), '\n',
                           [self = shared_from_this()](const asio::error_code& error, std::size_t length) {
                             self->on_line(error, length);
                           });
  }

  void on_line(const asio::error_code& error, std::size_t length) {
    if (server_ == nullptr) {
      return;
    }
    if (error == asio::error::not_found) {  // the buffer is full, without a newline
      close_after_reply_ = true;
      reply_ = rpc_too_long(kMaxRequest);
      write();
      return;
    }
    if (error) {
      server_->remove(*this);
      return;
    }
    server_->touch(*this);
    const std::string line = input_.substr(0, length - 1);
    input_.erase(0, length);
    handle_rpc(
        line, server_->backend_,
        [self = shared_from_this()](RpcReply reply) {
          if (self->server_ != nullptr) {
            self->reply_ = std::move(reply);
            self->write();
          }
        },
        by_);
  }

  void write() {
    if (!reply_.more()) {
      if (close_after_reply_) {
        server_->remove(*this);
      } else {
        read();
      }
      return;
    }
    server_->chores_.add([self = shared_from_this()] {
      self->write_piece();
      return false;
    });
  }

  void write_piece() {
    if (server_ == nullptr) {
      return;
    }
    output_ = reply_.next();
    asio::async_write(
        socket_, asio::buffer(output_),
        [self = shared_from_this()](const asio::error_code& error, std::size_t) { self->on_written(error); });
  }

  void on_written(const asio::error_code& error) {
    if (server_ == nullptr) {
      return;
    }
    if (error) {
      server_->remove(*this);
      return;
    }
    write();
  }

  ControlSocket* server_;
  Socket socket_;
  const std::string by_;
  std::string input_;
  std::string output_;
  RpcReply reply_;
  bool close_after_reply_ = false;
};

ControlSocket::ControlSocket(asio::io_context& io, Chores& chores, OperatorBackend& backend,
                             const CliSettings& settings)
    : io_(io), chores_(chores), backend_(backend), settings_(settings), acceptor_(io), accept_again_(io) {}

ControlSocket::~ControlSocket() {
  for (const std::shared_ptr<Client>& client : clients_) {
    client->detach();
  }
  if (made_file_) {
    ::unlink(settings_.socket.c_str());
  }
}

std::string ControlSocket::error(std::string_view what, std::string_view remedy) const {
  return error_at(settings_, what, remedy);
}

std::expected<void, std::string> ControlSocket::clear_path() const {
  const std::string directory = settings_.socket.substr(0, settings_.socket.find_last_of('/'));
  if (!directory.empty() && ::mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST) {
    return std::unexpected(error("cannot make its directory: " + std::string(std::strerror(errno)),
                                 "make it, or set another path"));
  }
  struct stat status{};
  if (::lstat(settings_.socket.c_str(), &status) != 0) {
    return {};
  }
  if (!S_ISSOCK(status.st_mode)) {
    return std::unexpected(error("is a file that is not a socket", "move it away, or set another path"));
  }
  if (auto alone = check_no_other_answers(settings_); !alone) {
    return alone;
  }
  ::unlink(settings_.socket.c_str());
  return {};
}

std::expected<void, std::string> ControlSocket::give_to_group() const {
  if (settings_.group.empty()) {
    return {};
  }
  const group* found = ::getgrnam(settings_.group.c_str());
  if (found == nullptr || ::chown(settings_.socket.c_str(), static_cast<uid_t>(-1), found->gr_gid) != 0 ||
      ::chmod(settings_.socket.c_str(), 0660) != 0) {
    return std::unexpected(
        error("cannot be given to cli.group \"" + settings_.group + "\"",
              "make the group and run aditd as root or as one of it, or leave cli.group out"));
  }
  return {};
}

std::expected<void, std::string> ControlSocket::listen() {
  if (auto cleared = clear_path(); !cleared) {
    return cleared;
  }
  const asio::local::stream_protocol::endpoint endpoint(settings_.socket);
  asio::error_code failed;
  acceptor_.open(endpoint.protocol(), failed);
  const mode_t before = ::umask(0177);  // 0600 from the start
  if (!failed) {
    acceptor_.bind(endpoint, failed);
  }
  ::umask(before);
  made_file_ = !failed;
  if (!failed) {
    acceptor_.listen(static_cast<int>(kMaxClients), failed);
  }
  if (failed) {
    return std::unexpected(
        error(failed.message(), "is its directory writable for the user that aditd runs as?"));
  }
  if (auto given = give_to_group(); !given) {
    return given;
  }
  accept();
  return {};
}

void ControlSocket::accept() {
  acceptor_.async_accept(
      [this, alive = std::weak_ptr(alive_)](const asio::error_code& failed, Socket socket) {
        if (alive.expired()) {
          return;
        }
        if (!failed) {
          add(std::move(socket));
          accept();
          return;
        }
        // Probably out of descriptors: the connection stays in the queue, so retrying at once would spin.
        accept_again_.expires_after(std::chrono::seconds(1));
        accept_again_.async_wait([this, alive](const asio::error_code&) {
          if (!alive.expired()) {
            accept();
          }
        });
      });
}

void ControlSocket::add(Socket socket) {
  if (clients_.size() == kMaxClients) {
    clients_.front()->detach();
    clients_.pop_front();
  }
  clients_.push_back(std::make_shared<Client>(*this, std::move(socket)));
  clients_.back()->start();
}

void ControlSocket::remove(Client& client) {
  const std::shared_ptr<Client> kept = client.shared_from_this();
  clients_.remove(kept);
  kept->detach();
}

void ControlSocket::touch(Client& client) {
  const auto found = std::find(clients_.begin(), clients_.end(), client.shared_from_this());
  clients_.splice(clients_.end(), clients_, found);
}

}  // namespace adit::app
