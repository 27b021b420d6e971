// SPDX-License-Identifier: Apache-2.0
// What the concentrator measures of its calls since it started: how long each stage of a dial took, how long calls
// lasted, logins by method, and for want of what connections and calls were refused.
// Thread: control. Owner: ConcentratorCore.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "controlplane/base/settings.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "controlplane/concentrator/admission/scarcity.hpp"
#include "dataplane/contract/histogram.hpp"

namespace adit::control {

struct SetupBounds {
  static constexpr double kUnit = 1e-3;
  static constexpr std::array<std::uint64_t, 11> kUpper{5,   10,   25,   50,   100,   250,
                                                        500, 1000, 2500, 5000, 10'000};
};
struct CallDurationBounds {
  static constexpr double kUnit = 1;
  static constexpr std::array<std::uint64_t, 8> kUpper{1, 10, 60, 600, 3600, 21'600, 86'400, 604'800};
};

/// Requests of one exchange of EAP.
struct EapRoundsBounds {
  static constexpr double kUnit = 1;
  static constexpr std::array<std::uint64_t, 9> kUpper{2, 3, 4, 6, 8, 12, 16, 32, 64};
};

/// In the order in which a dial reaches their ends.
enum class SetupStage : std::uint8_t { kControl, kLcp, kAuth, kCcp, kIpcp };
inline constexpr std::array<std::string_view, 5> kSetupStages{"control", "lcp", "auth", "ccp", "ipcp"};

/// Calls that are up now, by how they logged in and the strength of their encryption.
class CallsUp {
 public:
  using Kind = std::uint8_t;
  static constexpr std::array<std::string_view, 4> kStrengths{"none", "40", "56", "128"};

  /// `mode` as SessionStatus has it: "128", "40-stateful".
  [[nodiscard]] static Kind kind_of(AuthMethod method, std::string_view mode) {
    const auto* const strength = std::ranges::find(kStrengths, mode.substr(0, mode.find('-')));
    return static_cast<Kind>(static_cast<std::size_t>(method) * kStrengths.size() +
                             static_cast<std::size_t>(strength - kStrengths.begin()) % kStrengths.size());
  }
  [[nodiscard]] std::uint64_t& operator[](Kind kind) { return counts_[kind]; }
  /// Calls `take(method, strength, calls)` for each kind.
  template <typename Take>
  void for_each(const Take& take) const {
    for (std::size_t kind = 0; kind < counts_.size(); ++kind) {
      take(static_cast<AuthMethod>(kind / kStrengths.size()), kStrengths[kind % kStrengths.size()],
           counts_[kind]);
    }
  }

 private:
  std::array<std::uint64_t, kAuthMethods.size() * kStrengths.size()> counts_{};
};

struct CallMeasures {
  std::array<contract::Histogram<SetupBounds>, kSetupStages.size()> stages;
  contract::Histogram<SetupBounds> setup;  ///< all of it: from the accept to IP
  contract::Histogram<CallDurationBounds> duration;
  contract::Histogram<EapRoundsBounds> eap_rounds;

  struct Logins {
    std::uint64_t accepted = 0, rejected = 0;
  };
  std::array<Logins, kAuthMethods.size()> logins{};  ///< by AuthMethod
  CallsUp up;

  std::array<std::uint64_t, kScarceThings.size()> refused{};  ///< by Scarce
  std::uint64_t refused_closed = 0;  ///< aditd was stopping, or an operator had closed it
  std::uint64_t refused_per_address = 0;
  std::uint64_t refused_worker_full = 0;
  std::uint64_t further_requests = 0;  ///< to the back end, with which logins by EAP went on

  [[nodiscard]] Logins& of(AuthMethod method) { return logins[static_cast<std::size_t>(method)]; }
  [[nodiscard]] std::uint64_t& refused_for(Scarce what) { return refused[static_cast<std::size_t>(what)]; }
};

/// Times one dial: each stage from the end of the one before, the first time that it ends. One that is left out (CCP,
/// without encryption) has no time.
class SetupStopwatch {
 public:
  explicit SetupStopwatch(Instant began) : began_(began), last_(began) {}

  /// Another process has timed it.
  void adopt() { done_ = true; }
  void reach(SetupStage stage, Instant now, CallMeasures& measures) {
    if (stage < next_ || done_) {
      return;
    }
    measures.stages[static_cast<std::size_t>(stage)].observe(milliseconds(now - std::exchange(last_, now)));
    if (stage == SetupStage::kIpcp) {
      done_ = true;
      return measures.setup.observe(milliseconds(now - began_));
    }
    next_ = static_cast<SetupStage>(static_cast<std::uint8_t>(stage) + 1);
  }

 private:
  static std::uint64_t milliseconds(Duration time) {
    return static_cast<std::uint64_t>(std::max<Duration::rep>(time.count(), 0));
  }

  Instant began_, last_;
  SetupStage next_ = SetupStage::kControl;
  bool done_ = false;
};

}  // namespace adit::control
