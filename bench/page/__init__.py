# SPDX-License-Identifier: Apache-2.0
"""All results as one page: adit-blast's report, with plots of benchmark files added.

What is compared with what is decided and computed here (mppe.py, pipeline.py), where a test can see it; the scripts beside this
file only draw.
"""
import json
import pathlib

from page import mppe, pipeline

HERE = pathlib.Path(__file__).resolve().parent
TEMPLATE = HERE.parent.parent / "app" / "adit-blast" / "results" / "report.html"
# The template's places.
EMPTY = '{"runs": [], "benchmarks": []}'
SECTIONS = "// bench/report.py adds its sections here.\n"
STYLE = "</style>\n"
SCRIPTS = ["looks.js", "lines.js", "ranges.js", "matrix.js", "stages.js", "section.js"]

# The rest of Google Benchmark's context says where its program lay and what the host is called: nothing for a page that is passed on.
SHOWN = ("date", "num_cpus", "mhz_per_cpu", "cpu_model", "load_avg", "tsc_mhz", "core_per_tsc", "mppe_implementation", "processes",
         "data_plane_octets_per_call", "control_octets_per_call")


def benchmark_file(content, name):
    context = content.get("context", {})
    return {"name": name, "context": {key: context[key] for key in SHOWN if key in context}, "benchmarks": content["benchmarks"],
            "plots": mppe.plots(content) + pipeline.plots(content)}


def put(template, place, text):
    if template.count(place) != 1:
        raise SystemExit(f"{TEMPLATE.name} has not exactly one {place.strip()}")
    return template.replace(place, text)


def read(name):
    return (HERE / name).read_text(encoding="utf-8")


def make_page(contents):
    """`contents`: (name, a file's JSON) of each."""
    data = {"runs": [], "benchmarks": []}
    for name, content in contents:
        if "runs" in content:  # of --repeat
            data["runs"] += [{**run, "name": f"{name} {number}"} for number, run in enumerate(content["runs"], 1)]
        elif "phases" in content:
            data["runs"].append({**content, "name": name})
        else:
            data["benchmarks"].append(benchmark_file(content, name))
    page = TEMPLATE.read_text(encoding="utf-8")
    page = put(page, STYLE, read("plots.css") + STYLE)
    page = put(page, SECTIONS, "".join(read(script) for script in SCRIPTS))
    # The data must not be able to close the page's script element.
    return put(page, EMPTY, json.dumps(data).replace("<", "\\u003c"))


def write_page(page, paths):
    contents = [(path.stem, json.loads(path.read_text(encoding="utf-8"))) for path in map(pathlib.Path, paths)]
    pathlib.Path(page).write_text(make_page(contents), encoding="utf-8")
    runs = sum(len(content.get("runs", [content])) for _, content in contents if "benchmarks" not in content)
    print(f"{page}: {runs} runs, {sum('benchmarks' in content for _, content in contents)} benchmark files")
