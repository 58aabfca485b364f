"""The picture of a chaos run: transfers per second over time, and the faults."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bench.chaos_faults import Event

_WIDTH, _HEIGHT = 748, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 12, 46, 40
_BINS = 160

_STYLE = """\
.odm text{font:400 12px var(--md-text-font-family,system-ui,sans-serif);fill:var(--md-default-fg-color--light,#57606a)}
.odm .title{font:500 14px var(--md-text-font-family,system-ui,sans-serif);fill:var(--md-default-fg-color,#24292f)}
.odm .area{fill:var(--md-primary-fg-color,#00796b);fill-opacity:.25;stroke:var(--md-primary-fg-color,#00796b);stroke-width:1.2}
.odm .axis{stroke:var(--md-default-fg-color--lighter,#d0d7de);stroke-width:1}
.odm .killed{stroke:#d05656;stroke-width:1.5}
.odm .gap{fill:#d05656;fill-opacity:.18}
.odm .stepped{stroke:#d9822b;stroke-width:1.5;stroke-dasharray:4 3}"""


def draw(
    title: str, began: float, ended: float, transfers: Iterable[float], events: Sequence[Event]
) -> str:
    """Return an SVG picture.

    Args:
        title: The name of the run.
        began: The time of its start; all times are on one clock.
        ended: The time of its end.
        transfers: The times at which transfers were acknowledged.
        events: The faults.
    """
    seconds = max(ended - began, 0.001)
    scale = (_WIDTH - _LEFT - _RIGHT) / seconds

    def x(moment: float) -> float:
        return round(_LEFT + (moment - began) * scale, 1)

    width = seconds / _BINS
    counts = Counter(min(int((moment - began) / width), _BINS - 1) for moment in transfers)
    rates = [counts[number] / width for number in range(_BINS)]
    step = _round_step(max(rates) / 4)
    top = step * 4.4
    floor = _HEIGHT - _BOTTOM

    def y(rate: float) -> float:
        return round(floor - rate / top * (floor - _TOP), 1)

    parts = [_head(title, events)]
    for number in range(5):
        level = y(number * step)
        parts.append(f'<path class="axis" d="M{_LEFT} {level}H{_WIDTH - _RIGHT}"/>')
        parts.append(
            f'<text x="{_LEFT - 6}" y="{level + 4}" text-anchor="end">{number * step:g}</text>'
        )
    parts += [_mark(event, x(event.began), x(event.primary_at), floor) for event in events]
    points = "".join(
        f"L{x(began + number * width)} {y(rate)}H{x(began + (number + 1) * width)}"
        for number, rate in enumerate(rates)
    )
    parts.append(f'<path class="area" d="M{_LEFT} {floor}{points}V{floor}Z"/>')
    time_step = _round_step(seconds / 6)
    moment = 0.0
    while moment <= seconds:
        parts.append(
            f'<text x="{x(began + moment)}" y="{floor + 18}" text-anchor="middle">{moment:g} s</text>'
        )
        moment += time_step
    return "\n".join([*parts, "</svg>\n"])


def _head(title: str, events: Sequence[Event]) -> str:
    kills = sum(event.kind == "killed" for event in events)
    others = len(events) - kills
    described = f"Acknowledged transfers per second; {kills} killed primaries, {others} step-downs"
    legend = _TOP - 10
    return f"""\
<svg class="odm" xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}" \
style="max-width:100%;height:auto" role="img">
<title>{title}</title>
<desc>{described}</desc>
<style>
{_STYLE}
</style>
<text class="title" x="{_LEFT}" y="18">{title}</text>
<text x="{_LEFT}" y="{legend}">transfers per second</text>
<path class="killed" d="M300 {legend - 4}h16"/><text x="321" y="{legend}">primary killed</text>
<rect class="gap" x="430" y="{legend - 10}" width="16" height="12"/><text x="451" y="{legend}">no primary</text>
<path class="stepped" d="M550 {legend - 4}h16"/><text x="571" y="{legend}">primary stepped down</text>"""


def _mark(event: Event, began: float, primary_at: float, floor: int) -> str:
    name = "killed" if event.kind == "killed" else "stepped"
    width = max(round(primary_at - began, 1), 1)
    return (
        f'<rect class="gap" x="{began}" y="{_TOP}" width="{width}" height="{floor - _TOP}"/>'
        f'<path class="{name}" d="M{began} {_TOP}V{floor}"/>'
    )


def _round_step(least: float) -> float:
    """Return the smallest of 1, 2, 5, 10, 20, 50 and so on that is at least `least`."""
    power = 0.1
    while True:
        for factor in (1, 2, 5):
            if factor * power >= least:
                return round(factor * power, 1)
        power *= 10
