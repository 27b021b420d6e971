// SPDX-License-Identifier: Apache-2.0
// How control's helper threads stay out of its way. Thread: any helper.
#pragma once

namespace adit::app {

/// This thread, which has inherited control's CPU, as the workers' CPUs must stay free of it, lets control go first. May be
/// called again and again.
void let_control_go_first();

}  // namespace adit::app
