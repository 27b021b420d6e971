// SPDX-License-Identifier: Apache-2.0
#include "controlplane/client/client_end.hpp"

#include <array>

namespace adit::control {

std::string_view to_text(ClientEnd end) {
  constexpr std::array<std::string_view, kClientEnds> kTexts = {"none",
                                                                "hung_up",
                                                                "connect_failed",
                                                                "connect_timeout",
                                                                "no_resource",
                                                                "start_refused",
                                                                "start_timeout",
                                                                "call_refused",
                                                                "call_timeout",
                                                                "lcp_failed",
                                                                "lcp_timeout",
                                                                "auth_refused",
                                                                "auth_failed",
                                                                "auth_timeout",
                                                                "not_authentic",
                                                                "mppe_refused",
                                                                "mppe_desynchronised",
                                                                "ipcp_failed",
                                                                "ipv6_failed",
                                                                "network_timeout",
                                                                "malformed",
                                                                "server_cleared",
                                                                "server_stopped",
                                                                "server_terminated",
                                                                "server_closed",
                                                                "echo_timeout",
                                                                "lost_carrier"};
  return kTexts[static_cast<std::size_t>(end)];
}

}  // namespace adit::control
