"""Plots as SVG, drawn into the page itself, so that a report is one file and works offline."""

from collections.abc import Mapping, Sequence
from typing import Final

from markupsafe import Markup

WIDTH: Final = 900
HEIGHT: Final = 220
LEFT: Final = 60
BELOW: Final = 30
# Of bars: how high a row is, and where it begins beside its name.
ROW: Final = 40
BESIDE: Final = 140
COLOURS: Final = ("#1f6feb", "#2da44e", "#bf3989")


def plot(lines: Mapping[str, Sequence[float]], *, every: int = 1) -> Markup:
    """Lines over the seconds of a run, each with its name; a value stands for `every` so many seconds."""
    longest = max((len(values) for values in lines.values()), default=0)
    highest = max((value for values in lines.values() for value in values), default=0.0)
    drawn = Markup("").join(
        _line(values, colour=colour, longest=longest, highest=highest)
        for values, colour in zip(lines.values(), COLOURS, strict=False)
    )
    names = Markup("").join(
        Markup('<text x="{}" y="14" fill="{}">{}</text>').format(LEFT + 110 * place, colour, name)
        for place, (name, colour) in enumerate(zip(lines, COLOURS, strict=False))
    )
    axes = Markup(
        '<text x="4" y="34">{}</text><text x="4" y="{}">0</text>'
        '<text x="{}" y="{}" text-anchor="end">{} s</text>'
        '<path d="M{} 24V{}H{}" fill="none" stroke="currentColor"/>'
    ).format(
        f"{highest:.3g}", HEIGHT - BELOW, WIDTH, HEIGHT - 8, longest * every, LEFT, HEIGHT - BELOW, WIDTH
    )
    label = " and ".join(f"{name}, at most {max(values, default=0):g}" for name, values in lines.items())
    return Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}{}</svg>').format(
        WIDTH, HEIGHT, label, axes, names, drawn
    )


def _line(values: Sequence[float], *, colour: str, longest: int, highest: float) -> Markup:
    across, up = (WIDTH - LEFT) / max(1, longest - 1), (HEIGHT - BELOW - 24) / (highest or 1.0)
    # One value alone would be a point that nobody sees.
    values = values if len(values) > 1 else (*values, *values)
    points = " ".join(
        f"{LEFT + place * across:.1f},{HEIGHT - BELOW - value * up:.1f}" for place, value in enumerate(values)
    )
    return Markup('<polyline points="{}" fill="none" stroke="{}" stroke-width="2"/>').format(points, colour)


def counted(parts: Mapping[str, int]) -> str:
    """Numbers and what they count, as one line."""
    return ", ".join(f"{number} {name}" for name, number in parts.items())


def bars(shares: Mapping[str, Mapping[str, int]]) -> Markup:
    """A bar for each row, divided as its numbers are; its parts are told above it."""
    drawn = Markup("").join(_bar(place, name, parts) for place, (name, parts) in enumerate(shares.items()))
    label = "; ".join(f"{name}: {counted(parts)}" for name, parts in shares.items())
    return Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, ROW * max(1, len(shares)), label, drawn
    )


def _bar(place: int, name: str, parts: Mapping[str, int]) -> Markup:
    whole, left = sum(parts.values()), float(BESIDE)
    drawn = Markup('<text x="0" y="{}">{}</text>').format(place * ROW + 20, name)
    for (_, number), colour in zip(parts.items(), COLOURS * len(parts), strict=False):
        width = (WIDTH - BESIDE) * number / max(1, whole)
        drawn += Markup('<rect x="{:.1f}" y="{}" width="{:.1f}" height="6" fill="{}"/>').format(
            left, place * ROW + 26, width, colour
        )
        left += width
    return drawn + Markup('<text x="{}" y="{}">{}</text>').format(BESIDE, place * ROW + 20, counted(parts))
