// SPDX-License-Identifier: Apache-2.0
// Stateful MPPC for a call, RFC 2118: what packets both ways may refer to. Which packet may follow which is for the
// coherency count to say, and so is when a stream restarts: with MPPE the A bit restarts both.
// Pure. Thread: the call's worker. Owner: the worker's CallTable, as many as the configuration has memory for; control gives
// them out (contract::EnableMppe).
#pragma once

#include "crypto/mppc/mppc_coder.hpp"
#include "crypto/mppc/mppc_decoder.hpp"
#include "dataplane/call/reset_requests.hpp"

namespace adit::dataplane {

struct StatefulMppc {
  crypto::MppcHistory received;
  crypto::MppcSendHistory sent;
  ResetRequests resets;  ///< of a call without MPPE
  bool lost = false;     ///< `received` is not what the peer refers to, until it flushes
};

}  // namespace adit::dataplane
