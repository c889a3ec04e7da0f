"""The one sheet of style: light and dark, narrow and wide."""

from typing import Final

STYLE: Final = """
:root { color-scheme: light dark;
  --back: #ffffff; --text: #1b1f24; --soft: #57606a; --line: #d0d7de; --box: #f6f8fa;
  --good: #116329; --good-back: #dafbe1; --bad: #a40e26; --bad-back: #ffebe9;
  --open: #7d4e00; --open-back: #fff8c5; --none: #57606a; --none-back: #eaeef2;
  --new: #0550ae; --new-back: #ddf4ff; }
@media (prefers-color-scheme: dark) { :root {
  --back: #0d1117; --text: #e6edf3; --soft: #9198a1; --line: #3d444d; --box: #151b23;
  --good: #7ee787; --good-back: #12261e; --bad: #ffa198; --bad-back: #3c1618;
  --open: #f2cc60; --open-back: #2e2a1f; --none: #9198a1; --none-back: #212830;
  --new: #a5d6ff; --new-back: #121d2f; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 70rem; padding: 1rem; background: var(--back);
  color: var(--text); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .5rem; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; border-bottom: 1px solid var(--line); }
p { margin: .5rem 0; }
a { color: inherit; }
a:focus-visible, summary:focus-visible, [tabindex]:focus-visible { outline: 3px solid var(--new);
  outline-offset: 2px; }
.skip { position: absolute; left: -100vw; }
.skip:focus { position: static; }
.soft { color: var(--soft); }
.scroll { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; }
th, td { border: 1px solid var(--line); padding: .2rem .4rem; text-align: left;
  vertical-align: top; }
thead th { vertical-align: bottom; }
.grid td { text-align: center; white-space: nowrap; }
.grid th { font-weight: normal; overflow-wrap: normal; }
.grid a { display: block; }
code, pre, .grid th, .mono { font-family: ui-monospace, monospace; font-size: .85rem; }
pre { background: var(--box); border: 1px solid var(--line); padding: .5rem; overflow-x: auto;
  margin: .5rem 0; }
.mark { display: inline-block; min-width: 1.5em; padding: 0 .3em; text-align: center;
  font-weight: bold; border-radius: .2em; }
.good { color: var(--good); background: var(--good-back); }
.bad { color: var(--bad); background: var(--bad-back); }
.open { color: var(--open); background: var(--open-back); }
.none { color: var(--none); background: var(--none-back); }
.new { color: var(--new); background: var(--new-back); }
details { border: 1px solid var(--line); border-radius: .3rem; margin: .5rem 0;
  padding: 0 .6rem; }
details[open] { padding-bottom: .5rem; }
details:target { border-color: var(--new); }
summary { cursor: pointer; padding: .4rem 0; }
dl { display: grid; grid-template-columns: minmax(6rem, max-content) 1fr; gap: .2rem 1rem;
  margin: .5rem 0; }
dt { color: var(--soft); }
dd { margin: 0; min-width: 0; }
ul { padding-left: 1.2rem; margin: .5rem 0; }
@media (max-width: 40rem) { body { padding: .6rem; } dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .4rem; } th, td { padding: .15rem .25rem; }
  .grid, .grid th { font-size: .75rem; } .grid td { white-space: normal; } }
@media print { details { break-inside: avoid; } .skip { display: none; } }
"""
