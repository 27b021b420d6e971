// SPDX-License-Identifier: Apache-2.0
// A TLS connection whose steps run in the background, for either side of EAP-TLS. While it takes a step, all but `abandoned`
// is the other thread's. Thread: control, but for run(). Owner: the method, and the background while a step runs.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "controlplane/base/background.hpp"
#include "crypto/tls/tls_connection.hpp"

namespace adit::control {

class TlsHandshake final : public BackgroundWork {
 public:
  /// `reached(owner)` is called on control after each step, until abandon().
  TlsHandshake(std::shared_ptr<const crypto::TlsCredentials> credentials, void (*reached)(void* owner),
               void* owner)
      : credentials_(std::move(credentials)), reached_(reached), owner_(owner) {}

  /// Nobody wants to hear of it any more: the connection goes with its last reference, or with the step that it is taking.
  void abandon() {
    owner_ = nullptr;
    abandoned_.store(true, std::memory_order_relaxed);
  }

  void run() override {
    if (abandoned_.load(std::memory_order_relaxed)) {
      return;  // a queue of the gone is worked off at once
    }
    if (!connection) {
      connection.emplace(std::move(credentials_));
    }
    state = connection->step(message);
    message = {};
    output = connection->take_output();
  }
  void finished() override {
    if (owner_ != nullptr) {
      reached_(owner_);
    }
  }

  std::vector<std::uint8_t> message;  ///< the peer's, for the next step
  std::vector<std::uint8_t> output;   ///< of the last one
  crypto::TlsConnection::State state = crypto::TlsConnection::State::kHandshake;
  std::optional<crypto::TlsConnection> connection;  ///< none before the first step

 private:
  std::shared_ptr<const crypto::TlsCredentials> credentials_;
  std::atomic<bool> abandoned_ = false;
  // Control's alone.
  void (*reached_)(void* owner);
  void* owner_;  // null: abandoned
};

}  // namespace adit::control
