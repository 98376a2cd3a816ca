"""Keys on disk: what comes back is what went in, less what was rewound."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from schoolguard.lists.spool import BUCKETS, SINGLE, Spool, bucket_of, share

KEYS = st.lists(st.text("ab1-_", min_size=1, max_size=3), min_size=1, max_size=3).map(
    lambda p: ".".join(p) + "."
)
ADDED = st.lists(st.tuples(KEYS, st.integers(0, 3)), max_size=20)
ALL = range(BUCKETS + 1)


def _read(spool: Spool) -> list[tuple[str, int]]:
    return sorted((key, rule) for rule, keys in spool.runs(ALL) for key in keys)


@settings(max_examples=40, deadline=None)
@given(ADDED, ADDED, ADDED)
def test_what_is_added_comes_back_and_what_is_rewound_does_not(
    before: list[tuple[str, int]], refused: list[tuple[str, int]], after: list[tuple[str, int]]
) -> None:
    with tempfile.TemporaryDirectory() as folder, Spool(Path(folder)) as spool:
        for key, rule in before:
            spool.add(key, rule)
        mark = spool.mark()
        for key, rule in refused:
            spool.add(key, rule)
        spool.rewind(mark)
        for key, rule in after:
            spool.add(key, rule)
        spool.close()
        assert _read(spool) == sorted(before + after)
        assert sorted(spool.keys(ALL)) == sorted(key for key, _ in before + after)
        for bucket in ALL:
            assert all(bucket_of(key) == bucket for key in spool.keys([bucket]))
        assert sum(spool.counts) == len(before + after)


def test_a_key_of_one_label_stands_above_all_buckets() -> None:
    assert bucket_of("vn.") == SINGLE
    assert bucket_of("vn.example.") == bucket_of("com.e.www.") == ord("e") % BUCKETS


@given(st.lists(st.integers(0, 5_000), min_size=BUCKETS + 1, max_size=BUCKETS + 1), st.integers(1, 20_000))
def test_every_bucket_is_dealt_to_one_shard(counts: list[int], most: int) -> None:
    shards = share(counts, most)
    assert sorted(bucket for shard in shards for bucket in shard) == list(range(BUCKETS))
    loads = [sum(counts[bucket] for bucket in shard) for shard in shards]
    assert max(loads) <= min(loads) + max(counts)
    assert len(shards) == 1 or sum(counts[:BUCKETS]) > most
