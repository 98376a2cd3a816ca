"""The publisher's server with the routes of this package before those of files, notices and pushes."""

from __future__ import annotations

from aiohttp import web

from schoolguard.hub.feed.service import PREFIX as FEED
from schoolguard.hub.feed.service import FeedService
from schoolguard.hub.server.asker import address_of
from schoolguard.hub.server.files import StaticFiles
from schoolguard.hub.server.limits import Listening, ServerLimits
from schoolguard.hub.server.notices import Notices
from schoolguard.hub.server.site import PublisherServer, Uploads
from schoolguard.hub.service.receiving import ORDERS, RECEIPTS, Receiving
from schoolguard.hub.service.reporting import REPORTS, ROLLOUT, Reporting


class HubServer(PublisherServer):
    """Serves while it is entered."""

    def __init__(
        self,
        listening: Listening,
        files: StaticFiles,
        notices: Notices,
        uploads: Uploads,
        receiving: Receiving,
        reporting: Reporting,
        limits: ServerLimits,
        feed: FeedService | None = None,
    ) -> None:
        super().__init__(listening, files, notices, uploads, limits)
        self._receiving = receiving
        self._reporting = reporting
        self._feed = feed
        self._proxies = listening.proxies

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.rel_url.raw_path
        if self._feed is not None and path.startswith(FEED):
            return await self._feed.answer(request, address_of(request, self._proxies))
        if path == RECEIPTS and request.method == "POST":
            return await self._receiving.receipt(request, address_of(request, self._proxies))
        if path.startswith(ORDERS) and request.method == "GET":
            return await self._receiving.order(request, address_of(request, self._proxies))
        if path == REPORTS and request.method == "POST":
            return await self._reporting.report(request, address_of(request, self._proxies))
        if path.startswith(ROLLOUT) and request.method == "GET":
            return await self._reporting.rollout(request, address_of(request, self._proxies))
        return await super()._answer(request)
