#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the report's template a C++ string (GCC 12 has no #embed): embed.py report.html report_template.cpp"""
import pathlib
import sys

text = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
if ')template"' in text:
    sys.exit(f'{sys.argv[1]} holds the end of a raw string: )template"')
pathlib.Path(sys.argv[2]).write_text(
    '#include "app/adit-blast/results/report.hpp"\n\nnamespace adit::app::blast {\n\n'
    f'const std::string_view kReportTemplate = R"template({text})template";\n\n}}  // namespace adit::app::blast\n',
    encoding="utf-8")
