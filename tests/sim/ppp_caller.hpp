// SPDX-License-Identifier: Apache-2.0
// The calling end of a dial-up without its control connection: the client's PPP link, and a record of what it
// told its data plane. Owner: the simulation.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <vector>

#include "controlplane/client/client_link.hpp"

namespace adit::sim {

class PppCaller final : control::PppDataPath, control::ClientLinkHost {
 public:
  using Send = std::function<void(wire::Bytes frame)>;

  PppCaller(const control::ClientSettings& settings, control::TimerWheel& wheel, control::Entropy& entropy,
            Send send)
      : send_(std::move(send)),
        link_(settings, wheel, entropy, *this, *this),
        end_timer_(wheel, control::on_timer<&PppCaller::on_end_timer>, this) {}

  void start() { link_.start(); }
  /// One frame, starting with its protocol field.
  void on_frame(wire::Bytes frame) { link_.on_frame(frame); }
  void hang_up() { link_failed(control::ClientEnd::kHungUp, {}); }

  [[nodiscard]] bool up() const { return link_.up(); }
  /// Why the link has ended or is ending; otherwise kNone.
  [[nodiscard]] control::ClientEnd over() const { return over_; }
  [[nodiscard]] wire::Ipv4Address address() const { return link_.network().ipcp().own(); }
  [[nodiscard]] wire::Ipv4Address server() const { return link_.network().ipcp().peer(); }
  [[nodiscard]] wire::Ipv4Address dns1() const { return link_.network().ipcp().dns1(); }
  [[nodiscard]] bool encrypts() const { return link_.network().ccp().encrypts(); }

  /// What the data plane has been told: start keys and modes per direction, and the address it forwards for.
  std::map<contract::Direction, std::vector<std::uint8_t>> keys;
  std::map<contract::Direction, contract::MppeMode> modes;
  wire::Ipv4Address ip;
  std::uint64_t interface_id = 0;
  bool ip_needs_mppe = false;

 private:
  // PppDataPath
  void send_ppp_frame(std::span<const std::uint8_t> frame) override { send_(frame); }
  void set_ppp_compression(bool, bool) override {}
  void enable_mppe(contract::Direction direction, contract::MppeMode mode, const crypto::Secret<16>& start,
                   const crypto::Secret<16>&) override {
    modes[direction] = mode;
    if (!mode.encrypted()) {
      return;
    }
    ip_needs_mppe = true;
    keys[direction] = {start.bytes().begin(), start.bytes().end()};
  }
  void disable_mppe() override {
    keys.clear();
    modes.clear();
  }
  void enable_ip(wire::Ipv4Address own, std::uint16_t, bool require_mppe) override {
    EXPECT_TRUE(ip.is_none()) << "enabled twice";
    ip = own;
    ip_needs_mppe |= require_mppe;
  }
  void disable_ip() override { ip = {}; }
  void enable_ipv6(const control::Ipv6Binding& own, std::uint16_t, bool) override {
    interface_id = own.interface_id;
  }
  void disable_ipv6() override { interface_id = 0; }
  // ClientLinkHost
  void link_opened() override {}
  void link_up() override {}
  void link_ipv6_up() override {}
  void link_down() override {}
  void link_failed(control::ClientEnd end, std::string_view) override {
    if (over_ == control::ClientEnd::kNone) {
      over_ = end;
      end_timer_.arm(control::Duration{0});
    }
  }
  void link_finished() override {}
  void on_end_timer() { (void)link_.close(); }

  Send send_;
  control::ClientLink link_;
  control::Timer end_timer_;
  control::ClientEnd over_ = control::ClientEnd::kNone;
};

}  // namespace adit::sim
