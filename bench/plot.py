"""`python -m bench.plot RESULT.json OUTPUT.svg`: a picture of requests a second against the usual way and a peer."""

import json
import sys
from html import escape
from pathlib import Path

from bench.scenarios import TITLES

WIDTH, NAMES, BAR, GAP, TOP = 720, 210, 14, 14, 40
SERVERS = {
    "taskmanager": ("TaskManager", "#4f46d8"),
    "usual": ("the usual way", "#a34a00"),
    "drf": ("Django REST", "#2f7d5b"),
    "bare": ("bare", "#b9bbc6"),
}
CONNECTIONS = 32


def draw(path: Path) -> str:
    """Return the picture of a result as SVG; each kind of work has a scale of its own."""
    figures = json.loads(path.read_text(encoding="utf-8"))["figures"]
    rates = {(one["scenario"], one["server"]): one["rate"] for one in figures if one["connections"] == CONNECTIONS}
    parts, y = [], TOP
    present = {server for _, server in rates}
    for number, (label, colour) in enumerate(SERVERS[server] for server in SERVERS if server in present):
        x = NAMES + number * 125
        parts.append(f'<rect x="{x}" y="10" width="12" height="12" fill="{colour}"/>')
        parts.append(f'<text x="{x + 18}" y="21">{escape(label)}</text>')
    for scenario, title in TITLES.items():
        shown = {server: rates[scenario, server] for server in SERVERS if (scenario, server) in rates}
        most = max(shown.values(), default=0)
        if not most:
            continue
        parts.append(f'<text x="0" y="{y + BAR}">{escape(title)}</text>')
        for server, rate in shown.items():
            width = max(1, round(rate / most * (WIDTH - NAMES - 80)))
            parts.append(f'<rect x="{NAMES}" y="{y}" width="{width}" height="{BAR - 2}" fill="{SERVERS[server][1]}"/>')
            parts.append(f'<text x="{NAMES + width + 6}" y="{y + BAR - 3}">{rate:,.0f}/s</text>')
            y += BAR
        y += GAP
    style = "text{font:12px system-ui,sans-serif;fill:#1b1c22}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" viewBox="0 0 {WIDTH} {y}">'
    return f'{head}<rect width="100%" height="100%" fill="#fff"/><style>{style}</style>{"".join(parts)}</svg>\n'


def main(result: str, output: str) -> None:
    """Write the picture."""
    Path(output).write_text(draw(Path(result)), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
