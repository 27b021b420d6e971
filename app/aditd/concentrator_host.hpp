// SPDX-License-Identifier: Apache-2.0
// Carries out what the concentrator decides: sends messages to workers, updates their indexes, writes to TCP.
// Also keeps the XDP programs' maps and the routes announced to the kernel in step with the subscribers.
// Thread: control. Owner: the control loop.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "app/aditd/log/log.hpp"
#include "app/aditd/runtime.hpp"
#include "app/host/net/tcp_connections.hpp"
#include "controlplane/concentrator/concentrator.hpp"

namespace adit::app {

class ConcentratorHost final : public control::ConcentratorActions {
 public:
  /// All references outlive the host.
  ConcentratorHost(Runtime& runtime, TcpConnections& tcp, Log& log)
      : runtime_(runtime), tcp_(tcp), log_(log) {}

  void send(control::ConnectionId connection, std::span<const std::uint8_t> message) override;
  void close(control::ConnectionId connection) override;
  void drop(control::ConnectionId connection) override;
  [[nodiscard]] bool post(contract::WorkerId worker, const contract::ToWorker& message) override;
  [[nodiscard]] bool post_frame(contract::WorkerId worker, const contract::ToWorker& message,
                                std::span<const std::uint8_t> frame) override;
  [[nodiscard]] bool map_call(wire::Ipv4Address local, wire::Ipv4Address peer, wire::LocalCallId id,
                              const contract::CallRef& call) override;
  void unmap_call(wire::Ipv4Address local, wire::Ipv4Address peer, wire::LocalCallId id) override;
  [[nodiscard]] std::uint32_t mppc_histories_per_worker() const override {
    return runtime_.data_plane().mppc_histories_per_worker();
  }
  [[nodiscard]] std::optional<contract::CallTotals> totals(const contract::CallRef& call) const override {
    return runtime_.totals(call);
  }
  [[nodiscard]] std::optional<std::uint64_t> uplink_ipv6_packets(
      const contract::CallRef& call) const override {
    return runtime_.uplink_ipv6_packets(call);
  }
  [[nodiscard]] std::optional<std::uint16_t> port_mtu(wire::Ipv4Address peer) const override;
  [[nodiscard]] contract::FirstPackets first_packets(const contract::CallRef& call) const override {
    return runtime_.first_packets(call);
  }
  [[nodiscard]] std::optional<wire::Ipv4Address> gre_from_elsewhere(wire::Ipv4Address local,
                                                                    wire::LocalCallId id) const override;
  void map_prefix(const control::PrefixClaim& claim) override;
  void unmap_prefix(const wire::Ipv4Prefix& prefix, const std::optional<control::PrefixClaim>& heir) override;
  void map_prefix(const control::PrefixClaim6& claim) override;
  void unmap_prefix(const wire::Ipv6Prefix& prefix) override;

 private:
  void map_machine(const wire::Ipv4Prefix& prefix);
  void log_unreachable(const std::string& prefix, const std::string& error, std::string_view remedy);
  [[nodiscard]] dataplane::CallIndex& index() { return runtime_.data_plane().index(); }

  Runtime& runtime_;
  TcpConnections& tcp_;
  Log& log_;
};

}  // namespace adit::app
