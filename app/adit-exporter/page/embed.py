#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the page a C++ string (GCC 12 has no #embed), and its policy: embed.py page.html page.css FILE.js... page.cpp

The style and the scripts take the places of <!--style--> and <!--script-->, so that one file has all of it.
"""
import base64
import hashlib
import pathlib
import sys

html, css, *scripts = (pathlib.Path(name).read_text(encoding="utf-8") for name in sys.argv[1:-1])
script = "\n".join(scripts)


def digest(text):
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


page = html.replace("<!--style-->", f"<style>{css}</style>").replace("<!--script-->", f"<script>{script}</script>")
policy = (f"default-src 'none'; script-src {digest(script)}; style-src {digest(css)}; connect-src 'self'; img-src data:; "
          "base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
if ')page"' in page:
    sys.exit('the page holds the end of a raw string: )page"')
pathlib.Path(sys.argv[-1]).write_text(
    '#include "app/adit-exporter/page.hpp"\n\nnamespace adit::app::exporter {\n\n'
    f'const std::string_view kPage = R"page({page})page";\nconst std::string_view kPagePolicy = R"page({policy})page";\n\n'
    '}  // namespace adit::app::exporter\n', encoding="utf-8")
