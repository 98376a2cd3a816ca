"""Which layers stay published: whatever comes, a gateway finds a way to the newest state."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.hub.service.plan import (
    BASE,
    DELTA,
    Layer,
    Published,
    layer_path,
    next_published,
    published_of,
    wants_base,
)
from schoolguard.hub.service.settings import LayerSettings
from schoolguard.intake.trust.contents import Target

SETTINGS = LayerSettings(base_every=100.0, deltas=3, kept=4)


def state(number: int) -> str:
    return f"{number:064x}"


def targets_of(published: Published) -> list[Target]:
    layers = [*([published.base] if published.base else []), *published.deltas]
    return [Target(each.path, each.length, "0" * 64, "compiled", each.custom) for each in layers]


def step(published: Published, number: int, size: int, age: float, *, too_large: bool) -> Published:
    """Publish a state as the publisher does."""
    delta = None
    if published.base and not too_large and state(number) not in published.states:
        path = layer_path(f"{number:063x}d")
        delta = Layer(path, size, DELTA, state(number), published.newest)
    base = None
    if delta is None or wants_base(published, state(number), age, SETTINGS):
        base = Layer(layer_path(state(number)), 1_000, BASE, state(number))
    return next_published(published, base, delta, SETTINGS)


steps = st.lists(
    st.tuples(st.integers(1, 12), st.integers(1, 700), st.floats(0, 200), st.booleans()), max_size=25
)


@settings(max_examples=200, deadline=None)
@given(steps)
def test_there_is_always_a_way_to_the_newest_state(told: list[tuple[int, int, float, bool]]) -> None:
    published = Published()
    for number, size, age, too_large in told:
        if state(number) == published.newest:
            continue
        published = step(published, number, size, age, too_large=too_large)
        assert published.newest == state(number)
        assert published.base is not None
        above = published.since_base
        assert (above[-1].state if above else published.base.state) == published.newest
        assert len(above) <= SETTINGS.deltas
        assert len(published.deltas) <= SETTINGS.kept
        assert published_of(reversed(targets_of(published))) == published, "what is published says all"
