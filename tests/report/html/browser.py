"""Headless Chromium: how a page lies on a screen of some width."""

import json
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from html import unescape
from pathlib import Path
from typing import Any

from tests.inputs import find_tool

WAIT_MS = 3000
PROBE = """<script>
addEventListener('load', () => {
  document.querySelectorAll('details').forEach(each => { each.open = true; });
  const width = document.documentElement.clientWidth;
  const scrolls = each => ['auto', 'scroll'].includes(getComputedStyle(each).overflowX);
  const slides = each => scrolls(each) && each.scrollWidth > each.clientWidth + 1;
  const inside = each => { for (let p = each.parentElement; p; p = p.parentElement)
    if (scrolls(p)) return true; return false; };
  const all = [...document.body.querySelectorAll('*')];
  const shown = all.filter(each => each.getClientRects().length);
  const found = {
    width, page: document.documentElement.scrollWidth,
    out: shown.filter(each => !inside(each) && !each.classList.contains('skip')
      && !each.closest(".toc-drawer, .sidebar-drawer")
      && each.getBoundingClientRect().right > width + 1).map(each => each.outerHTML.slice(0, 90)),
    unreachable: shown.filter(each => slides(each) && each.tabIndex < 0)
      .map(each => each.outerHTML.slice(0, 90)),
    scrollers: shown.filter(slides).length,
    focusable: shown.filter(each => each.tabIndex >= 0).length,
    details: document.querySelectorAll('details').length,
    summaries: document.querySelectorAll('details > summary:first-child').length,
    background: getComputedStyle(document.body).backgroundColor,
    loaded: performance.getEntriesByType('resource').map(each => each.name),
    text: document.body.innerText.length,
    scripts: document.scripts.length - 1,
    marked: [...document.querySelectorAll('.mark')].filter(each => !each.textContent.trim()).length,
  };
  parent.postMessage(JSON.stringify(found), '*');
});
</script>"""
"""Measures a page with all that folds unfolded, and tells the frame around it."""
FRAME = """<!DOCTYPE html><body style="margin:0"><script>
const found = {};
addEventListener('message', told => {
  const frame = [...document.querySelectorAll('iframe')]
    .find(each => each.contentWindow === told.source);
  found[frame.name] = JSON.parse(told.data);
  if (Object.keys(found).length < SCREENS) return;
  const out = document.createElement('pre'); out.id = 'probed';
  out.textContent = JSON.stringify(found); document.body.append(out);
});
</script>"""
"""Screens of some widths: the browser itself makes no window below 500 pixels."""


def look_at(
    pages: Mapping[str, str], widths: Sequence[int], folder: Path, *options: str
) -> dict[tuple[str, int], Any]:
    """Return what pages measure on screens of these widths, by name and width, in one run.

    :param pages: by name; their policy is taken out, so that the probe may run
    :param options: of the browser
    """
    written: dict[str, str] = {}
    for number, (name, page) in enumerate(pages.items()):
        without = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
        assert without != page
        file = f"{number}.html"
        (folder / file).write_text(without, encoding="utf-8")
        written[name] = file
    found = look_at_files(list(written.values()), widths, folder, *options)
    return {(name, width): found[written[name], width] for name in pages for width in widths}


def look_at_files(
    files: Sequence[str], widths: Sequence[int], folder: Path, *options: str
) -> dict[tuple[str, int], Any]:
    """Return what pages of a folder measure, by file and width; they get the probe at their end."""
    frames = FRAME.replace("SCREENS", str(len(files) * len(widths)))
    for file in files:
        page = folder / file
        text = page.read_text(encoding="utf-8")
        page.write_text(text.replace("</body>", f"{PROBE}</body>"), encoding="utf-8")
        for width in widths:
            style = f"border:0;width:{width}px;height:2000px"
            frames += f'<iframe name="{file} {width}" src="{file}" style="{style}"></iframe>'
    frame = folder / "frame.html"
    frame.write_text(frames, encoding="utf-8")
    ran = subprocess.run(
        [
            find_tool("chromium"), "--headless", "--no-sandbox", "--disable-gpu",
            "--disable-dev-shm-usage", "--no-first-run", f"--user-data-dir={folder / 'profile'}",
            "--hide-scrollbars", "--window-size=1400,2000", f"--virtual-time-budget={WAIT_MS}",
            *options, "--dump-dom", frame.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env={**os.environ, "HOME": str(folder)},
    )  # fmt: skip
    match = re.search(r'<pre id="probed">(.*?)</pre>', ran.stdout, re.DOTALL)
    assert match is not None, ran.stderr[-2000:]
    measured: dict[str, Any] = json.loads(unescape(match[1]))
    return {(file, width): measured[f"{file} {width}"] for file in files for width in widths}
