// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/operator/control_socket.hpp"

#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "app/aditd/operator/control_client.hpp"
#include "app/escape.hpp"
#include "dataplane/ports/unique_fd.hpp"

namespace adit::app {

using Socket = asio::local::stream_protocol::socket;

namespace {

constexpr std::string_view kSuffix = ".sock";

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
