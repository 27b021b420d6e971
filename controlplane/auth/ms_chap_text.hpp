// SPDX-License-Identifier: Apache-2.0
// What a Failure of MS-CHAP says in words, RFC 2759 §6. Windows and pppd show a text of their own for the number; this is
// for other clients. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace adit::control {

[[nodiscard]] constexpr std::string_view ms_chap_failure_text(std::uint16_t error) {
  switch (error) {
    case 646:
      return "Restricted logon hours";
    case 647:
      return "Account disabled";
    case 648:
      return "Password expired";
    case 649:
      return "No dial-in permission";
    case 709:
      return "Error changing password";
    default:
      return "Authentication failed";
  }
}

}  // namespace adit::control
