// SPDX-License-Identifier: Apache-2.0
// Every TCP connection needs a descriptor, and shells allow 1,024. Thread: any, at start-up.
#pragma once

#include <cstdint>

namespace adit::app {

/// Raises this process's limit to `wanted`, or as far as permitted; returns the resulting limit.
std::uint64_t raise_descriptor_limit(std::uint64_t wanted);

}  // namespace adit::app
