# SPDX-License-Identifier: Apache-2.0
"""The build directory in use: ADIT_BUILD, or the one that scripts/lab chooses."""
import contextlib
import os
import pathlib
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[3]
LAB = str(TOP / "scripts" / "lab")


def _chosen():
    if "ADIT_BUILD" not in os.environ:
        # scripts/lab prints its choice on stderr, once: child processes use the same. If there is none,
        # whoever needs it reports that.
        choice = subprocess.run([LAB, "build"], stdout=subprocess.PIPE, text=True).stdout.strip()
        os.environ["ADIT_BUILD"] = choice or str(TOP / "build")
    return (TOP / os.environ["ADIT_BUILD"]).resolve()


BUILD = _chosen()
# Without sanitizers: a user-mode kernel has no room for their shadow memory, and what they keep is not aditd's.
GUEST_BUILD = (TOP / os.environ.get("ADIT_GUEST_BUILD", BUILD)).resolve()


@contextlib.contextmanager
def without_sanitizers():
    """For scripts/lab: what it starts meanwhile comes from GUEST_BUILD."""
    before = os.environ["ADIT_BUILD"]
    os.environ["ADIT_BUILD"] = str(GUEST_BUILD)
    try:
        yield
    finally:
        os.environ["ADIT_BUILD"] = before
