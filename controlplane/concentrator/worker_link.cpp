// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/worker_link.hpp"

#include "controlplane/base/key_message.hpp"
#include "controlplane/concentrator/concentrator_core.hpp"

namespace adit::control {

void WorkerLink::post(const contract::ToWorker& message) {
  if (link_open() && !try_post(message)) {
    state_ = State::kOverflowed;
    core_.end_overflowed(ref);
  }
}

/// What a worker is told of, the next process has to know.
bool WorkerLink::try_post(const contract::ToWorker& message) {
  core_.records.mark(ref);
  return core_.actions.post(ref.worker, message);
}

// A frame may be lost where a message may not: PPP retransmits it, and so does who wants an answer in IPv6. An empty
// one is a frame of which a part did not fit (PppFrameWriter).
void WorkerLink::post_frame(const contract::ToWorker& message, std::span<const std::uint8_t> frame) {
  if (link_open() && (frame.empty() || !core_.actions.post_frame(ref.worker, message, frame))) {
    ++core_.stats.frames_dropped;
  }
}

void WorkerLink::send_ppp_frame(std::span<const std::uint8_t> frame) {
  post_frame(contract::SendPppFrame{ref}, frame);
}

void WorkerLink::send_ipv6(std::span<const std::uint8_t> packet) {
  post_frame(contract::SendIpv6{ref}, packet);
}

void WorkerLink::set_ppp_compression(bool send_acfc, bool send_pfc) {
  post(contract::SetPppCompression{ref, send_acfc, send_pfc});
}

void WorkerLink::enable_mppe(contract::Direction direction, contract::MppeMode mode,
                             const crypto::Secret<16>& start_key, const crypto::Secret<16>& session_key) {
  post(KeyMessage(ref, direction, mode, start_key, session_key, mppc_history_).message());
}

bool WorkerLink::reserve_mppc_history() {
  if (mppc_history_ == 0 && link_open()) {
    mppc_history_ = core_.mppc_histories[ref.worker.value].take();
  }
  return mppc_history_ != 0;
}

void WorkerLink::flush_mppe(bool repeated) {
  post(contract::FlushMppe{ref, repeated});
}

void WorkerLink::disable_mppe() {
  post(contract::DisableMppe{ref});
}

contract::UpdateLimits WorkerLink::limits(const SubscriberRate& rate) const {
  constexpr std::uint64_t kOctetsPerKbit = 125;
  return {ref, rate.up * kOctetsPerKbit, rate.down * kOctetsPerKbit};
}

}  // namespace adit::control
