// SPDX-License-Identifier: Apache-2.0
// A TCP connection is a descriptor, and shells hand out 1,024. Thread: any, at start-up.
#pragma once

#include <cstdint>

namespace adit::app {

/// Raises this process' limit to `wanted`, or as far as it may; returns the limit that holds now.
std::uint64_t raise_descriptor_limit(std::uint64_t wanted);

}  // namespace adit::app
