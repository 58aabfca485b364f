"""`python -m bench.draw RESULTS DIR`: pictures of the results, as SVG.

One for each kind of document: bars as long as an async library's time divided by the driver's.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from bench.data import Kind
from bench.libraries import OURS, RELEASED
from bench.results import Case, Results
from bench.workloads import Colour, Metric, Stage

COLOURS = {OURS: "#00897b", RELEASED: "#80cbc4", "beanie": "#b0864f", "butty": "#9e8fb2"}
TEXT = "#808080"  # legible on white and on black
STYLE = f'role="img" font-family="system-ui, sans-serif" font-size="12" fill="{TEXT}"'
WIDTH, LEFT, RIGHT = 800, 280, 60
BAR, GAP, GROUP_GAP, TOP, BOTTOM = 10, 2, 12, 76, 16
LONGEST = 12.0
"""The largest ratio shown: longer bars are cut."""


@dataclass(frozen=True, slots=True)
class Bar:
    """The bar of a library's ratio."""

    library: str
    ratio: float


@dataclass(frozen=True, slots=True)
class Group:
    """The bars of a workload."""

    title: str
    bars: tuple[Bar, ...]

    @property
    def height(self) -> int:
        """The height in pixels."""
        return len(self.bars) * (BAR + GAP) + GROUP_GAP


def groups(results: Results, kind: Kind) -> list[Group]:
    """Return the groups of a picture: the timed workloads that need a server."""
    found: list[Group] = []
    for case in results:
        if case.kind is kind and case.colour is Colour.ASYNC and _is_drawn(case):
            bars = tuple(
                Bar(library, ratio.value)
                for library in COLOURS
                if (ratio := case.ratio(library)) is not None
            )
            if bars:
                found.append(Group(case.subject.text(case.size), bars))
    return found


def _is_drawn(case: Case) -> bool:
    return case.subject.metric is Metric.TIME and case.subject.stage is not Stage.NOTHING


def picture(shown: list[Group], kind: Kind) -> str:
    """Return the SVG of a kind of document."""
    height = TOP + sum(group.height for group in shown) + BOTTOM
    title = f"{kind.value.capitalize()} documents, async: time divided by the driver's"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" {STYLE}>',
        f"<title>{escape(title)}</title>",
        f'<text x="0" y="16" font-size="14" font-weight="600">{escape(title)}</text>',
        *_legend(shown),
    ]
    y = TOP
    for group in shown:
        parts += _group(group, y)
        y += group.height
    one = LEFT + _length(1)
    parts.append(
        f'<line x1="{one:.1f}" y1="{TOP - 8}" x2="{one:.1f}" y2="{y - GROUP_GAP + 4}" '
        f'stroke="{TEXT}" stroke-dasharray="3 3"/>'
    )
    parts.append(f'<text x="{one:.1f}" y="{TOP - 12}" text-anchor="middle">driver</text>')
    return "\n".join([*parts, "</svg>", ""])


def _legend(shown: list[Group]) -> list[str]:
    present = [name for name in COLOURS if any(name == b.library for g in shown for b in g.bars)]
    parts: list[str] = []
    for place, name in enumerate(present):
        x = place * 130
        parts.append(
            f'<rect x="{x}" y="28" width="{BAR}" height="{BAR}" rx="2" fill="{COLOURS[name]}"/>'
        )
        parts.append(f'<text x="{x + 16}" y="37">{escape(name)}</text>')
    return parts


def _group(group: Group, y: int) -> list[str]:
    middle = y + (group.height - GROUP_GAP) / 2 + 4
    parts = [
        f'<text x="{LEFT - 10}" y="{middle:.1f}" text-anchor="end">{escape(group.title)}</text>'
    ]
    for place, bar in enumerate(group.bars):
        top = y + place * (BAR + GAP)
        length = _length(bar.ratio)
        weight = ' font-weight="600"' if bar.library == OURS else ""
        parts.append(
            f'<rect x="{LEFT}" y="{top}" width="{length:.1f}" height="{BAR}" rx="2" '
            f'fill="{COLOURS[bar.library]}"/>'
        )
        mark = " \N{RIGHTWARDS ARROW}" if bar.ratio > LONGEST else ""
        parts.append(
            # Not on the driver's line.
            f'<text x="{LEFT + max(length, _length(1)) + 5:.1f}" y="{top + BAR - 1}" font-size="10"{weight}>'
            f"{_number(bar.ratio)}{mark}</text>"
        )
    return parts


def _length(ratio: float) -> float:
    return min(ratio, LONGEST) / LONGEST * (WIDTH - LEFT - RIGHT)


def _number(ratio: float) -> str:
    return f"{ratio:.0f}" if ratio >= 20 else f"{ratio:.1f}" if ratio >= 10 else f"{ratio:.2f}"


def write_pictures(results: Results, directory: Path) -> list[Path]:
    """Write a picture for each kind of document that has results."""
    written: list[Path] = []
    for kind in Kind:
        shown = groups(results, kind)
        if shown:
            directory.mkdir(parents=True, exist_ok=True)
            path = directory / f"{kind.value}.svg"
            path.write_text(picture(shown, kind), encoding="utf-8")
            written.append(path)
    return written


if __name__ == "__main__":
    write_pictures(Results.read(Path(sys.argv[1])), Path(sys.argv[2]))
