// SPDX-License-Identifier: Apache-2.0
#include "app/host/background_threads.hpp"

#include <asio/post.hpp>
#include <utility>

#include "app/host/process/priority.hpp"

namespace adit::app {

bool BackgroundThreads::start(std::shared_ptr<control::BackgroundWork> work) {
  if (waiting_ >= most_) {
    ++refused_;
    return false;
  }
  ++waiting_;
  // The reference travels: it is control's again when control's handler has it, so that the last one is dropped there.
  asio::post(threads_, [this, work = std::move(work)]() mutable {
    let_control_go_first();
    const auto begun = std::chrono::steady_clock::now();
    work->run();
    const auto took = std::chrono::steady_clock::now() - begun;
    asio::post(loop_, [this, took, work = std::move(work)] { finish(*work, took); });
  });
  return true;
}

void BackgroundThreads::finish(control::BackgroundWork& work, std::chrono::nanoseconds took) {
  --waiting_;
  ++done_;
  busy_ += took;
  before_();
  work.finished();
}

}  // namespace adit::app
