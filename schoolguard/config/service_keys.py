"""The keys of the service catalogue's files: loader, schema and reference are made of this table."""

from __future__ import annotations

from schoolguard.config.category_names import CategoryName
from schoolguard.config.domains import NameType
from schoolguard.config.scalars import Text
from schoolguard.config.types import Key, ListOf, Section

SERVICE_ID = Text(what="service id", most=60, pattern="[a-z0-9]+(?:-[a-z0-9]+)*", example="lien-quan-mobile")
_NAMES = ListOf(NameType(), most=300)

ID = Key("id", SERVICE_ID, "What rules call the service (`service:zalo`): small letters, digits and hyphens.")
NAME = Key("name", Text(most=60), "What pupils call it.")
CATEGORY = Key("category", CategoryName(), "The category it counts for in budgets.", otherwise="none")
NAMES = Key(
    "names",
    ListOf(NameType(), least=1, most=300),
    "Its own domain names, each with all below it: a block takes them, an allow opens them.",
)
NEEDS = Key(
    "needs",
    _NAMES,
    "Names that it cannot do without and that others live on too: an allow opens them, a block leaves them.",
    otherwise="none",
)
ALSO = Key(
    "also", ListOf(SERVICE_ID), "Ids of the services that some of its names belong to too.", otherwise="none"
)

BREAKS_VI = Key("vi", Text(most=300), "What stops, in Vietnamese.")
BREAKS_EN = Key("en", Text(most=300), "What stops, in English.")
BREAKS_SERVICE = Key("service", SERVICE_ID, "The id of the service that stops or suffers.", otherwise="none")
BREAKS = Key(
    "breaks",
    ListOf(Section((BREAKS_SERVICE, BREAKS_VI, BREAKS_EN)), most=50),
    "What a block of this service breaks elsewhere.",
    otherwise="nothing",
)

SERVICES = Key(
    "services",
    ListOf(Section((ID, NAME, CATEGORY, NAMES, NEEDS, ALSO, BREAKS)), 1, 1_000),
    "The services, in no particular order.",
)
SERVICES_FILE = Section((SERVICES,))
