// SPDX-License-Identifier: Apache-2.0
// Carries out control's messages. They are read in order, so that a PPP frame is sent before or after a key
// change exactly as control intended. Thread: worker. Owner: Worker.
#pragma once

#include "dataplane/contract/mailbox.hpp"
#include "dataplane/path/encapsulation.hpp"
#include "dataplane/path/worker_context.hpp"

namespace adit::dataplane {

class CallControl {
 public:
  CallControl(WorkerContext& context, contract::Mailbox& mailbox, Encapsulation& encapsulation) noexcept
      : context_(context), mailbox_(mailbox), encapsulation_(encapsulation) {}

  /// Reads at most kMessagesPerLoop messages; returns how many it read.
  std::size_t read() noexcept;

 private:
  // Each returns false if the message must be tried again in the next iteration.
  bool on(const contract::InstallCall& message) noexcept;
  bool on(const contract::SetPeerCallId& message) noexcept;
  bool on(const contract::SetPppCompression& message) noexcept;
  bool on(const contract::EnableMppe& message) noexcept;
  bool on(const contract::FlushMppe& message) noexcept;
  bool on(const contract::DisableMppe& message) noexcept;
  bool on(const contract::EnableIp& message) noexcept;
  bool on(const contract::EnableIpv6& message) noexcept;
  bool on(const contract::UpdateLimits& message) noexcept;
  bool on(const contract::DisableIp& message) noexcept;
  bool on(const contract::DisableIpv6& message) noexcept;
  bool on(const contract::SendPppFrame& message) noexcept;
  bool on(const contract::SendIpv6& message) noexcept;
  bool on(const contract::BeginTrace& message) noexcept;
  bool on(const contract::EndTrace& message) noexcept;
  bool on(const contract::RemoveCall& message) noexcept;
  bool on(const contract::ReadCall& message) noexcept;

  MppeUse arm(Call& call, const contract::EnableMppe& message) noexcept;
  MppcUse arm_compression(Call& call, const contract::EnableMppe& message) noexcept;
  Call* find(const contract::CallRef& ref) noexcept;

  WorkerContext& context_;
  contract::Mailbox& mailbox_;
  Encapsulation& encapsulation_;
};

}  // namespace adit::dataplane
