"""The keys of zone transfer in ``lists.yaml``: loader, schema and reference are made of this table."""

from __future__ import annotations

from schoolguard.config.addresses import EndpointType
from schoolguard.config.domains import NameType
from schoolguard.config.finding import At
from schoolguard.config.numbers import Integer, Size, Time
from schoolguard.config.scalars import Choice, Flag, Text
from schoolguard.config.subnets import NetworkType
from schoolguard.config.tier_names import TIER_NAMES
from schoolguard.config.types import Fields, Key, ListOf, Section
from schoolguard.hub.export.model import BlockAction, ExportZone
from schoolguard.intake.transfer.model import Algorithm, Limits

_ID = "[a-z0-9]+(?:[._-][a-z0-9]+)*"
_LIMITS = Limits()
_DEFAULTS = ExportZone("", "", 0)

KEY_NAME = Key("name", NameType(), "Its name, which both sides must use: viettel-sogd.tsig.")
ALGORITHM = Key(
    "algorithm",
    Choice(tuple(Algorithm)),
    "What it signs with; weaker ones are not taken.",
    Algorithm.SHA256.value,
)
SECRET_FILE = Key(
    "secret-file",
    Text(most=400),
    "File with the secret in base64, relative to the configuration's folder; only this user may read it.",
)
TSIG_KEYS: Key[tuple[At[Fields], ...]] = Key(
    "tsig-keys",
    ListOf(Section((KEY_NAME, ALGORITHM, SECRET_FILE)), most=200),
    "Keys that sign zone transfers (TSIG).",
    otherwise="none",
)

ADDRESS = Key("address", EndpointType(), "Where it answers.")
PRIMARY_KEY = Key(
    "key",
    NameType(),
    "The TSIG key of tsig-keys; nothing unsigned is taken then.",
    otherwise="none: whoever is on the line may change the list",
)
TRANSFER_ID = Key(
    "id", Text(most=60, pattern=_ID, example="viettel-gambling"), "What a list names by its `transfer`."
)
ZONE = Key("zone", NameType(), "The policy zone's name at the primaries.")
PRIMARIES: Key[tuple[At[Fields], ...]] = Key(
    "primaries",
    ListOf(Section((ADDRESS, PRIMARY_KEY)), least=1, most=8),
    "Servers that have the zone, in order of preference; the one with the highest serial is asked.",
)
MAX_RECORDS = Key(
    "max-records", Integer(1, 100_000_000), "A zone with more records is refused whole.", _LIMITS.records
)
MAX_SIZE = Key("max-size", Size(1 << 20, 16 << 30), "A larger transfer is refused.", _LIMITS.bytes)
LONGEST = Key("longest", Time(1, 86_400), "How long one transfer may take.", _LIMITS.seconds)
TRANSFERS: Key[tuple[At[Fields], ...]] = Key(
    "transfers",
    ListOf(Section((TRANSFER_ID, ZONE, PRIMARIES, MAX_RECORDS, MAX_SIZE, LONGEST)), most=100),
    "Policy zones (RPZ) that are kept by zone transfer; each is read by the list that names it.",
    otherwise="none",
)
NOTIFY_LISTEN = Key(
    "notify-listen",
    ListOf(EndpointType(any_address=True), least=1, most=8),
    "Where primaries may say that a zone changed (NOTIFY), UDP and TCP; not where clients ask.",
    otherwise="none: changes are found by asking",
)

NETWORKS = Key(
    "networks", ListOf(NetworkType(), least=1, most=100), "Addresses from which it may take the zone."
)
NOTIFY = Key(
    "notify",
    ListOf(EndpointType(), most=8),
    "Where it is told of a new serial (NOTIFY).",
    otherwise="nowhere",
)
SECONDARY_KEY = Key(
    "key",
    NameType(),
    "The TSIG key of tsig-keys that its requests must be signed with.",
    otherwise="none, which `unsigned: true` must confirm",
)
UNSIGNED = Key(
    "unsigned",
    Flag(),
    "It gets the zone by its address alone, for a resolver that knows no TSIG, such as Unbound.",
    False,
)
SECONDARIES: Key[tuple[At[Fields], ...]] = Key(
    "secondaries",
    ListOf(Section((NETWORKS, SECONDARY_KEY, UNSIGNED, NOTIFY)), least=1, most=200),
    "Who may take it; nobody else gets an answer.",
)
EXPORT_TIER = Key("tier", Choice(TIER_NAMES), "What it blocks: the categories of this tier.")
EXPORT_ZONE = Key("zone", NameType(), "The name it is served under: thcs.rpz.sogd.example.")
ACTION = Key(
    "action",
    Choice(tuple(BlockAction)),
    "What resolvers make of a blocked name: nxdomain, it does not exist; nodata, it has no address.",
    _DEFAULTS.action.value,
)
ZONES: Key[tuple[At[Fields], ...]] = Key(
    "zones",
    ListOf(Section((EXPORT_TIER, EXPORT_ZONE, ACTION, SECONDARIES)), least=1, most=50),
    "One zone for each tier served.",
)
EXPORT_LISTEN = Key(
    "listen",
    ListOf(EndpointType(any_address=True), least=1, most=8),
    "Where they are served, UDP and TCP; not where clients ask.",
)
EXPORTS: Key[Fields] = Key(
    "exports",
    Section((EXPORT_LISTEN, ZONES)),
    "Tiers that are served to other resolvers as policy zones (RPZ).",
    otherwise="none",
)

TRANSFER_SECTIONS = (TSIG_KEYS, TRANSFERS, NOTIFY_LISTEN, EXPORTS)
