"""What may stand in ``services/*.yaml``: a service in words that can be read aloud."""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from proxy.kinds import Kind
from proxy.policy.host_names import parse_host
from proxy.policy.model import Action, OnProfiling, OnUnreadable, Photos, Treatment
from proxy.policy.paths import parse_path
from proxy.policy.privacy_schema import PrivacyFile
from proxy.policy.site_schema import Line
from proxy.policy.templates import parse_match
from proxy.policy.validation import Strict
from proxy.profiling.formats import BY_NAME
from proxy.pseudonyms.options import UsedUp

_COUNTRY = re.compile(r"[A-Z]{2}")
_WORD = r"^[a-z0-9]+(?:-[a-z0-9]+)*$"


class Adhesion(StrEnum):
    """Whether the supplier has adhered to the site's charter."""

    YES = "yes"
    NO = "no"
    TO_CONFIRM = "to-confirm"


class LetterCase(StrEnum):
    """Whether the service tells ``/Users`` from ``/users``."""

    EXACT = "exact"
    IGNORE = "ignore"


class OnlyIf(StrEnum):
    """Which values of a field a rule treats."""

    ANY_VALUE = "any_value"
    LOOKS_LIKE_KIND = "looks_like_kind"


class TellingFields(StrEnum):
    """What becomes of fields whose names tell what they hold."""

    TREAT = "treat"
    IGNORE = "ignore"


class Coarse(StrEnum):
    """What is left of a value that is generalised."""

    YEAR = "year"
    MONTH = "month"
    DEPARTMENT = "department"


class TransferBasis(StrEnum):
    """What allows data to leave the EEA: GDPR, chapter V."""

    ADEQUACY = "adequacy"
    DATA_PRIVACY_FRAMEWORK = "data-privacy-framework"
    STANDARD_CLAUSES = "standard-clauses"
    BINDING_RULES = "binding-rules"
    OTHER_SAFEGUARDS = "other-safeguards"
    DEROGATION = "derogation"
    TO_CONFIRM = "to-confirm"


class RosterFormat(StrEnum):
    """How a service takes rosters; see ``proxy.directory.exporters``."""

    GOOGLE_CSV = "google-csv"
    ONEROSTER = "oneroster"
    SCIM = "scim"
    SDS = "sds"
    SDS_V2 = "sds-v2"


class Shape(StrEnum):
    """The form of a pseudonym; see ``proxy.pseudonyms.shapes``."""

    AUTO = "auto"
    TEXT = "text"
    TOKEN = "token"  # noqa: S105 - the name of a form, not a secret
    EMAIL = "email"
    NAME = "name"
    SHORT = "short"
    TINY = "tiny"
    UUID = "uuid"
    UUID4 = "uuid4"
    NUMBER = "number"
    INE = "ine"
    PHONE = "phone"


GENERALISED = {
    Coarse.YEAR: Kind.BIRTH_DATE,
    Coarse.MONTH: Kind.BIRTH_DATE,
    Coarse.DEPARTMENT: Kind.ADDRESS,
}


def _country(text: str) -> str:
    if _COUNTRY.fullmatch(text) is None:
        raise ValueError("expected a country's two letters in capitals, such as FR")
    return text


def _path(text: str) -> str:
    parse_path(text)
    return text


def _match(text: str) -> str:
    parse_match(text)
    return text


def _format(text: str) -> str:
    if text not in BY_NAME:
        raise ValueError(f"expected a format: {', '.join(sorted(BY_NAME))}")
    return text


def _adhesion(value: Any) -> Any:
    """``true`` and ``false`` say the same as ``yes`` and ``no``."""
    return {"true": "yes", "false": "no", True: "yes", False: "no"}.get(value, value)


def _one_or_more(value: Any) -> Any:
    """``match: GET /x`` is short for a list of one."""
    return [value] if isinstance(value, str) else value


def _short_rule(value: Any) -> Any:
    """``userId: email`` is short for ``userId: {is: email}``."""
    return {"is": value} if isinstance(value, str) else value


Country = Annotated[str, AfterValidator(_country)]
Host = Annotated[str, AfterValidator(parse_host)]
Charter = Annotated[Adhesion, BeforeValidator(_adhesion, json_schema_input_type=Adhesion | bool)]


class TransferFile(Strict):
    """On what basis data may leave the EEA: the site's own statement, never ours."""

    basis: TransferBasis = Field(
        description="adequacy (a decision of the Commission, Art. 45), data-privacy-framework "
        "(the one on the United States), standard-clauses (Art. 46), binding-rules (Art. 47), "
        "other-safeguards (Art. 46), derogation (Art. 49), or to-confirm (warned about)."
    )
    evidence: str = Field(default="", description="Where the paper is that shows it.")


class SupplierFile(Strict):
    """Who runs the service, and whose laws can reach the data."""

    name: Line = Field(description="The company or the public body.")
    country: Country = Field(description="Where it is based, two letters: FR.")
    jurisdictions: Annotated[tuple[Country, ...], Field(min_length=1)] = Field(
        description="Countries whose laws can reach the data: [FR] or [US, IE]."
    )
    note: str = Field(default="", description="Why a country outside the EU is acceptable here.")
    transfer: TransferFile | None = Field(
        default=None, description="On what basis data may leave the EEA, where it does."
    )

    @model_validator(mode="after")
    def _framework_is_american(self) -> Self:
        framework = TransferBasis.DATA_PRIVACY_FRAMEWORK
        claimed = self.transfer is not None and self.transfer.basis is framework
        if claimed and "US" not in (self.country, *self.jurisdictions):
            raise ValueError(
                "the Data Privacy Framework is about the United States (US), which is neither "
                "the supplier's country nor a jurisdiction: write another basis"
            )
        return self


class CharterFile(Strict):
    """The supplier's adhesion to the charter: the site's own statement, never ours."""

    adhered: Charter = Field(description="yes, no, or to-confirm (allowed, and warned about).")
    since: date | None = Field(default=None, description="Since when, such as 2026-09-01.")
    evidence: str = Field(default="", description="Where the signed paper is.")


class AcceptsFile(Strict):
    """What a field of the service accepts; the shape of the pseudonym is chosen to fit."""

    max_length: int | None = Field(
        default=None, ge=1, le=10_000, description="The most characters."
    )
    letters_only: bool = Field(default=False, description="Letters and nothing else.")
    digits_only: bool = Field(
        default=False, description="Digits and nothing else; JSON numbers stay numbers."
    )
    no_hyphen: bool = Field(default=False, description="No hyphen.")
    no_capitals: bool = Field(default=False, description="No capital letters.")


class RuleFile(Strict):
    """What a value is, and what to do with it."""

    kind: Kind = Field(alias="is", description="What the value is.")
    do: Action = Field(default=Action.PSEUDONYMISE, description="What to do with it.")
    to: Coarse | None = Field(
        default=None, description="With 'do: generalise': what is left of it."
    )
    shape: Shape = Field(
        default=Shape.AUTO, description="The form of the pseudonym; auto suits what the value is."
    )
    only_if: OnlyIf | None = Field(
        default=None,
        description="looks_like_kind treats only values of the kind's form (an identifier that "
        "may be a number, 'me' or an e-mail); any_value treats every value.",
    )
    accepts: AcceptsFile | None = Field(
        default=None, description="What this field accepts, in place of the service's 'accepts'."
    )
    why: str = Field(default="", description="For whoever reads this next.")

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if (self.do is Action.GENERALISE) != (self.to is not None):
            raise ValueError("'do: generalise' and 'to: …' go together, write both or none")
        if self.to is not None and GENERALISED[self.to] is not self.kind:
            raise ValueError(f"'to: {self.to}' is for a {GENERALISED[self.to]}, not a {self.kind}")
        if self.kind is Kind.PHOTO and self.do is Action.PSEUDONYMISE:
            raise ValueError("a photo has no pseudonym, write 'do: drop' (or refuse, or allow)")
        if self.do is Action.SEARCH and self.kind is not Kind.TEXT:
            raise ValueError("'do: search' is for a text, write 'is: text'")
        return self


class FieldFile(RuleFile):
    """A field of the JSON that is sent, by its path."""

    at: Annotated[str, AfterValidator(_path)] = Field(
        description="students[].profile.name.givenName, **.emailAddress at any depth, or "
        "rows[][1] by place in a list (the first is 0)."
    )


ShortRule = Annotated[
    RuleFile, BeforeValidator(_short_rule, json_schema_input_type=RuleFile | Kind)
]
Rules = dict[str, ShortRule]
Matches = Annotated[
    tuple[Annotated[str, AfterValidator(_match)], ...],
    BeforeValidator(_one_or_more, json_schema_input_type=str | list[str]),
    Field(min_length=1),
]


class RequestFile(Strict):
    """One kind of request and its fields."""

    match: Matches = Field(
        description="Method and path: 'POST /v1/courses/{courseId}/students'. Several methods: "
        "'GET|DELETE /…'; any: 'ANY /…'; a path and all below it: '/v1/users/{id}/...'. "
        "A list when the same fields hold for several.",
    )
    path: Rules = Field(default_factory=dict, description="Braced parts of the path.")
    query: Rules = Field(default_factory=dict, description="Parameters after the question mark.")
    form: Rules = Field(default_factory=dict, description="Fields of a form.")
    headers: Rules = Field(default_factory=dict, description="Header fields.")
    body: tuple[FieldFile, ...] = Field(default=(), description="Fields of the JSON.")
    why: str = Field(default="", description="For whoever reads this next.")

    @model_validator(mode="after")
    def _path_names(self) -> Self:
        known = {name for match in self.match for name in parse_match(match).parameters}
        for name in self.path:
            if name not in known:
                raise ValueError(f"path: {{{name}}} does not stand in match")
        return self


class ServiceFile(Strict):
    """A cloud service: who runs it, where it is, what it may receive."""

    service: str = Field(description="A short name: google-classroom.", pattern=_WORD)
    title: Line = Field(description="The name that people know.")
    purpose: Line = Field(description="What the school uses it for.")
    supplier: SupplierFile = Field(description="Who runs it.")
    charter: CharterFile = Field(description="The supplier's adhesion to the charter.")
    retention: str = Field(default="", description="How long the service keeps data, in words.")
    hosts: Annotated[tuple[Host, ...], Field(min_length=1)] = Field(
        description="Its hosts: app.example.com, or *.example.com for all below example.com."
    )
    treatment: Treatment = Field(description="inspect, tunnel (pass unread) or deny.")
    opaque: OnUnreadable = Field(
        default=OnUnreadable.REFUSE, description="For content that cannot be read."
    )
    photos: Photos | None = Field(
        default=None,
        description="Pictures sent to the service, always without place, date, device and author: "
        "refuse, allow, or with_consent (only if all whom the request names have consented; preau "
        "subject consent). Not written: as 'opaque' says.",
    )
    signed: OnUnreadable = Field(
        default=OnUnreadable.REFUSE, description="For signed content that carries an identity."
    )
    letter_case: LetterCase = Field(
        default=LetterCase.EXACT,
        description="ignore: the service does not tell /Users from /users.",
    )
    profiling: OnProfiling | None = Field(
        default=None,
        description="Reports on how people behave ('no predictive models of behaviour'): block, "
        "observe (let pass, record each) or allow. Not written: as site.yaml says.",
    )
    profiling_except: tuple[
        Annotated[str, AfterValidator(_format), Field(json_schema_extra={"enum": sorted(BY_NAME)})],
        ...,
    ] = Field(
        default=(),
        description="Formats that pass here all the same: [sentry, matomo].",
    )
    lrs: bool = Field(
        default=False,
        description="yes: it is a learning record store; Caliper and xAPI pass to its hosts.",
    )
    roster: RosterFormat | None = Field(
        default=None, description="How it takes rosters: what preau roster export writes."
    )
    accepts: dict[Kind, AcceptsFile] = Field(
        default_factory=dict,
        description="What its fields accept, by what they hold: {login: {max_length: 20}}.",
    )
    folds_case: bool = Field(
        default=False,
        description="true: it does not keep capitals; what comes back is what was typed.",
    )
    phones_used_up: UsedUp = Field(
        default=UsedUp.REFUSE,
        description="There are 59,999 phone pseudonyms a service. When all are given: refuse "
        "the request, or send one constant number, which is not restored.",
    )
    telling_names: TellingFields = Field(
        default=TellingFields.TREAT,
        description="Fields whose names tell what they hold (firstName, nom_eleve, ine): treat "
        "them without a rule, or ignore their names.",
    )
    telling_names_except: tuple[Line, ...] = Field(
        default=(), description="Names that tell nothing here: [displayName, title]."
    )
    fields: tuple[FieldFile, ...] = Field(
        default=(), description="Fields of JSON sent to any address."
    )
    query: Rules = Field(
        default_factory=dict, description="Parameters after the question mark, at any address."
    )
    form: Rules = Field(default_factory=dict, description="Fields of forms sent to any address.")
    headers: Rules = Field(default_factory=dict, description="Header fields, at any address.")
    requests: tuple[RequestFile, ...] = Field(
        default=(), description="Kinds of request, with fields."
    )
    privacy: PrivacyFile = Field(
        default_factory=PrivacyFile,
        description="Where this service needs other words than the site's: {referer: keep}.",
    )
