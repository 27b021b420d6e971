// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/targets.hpp"

namespace adit::fuzz {

std::span<const Target> targets() {
  static constexpr Target kTargets[] = {
      {"ethernet", fuzz_ethernet},
      {"ipv4", fuzz_ipv4},
      {"ipv6", fuzz_ipv6},
      {"dhcpv6", fuzz_dhcpv6},
      {"gre", fuzz_gre},
      {"ppp", fuzz_ppp},
      {"ppp_options", fuzz_ppp_options},
      {"pap", fuzz_pap},
      {"chap", fuzz_chap},
      {"eap", fuzz_eap},
      {"eap_tls_fragments", fuzz_eap_tls_fragments},
      {"mppe", fuzz_mppe},
      {"mppe_crypt", fuzz_mppe_crypt},
      {"mppc_decoder", fuzz_mppc_decoder},
      {"mppc_coder", fuzz_mppc_coder},
#ifdef ADIT_FREERDP
      {"mppc_freerdp", fuzz_mppc_freerdp},
#endif
      {"tcp_mss", fuzz_tcp_mss},
      {"frame", fuzz_frame},
      {"pptp_stream", fuzz_pptp_stream},
      {"pptp_order", fuzz_pptp_order},
      {"session", fuzz_session},
      {"concentrator", fuzz_concentrator},
      {"client_call", fuzz_client_call},
      {"record", fuzz_record},
      {"state_store", fuzz_state_store},
      {"radius_packet", fuzz_radius_packet},
      {"radius_accept", fuzz_radius_accept},
      {"radius_dae", fuzz_radius_dae},
      {"radius_dictionary", fuzz_radius_dictionary},
      {"chap_secrets", fuzz_chap_secrets},
      {"config", fuzz_config},
      {"rpc", fuzz_rpc},
      {"scenario", fuzz_scenario},
  };
  return kTargets;
}

}  // namespace adit::fuzz
