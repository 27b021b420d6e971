# SPDX-License-Identifier: Apache-2.0
"""An honest client beside an attack, made by hand: each of its pings must be answered."""
import contextlib
import threading
import time

A_SECOND = 10


class Witness:
    """Of a ClearCall that is up. Its subclass says and hears the pings: `ping(number)`, and `answered(payload)`, the number of the
    ping that a frame answers, or None; `PACKETS` is what they are, in words."""

    def __init__(self, call):
        self.call, self.sent, self.numbers = call, 0, set()
        self._end = threading.Event()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._ping, self._hear)]
        for thread in self._threads:
            thread.start()

    def _ping(self):
        while not self._end.wait(1 / A_SECOND):
            self.sent += 1
            self.ping(self.sent)

    def _hear(self):
        while not self._end.is_set():
            if (number := self.answered(self.call.hear())) is not None:
                self.numbers.add(number)

    def wrong(self):
        """What it has noticed of the attack, in words."""
        sent = self.sent
        time.sleep(1)
        lost = sent - sum(number <= sent for number in self.numbers)
        return [f"{lost} of {sent} {self.PACKETS} lost"] if lost or not sent else []

    def close(self):
        time.sleep(1.5)  # the last answers
        self._end.set()
        for thread in self._threads:
            thread.join()
        self.call.close()


def beside(make):
    """A place for assaults: beside what `make` makes of the siege's site, a Witness."""
    @contextlib.contextmanager
    def place(siege, settings):
        siege.serve(settings)
        witness = make(siege.site)
        try:
            yield witness.wrong
        finally:
            witness.close()
    return place
