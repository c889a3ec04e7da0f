"""The site's script in Chromium: what a button copies, and where a picture leads."""

import json
import re
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

from tests.inputs import ROOT, find_tool

PAGE = """<!DOCTYPE html><body><article>
<div class="highlight-console"><div class="highlight"><pre>$ hypabi check a \\
  --confirm
a: PROVED
$ echo $?
0
</pre></div></div>
<div class="highlight-sh"><div class="highlight"><pre>make docs
</pre></div></div>
<p><img src="picture.svg"></p><a href="else"><img src="other.svg"></a>
</article><script>
const copied = [];
const clipboard = {writeText: async (text) => { copied.push(text); }};
Object.defineProperty(navigator, 'clipboard', {value: clipboard});
</script><script src="SCRIPT"></script><script>
addEventListener('load', () => {
  document.querySelectorAll('button.copy').forEach((each) => each.click());
  const links = [...document.querySelectorAll('a')].map((each) => each.getAttribute('href'));
  const out = document.createElement('pre');
  out.id = 'probed';
  out.textContent = JSON.stringify({copied, links});
  document.body.append(out);
});
</script></body>"""


def seen(folder: Path) -> Any:  # noqa: ANN401 - JSON
    page = folder / "page.html"
    page.write_text(PAGE.replace("SCRIPT", (ROOT / "docs/_static/site.js").as_uri()))
    ran = subprocess.run(
        [
            find_tool("chromium"), "--headless", "--no-sandbox", "--disable-gpu",
            "--virtual-time-budget=3000", f"--user-data-dir={folder / 'profile'}",
            "--allow-file-access-from-files", "--dump-dom", page.as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    found = re.search(r'<pre id="probed">(.*?)</pre>', ran.stdout, re.DOTALL)
    assert found, ran.stderr
    return json.loads(unescape(found[1]))


def test_a_button_copies_what_is_typed_and_a_picture_opens_in_full_size(tmp_path: Path) -> None:
    found = seen(tmp_path)
    session, script = found["copied"]
    assert session == "hypabi check a \\\n  --confirm\necho $?\n"
    assert script == "make docs\n"
    picture, other = found["links"]
    assert picture.endswith("/picture.svg")
    assert other == "else"
