// SPDX-License-Identifier: Apache-2.0
// What a control connection is to the process that goes on with it. Its messages are cut at their boundaries: the octets of
// one that has not come whole are carried along. Tags and numbers are those of records: only add to them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/base/field_codec.hpp"
#include "controlplane/pptp/connection.hpp"

namespace adit::control {

struct CarriedPptp {
  std::vector<std::uint8_t> half_read;  ///< of the message that comes
  std::uint32_t echo_identifier = 0;    ///< of our last Echo-Request
  bool echo_outstanding = false;
  Duration echo_left{0};  ///< to our next Echo-Request, while none is outstanding
  bool brings_calls = false;
};

/// What PptpCall has.
struct CarriedPptpCall {
  wire::LocalCallId local_id;
  wire::PeerCallId peer_id;
  std::uint16_t peer_window = 0;
  bool peer_sent_link_info = false, lcp_is_open = false, link_info_sent = false;
  std::uint32_t peer_send_accm = 0, peer_receive_accm = 0;
  struct Wan {
    std::uint32_t notifies = 0;
    std::uint32_t crc_errors = 0, framing_errors = 0, hardware_overruns = 0;
    std::uint32_t buffer_overruns = 0, time_out_errors = 0, alignment_errors = 0;
  };
  std::optional<Wan> wan;
  struct Incoming {
    std::string calling, called;
  };
  std::optional<Incoming> incoming;
};

[[nodiscard]] CarriedPptpCall carried_call(const PptpCall& call);
/// All but its incoming half, which PptpConnection::adopt_call() makes.
void adopt(PptpCall& call, const CarriedPptpCall& from);

// ---- the fields -------------------------------------------------------------------------------------------

void fields(auto& at, FieldsOf<CarriedPptp> auto& pptp) {
  at(1, pptp.half_read);
  at(2, pptp.echo_identifier);
  at(3, pptp.echo_outstanding);
  at(4, pptp.echo_left);
  at(5, pptp.brings_calls);
}

void fields(auto& at, FieldsOf<CarriedPptpCall::Wan> auto& wan) {
  at(1, wan.notifies);
  at(2, wan.crc_errors);
  at(3, wan.framing_errors);
  at(4, wan.hardware_overruns);
  at(5, wan.buffer_overruns);
  at(6, wan.time_out_errors);
  at(7, wan.alignment_errors);
}

void fields(auto& at, FieldsOf<CarriedPptpCall::Incoming> auto& incoming) {
  at(1, incoming.calling);
  at(2, incoming.called);
}

void fields(auto& at, FieldsOf<CarriedPptpCall> auto& call) {
  at(1, call.local_id);
  at(2, call.peer_id);
  at(3, call.peer_window);
  at(4, call.peer_sent_link_info);
  at(5, call.lcp_is_open);
  at(6, call.link_info_sent);
  at(7, call.peer_send_accm);
  at(8, call.peer_receive_accm);
  at(9, call.wan);
  at(10, call.incoming);
}

}  // namespace adit::control
