// SPDX-License-Identifier: Apache-2.0
// Makes all addresses of a prefix local (`ip route add local PREFIX dev lo`), so that thousands of clients
// have an address each without thousands of addresses on an interface; removes the route at the end.
// Thread: control. Owner: main().
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "app/adit-blast/plan/plan.hpp"

namespace adit::app::blast {

class LocalPrefix {
 public:
  /// If exactly this prefix is local already, it is left as it is, now and at the end. Needs CAP_NET_ADMIN.
  [[nodiscard]] static std::expected<LocalPrefix, std::string> claim(const wire::Ipv4Prefix& prefix);
  LocalPrefix(LocalPrefix&& other) noexcept : ours_(std::exchange(other.ours_, std::nullopt)) {}
  LocalPrefix& operator=(LocalPrefix&&) = delete;
  ~LocalPrefix();

 private:
  LocalPrefix() = default;
  std::optional<wire::Ipv4Prefix> ours_;
};

/// The first IPv4 address of a kernel interface.
[[nodiscard]] std::expected<wire::Ipv4Address, std::string> address_of_interface(const std::string& name);

}  // namespace adit::app::blast
