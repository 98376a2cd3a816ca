"""How a block is answered: the group's words over the school's over the gateway's. It answers nothing."""

from __future__ import annotations

from ipaddress import ip_address

from schoolguard.config import gateway_keys as keys
from schoolguard.config.finding import At, Collector, Mark, Wrong
from schoolguard.config.subnets import Network
from schoolguard.config.types import Fields
from schoolguard.language import N_
from schoolguard.policy.model import BlockAnswer, Blocking


def blocking_of(fields: Fields, above: Blocking, out: Collector) -> Blocking:
    """Return what a ``block`` section says, and for the rest what holds above it."""
    answer, ttl = fields.given(keys.ANSWER), fields.given(keys.TTL)
    page, language = fields.given(keys.PAGE), fields.given(keys.LANGUAGE)
    blocking = Blocking(
        BlockAnswer(answer.value) if answer else above.answer,
        tuple(str(at.value) for at in page.value) if page else above.page,
        int(ttl.value) if ttl else above.ttl,
        language.value if language else above.language,
    )
    if answer and blocking.answer is BlockAnswer.PAGE and not blocking.page and not fields.tried(keys.PAGE):
        msgid = N_("the answer block-page needs the page's addresses; add `page: [ADDRESS]`")
        out.error(answer.mark, Wrong(msgid))
    return blocking


def check_page(
    fields: Fields, blocking: Blocking, networks: tuple[At[Network], ...], mark: Mark, out: Collector
) -> None:
    """Record a group's page that no answer shows, or that its clients cannot reach for want of a family."""
    page = fields.given(keys.PAGE)
    if blocking.answer is not BlockAnswer.PAGE:
        if page:
            wrong = Wrong(N_("the page is not used; the answer is {answer}"), answer=blocking.answer.value)
            out.warning(page.mark, wrong)
        return
    clients = {at.value.version for at in networks}
    pages = {ip_address(address).version for address in blocking.page}
    if clients and pages and not clients & pages:
        msgid = N_("clients with only IPv{clients} cannot reach a page with only IPv{pages}")
        wrong = Wrong(msgid, clients=min(clients), pages=min(pages), found=", ".join(blocking.page))
        out.error(page.mark if page else mark, wrong)
