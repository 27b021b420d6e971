#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The status page in a real browser, at a desk and on a phone: it loads, its plots have data, a search finds a user, and the browser
has nothing to complain about. Keeps what it saw as page-1280.png and page-390.png.
    page_test.py EXPORTER PLACE_FOR_SCREENSHOTS
Skipped (exit 77) without Chromium.
"""
import os
import pathlib
import shutil
import sys
import tempfile
import unittest

from fake_aditd import FakeAditd
from watchers import Browser, Exporter, until

EXPORTER = SCREENSHOTS = None
PLOTS = 12
# Of each plot, the points of its longest line.
POINTS = """[...document.querySelectorAll("#plots figure")].map(figure =>
  Math.max(0, ...[...figure.querySelectorAll("path")].map(path => Number(path.dataset.points))))"""


def search(text, column="username"):
    return f"""(() => {{ document.getElementById("text").value = {text!r}; document.getElementById("column").value = {column!r};
      document.getElementById("search-form").requestSubmit(); }})()"""


class PageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(tempfile.mkdtemp(prefix="adit-page-"))
        cls.work.chmod(0o755)
        cls.addClassCleanup(shutil.rmtree, cls.work)
        aditd = FakeAditd(str(cls.work / "adit-read.sock"))
        cls.addClassCleanup(aditd.close)
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.close)

    def open(self, *words, **look):
        exporter = Exporter(EXPORTER, "--socket", self.work / "adit-read.sock", *words)
        self.addCleanup(exporter.close)
        self.browser.events.clear()
        page = self.browser.open(exporter.url + "/", **look)
        self.addCleanup(self.browser.leave, page)  # before its exporter ends
        return page

    def text(self, page, selector):
        return self.browser.run(page, f"document.querySelector({selector!r}).innerText")

    def plots_have_data(self, page):
        points = until("plots with data", lambda: (found := self.browser.run(page, POINTS)) and min(found) >= 2 and found)
        self.assertEqual(len(points), PLOTS)

    def nothing_wrong(self, page, width):
        self.assertEqual(self.browser.errors(), [])
        self.assertLessEqual(self.browser.run(page, "document.documentElement.scrollWidth"), width)

    def test_at_a_desk_with_sessions(self):
        page = self.open("--sessions", width=1280, height=900)
        self.plots_have_data(page)
        self.assertIn("aditd 0.1.0 answers", self.text(page, "#state"))
        # 120 in the second that aditd takes for one.
        self.assertRegex(self.text(page, "#tiles"), r"\b1[0-4]\d/s\s+dials")
        self.assertIn('"quoted"\\', self.text(page, "#pools"))
        self.assertRegex(self.text(page, "#ports"), r"access\s+up\s+25.0 Gbit/s")
        # Behind 9,000 others, in the third window of aditd's answers.
        self.browser.run(page, search("ALIC"))
        until("alice is found", lambda: self.browser.run(page, "document.querySelectorAll('#sessions tr').length") == 2)
        self.assertIn("alice", self.text(page, "#sessions"))
        self.browser.run(page, search("<b>"))
        until("a name is text", lambda: "<b>bold</b>" in self.text(page, "#sessions"))
        self.browser.run(page, search("nobody"))
        until("nobody is found", lambda: self.text(page, "#found") == "no call has that")
        self.browser.run(page, search("10.64.1.", "ip"))
        until("by address", lambda: self.text(page, "#found") == "the first 50")
        self.browser.screenshot(page, SCREENSHOTS / "page-1280.png")
        self.nothing_wrong(page, 1280)

    def test_on_a_phone_without_sessions(self):
        page = self.open(width=390, height=844, phone=True, dark=True)
        self.plots_have_data(page)
        self.assertIn("--sessions", self.text(page, "#search-off"))
        self.assertFalse(self.browser.run(page, "document.getElementById('search-form').checkVisibility()"))
        self.assertEqual(self.browser.run(page, "getComputedStyle(document.documentElement).backgroundColor"), "rgb(16, 19, 22)")
        self.browser.screenshot(page, SCREENSHOTS / "page-390.png")
        self.nothing_wrong(page, 390)


if __name__ == "__main__":
    if not shutil.which("chromium"):
        print("skipped: no chromium; it is in Debian's package of that name (scripts/deps watch)")
        sys.exit(77)
    EXPORTER, SCREENSHOTS = os.path.abspath(sys.argv.pop(1)), pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
