// SPDX-License-Identifier: Apache-2.0
#include "controlplane/client/client_link.hpp"

#include <string>
#include <utility>

namespace adit::control {
namespace {

using wire::Bytes;
using wire::PppProtocol;

ClientEnd client_end(EndReason reason) {
  switch (reason) {
    case EndReason::kLostCarrier:
      return ClientEnd::kLostCarrier;
    case EndReason::kAuthRefused:
      return ClientEnd::kAuthRefused;
    case EndReason::kMppeRefused:
      return ClientEnd::kMppeRefused;
    case EndReason::kIpcpFailed:
      return ClientEnd::kIpcpFailed;
    case EndReason::kIpv6Failed:
      return ClientEnd::kIpv6Failed;
    default:
      return ClientEnd::kLcpFailed;
  }
}

}  // namespace

ClientLink::ClientLink(const ClientSettings& settings, TimerWheel& wheel, Entropy& entropy,
                       PppDataPath& data_path, ClientLinkHost& host)
    : data_path_(data_path),
      host_(host),
      lcp_(settings, wheel, entropy, *this, *this),
      auth_(settings, wheel, entropy, *this),
      network_(settings, wheel, entropy, data_path, *this) {}

// ---- frames in and out ------------------------------------------------------------------------------------

void ClientLink::start() {
  phase_ = Phase::kEstablish;
  lcp_.open();
  lcp_.up();
}

void ClientLink::on_frame(Bytes frame) {
  if (phase_ == Phase::kDead || frame.size() < 2) {
    return;
  }
  lcp_.heard();
  const PppProtocol protocol{wire::load_be<std::uint16_t>(frame.data())};
  const Bytes packet = frame.subspan(2);
  if (protocol == PppProtocol::kLcp) {
    return lcp_.on_packet(packet);
  }
  if (phase_ == Phase::kTerminate || !lcp_.opened()) {
    return;  // RFC 1661 §3.4: silently discarded
  }
  if (protocol == PppProtocol::kPap || protocol == PppProtocol::kChap || protocol == PppProtocol::kEap) {
    return auth_.on_packet(protocol, packet);
  }
  if (phase_ == Phase::kAuthenticate) {
    auth_.network_begins();
  }
  if (phase_ == Phase::kNetwork && !network_.on_packet(protocol, packet)) {
    lcp_.send_protocol_reject(static_cast<std::uint16_t>(protocol), packet);
  }
}

void ClientLink::send_frame(Bytes frame) {
  if (!frame.empty() && phase_ != Phase::kDead) {
    data_path_.send_ppp_frame(frame);
  }
}

bool ClientLink::close() {
  if (phase_ == Phase::kDead) {
    return false;
  }
  phase_ = Phase::kTerminate;
  lcp_.close();
  return lcp_.state() == PppState::kClosing || lcp_.state() == PppState::kStopping;
}

void ClientLink::abandon() {
  if (phase_ != Phase::kDead) {
    phase_ = Phase::kTerminate;
    lcp_.down();  // reports protocol_down only if LCP was open; the rest is cleaned up here
    auth_.stop();
    network_.end();
    phase_ = Phase::kDead;
  }
}

ClientEnd ClientLink::timeout() const {
  switch (phase_) {
    case Phase::kAuthenticate:
      return ClientEnd::kAuthTimeout;
    case Phase::kNetwork:
      return ClientEnd::kNetworkTimeout;
    default:
      return lcp_.refuses_method() ? ClientEnd::kAuthRefused : ClientEnd::kLcpTimeout;
  }
}

// ---- LCP --------------------------------------------------------------------------------------------------

void ClientLink::lcp_up() {
  phase_ = Phase::kAuthenticate;
  data_path_.set_ppp_compression(lcp_.peer().accepts_acfc, lcp_.peer().accepts_pfc);
  host_.link_opened();
  lcp_.send_identifications();
  if (const auto method = lcp_.method()) {
    return auth_.start(*method);
  }
  authenticated(std::nullopt);  // the server does not ask for authentication
}

void ClientLink::lcp_down() {
  auth_.stop();
  network_.end();
  if (phase_ != Phase::kTerminate) {
    phase_ = Phase::kEstablish;
    host_.link_down();
  }
}

void ClientLink::lcp_finished() {
  if (phase_ == Phase::kTerminate) {
    return host_.link_finished();
  }
  host_.link_failed(lcp_.refuses_method() ? ClientEnd::kAuthRefused : ClientEnd::kLcpTimeout, {});
}

// ---- what LCP and the network phase report ----------------------------------------------------------------

void ClientLink::protocol_up(PppProtocol protocol) {
  if (protocol == PppProtocol::kLcp) {
    return lcp_up();
  }
  if (protocol == PppProtocol::kIpv6cp) {
    host_.link_ipv6_up();
  }
  if (network_.up() && !std::exchange(told_up_, true)) {
    host_.link_up();
  }
}

void ClientLink::protocol_down(PppProtocol protocol) {
  if (protocol == PppProtocol::kLcp) {
    return lcp_down();
  }
  told_up_ = told_up_ && network_.up();
}

void ClientLink::protocol_finished(PppProtocol protocol) {
  switch (protocol) {
    case PppProtocol::kLcp:
      return lcp_finished();
    case PppProtocol::kIpv6cp:
      return host_.link_failed(ClientEnd::kIpv6Failed, "IPv6CP was not agreed on");
    default:
      return host_.link_failed(ClientEnd::kIpcpFailed, "IPCP was not agreed on");
  }
}

void ClientLink::protocol_failed(PppProtocol, EndReason reason, std::string_view why) {
  host_.link_failed(client_end(reason), why);
}

// A server without a method in common sends nothing but a Terminate-Request.
void ClientLink::peer_terminates(PppProtocol protocol, Bytes data) {
  if (protocol != PppProtocol::kLcp) {
    return;
  }
  if (!lcp_.opened() && lcp_.refuses_method()) {
    return host_.link_failed(ClientEnd::kAuthRefused, wire::text_of(data));
  }
  const auto ras_error = wire::parse_ras_error(data);
  host_.link_failed(ClientEnd::kServerTerminated,
                    ras_error ? "RAS error " + std::to_string(*ras_error) : std::string(wire::text_of(data)));
}

// ---- authentication ---------------------------------------------------------------------------------------

// RFC 3079 §2.1: with MS-CHAPv1 the short keys come from the LAN Manager hash, which we do not compute.
void ClientLink::authenticated(const std::optional<crypto::MppeStartKeys>& keys) {
  phase_ = Phase::kNetwork;
  network_.begin(keys, lcp_.method() != AuthMethod::kMsChapV1);
}

}  // namespace adit::control
