// SPDX-License-Identifier: Apache-2.0
// What each MPPE kernel costs on this machine, measured at start in less than a millisecond. It has to be measured:
// gather and scatter of 16 lanes make a key schedule in 300 cycles a key on one Intel core, in 460 on an AMD Zen 5
// and in 900 on a Zen 4, where four scalar lanes take 400; microcode against side channels changes it again, and
// CPUID shows none of that.
// The time-stamp counter is the only clock; without one (other than x86-64) the costs stay as they are.
// Thread: control, before there are workers.
#pragma once

#include <span>

#include "crypto/mppe_plan.hpp"

namespace adit::crypto {

/// Cycles of a way that has not been measured yet.
inline constexpr std::uint32_t kUnmeasured = 1U << 30;

/// Lowers the ways' costs to what they are measured to be: the least of several runs, as whatever disturbs a run makes
/// it longer. The candidates run in turn, so that a slow moment is one for all. But it does not slow all alike: a virtual
/// machine on a shared Zen 5 is at times, for tenths of a second or for minutes, in a state in which four scalar lanes
/// take three times as long and 16 by gather half as long again, as if each load waited for the addresses of all older
/// stores. Its cause is not known. So whoever starts slowly measures again later.
void mppe_calibrate(std::span<Sha1Way> sha1, std::span<Rc4Way> rc4) noexcept;

}  // namespace adit::crypto
