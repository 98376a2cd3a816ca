"""What gateways tell of lists on their way, and what a partner may know of its own.

    POST /reports          one report of a gateway, signed; answered when it is kept
    GET /rollout/PARTNER   where the partner's lists are, for whom the partner's key signed the request

It must not know a name that anybody asked for; there is none in what comes.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

from aiohttp import web

from schoolguard.hub.push.fresh import Freshness
from schoolguard.hub.push.rate import Buckets
from schoolguard.hub.push.signature import SignatureRefused
from schoolguard.hub.push.uploading import PartnerKeys
from schoolguard.hub.rollout.reports import CannotKeepReports, Reports
from schoolguard.hub.service.asking import answer, authenticate, body, refused
from schoolguard.intake.rollout.report import MOST_BYTES
from schoolguard.intake.rollout.report_reading import ReportRefused
from schoolguard.language import Said

REPORTS, ROLLOUT = "/reports", "/rollout/"
ROLLOUT_FORMAT = "schoolguard-rollout/1"
ANSWER_FORMAT = "schoolguard-report-answer/1"

_PARTNER = re.compile(r"/rollout/([a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?)\Z")


class Reporting:
    """Answers for reports; ``status`` tells where a partner's lists are, ``news`` is called for each report.

    ``clock`` gives Unix seconds.
    """

    def __init__(
        self,
        reports: Reports,
        keys: PartnerKeys,
        status: Callable[[str], list[dict[str, Any]]],
        news: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self._reports = reports
        self._keys = keys
        self._status = status
        self._news = news
        self._clock = clock
        self._fresh = Freshness(clock())
        self._addresses = Buckets(2_000.0, 200.0)  # a commune's schools may share one address

    async def report(self, request: web.BaseRequest, address: str) -> web.Response:
        """Keep a report; the codes are those of receipts."""
        if wait := self._addresses.take(address, self._clock()):
            return _refused(429, "rate", "too many requests", {"Retry-After": str(int(wait) + 1)})
        try:
            document = await body(request, MOST_BYTES)
        except TimeoutError:
            return _refused(408, "slow", "the report came too slowly", {"Connection": "close"})
        if document is None:
            return _refused(413, "too-large", f"a report has at most {MOST_BYTES} bytes")
        try:
            report = await asyncio.to_thread(self._reports.put, document, self._clock())
        except ReportRefused as error:
            return _refused(422, "report", str(error)[:300])
        except CannotKeepReports as error:
            return _refused(503, "store", str(error)[:300], {"Retry-After": "60"})
        if report.effect is not None:
            self._news()
        return answer(200, {"format": ANSWER_FORMAT})

    async def rollout(self, request: web.BaseRequest, address: str) -> web.Response:
        """Tell the partner whose key signed the request where its lists are."""
        if self._addresses.take(address, self._clock()):
            return _refused(429, "rate", "too many requests", {"Retry-After": "1"})
        match = _PARTNER.match(request.rel_url.raw_path)
        if match is None or request.rel_url.raw_query_string:
            return _refused(404, "not-found", "the path is /rollout/PARTNER")
        try:
            signed = authenticate(request, lambda keyid: self._keys(match[1], keyid))
            self._fresh.check(signed, self._clock())
            found = await asyncio.to_thread(self._status, match[1])
        except SignatureRefused as error:
            return _refused(401, error.code, str(error))
        except (Said, OSError) as error:
            return _refused(503, "store", str(error)[:300])
        return answer(200, {"format": ROLLOUT_FORMAT, "lists": found, "partner": match[1]})


def _refused(status: int, code: str, why: str, fields: dict[str, str] | None = None) -> web.Response:
    return refused(ANSWER_FORMAT, status, code, why, fields)
