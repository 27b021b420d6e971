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

constexpr std::string_view kSuffix = ".sock";
constexpr int kLastTurns = 16;

std::string error_at(std::string_view key, const std::string& path, std::string_view what,
                     std::string_view remedy) {
  return std::string(key) + ": value \"" + escape_octets(path) + "\": " + std::string(what) + "; " +
         std::string(remedy);
}

std::expected<void, std::string> check_none_answers(std::string_view key, const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const dataplane::UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const bool answered =
      ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
      errno == EAGAIN;  // somebody listens, and is behind
  if (answered) {
    return std::unexpected(
        error_at(key, path, "another aditd answers there", "stop it, or set another path"));
  }
  return {};
}

}  // namespace

std::string read_only_path(const CliSettings& settings) {
  if (!settings.read_only_socket.empty()) {
    return settings.read_only_socket;
  }
  const std::string& full = settings.socket;
  return full.substr(0, full.size() - (full.ends_with(kSuffix) ? kSuffix.size() : 0)) + "-read" +
         std::string(kSuffix);
}

std::expected<void, std::string> check_no_other_answers(const CliSettings& settings) {
  return check_none_answers("cli.socket", settings.socket);
}

// Reads a line, answers it piece by piece, reads the next: holds at most one request and one piece of a
// reply. Of a stream it holds, besides, what the socket has not taken, and reads on, to know when the client hangs up.
class ControlSocket::Client final : public std::enable_shared_from_this<Client>, public StreamSink {
 public:
  Client(ControlSocket& server, Socket socket)
      : server_(&server), socket_(std::move(socket)), by_(peer_of(socket_)) {}

  void start() { read(); }

  /// The server forgets this client, or is being destroyed: the client touches it no more.
  void detach() {
    subscription_.reset();
    more_ = nullptr;
    server_ = nullptr;
    asio::error_code ignored;
    socket_.close(ignored);
  }

  /// What a stream has said, as far as the socket takes it at once.
  void send_last() {
    chore_ = true;  // no other turn comes
    for (int turn = 0; more_ && turn < kLastTurns; ++turn) {
      std::exchange(more_, nullptr)();
    }
    if (!sending_ && !reply_.more()) {
      asio::error_code ignored;
      socket_.non_blocking(true, ignored);
      socket_.write_some(asio::buffer(waiting_), ignored);
    }
  }

  [[nodiscard]] bool has_stream() const { return subscription_ != nullptr; }

  // StreamSink
  bool send(std::string_view line) override {
    if (server_ == nullptr || leaving_ == Leaving::kNow) {
      return false;
    }
    if (unsent() + line.size() >= kMaxUnsent) {
      cut_off();
      return false;
    }
    waiting_.append(line) += '\n';
    write();
    return true;
  }
  [[nodiscard]] std::size_t unsent() const override {
    return waiting_.size() + (sending_ ? output_.size() : 0);
  }
  void when_sent(std::function<void()> more) override {
    more_ = std::move(more);
    write();
  }
  void finish() override {
    leaving_ = std::max(leaving_, Leaving::kOnceSent);
    write();
  }

 private:
  enum class Leaving : std::uint8_t { kNo, kOnceSent, kNow };

  /// Who it is, as the kernel knows: SO_PEERCRED.
  static std::string peer_of(Socket& socket) {
    ucred peer{};
    socklen_t size = sizeof peer;
    const bool known = ::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
    return known ? "uid " + std::to_string(peer.uid) : "unknown";
  }

  void read() {
    reading_ = true;
    asio::async_read_until(socket_, asio::dynamic_buffer(input_, kMaxRequest), '\n',
                           [self = shared_from_this()](const asio::error_code& error, std::size_t length) {
                             self->reading_ = false;
                             self->on_line(error, length);
                           });
  }

  void on_line(const asio::error_code& error, std::size_t length) {
    if (server_ == nullptr) {
      return;
    }
    if (error == asio::error::not_found && !has_stream()) {  // the buffer is full, without a newline
      leaving_ = Leaving::kOnceSent;
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
    if (has_stream()) {
      send(rpc_has_stream());
      read();
      return;
    }
    handle_rpc(
        line, server_->backend_,
        [self = shared_from_this()](RpcReply reply) {
          if (self->server_ != nullptr) {
            self->subscription_ = reply.take_subscription();
            self->reply_ = std::move(reply);
            self->write();
            if (self->has_stream() && !self->reading_) {
              self->read();
            }
          }
        },
        {.by = by_, .access = server_->access_, .sink = server_->has_room_for_stream() ? this : nullptr});
  }

  /// What is next: the rest of the reply, what waits, what a stream makes on demand, another request.
  void write() {
    if (sending_ || chore_ || server_ == nullptr) {
      return;
    }
    if (reply_.more()) {
      next_turn([](Client& self) { self.transmit(self.reply_.next()); });
    } else if (!waiting_.empty()) {
      transmit(std::exchange(waiting_, {}));
    } else if (leaving_ != Leaving::kNo) {
      next_turn([](Client& self) { self.server_->remove(self); });
    } else if (more_) {
      next_turn([](Client& self) { std::exchange(self.more_, nullptr)(); });
    } else if (!reading_) {
      read();
    }
  }

  /// Never within a call of the subscription's, which what is done may end.
  void next_turn(void (*act)(Client& self)) {
    chore_ = true;
    server_->chores_.add([self = shared_from_this(), act] {
      self->chore_ = false;
      if (self->server_ != nullptr) {
        act(*self);
        self->write();
      }
      return false;
    });
  }

  void transmit(std::string text) {
    output_ = std::move(text);
    sending_ = true;
    asio::async_write(
        socket_, asio::buffer(output_),
        [self = shared_from_this()](const asio::error_code& error, std::size_t) { self->on_written(error); });
  }

  void on_written(const asio::error_code& error) {
    sending_ = false;
    if (server_ == nullptr) {
      return;
    }
    if (error) {
      server_->remove(*this);
      return;
    }
    write();
  }

  void cut_off() {
    server_->backend_.note(
        {.by = by_, .method = subscription_->name(), .params = {}, .result = "cut off: it reads too slowly"});
    leaving_ = Leaving::kNow;
    more_ = nullptr;
    server_->chores_.add([self = shared_from_this()] {
      if (self->server_ != nullptr) {
        self->server_->remove(*self);
      }
      return false;
    });
  }

  ControlSocket* server_;
  Socket socket_;
  const std::string by_;
  std::string input_;
  std::string output_;   // being sent
  std::string waiting_;  // lines of a stream
  RpcReply reply_;
  std::unique_ptr<Subscription> subscription_;
  std::function<void()> more_;
  bool reading_ = false, sending_ = false, chore_ = false;
  Leaving leaving_ = Leaving::kNo;
};

ControlSocket::ControlSocket(asio::io_context& io, Chores& chores, OperatorBackend& backend,
                             const CliSettings& settings, Access access)
    : io_(io),
      chores_(chores),
      backend_(backend),
      place_(place_of(settings, access)),
      access_(access),
      acceptor_(io),
      accept_again_(io) {}

ControlSocket::Place ControlSocket::place_of(const CliSettings& settings, Access access) {
  if (access == Access::kFull) {
    return {.key = "cli.socket",
            .group_key = "cli.group",
            .path = settings.socket,
            .group = settings.group,
            .mode = 0600};
  }
  const bool own_group = !settings.read_only_group.empty();
  return {.key = "cli.read-only-socket",
          .group_key = own_group ? "cli.read-only-group" : "cli.group",
          .path = read_only_path(settings),
          .group = own_group ? settings.read_only_group : settings.group,
          .mode = 0660};
}

ControlSocket::~ControlSocket() {
  for (const std::shared_ptr<Client>& client : clients_) {
    if (client->has_stream()) {
      client->send_last();
    }
    client->detach();
  }
  if (made_file_) {
    ::unlink(place_.path.c_str());
  }
}

std::string ControlSocket::error(std::string_view what, std::string_view remedy) const {
  return error_at(place_.key, place_.path, what, remedy);
}

std::expected<void, std::string> ControlSocket::clear_path() const {
  const std::string directory = place_.path.substr(0, place_.path.find_last_of('/'));
  if (!directory.empty() && ::mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST) {
    return std::unexpected(error("cannot make its directory: " + std::string(std::strerror(errno)),
                                 "make it, or set another path"));
  }
  struct stat status{};
  if (::lstat(place_.path.c_str(), &status) != 0) {
    return {};
  }
  if (!S_ISSOCK(status.st_mode)) {
    return std::unexpected(error("is a file that is not a socket", "move it away, or set another path"));
  }
  if (auto alone = check_none_answers(place_.key, place_.path); !alone) {
    return alone;
  }
  ::unlink(place_.path.c_str());
  return {};
}

std::expected<void, std::string> ControlSocket::give_to_group() const {
  if (place_.group.empty()) {
    return {};
  }
  const group* found = ::getgrnam(place_.group.c_str());
  if (found == nullptr || ::chown(place_.path.c_str(), static_cast<uid_t>(-1), found->gr_gid) != 0 ||
      ::chmod(place_.path.c_str(), 0660) != 0) {
    return std::unexpected(
        error("cannot be given to " + std::string(place_.group_key) + " \"" + place_.group + "\"",
              "make the group and run aditd as root or as one of it, or leave " +
                  std::string(place_.group_key) + " out"));
  }
  return {};
}

std::expected<void, std::string> ControlSocket::listen() {
  if (auto cleared = clear_path(); !cleared) {
    return cleared;
  }
  if (place_.path.size() >= sizeof(sockaddr_un::sun_path)) {
    return std::unexpected(error("a socket's path has at most 107 octets", "set a shorter one"));
  }
  const asio::local::stream_protocol::endpoint endpoint(place_.path);
  asio::error_code failed;
  acceptor_.open(endpoint.protocol(), failed);
  const mode_t before = ::umask(0777 & ~place_.mode);  // from the start
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
    remove(**std::ranges::find_if_not(clients_, &Client::has_stream));
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

bool ControlSocket::has_room_for_stream() const {
  return std::ranges::count_if(clients_, &Client::has_stream) < static_cast<std::ptrdiff_t>(kMaxStreams);
}

}  // namespace adit::app
