"""The ``query-log`` section: what must be given, and what is refused where."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from schoolguard.config import findings, load
from schoolguard.config.finding import Finding
from tests.querylog.conftest import section
from tests.site import Site

TODAY = date.today()


def days(number: int) -> str:
    """Return a day counted from today."""
    return (TODAY + timedelta(days=number)).isoformat()


def found(site: Site) -> list[str]:
    found: tuple[Finding, ...] = findings(site.config, today=TODAY)
    return [str(each) for each in found if "query-log" in str(each) or "thu-nghiem" in str(each)]


@pytest.mark.parametrize("key", ["reason", "requested-by", "from", "until", "groups"])
def test_without_these_it_is_wrong(key: str, new_site: Callable[..., Site]) -> None:
    written = section()
    del written[key]
    (one,) = found(new_site(school={"query-log": written}))
    assert key in one


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"days": 31}, "30"),
        ({"days": 0}, "1"),
        ({"reason": ""}, "1 to 300 characters"),
        ({"from": days(5), "until": days(4)}, "ends before it begins"),
        ({"from": days(0), "until": days(91)}, "more than 90 days"),
        ({"groups": ["Lớp không có"]}, "no group of this name"),
        ({"groups": []}, "empty"),
        ({"from": days(-9), "until": days(-1)}, "has ended"),
        ({"readers": "khong-co-nhom-nay"}, "no such Unix group"),
    ],
)
def test_what_is_wrong_is_said(changes: dict[str, Any], said: str, new_site: Callable[..., Site]) -> None:
    (one,) = found(new_site(school={"query-log": section(**changes)}))
    assert said in one


def test_it_is_off_unless_written_and_keeps_three_days(new_site: Callable[..., Site]) -> None:
    assert load(new_site().config).settings.query_logs == ()
    (terms,) = load(new_site(school={"query-log": section()}).config).settings.query_logs
    assert (terms.school, terms.groups, terms.days) == ("thu-nghiem", ("Học sinh tiểu học",), 3)
    assert terms.ends - terms.begins == 13 * 86_400
