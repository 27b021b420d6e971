// SPDX-License-Identifier: Apache-2.0
#include "app/host/process/service_notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdlib>

namespace adit::app {

ServiceNotify::ServiceNotify(std::string_view address) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (address.size() < 2 || address.size() >= sizeof to.sun_path ||
      (address.front() != '/' && address.front() != '@')) {
    return;
  }
  address.copy(to.sun_path, address.size());
  if (address.front() == '@') {
    to.sun_path[0] = '\0';
  }
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
  dataplane::UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket && ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), length) == 0) {
    socket_ = std::move(socket);
  }
}

ServiceNotify ServiceNotify::from_environment() {
  const char* address = std::getenv("NOTIFY_SOCKET");
  return address == nullptr ? ServiceNotify() : ServiceNotify(address);
}

void ServiceNotify::send(std::string_view lines) const {
  if (socket_) {
    ::send(socket_.get(), lines.data(), lines.size(), MSG_NOSIGNAL);
  }
}

}  // namespace adit::app
