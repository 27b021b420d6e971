// SPDX-License-Identifier: Apache-2.0
#include "app/host/host_ports.hpp"

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "app/host/netlink/interface_reader.hpp"
#include "dataplane/ports/xdp/attached.hpp"

namespace adit::app {

void release_host_ports(std::span<const dataplane::PortSettings> settings) {
  const auto interfaces = read_interfaces_of(settings);
  if (!interfaces) {
    return;
  }
  for (const dataplane::InterfaceStack& stack : *interfaces) {
    if (!stack.empty()) {
      [[maybe_unused]] const auto detached =
          dataplane::xdp::detach_stale_program(stack.back().ifindex, stack.back().name);
    }
  }
}

std::expected<std::vector<dataplane::OpenPort>, std::string> open_host_ports(
    std::span<const dataplane::PortSettings> settings, unsigned workers, dataplane::Subscribers subscribers) {
  auto interfaces = read_interfaces_of(settings);
  if (!interfaces) {
    return std::unexpected(std::move(interfaces.error()));
  }
  const char* program = std::getenv("ADIT_XDP_PROGRAM");
  return dataplane::open_ports(settings, {.workers = workers,
                                          .interfaces = std::move(*interfaces),
                                          .xdp_program = find_xdp_program(program != nullptr ? program : ""),
                                          .subscribers = std::move(subscribers)});
}

std::expected<std::string, std::string> find_xdp_program(const std::string& wanted) {
  std::error_code none;
  if (!wanted.empty()) {
    return std::filesystem::exists(wanted, none)
               ? std::expected<std::string, std::string>(wanted)
               : std::unexpected("the XDP program '" + wanted +
                                 "' does not exist; correct $ADIT_XDP_PROGRAM");
  }
  const std::filesystem::path executable = std::filesystem::read_symlink("/proc/self/exe", none);
  std::filesystem::path directory = executable.parent_path();
  for (int up = 0; up < 3 && directory.has_relative_path(); ++up, directory = directory.parent_path()) {
    const auto built = directory / "dataplane" / "ports" / "xdp" / "adit_xdp.o";
    if (std::filesystem::exists(built, none)) {
      return built.string();
    }
  }
  if (std::filesystem::exists(ADIT_XDP_INSTALLED, none)) {
    return ADIT_XDP_INSTALLED;
  }
  return std::unexpected("the XDP program is neither in the build directory of " + executable.string() +
                         " nor at " + ADIT_XDP_INSTALLED +
                         "; install Adit, or name it with $ADIT_XDP_PROGRAM");
}

}  // namespace adit::app
