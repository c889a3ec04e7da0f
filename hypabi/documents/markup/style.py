"""The style of an HTML page: system fonts, the reader's own light or dark, no external resource."""

from typing import Final

STYLE: Final = """\
:root {
  color-scheme: light dark;
  --ink: #1b1f24; --paper: #ffffff; --quiet: #59636e; --line: #d1d9e0; --shade: #f3f5f7;
  --link: #0a58ca; --boot: #dcebff; --party: #eef3f8; --beyond: #ffffff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #dde3ea; --paper: #14181d; --quiet: #9aa6b2; --line: #3a444e; --shade: #1d232a;
    --link: #7fb4ff; --boot: #173657; --party: #222b34; --beyond: #14181d;
  }
}
body {
  margin: 2rem auto; padding: 0 1rem; max-width: 54rem;
  color: var(--ink); background: var(--paper);
  font: 1rem/1.5 system-ui, sans-serif;
}
h1, h2, h3, h4 { line-height: 1.25; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
h3 { margin-top: 2rem; }
a { color: var(--link); }
nav { padding: .5rem 1rem; background: var(--shade); font-size: .9rem; }
nav ul { margin: 0; padding-left: 1.2rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
pre { padding: .75rem 1rem; overflow-x: auto; background: var(--shade); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: 1rem 0; font-size: .92rem; }
th, td {
  padding: .25rem .6rem; text-align: left; vertical-align: top; border: 1px solid var(--line);
}
thead th { background: var(--shade); }
tbody th, .fields th { font-weight: normal; }
.fields th, .fields td { border: 0; border-bottom: 1px solid var(--line); }
.fields th { color: var(--quiet); white-space: nowrap; }
dt { margin-top: .75rem; font-weight: 600; }
dd { margin-left: 1.5rem; }
dd p { margin: .3rem 0; }
figure { margin: 1rem 0; overflow-x: auto; }
figure svg { max-width: none; }
svg text { fill: var(--ink); font: 13px ui-monospace, monospace; }
svg .note { fill: var(--quiet); font-family: system-ui, sans-serif; font-size: 12px; }
svg .line { stroke: var(--line); stroke-width: 1; stroke-dasharray: 3 3; }
svg .move { stroke: var(--ink); stroke-width: 1.3; fill: none; }
svg .head { fill: var(--ink); }
svg .boot { fill: var(--boot); stroke: var(--ink); }
svg .party { fill: var(--party); stroke: var(--ink); }
svg .beyond { fill: var(--beyond); stroke: var(--quiet); stroke-dasharray: 4 3; }
footer { margin-top: 3rem; border-top: 1px solid var(--line); color: var(--quiet); }
footer p { font-size: .85rem; overflow-wrap: anywhere; }
@media print { body { max-width: none; } nav { display: none; } }
"""
