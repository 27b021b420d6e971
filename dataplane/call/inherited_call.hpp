// SPDX-License-Identifier: Apache-2.0
// A call that an earlier process has left in CallMemory: whether its record can be believed, and what becomes of it in this
// process. The record is another's octets until it has been checked, whatever they are.
// The rule for each part of it is a row of the table in ARCHITECTURE.md ("When the process ends").
// Thread: control, before the worker runs. Owner: the worker's CallTable.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "dataplane/base/clock.hpp"
#include "dataplane/base/settings.hpp"
#include "dataplane/call/call.hpp"
#include "dataplane/call/mppc_stateful.hpp"
#include "dataplane/call/mppe_stateful.hpp"

namespace adit::dataplane {

/// How the process that had the calls came to its end.
enum class PreviousEnd : std::uint8_t {
  kHandedOver,  ///< its workers had stopped: every stream is where the last packet left it
  kCrashed,     ///< between any two instructions
};

// X(enumerator, name, what it means)
#define ADIT_ADOPTION_FAULTS(X)                                                               \
  X(kOtherWorker, "other_worker", "it belongs to another worker")                             \
  X(kNoSlot, "no_slot", "there is no such slot")                                              \
  X(kNotThere, "not_there", "the slot is free, or has another call")                          \
  X(kTwice, "twice", "it has been adopted already")                                           \
  X(kFlags, "flags", "a flag or mode is none")                                                \
  X(kSeal, "seal", "what control had set was being changed, or has been written over")        \
  X(kIdentity, "identity", "an address or call ID is none")                                   \
  X(kWindow, "window", "its GRE window never was one")                                        \
  X(kKeyLength, "key_length", "an MPPE key has a length that there is not, or nowhere to be") \
  X(kKeyHalfWritten, "key_half_written", "an MPPE key was being changed")                     \
  X(kHistory, "history", "its MPPC history is none, or another call's")

enum class AdoptionFault : std::uint8_t {
#define X(enumerator, name, text) enumerator,
  ADIT_ADOPTION_FAULTS(X)
#undef X
};

struct AdoptionFaultText {
  std::string_view name;  ///< for the log; once released it does not change
  std::string_view text;
};
[[nodiscard]] AdoptionFaultText describe(AdoptionFault fault) noexcept;

/// Nothing: the record can be believed. `stateful`: the call's; nullptr: the table has none. Reads no flag that is none.
[[nodiscard]] std::optional<AdoptionFault> fault_of(const Call& call, const StatefulMppe* stateful) noexcept;

struct Resumption {
  PreviousEnd end = PreviousEnd::kCrashed;
  Milliseconds now{};
  RateBurst burst{};
};
/// Makes a call that fault_of() believes one of this process. What referred to the other's memory is gone; limits start
/// full; streams that may be elsewhere than they seem are resynchronised. `history`: nullptr: it has none.
void resume(Call& call, StatefulMppe* stateful, StatefulMppc* history, const Resumption& how) noexcept;

}  // namespace adit::dataplane
