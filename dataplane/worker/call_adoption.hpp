// SPDX-License-Identifier: Apache-2.0
// Takes over the calls that an earlier process has left in a worker's memory. Control names those that it knows; a record
// that cannot be believed refuses that one call, and what nobody has adopted is freed in the end.
//
//   auto adoption = worker.adopt_calls(PreviousEnd::kCrashed, worker.clock());
//   for (const contract::CallRef& call : known) { adoption.adopt(call); }
//   adoption.finish();                                     launch() refuses a worker without this
//
// What the index says of a call (CallIndex) control maps anew; messages that no worker had read are gone, so control compares
// the identity that adopt() returns with its own record.
// Thread: control, before the worker runs. Owner: the caller; the worker outlives it.
#pragma once

#include <cstdint>
#include <expected>
#include <vector>

#include "dataplane/call/call_table.hpp"
#include "dataplane/call/due_calls.hpp"
#include "dataplane/contract/call_ref.hpp"

namespace adit::dataplane {

class CallAdoption {
 public:
  struct Outcome {
    std::uint32_t adopted = 0;
    std::uint32_t freed = 0;            ///< calls that nobody has adopted, refused ones among them
    std::uint32_t emptied_windows = 0;  ///< adopted ones that held packets for an earlier one: those are lost
  };

  CallAdoption(contract::WorkerId worker, CallTable& calls, DueCalls& acks, const Resumption& how,
               bool acknowledges)
      : worker_(worker),
        calls_(calls),
        acks_(acks),
        how_(how),
        acknowledges_(acknowledges),
        adopted_(calls.capacity()) {}
  CallAdoption(const CallAdoption&) = delete;
  CallAdoption& operator=(const CallAdoption&) = delete;

  /// What the call is, as its worker knew it; or why it is not adopted.
  [[nodiscard]] std::expected<CallIdentity, AdoptionFault> adopt(const contract::CallRef& ref);
  /// Frees what was not adopted; the worker may run. Once.
  Outcome finish();

 private:
  const contract::WorkerId worker_;
  CallTable& calls_;
  DueCalls& acks_;
  const Resumption how_;
  const bool acknowledges_;
  std::vector<bool> adopted_;    // by slot
  std::vector<bool> histories_;  // by number: given to an adopted call
  Outcome outcome_{};
};

}  // namespace adit::dataplane
