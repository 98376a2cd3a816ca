"""The files of province, communes and schools, highest layer first. It compares no two schools."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from schoolguard.config.assertions import assertions_of
from schoolguard.config.files import COMMUNES_FOLDER, FILES, SCHOOLS_FOLDER
from schoolguard.config.finding import At, Collector, Mark, Wrong
from schoolguard.config.gateway import GatewayPart
from schoolguard.config.layers import Heritage, Speaker, commune_of, heritage_of
from schoolguard.config.policy_keys import PROVINCE, PROVINCE_NAME
from schoolguard.config.rules import Known
from schoolguard.config.schools import Above, ReadSchool, school_of
from schoolguard.config.tree import is_folder, read_section, yaml_files
from schoolguard.language import N_
from schoolguard.policy.assertions import Assertion
from schoolguard.policy.model import Blocking, Tier
from schoolguard.policy.rule import Layer

*_, _PROVINCE, _COMMUNE, _SCHOOL = FILES


class PolicyFiles:
    """Reads province, communes and schools, highest layer first."""

    def __init__(
        self, folder: Path, tiers: dict[str, Tier], known: Known, gateway: GatewayPart | None, out: Collector
    ) -> None:
        self._folder = folder
        self._tiers = tiers
        self._known = known
        self._gateway = gateway
        self._out = out
        self.assertions: tuple[Assertion, ...] = ()
        self._marks: dict[str, At[str]] = {}
        self._complete = True

    def schools(self) -> list[ReadSchool]:
        """Return every school that could be read."""
        above = self._above()
        schools = []
        files = list(yaml_files(self._folder, SCHOOLS_FOLDER, self._out))
        if not files and is_folder(self._folder / SCHOOLS_FOLDER):
            msgid = N_("there is no school: every client would be refused; add a file schools/NAME.yaml")
            self._out.error(Mark(SCHOOLS_FOLDER, 0), Wrong(msgid))
        for school_id, name in files:
            fields = read_section(self._folder, name, _SCHOOL.section, self._out)
            if fields is not None:
                schools.append(school_of(fields, school_id, above, self._out))
        self._check_communes(schools, complete=len(schools) == len(files))
        return schools

    def _above(self) -> Above:
        province = self._province()
        communes = self._communes(province)
        gateway = self._gateway
        return Above(
            self._tiers,
            self._known,
            gateway.blocking if gateway else Blocking(),
            gateway.listeners if gateway else (),
            province if self._complete else replace(province, complete=False),
            communes,
        )

    def _province(self) -> Heritage:
        name = _PROVINCE.pattern
        if not (self._folder / name).exists():
            return Heritage()
        fields = read_section(self._folder, name, _PROVINCE.section, self._out)
        if fields is None:
            return Heritage(complete=False)
        self.assertions = assertions_of(fields, None, self._out)
        owner = fields.section(PROVINCE).given(PROVINCE_NAME)
        speaker = Speaker(Layer.PROVINCE, owner.value if owner else "", "")
        return heritage_of(fields, speaker, Heritage(), self._known, self._out)

    def _communes(self, province: Heritage) -> dict[str, Heritage]:
        communes: dict[str, Heritage] = {}
        if not is_folder(self._folder / COMMUNES_FOLDER):
            return communes
        for commune_id, path in yaml_files(self._folder, COMMUNES_FOLDER, self._out):
            fields = read_section(self._folder, path, _COMMUNE.section, self._out)
            name = commune_of(fields) if fields is not None else None
            if fields is None or name is None:
                self._complete = False
                continue
            speaker = Speaker(Layer.COMMUNE, name.value, f"commune/{commune_id}")
            heritage = heritage_of(fields, speaker, province, self._known, self._out)
            first = self._marks.setdefault(name.value.casefold(), name)
            if first is not name:
                msgid = N_("another file is this commune's ({path}:{line})")
                wrong = Wrong(msgid, path=first.mark.path, line=first.mark.line, found=name.value)
                self._out.error(name.mark, wrong)
            communes[name.value.casefold()] = heritage
        return communes

    def _check_communes(self, schools: list[ReadSchool], complete: bool) -> None:
        named = {school.commune.casefold() for school in schools}
        if not schools or not complete or "" in named:
            return
        accepted = tuple(sorted({school.commune for school in schools}))
        for folded, name in self._marks.items():
            if folded not in named:
                msgid = N_("no school names this commune under `school.commune`: the file decides nothing")
                self._out.warning(name.mark, Wrong(msgid, found=name.value, accepted=accepted))
