// SPDX-License-Identifier: Apache-2.0
#include "controlplane/client/client_call.hpp"

#include <string>
#include <utility>

#include "controlplane/auth/authenticator.hpp"
#include "controlplane/client/client_link.hpp"
#include "controlplane/client/pptp_client.hpp"

namespace adit::control {
namespace {

/// How long a server that terminated LCP has to clear the call by PPTP before we do. PPTP goes by TCP, which
/// may arrive later than GRE.
constexpr Duration kServerClearsFirst{500};
/// Octets of a server's text that are kept for client_ended().
constexpr std::size_t kMaxDetail = 200;

}  // namespace

// Whatever ends the client goes through end_soon(): hanging up starts from a timer, never from inside a
// protocol or host call, and so does client_ended().
class ClientCall::Impl final : PptpClientHost, ClientLinkHost {
 public:
  Impl(const ClientSettings& settings, wire::LocalCallId id, TimerWheel& wheel, Entropy& entropy,
       ClientCallHost& host)
      : settings_(settings),
        host_(host),
        control_(settings, id, wheel, *this),
        link_(settings, wheel, entropy, host, *this),
        deadline_(wheel, on_timer<&Impl::on_deadline>, this),
        step_(wheel, on_timer<&Impl::on_step>, this),
        id_(id) {}

  void start() {
    deadline_.arm(settings_.setup_timeout);
    control_.start();
  }
  void on_bytes(wire::Bytes octets) { control_.on_bytes(octets); }
  void log_in_as(std::string user) { link_.log_in_as(std::move(user)); }
  void on_frame(wire::Bytes frame) { link_.on_frame(frame); }
  void on_closed();
  void end_soon(ClientEnd end, std::string_view detail);
  [[nodiscard]] ClientStatus status() const;

 private:
  /// Stage of hanging up: not begun, due, LCP terminates, the server clears by PPTP, we stop PPTP, over.
  enum class Ending : std::uint8_t { kNo, kDue, kLink, kServer, kControl, kOver };

  // PptpClientHost
  void send_message(wire::Bytes message) override { host_.send(message); }
  void call_answered(wire::PeerCallId peer) override;
  void control_failed(ClientEnd end, std::string_view detail) override { end_soon(end, detail); }
  void control_finished() override;
  // ClientLinkHost
  void link_opened() override { control_.on_lcp_opened(); }
  void link_up() override;
  void link_ipv6_up() override { host_.client_ipv6_up(); }
  void link_down() override;
  void link_failed(ClientEnd end, std::string_view detail) override { end_soon(end, detail); }
  void link_finished() override;

  void on_deadline();
  void on_step();
  void begin_hang_up();
  void hang_up_control();
  void finish();

  const ClientSettings& settings_;
  ClientCallHost& host_;
  PptpClient control_;
  ClientLink link_;
  Timer deadline_;  // for the set-up; later for hanging up
  Timer step_;      // the next step of hanging up
  wire::LocalCallId id_;
  ClientEnd end_ = ClientEnd::kNone;
  Ending ending_ = Ending::kNo;
  bool was_up_ = false;
  bool call_began_ = false;
  bool control_over_ = false;
  bool closed_ = false;  // by the server or the network
  std::string detail_;
};

// ---- set-up -----------------------------------------------------------------------------------------------

void ClientCall::Impl::call_answered(wire::PeerCallId peer) {
  if (ending_ == Ending::kNo) {
    call_began_ = true;
    host_.install_call(id_, peer);
    link_.start();
  }
}

void ClientCall::Impl::link_up() {
  if (ending_ != Ending::kNo) {
    return;
  }
  deadline_.cancel();
  if (!std::exchange(was_up_, true)) {
    host_.client_up();
  }
}

void ClientCall::Impl::link_down() {
  if (ending_ == Ending::kNo && was_up_) {
    deadline_.arm(settings_.setup_timeout);  // a renegotiation has as long as a dial
  }
}

void ClientCall::Impl::on_deadline() {
  if (ending_ != Ending::kNo) {
    return finish();
  }
  end_soon(call_began_          ? link_.timeout()
           : control_.started() ? ClientEnd::kCallTimeout
                                : ClientEnd::kStartTimeout,
           "not up in time");
}

// ---- hanging up -------------------------------------------------------------------------------------------

void ClientCall::Impl::end_soon(ClientEnd end, std::string_view detail) {
  if (ending_ != Ending::kNo) {
    return;
  }
  ending_ = Ending::kDue;
  end_ = end;
  detail_ = detail.substr(0, kMaxDetail);
  deadline_.arm(settings_.hang_up_timeout);
  step_.arm(Duration{0});
}

void ClientCall::Impl::on_closed() {
  if (ending_ == Ending::kOver) {
    return;
  }
  closed_ = true;
  control_.abandon();
  end_soon(ClientEnd::kServerClosed, {});
  control_finished();
}

void ClientCall::Impl::control_finished() {
  control_over_ = true;
  step_.arm(Duration{0});
}

void ClientCall::Impl::link_finished() {
  if (ending_ == Ending::kLink) {
    step_.arm(Duration{0});
  }
}

void ClientCall::Impl::on_step() {
  if (control_over_) {
    return finish();
  }
  switch (ending_) {
    case Ending::kDue:
      return begin_hang_up();
    case Ending::kLink:
    case Ending::kServer:
      return hang_up_control();
    default:
      return;
  }
}

void ClientCall::Impl::begin_hang_up() {
  if (end_ == ClientEnd::kServerTerminated) {
    ending_ = Ending::kServer;
    return step_.arm(kServerClearsFirst);
  }
  ending_ = Ending::kLink;
  if (end_ == ClientEnd::kServerCleared || !link_.close()) {
    hang_up_control();
  }
}

void ClientCall::Impl::hang_up_control() {
  ending_ = Ending::kControl;
  link_.abandon();
  control_.stop();
}

// The host may destroy the client from client_ended() on: do not touch it afterwards.
void ClientCall::Impl::finish() {
  ending_ = Ending::kOver;
  deadline_.cancel();
  step_.cancel();
  link_.abandon();
  control_.abandon();
  if (!std::exchange(closed_, true)) {
    host_.close();
  }
  const std::string detail = std::move(detail_);
  host_.client_ended(end_, detail);
}

ClientStatus ClientCall::Impl::status() const {
  const ClientNetwork& network = link_.network();
  ClientStatus status;
  status.up = ending_ == Ending::kNo && link_.up();
  status.own = network.ipcp().own();
  status.peer = network.ipcp().peer();
  status.dns1 = network.ipcp().dns1();
  if (const ClientIpv6cp* ipv6cp = network.ipv6cp()) {
    status.interface_id = ipv6cp->own();
    status.peer_interface_id = ipv6cp->peer();
  }
  if (const ClientIpv6Link* ipv6 = link_.ipv6()) {
    status.ipv6 = ipv6->binding();
    status.waits_for_ipv6 = ending_ == Ending::kNo && link_.waits_for_ipv6();
    status.advertisements = ipv6->advertisements();
  }
  status.auth_method = link_.is_authenticated() ? to_text(*link_.lcp().method()) : "none";
  status.encrypts_send = network.ccp().encrypts();
  status.encrypts_receive = network.ccp().encrypts();
  status.peer_mru = link_.lcp().peer().mru;
  status.echoes_answered = control_.echoes_answered() + link_.lcp().echoes_answered();
  return status;
}

// ---- the public interface
// ------------------------------------------------------------------------------------------

ClientCall::ClientCall(const ClientSettings& settings, wire::LocalCallId id, TimerWheel& wheel,
                       Entropy& entropy, ClientCallHost& host)
    : impl_(std::make_unique<Impl>(settings, id, wheel, entropy, host)) {}
ClientCall::~ClientCall() = default;

void ClientCall::log_in_as(std::string user) {
  impl_->log_in_as(std::move(user));
}
void ClientCall::start() {
  impl_->start();
}
void ClientCall::on_bytes(std::span<const std::uint8_t> octets) {
  impl_->on_bytes(octets);
}
void ClientCall::on_closed() {
  impl_->on_closed();
}
void ClientCall::on_frame(std::span<const std::uint8_t> frame) {
  impl_->on_frame(frame);
}
void ClientCall::on_mppe_desynchronised() {
  impl_->end_soon(ClientEnd::kMppeDesynchronised, {});
}
void ClientCall::hang_up() {
  impl_->end_soon(ClientEnd::kHungUp, {});
}
ClientStatus ClientCall::status() const {
  return impl_->status();
}
std::size_t ClientCall::state_octets() {
  return sizeof(ClientCall) + sizeof(Impl);
}

}  // namespace adit::control
