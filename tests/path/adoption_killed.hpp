// SPDX-License-Identifier: Apache-2.0
// The process that adoption_killed_test.cpp kills: this test's program once more, with a worker in memory that it was given.
#pragma once

namespace adit::dataplane::path {

inline constexpr char kRunWorker[] = "--run-worker";  ///< then the descriptors below are open
inline constexpr int kMemoryFd = 10;                  ///< a SharedMemory, all zero
inline constexpr int kReportFd = 11;                  ///< a pipe that takes Reports

/// Carries traffic until it is killed.
int run_worker();

}  // namespace adit::dataplane::path
