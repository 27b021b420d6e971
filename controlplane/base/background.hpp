// SPDX-License-Identifier: Apache-2.0
// Work that is too long for a turn of control (public-key operations: 0.3 to 5 ms each), done by threads that the app has.
// It belongs to one side at a time: control hands it over by start() and has it again in finished(). Thread: control, but
// for run(). Owner of the implementation: the app.
#pragma once

#include <memory>

namespace adit::control {

class BackgroundWork {
 public:
  virtual ~BackgroundWork() = default;
  /// On another thread. What it touches nobody else touches until finished().
  virtual void run() = 0;
  /// On control, once run() has returned, in a turn of its own: never within start(). Whoever asked for the work may be
  /// gone; the work has to know.
  virtual void finished() = 0;
};

class Background {
 public:
  virtual ~Background() = default;
  /// False: as much waits as may wait, and nothing will be run. Begun work is not called back when the process ends.
  [[nodiscard]] virtual bool start(std::shared_ptr<BackgroundWork> work) = 0;
};

}  // namespace adit::control
