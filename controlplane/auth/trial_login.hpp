// SPDX-License-Identifier: Apache-2.0
// A login without a client, for operators who want to know why one fails: builds the proof from the password,
// and checks the backend's answer as a client would. Thread: control.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "controlplane/auth/auth_backend.hpp"
#include "controlplane/base/entropy.hpp"
#include "controlplane/base/timer_wheel.hpp"

namespace adit::control {

struct TrialLogin {
  std::string user;
  crypto::SecretText password;
  AuthMethod method = AuthMethod::kMsChapV2;
};

struct TrialOutcome {
  enum class Verdict : std::uint8_t { kAccepted, kRejected, kUnavailable };
  Verdict verdict = Verdict::kUnavailable;
  std::string why{};  ///< why it was rejected or not judged, or why a client would not take the acceptance
  Duration took{0};
  std::optional<AuthAccepted> accepted{};
  /// If accepted: MS-CHAPv2's success string and the MPPE keys match the password.
  bool success_is_right = false;
  bool keys_are_right = false;
};

class TrialLogins {
 public:
  using Done = std::function<void(const TrialOutcome&)>;

  TrialLogins(TimerWheel& wheel, Entropy& entropy);
  ~TrialLogins();

  /// `done` is called once, perhaps before this returns; not if the backend or this is destroyed first.
  void run(TrialLogin login, AuthBackend& backend, Done done);

 private:
  class Trial;
  TimerWheel& wheel_;
  Entropy& entropy_;
  std::map<const Trial*, std::unique_ptr<Trial>> trials_;
};

}  // namespace adit::control
