"""What gateways and partners ask besides files and pushes: receipts come in, reports on orders go out.

    POST /receipts               one receipt of a gateway, signed; answered when it is stored
    GET /orders/PARTNER/ID       how an order went, for whom the partner's key signed the request

It must not know what an order names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any

from aiohttp import web

from schoolguard.hub.push.fresh import Freshness
from schoolguard.hub.push.rate import Buckets
from schoolguard.hub.push.signature import SignatureRefused
from schoolguard.hub.push.uploading import PartnerKeys
from schoolguard.hub.receipts.report import Report, report
from schoolguard.hub.receipts.store import CannotStore, ReceiptStore
from schoolguard.hub.service.asking import answer, authenticate, body, refused
from schoolguard.intake.orders.canonical import rfc3339
from schoolguard.intake.orders.order import digest_of
from schoolguard.intake.orders.receipt import MOST_BYTES, ReceiptRefused, read_receipt

RECEIPTS, ORDERS = "/receipts", "/orders/"
REPORT_FORMAT = "schoolguard-order-report/1"
ANSWER_FORMAT = "schoolguard-receipt-answer/1"

_ORDER = re.compile(r"/orders/([a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?)/([a-z0-9][a-z0-9._-]{0,63})\Z")


class Receiving:
    """Answers for receipts and reports; ``clock`` gives Unix seconds, ``gateways`` the ids of all."""

    def __init__(
        self,
        store: ReceiptStore,
        keys: PartnerKeys,
        gateways: Callable[[], Collection[str]],
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._keys = keys
        self._gateways = gateways
        self._clock = clock
        self._fresh = Freshness(clock())
        # A commune's schools may share one address, and all of them answer an order at once.
        self._addresses = Buckets(2_000.0, 200.0)

    async def receipt(self, request: web.BaseRequest, address: str) -> web.Response:
        """Store a receipt and answer with its digest; only then may the gateway forget it.

        403 is for a gateway that is not enrolled yet: it may come again. 413 and 422 will not change.
        """
        if wait := self._addresses.take(address, self._clock()):
            return _refused(429, "rate", "too many requests", {"Retry-After": str(int(wait) + 1)})
        try:
            document = await body(request, MOST_BYTES)
            if document is None:
                return _refused(413, "too-large", f"a receipt has at most {MOST_BYTES} bytes")
            read_receipt(document)
        except TimeoutError:
            return _refused(408, "slow", "the receipt came too slowly", {"Connection": "close"})
        except ReceiptRefused as error:
            return _refused(422, "receipt", str(error)[:300])
        try:
            new = await self._store.put(document, self._clock())
        except ReceiptRefused as error:
            return _refused(403, "not-enrolled", str(error)[:300])
        except CannotStore as error:
            return _refused(503, "store", str(error)[:300], {"Retry-After": "60"})
        return answer(200, {"format": ANSWER_FORMAT, "new": new, "sha256": digest_of(document)})

    async def order(self, request: web.BaseRequest, address: str) -> web.Response:
        """Tell the partner whose key signed the request how its order went."""
        if self._addresses.take(address, self._clock()):
            return _refused(429, "rate", "too many requests", {"Retry-After": "1"})
        match = _ORDER.match(request.rel_url.raw_path)
        if match is None or request.rel_url.raw_query_string:
            return _refused(404, "not-found", "the path is /orders/PARTNER/ID")
        partner, id = match.groups()
        try:
            signed = authenticate(request, lambda keyid: self._keys(partner, keyid))
            self._fresh.check(signed, self._clock())
            found = await report(self._store, partner, id, self._gateways())
        except SignatureRefused as error:
            return _refused(401, error.code, str(error))
        except CannotStore as error:
            return _refused(503, "store", str(error)[:300])
        if found is None:
            return _refused(404, "not-found", "no such order was published")
        return answer(200, report_members(found))


def report_members(found: Report) -> dict[str, Any]:
    """Return a report as a document; times in milliseconds after publication, or after the order's start."""
    order = found.order
    return {
        "format": REPORT_FORMAT,
        "partner": order.partner,
        "id": order.id,
        "order-sha256": order.digest,
        "sequence": order.sequence,
        "published": rfc3339(order.time),
        "start": rfc3339(order.start),
        "enforced": found.whole,
        "enforced-partly": found.partly,
        "refused": found.refused,
        "elsewhere": found.elsewhere,
        "ended": found.ended,
        "waiting": list(found.waiting),
        "silent": list(found.silent),
        "refusing": [_refusing(each) for each in found.refusing],
        "milliseconds": {"p50": _ms(found.p50), "p95": _ms(found.p95), "p99": _ms(found.p99)},
        "by-arrival": found.by_arrival,
    }


def _refusing(each: Any) -> dict[str, Any]:
    names = [{"name": one.target.name, "why": one.why.value, "below": one.below} for one in each.names]
    return {"gateway": each.gateway, "reason": each.reason, "names": names}


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


def _refused(status: int, code: str, why: str, fields: dict[str, str] | None = None) -> web.Response:
    return refused(ANSWER_FORMAT, status, code, why, fields)
