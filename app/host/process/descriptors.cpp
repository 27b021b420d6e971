// SPDX-License-Identifier: Apache-2.0
#include "app/host/process/descriptors.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace adit::app {

std::uint64_t raise_descriptor_limit(std::uint64_t wanted) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= wanted) {
    return limit.rlim_cur;
  }
  const rlimit all{.rlim_cur = wanted, .rlim_max = std::max<rlim_t>(limit.rlim_max, wanted)};  // root may
  const rlimit some{.rlim_cur = std::min<rlim_t>(limit.rlim_max, wanted), .rlim_max = limit.rlim_max};
  if (::setrlimit(RLIMIT_NOFILE, &all) != 0) {
    ::setrlimit(RLIMIT_NOFILE, &some);
  }
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

}  // namespace adit::app
