// SPDX-License-Identifier: Apache-2.0
#include "app/host/process/priority.hpp"

#include <sys/resource.h>
#include <unistd.h>

namespace adit::app {

void let_control_go_first() {
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), 19);  // of the thread alone, in Linux
}

}  // namespace adit::app
