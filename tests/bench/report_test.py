#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The page of `scripts/bench report`, from results like those of mppe_bench and pipeline_bench: it has each plot, with how to read
it and the right numbers, and draws them (in Chromium, where there is one).
    report_test.py SOURCE_ROOT
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(sys.argv.pop(1)).resolve()
sys.path.insert(0, str(ROOT / "bench"))
import report  # noqa: E402 (it lies where the argument says)
import rows  # noqa: E402

CORE = 2.0  # core cycles of a TSC cycle
# Cycles of 64 octets, and of each further octet.
COSTS = {"openssl_lowlevel": (2000, 4), "openssl_evp": (2400, 4), "kernel_style": (2000, 5), "calibrated": (500, 1), "avx2": (600, 1)}
SIZES = {"64": 64, "256": 256, "576": 576, "1400": 1400, "imix": 322}
UP = ["receive", "parse_outer", "find_calls", "accept_sequence", "strip_ppp", "decrypt", "commit", "up_inner", "forward"]
DOWN = ["receive", "find_subscribers", "down_inner", "clamp_mss", "encrypt", "push_ppp", "push_gre", "push_outer", "send"]
PLOTS = {
    "mppe": ["MPPE: cycles a packet by packet size", "MPPE: how many times as fast as kernel_style",
             "MPPE: every implementation against what Adit chooses", "MPPE: luck with where tables lie, process by process"],
    "pipeline": ["Worker: cycles a packet by number of calls", "Worker: where the cycles go, stage by stage"],
}


def context(**more):
    return {"date": "2026-01-02T03:04:05+00:00", "host_name": "kept-private", "executable": "/kept/private/mppe_bench", "num_cpus": 2,
            "mhz_per_cpu": 2000, "load_avg": [0.5, 0.4, 0.3], "tsc_mhz": "2000.5", **more}


def mppe_process(luck):
    """One process's result; kernel_style's tables lie so that it takes `luck` times its cycles, but in its best round."""
    benchmarks = []
    for subject in ("BM_Mppe_Encrypt", "BM_Mppe_Decrypt"):
        for calls in (64, 8, 1):
            for size, octets in SIZES.items():
                for name, (first, each) in COSTS.items():
                    cycles = first + each * (octets - 64)
                    here = cycles * (luck if name == "kernel_style" else 1)
                    benchmarks.append({"name": f"{subject}/{name}/{size}/{calls}/iterations:1/manual_time", "run_type": "iteration",
                                       "cycles_per_packet": here * 1.1, "cycles_per_packet_p10": here, "cycles_per_packet_best": cycles / 2,
                                       "bytes_per_second": 1e9})
    benchmarks.append({"name": "BM_Mppe_Encrypt/broken/64/1/iterations:1/manual_time", "run_type": "iteration", "error_occurred": True,
                       "error_message": "broken differs </script>"})
    return {"context": context(core_per_tsc=str(CORE), mppe_implementation="calibrated"), "benchmarks": benchmarks}


def pipeline_process():
    benchmarks = []
    for cipher in ("clear", "mppe"):
        for calls in (1, 1024, 65536):
            for way, stages in (("Uplink", UP), ("Downlink", DOWN)):
                for octets in (64, 576, 1400):
                    # As Google Benchmark writes counters: by name.
                    cycles = {f"stage_{stage}": 10.0 + at for at, stage in enumerate(stages)}
                    benchmarks.append({"name": f"BM_{way}_Burst/{cipher}/{octets}/{calls}/min_time:0.300/manual_time", "run_type": "iteration",
                                       "cycles_per_packet": 100.0 + octets, "cycles_per_packet_best": 90.0 + octets,
                                       **dict(sorted(cycles.items()))})
    benchmarks.append({"name": "BM_Uplink_Workers/clear/576/65536/2/min_time:0.300/manual_time", "run_type": "iteration", "mpps": 9.0,
                       "mpps_best": 9.5, "real_time": 1.0, "time_unit": "us"})
    return {"context": context(tsc_mhz="2000", data_plane_octets_per_call="448", control_octets_per_call="3868"), "benchmarks": benchmarks}


def run(*words):
    return subprocess.run([sys.executable, ROOT / "bench" / "report.py", *words], check=True, capture_output=True, text=True, timeout=60).stdout


class ReportTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(tempfile.mkdtemp(prefix="adit-bench-report-"))
        cls.addClassCleanup(shutil.rmtree, cls.work)
        parts = {"mppe": [mppe_process(1.0), mppe_process(1.5), mppe_process(1.2)], "pipeline": [pipeline_process()]}
        for name, processes in parts.items():
            paths = [cls.work / f"{name}.process{number}.json" for number in range(len(processes))]
            for path, process in zip(paths, processes):
                path.write_text(json.dumps(process))
            run("--merge", cls.work / f"{name}.json", *paths)
        cls.page_file = cls.work / "report.html"
        run("--html", cls.page_file, cls.work / "mppe.json", cls.work / "pipeline.json")
        cls.page = cls.page_file.read_text()
        cls.text = re.search(r'id="data">(.*?)</script>', cls.page, re.DOTALL)[1]
        cls.files = {file["name"]: file for file in json.loads(cls.text)["benchmarks"]}

    def plot(self, title):
        return next(plot for file in self.files.values() for plot in file["plots"] if plot["title"] == title)

    def panel(self, title, group, panel):
        groups = {one["title"]: one for one in self.plot(title)["groups"]}
        return next(one for one in groups[group]["panels"] if one["title"] == panel)

    def test_each_plot_says_how_to_read_it(self):
        for name, titles in PLOTS.items():
            self.assertEqual([plot["title"] for plot in self.files[name]["plots"]], titles)
            for plot in self.files[name]["plots"]:
                self.assertGreater(len(plot["how_to_read"].split()), 20, plot["title"])

    def test_a_script_draws_each_kind(self):
        drawn = set(re.findall(r"(\w+): \w+Plot\b", re.search(r"const PLOTS = \{(.*?)\}", self.page)[1]))
        self.assertEqual({plot["kind"] for file in self.files.values() for plot in file["plots"]}, drawn)

    def test_cycles_are_the_cores_and_whiskers_the_processes(self):
        panel = self.panel(PLOTS["mppe"][0], "Encrypt", "8 calls")
        self.assertEqual([x["label"] for x in panel["x"]], list(SIZES))
        series = {one["name"]: one for one in panel["series"]}
        self.assertEqual(list(series), ["Adit", "kernel_style", "OpenSSL", "OpenSSL EVP"])
        self.assertEqual(series["Adit"]["values"], [CORE * (500 + octets - 64) for octets in SIZES.values()])
        self.assertAlmostEqual(series["kernel_style"]["values"][0], CORE * 2000 * 1.2)
        self.assertEqual(series["kernel_style"]["ranges"][0], [CORE * 2000, CORE * 2000 * 1.5])

    def test_ratios_are_best_by_best_and_median_by_median(self):
        panel = self.panel(PLOTS["mppe"][1], "Decrypt", "64 octets")
        self.assertEqual([x["label"] for x in panel["x"]], ["1", "8", "64"])
        adit = {one["which"]: one for one in panel["series"] if one["name"] == "Adit"}
        for at in range(3):
            self.assertAlmostEqual(adit["best"]["values"][at], 2000 / 500)
            self.assertAlmostEqual(adit["median"]["values"][at], 1.2 * 2000 / 500)
        self.assertEqual(panel["reference"], {"value": 1, "name": "kernel_style", "look": "kernel_style"})

    def test_forced_kernels_are_compared_with_the_choice(self):
        panel = self.plot(PLOTS["mppe"][2])["groups"][0]["panels"][0]
        values = {row["name"]: row["values"] for row in panel["rows"]}
        self.assertEqual(list(values), ["Adit", "kernel_style", "OpenSSL", "OpenSSL EVP", "Adit: avx2"])
        self.assertEqual(values["Adit"], [1.0] * 15)
        self.assertAlmostEqual(values["Adit: avx2"][0], 1.2)

    def test_luck_has_every_process(self):
        rows_of = {row["name"]: row["marks"] for row in self.panel(PLOTS["mppe"][3], "Encrypt", "1 call")["rows"]}
        self.assertEqual([round(v) for v in rows_of["kernel_style"][0]["values"]], [4000, 4800, 6000])
        self.assertEqual(round(rows_of["kernel_style"][0]["middle"]), 4800)

    def test_one_process_has_no_luck(self):
        run("--html", self.work / "one.html", self.work / "mppe.process0.json")
        page = (self.work / "one.html").read_text()
        self.assertIn(f'"{PLOTS["mppe"][0]}"', page)
        self.assertNotIn(f'"{PLOTS["mppe"][3]}"', page)

    def test_worker_by_calls(self):
        panel = self.panel(PLOTS["pipeline"][0], "MPPE", "Down")
        self.assertEqual([x["label"] for x in panel["x"]], ["1", "1,024", "65,536"])
        series = {(one["name"], one["which"]): one["values"] for one in panel["series"]}
        self.assertEqual(series["1,400 octets", "median"], [1500.0] * 3)
        self.assertEqual(series["64 octets", "best"], [154.0] * 3)

    def test_stages_are_in_a_packets_order(self):
        plot = self.plot(PLOTS["pipeline"][1])
        chosen = plot["choices"][plot["chosen"]]
        self.assertEqual(chosen["name"], "576 octets, 1,024 calls")
        shown = {panel["title"]: [stage["name"] for stage in panel["stages"]] for panel in chosen["panels"]}
        self.assertEqual(shown, {"Clear, up": UP, "Clear, down": DOWN, "MPPE, up": UP, "MPPE, down": DOWN})
        source = (ROOT / "dataplane/base/stage_profile.hpp").read_text()
        names = re.search(r"kStageNames\{(.*?)\}", source, re.DOTALL)[1]
        self.assertEqual(rows.STAGES, re.findall(r'"(\w+)"', names))

    def test_the_machine_is_named_and_nothing_else_of_it(self):
        self.assertEqual(report.cpu_model("processor\t: 0\nmodel name\t: EPYC 1 2-Core\nmodel name\t: EPYC 1 2-Core\n"), "EPYC 1 2-Core")
        self.assertIsNone(report.cpu_model("processor\t: 0\nBogoMIPS\t: 50.00\n"))
        here = report.cpu_model(pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"))
        for file in self.files.values():
            self.assertEqual(file["context"].get("cpu_model"), here)
            self.assertEqual(file["context"]["load_avg"], [0.5, 0.4, 0.3])
        self.assertNotRegex(self.page, "(?i)kept.private")

    def test_it_fetches_nothing_and_data_stays_data(self):
        for word in ("http", "src=", "@import", "url(", str(self.work), str(ROOT)):
            self.assertNotIn(word, self.page)
        self.assertNotIn("<", self.text)
        self.assertIn("broken differs", self.text)

    @unittest.skipUnless(shutil.which("chromium"), "no chromium (scripts/deps watch)")
    def test_a_browser_draws_it(self):
        dom = subprocess.run(
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--no-proxy-server",
             "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={self.work / 'chromium'}", "--window-size=1000,800", "--dump-dom",
             self.page_file.as_uri()], check=True, capture_output=True, text=True, timeout=120).stdout
        drawn = dom[:dom.index('<script type="application/json"')]  # before the script's own text
        cards = {re.search(r"<h3>(.*?)</h3>", card)[1]: card for card in drawn.split('<div class="card plot">')[1:]}
        self.assertEqual(list(cards), PLOTS["mppe"] + PLOTS["pipeline"])
        plots = [plot for file in self.files.values() for plot in file["plots"]]
        for plot, card in zip(plots, cards.values()):
            panels = sum(len(group["panels"]) for group in plot.get("groups", ())) or len(plot["choices"][plot["chosen"]]["panels"])
            self.assertEqual(card.count('role="img"'), panels, plot["title"])
            self.assertIn("How to read this:</b> ", card)
            self.assertIsNone(re.search(r'="[^"]*(NaN|undefined|Infinity)', card), plot["title"])
        self.assertEqual(cards[PLOTS["mppe"][0]].count("Adit, 576: 2,024"), 6)
        self.assertIn("kernel_style, 64: 4,800 cycles; processes 4,000, 4,800, 6,000", cards[PLOTS["mppe"][3]])
        self.assertIn("MPPE, down, encrypt: 14.0 cycles", cards[PLOTS["pipeline"][1]])


if __name__ == "__main__":
    unittest.main(verbosity=2)
