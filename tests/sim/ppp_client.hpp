// SPDX-License-Identifier: Apache-2.0
// The other end of a dial-up, sans-I/O: a PPP client that proves itself with MS-CHAPv2, wants MPPE like pppd
// or like Windows, and asks for an address and name servers. It shares the automaton with the concentrator,
// not the policies. Owner: the simulation.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/control_protocol.hpp"
#include "controlplane/entropy.hpp"
#include "controlplane/settings.hpp"
#include "crypto/mppe_keys.hpp"
#include "crypto/mschap.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::sim {

struct ClientProfile {
  enum class Mppe : std::uint8_t { kNone, kOffered, kRequired };
  std::string user = "alice";
  std::string password = "secret";
  Mppe mppe = Mppe::kRequired;
  std::uint32_t first_mppe_bits = 0x01000040;  ///< Windows begins with 010000E0
  std::uint32_t mppe_shape = 0x01000040;       ///< what it insists on: H and S
  bool pipelines_ipcp = false;  ///< Windows: IPCP beside CCP; pppd with MPPE required: after it
  bool speaks_ccp = true;       ///< else CCP is Protocol-Rejected
  std::uint16_t mru = 1400;
};

class PppClient final : control::ControlProtocolHost {
 public:
  using Send = std::function<void(wire::Bytes frame)>;

  PppClient(const ClientProfile& profile, const control::PppSettings& settings, control::TimerWheel& wheel,
            control::Entropy& entropy, Send send);

  void start();
  /// One frame, with its protocol field first.
  void on_frame(wire::Bytes frame);
  void hang_up();

  [[nodiscard]] bool up() const { return ipcp_.opened() && lcp_.opened(); }
  /// The link is over, and why; empty while it is not.
  [[nodiscard]] const std::string& over() const { return over_; }
  [[nodiscard]] wire::Ipv4Address address() const { return ipcp_.address(); }
  [[nodiscard]] wire::Ipv4Address dns1() const { return ipcp_.dns1(); }
  [[nodiscard]] bool encrypts() const { return ccp_.agreed(); }
  /// The keys as the *server* should hold them.
  [[nodiscard]] const std::optional<crypto::MppeStartKeys>& keys() const { return keys_; }

 private:
  class Lcp final : public control::ControlProtocol {
   public:
    Lcp(const ClientProfile& profile, const control::PppSettings& settings, control::TimerWheel& wheel,
        control::Entropy& entropy, ControlProtocolHost& host);
    ~Lcp() = default;
    void protocol_reject(std::uint16_t protocol, wire::Bytes packet);
    [[nodiscard]] std::optional<wire::PppProtocol> take_rejected() {
      return std::exchange(rejected_, std::nullopt);
    }

   private:
    void write_request(wire::PppFrameWriter& request) override;
    void judge(const wire::PppOptions& wishes, control::ConfigureReply& reply) override;
    void about_to_ack() override {}
    bool on_nak(const wire::PppOptions&, bool) override { return true; }
    bool on_reject(const wire::PppOptions& refused) override;
    void forget() override {}
    bool on_extra_code(const wire::PppPacket& packet) override;
    control::EndReason failure() const override { return control::EndReason::kLcpFailed; }

    const ClientProfile& profile_;
    std::uint32_t magic_;
    std::uint32_t refused_ = 0;  // bit per option type
    std::optional<wire::PppProtocol> rejected_;
  };

  class Ccp final : public control::ControlProtocol {
   public:
    Ccp(const ClientProfile& profile, const control::PppSettings& settings, control::TimerWheel& wheel,
        ControlProtocolHost& host);
    ~Ccp() = default;
    [[nodiscard]] bool agreed() const {
      return opened() && bits_ == profile_.mppe_shape && peer_bits_ == profile_.mppe_shape;
    }

   private:
    void write_request(wire::PppFrameWriter& request) override;
    void judge(const wire::PppOptions& wishes, control::ConfigureReply& reply) override;
    void about_to_ack() override { peer_bits_ = wished_; }
    bool on_nak(const wire::PppOptions& hints, bool insist_no_more) override;
    bool on_reject(const wire::PppOptions& refused) override;
    void forget() override;
    control::EndReason failure() const override { return control::EndReason::kMppeRefused; }

    const ClientProfile& profile_;
    std::uint32_t bits_ = 0, peer_bits_ = 0, wished_ = 0;
  };

  class Ipcp final : public control::ControlProtocol {
   public:
    Ipcp(const control::PppSettings& settings, control::TimerWheel& wheel, ControlProtocolHost& host);
    ~Ipcp() = default;
    [[nodiscard]] wire::Ipv4Address address() const { return address_; }
    [[nodiscard]] wire::Ipv4Address dns1() const { return dns1_; }

   private:
    void write_request(wire::PppFrameWriter& request) override;
    void judge(const wire::PppOptions&, control::ConfigureReply&) override {
    }  // pppd takes any address of its peer
    void about_to_ack() override {}
    bool on_nak(const wire::PppOptions& hints, bool insist_no_more) override;
    bool on_reject(const wire::PppOptions& refused) override;
    void forget() override;
    control::EndReason failure() const override { return control::EndReason::kIpcpFailed; }

    wire::Ipv4Address address_, dns1_;
    bool ask_vj_ = true, ask_dns_ = true;
  };

  void send_frame(wire::Bytes frame) override { send_(frame); }
  std::uint16_t peer_mru() const override { return 1436; }
  void protocol_up(wire::PppProtocol protocol) override;
  void protocol_down(wire::PppProtocol protocol) override;
  void protocol_finished(wire::PppProtocol protocol) override;
  void protocol_failed(wire::PppProtocol protocol, control::EndReason reason, std::string_view why) override;
  void peer_terminates(wire::PppProtocol, wire::Bytes) override {}

  void on_chap(wire::Bytes packet);
  void on_challenge(const wire::PppPacket& packet);
  void on_success(const wire::PppPacket& packet);
  void start_network();
  void on_ccp_refused(std::string_view why);
  void end(std::string_view why);
  void on_response_timer();
  void on_end_timer() { lcp_.close(); }

  const ClientProfile& profile_;
  control::Entropy& entropy_;
  Send send_;
  Lcp lcp_;
  Ccp ccp_;
  Ipcp ipcp_;
  control::Timer response_timer_;
  control::Timer end_timer_;
  std::optional<crypto::MppeStartKeys> keys_;
  std::string expected_success_;
  std::vector<std::uint8_t> response_;  // the CHAP Response frame, repeated until answered
  bool authenticated_ = false;
  std::string over_;
  bool ending_ = false;
};

}  // namespace adit::sim
