# SPDX-License-Identifier: Apache-2.0
"""A long siege of one aditd: what it holds each minute, and what it has not given back at the end."""
import collections
import random
import threading
import time

from assaults.assault import Field, plain
from harness.lab import LabError, run
from siege_kit import footprint
from siege_kit.calls_seen import calls_seen
from siege_kit.honest import Churn
from siege_kit.siege import Siege, chosen

ATTACK_SECONDS, PAUSE_SECONDS = 10, 2
RELOAD_SECONDS, FLAP_SECONDS = 20, 7
FLAPPING = 500  # routes
SETTLE_SECONDS = 120  # longer than any deadline of a connection or call
WARM_MINUTES, FLAT = 10, 1.02
QUARANTINE = {"ip": {"quarantine": "5s"}}


class Soak(Siege):
    def __init__(self, calls, seed):
        super().__init__(calls)
        self.random, self._end, self._troubles = random.Random(seed), threading.Event(), []
        # Those that need a place or settings of their own would need another aditd.
        self.attacks = [each for each in chosen([]) if each.place is plain and not each.settings]
        self.now, self._ran, self._failed = "-", collections.Counter(), {}

    def run(self, minutes):
        """Returns what is wrong, in words."""
        self.serve(QUARANTINE)
        self._warm_up()
        start, held_at_start, pid = footprint.of(self.lab), self._held(), self.lab.pid()
        calls = Churn(self.lab, self.calls, minutes * 60)
        threads = [threading.Thread(target=self._told, args=(work,), daemon=True) for work in (self._attack, self._reload, self._flap)]
        try:
            calls.under_way()
            for thread in threads:
                thread.start()
            each_minute = self._watch(minutes)
        finally:
            self._end.set()
            for thread in threads:
                if thread.ident is not None:
                    thread.join(ATTACK_SECONDS + 30)
            told, lost = calls.ended()
        print(told, flush=True)
        self._troubles += ["a helper did not end" for thread in threads if thread.is_alive()] + self._harmless()
        self._troubles += [f"{count} calls lost: {why}" for why, count in lost.items()]
        if self.lab.pid() != pid:
            return [*self._troubles, "aditd did not survive"]
        return self._troubles + self._memory(each_minute) + self._missing(start, held_at_start)

    def _warm_up(self):
        """What is allocated at its first use is no leak."""
        first = Churn(self.lab, self.calls, 3)
        first.ended()
        self._wait_until_idle()

    def _harmless(self):
        """Attacks that never ran to their end: nothing is known of them."""
        if not self._ran:
            return ["no attack ran to its end", *self._failed.values()]
        return [f"{name} never ran to its end: {why}" for name, why in self._failed.items() if not self._ran[name]]

    # ---- what happens meanwhile ----------------------------------------------------------------------------------

    def _told(self, work):
        try:
            work()
        except Exception as error:
            self._troubles.append(f"{work.__name__} ended early: {type(error).__name__}: {error}")

    def _rounds(self):
        """Each attack once in every round: after the first, which fits in the WARM_MINUTES, each table was as full as it gets, and
        what the heap then holds is its high-water mark. More is a leak, or a heap that is ever more fragmented."""
        while True:
            yield from self.random.sample(self.attacks, len(self.attacks))

    def _attack(self):
        for attack in self._rounds():
            if self._end.is_set():
                return
            self.now, running = attack.name, []
            try:
                field = Field(self.site, self.site.aditd, ATTACK_SECONDS, None, calls_seen(1))
                started = attack.start(field)
                running = started if isinstance(started, list) else [started]
                for each in running:
                    each.done()
                self._ran[attack.name] += 1
            except Exception as error:  # an attacker whose own log-in is refused goes on to the next
                self._failed[attack.name] = f"{type(error).__name__}: {error}"
                print(f"  {attack.name}: {error}", flush=True)
            finally:
                for each in running:
                    each.stop()
            self._end.wait(PAUSE_SECONDS)

    def _reload(self):
        while not self._end.wait(RELOAD_SECONDS):
            try:
                self.lab.adit("reload")
            except LabError as error:
                self._troubles.append(f"reload: {error}")

    def _flap(self):
        batch = self.lab.work_dir / "flap.batch"
        for turn in range(1 << 30):
            if self._end.wait(FLAP_SECONDS):
                return
            verb = "del" if turn % 2 else "replace"
            batch.write_text("".join(f"route {verb} 20.0.{n % 256}.{n // 256 * 64}/26 via 198.51.100.2\n" for n in range(FLAPPING)))
            run("ip", "-n", "adit-server", "-batch", batch)

    def _watch(self, minutes):
        samples, began = [], time.monotonic()
        print(f"{'minute':>6}{'MB':>8}{'descriptors':>13}{'buffers':>9}{'calls':>7}{'log lines':>11}  attack", flush=True)
        minute = 0
        while (left := minutes * 60 - (time.monotonic() - began)) > 1:
            time.sleep(min(left, 60))
            minute += 1
            held = footprint.of(self.lab)
            samples.append(held.rss_kb)
            print(f"{minute:>6}{held.rss_kb / 1024:>8.1f}{held.descriptors:>13}{held.buffers:>9}{self._held().get('calls', -1):>7}"
                  f"{footprint.log_lines():>11}  {self.now}", flush=True)
            if self.lab.pid() is None:
                break
        return samples

    # ---- what was given back -------------------------------------------------------------------------------------

    def _held(self):
        """What each table has in use, and each pool."""
        try:
            stat = self.lab.adit("show", "stat")
            held = {table["table"]: table["used"] for table in stat["memory"]}
            held |= {f"addresses of {pool['name']}": pool["used"] for pool in self.lab.adit("show", "pools")["pools"]}
            return {**held, "connections": stat["pptp"]["connections"], **{f"sessions {name}": count for name, count in stat["sessions"].items()}}
        except LabError:
            return {}

    def _wait_until_idle(self):
        deadline = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < deadline:
            held = self._held()
            if held and not held["connections"] and not held["calls"]:
                time.sleep(6)  # the quarantine
                return
            time.sleep(1)

    def _missing(self, start, held_at_start):
        self._wait_until_idle()
        end, held, missing = footprint.of(self.lab), self._held(), []
        if not held or not held_at_start or end.buffers < 0 or start.buffers < 0:
            missing.append("adit did not answer, so nobody knows what aditd holds")
        print(f"   end{end.rss_kb / 1024:>8.1f}{end.descriptors:>13}{end.buffers:>9}{held.get('calls', -1):>7}{footprint.log_lines():>11}")
        if end.descriptors > start.descriptors:
            missing.append(f"{end.descriptors - start.descriptors} descriptors more than at the start ({start.descriptors})")
        if end.buffers > start.buffers + 64:  # a burst that waits for the next to be sent
            missing.append(f"{end.buffers - start.buffers} packet buffers more than at the start ({start.buffers})")
        for name, count in held.items():
            if name not in ("routes", "events", "ended calls") and count > held_at_start.get(name, 0):
                missing.append(f"{name}: {count} in use, {held_at_start.get(name, 0)} at the start")
        return missing

    @staticmethod
    def _memory(each_minute):
        if len(each_minute) <= WARM_MINUTES:
            print(f"memory is judged from minute {WARM_MINUTES} on: too short")
            return []
        warm, most = each_minute[WARM_MINUTES - 1], max(each_minute[WARM_MINUTES:])
        print(f"memory after minute {WARM_MINUTES}: {warm / 1024:.1f} MB, at most {most / 1024:.1f} MB ({100 * (most / warm - 1):+.1f} %)")
        return [f"memory grew from {warm} to {most} kB after minute {WARM_MINUTES}"] if most > warm * FLAT else []
