# SPDX-License-Identifier: Apache-2.0
# Sourced by scripts that run one step after another: `step NAME COMMAND...` runs the command with its output
# in a log, prints a line with the time it took, and on failure shows the end of the log and exits. `summary`
# prints the times. `configure` and what calls it are steps that several scripts share.
#
# The caller sets $step_logs, a directory for the logs, before the first step.

step_names=() step_times=()

# Deciseconds since boot: date may jump, and bash's SECONDS has no fraction.
step_now() { local up; read -r up _ </proc/uptime; echo "${up%.*}${up:(-2):1}"; }
step_seconds() { printf '%d.%d' $(($1 / 10)) $(($1 % 10)); }

step() {
  local name=$1 log started status=0 took
  shift
  mkdir -p "$step_logs"
  log=$step_logs/${name// /-}.log
  printf '%-34s' "$name ..."
  started=$(step_now)
  "$@" >"$log" 2>&1 </dev/null || status=$?
  took=$(($(step_now) - started))
  step_names+=("$name") step_times+=("$took")
  if [ $status = 0 ]; then
    printf 'ok   %7s s\n' "$(step_seconds $took)"
    return 0
  fi
  printf 'FAILED after %s s (exit %d)\n' "$(step_seconds $took)" $status
  echo "--- '$name' failed: $*"
  echo "--- the end of $log"
  tail -n 40 "$log"
  exit 1
}

summary() {
  local i total=0
  echo
  printf '%-34s %8s\n' "$1" seconds
  for i in "${!step_names[@]}"; do
    printf '%-34s %8s\n' "${step_names[i]}" "$(step_seconds "${step_times[i]}")"
    total=$((total + step_times[i]))
  done
  printf '%-34s %8s\n' total "$(step_seconds $total)"
}

# configure DIR MESON-OPTIONS...: starts afresh if a killed run left half a build directory behind
configure() {
  local dir=$1
  shift
  # An existing tree would otherwise keep its old options.
  if [ -f "$dir/build.ninja" ] && meson configure "$dir" "$@"; then
    return
  fi
  rm -rf "$dir"
  meson setup "$dir" "$@"
}

# -O0 -g1: the compiler takes a third of the time of -O1. b_lundef: the sanitizer's symbols come from the
# executable. Unity, because most of the time goes into reading headers; `scripts/test --quick` and --release compile
# file by file, and find a missing #include.
unity="-Dunity=on -Dunity_size=16"
# shellcheck disable=SC2086  # a list of words
configure_asan() {
  configure build-asan -Db_sanitize=address,undefined -Db_lundef=false -Doptimization=0 -Ddebug=false \
    -Dcpp_args="-g1 -fno-sanitize-recover=all" $unity
}
# TSan understands C11 atomics; DPDK's rings by default rely on x86's ordering of plain stores.
# shellcheck disable=SC2086
configure_tsan() {
  configure build-tsan -Db_sanitize=thread -Db_lundef=false -Doptimization=1 -Ddebug=false \
    -Dcpp_args=-DRTE_USE_C11_MEM_MODEL $unity
}
