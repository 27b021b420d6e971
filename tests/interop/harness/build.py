# SPDX-License-Identifier: Apache-2.0
"""The build directory in use: ADIT_BUILD, or the one that scripts/lab chooses."""
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
