// SPDX-License-Identifier: Apache-2.0
// Fuzz targets: functions of untrusted octets that abort when an invariant is violated. Two programs run
// them: fuzz_adit (libFuzzer, clang, -Dfuzz=true; scripts/fuzz) and replay (GoogleTest, every build), which
// runs each target once over its corpus, so that targets keep building and a fixed crash stays fixed.
// To add one: write it in a fuzz_*.cpp, name it in targets.cpp, put a few seeds into corpus/<name>/.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

#include "dataplane/wire/bytes.hpp"

namespace adit::fuzz {

/// An invariant of the code under test; if false, the process aborts with the caller's line.
inline void require(bool holds, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (!holds) {
    std::fprintf(stderr, "%s:%d: a required property does not hold\n", file, line);
    std::abort();
  }
}

/// Takes numbers from the front of the input; zeros after its end.
class Input {
 public:
  explicit Input(wire::Bytes octets) : rest_(octets) {}
  [[nodiscard]] bool empty() const { return rest_.empty(); }
  std::uint8_t u8() {
    if (rest_.empty()) {
      return 0;
    }
    const std::uint8_t first = rest_[0];
    rest_ = rest_.subspan(1);
    return first;
  }
  std::uint16_t u16() {
    const std::uint8_t high = u8();
    return static_cast<std::uint16_t>(high << 8 | u8());
  }
  std::uint32_t u32() {
    const std::uint32_t high = u16();
    return high << 16 | u16();
  }
  wire::Bytes octets(std::size_t size) {
    const wire::Bytes first = rest_.first(size < rest_.size() ? size : rest_.size());
    rest_ = rest_.subspan(first.size());
    return first;
  }

 private:
  wire::Bytes rest_;
};

struct Target {
  std::string_view name;
  void (*run)(wire::Bytes octets);
};
[[nodiscard]] std::span<const Target> targets();

// fuzz_wire.cpp
void fuzz_ethernet(wire::Bytes octets);
void fuzz_ipv4(wire::Bytes octets);
void fuzz_gre(wire::Bytes octets);
void fuzz_ppp(wire::Bytes octets);
void fuzz_ppp_options(wire::Bytes octets);
void fuzz_pap(wire::Bytes octets);
void fuzz_chap(wire::Bytes octets);
void fuzz_mppe(wire::Bytes octets);
void fuzz_tcp_mss(wire::Bytes octets);
void fuzz_frame(wire::Bytes octets);
// fuzz_ipv6.cpp
void fuzz_ipv6(wire::Bytes octets);
void fuzz_dhcpv6(wire::Bytes octets);
// fuzz_mppe.cpp
void fuzz_mppe_crypt(wire::Bytes octets);
// fuzz_mppc.cpp
void fuzz_mppc_decoder(wire::Bytes octets);
void fuzz_mppc_coder(wire::Bytes octets);
#ifdef ADIT_FREERDP
void fuzz_mppc_freerdp(wire::Bytes octets);
#endif
// fuzz_pptp.cpp
void fuzz_pptp_stream(wire::Bytes octets);
void fuzz_pptp_order(wire::Bytes octets);
// fuzz_session.cpp, fuzz_concentrator.cpp
void fuzz_session(wire::Bytes octets);
void fuzz_concentrator(wire::Bytes octets);
// fuzz_eap_tls.cpp
void fuzz_eap_tls_fragments(wire::Bytes octets);
// fuzz_client.cpp
void fuzz_client_call(wire::Bytes octets);
// fuzz_eap.cpp
void fuzz_eap(wire::Bytes octets);
// fuzz_dae.cpp
void fuzz_radius_dae(wire::Bytes octets);

// fuzz_record.cpp
void fuzz_record(wire::Bytes octets);
void fuzz_state_store(wire::Bytes octets);
// fuzz_radius.cpp
void fuzz_radius_packet(wire::Bytes octets);
void fuzz_radius_accept(wire::Bytes octets);
// fuzz_radius_dictionary.cpp
void fuzz_radius_dictionary(wire::Bytes octets);
// fuzz_text.cpp
void fuzz_chap_secrets(wire::Bytes octets);
void fuzz_config(wire::Bytes octets);
void fuzz_rpc(wire::Bytes octets);
void fuzz_scenario(wire::Bytes octets);

}  // namespace adit::fuzz
