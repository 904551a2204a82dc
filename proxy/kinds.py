"""The kinds of identifier, one word per idea, the same in code, YAML, metric and event."""

from enum import StrEnum


class Kind(StrEnum):
    """What an identifier is. The value is the word that policies and events use."""

    GIVEN_NAME = "given_name"
    FAMILY_NAME = "family_name"
    FULL_NAME = "full_name"
    EMAIL = "email"
    LOGIN = "login"
    NATIONAL_ID = "national_id"
    STUDENT_NUMBER = "student_number"
    PHONE = "phone"
    BIRTH_DATE = "birth_date"
    ADDRESS = "address"
    PHOTO = "photo"
    UUID = "uuid"
    TEXT = "text"

    __hash__ = str.__hash__  # Enum's own is Python code, and kinds are keys on hot paths

    @property
    def code(self) -> int:
        """The byte that stands for this kind inside a sealed reference. Never renumber."""
        return _CODES[self]


_CODES = {
    Kind.GIVEN_NAME: 1,
    Kind.FAMILY_NAME: 2,
    Kind.FULL_NAME: 3,
    Kind.EMAIL: 4,
    Kind.LOGIN: 5,
    Kind.NATIONAL_ID: 6,
    Kind.STUDENT_NUMBER: 7,
    Kind.PHONE: 8,
    Kind.BIRTH_DATE: 9,
    Kind.ADDRESS: 10,
    Kind.PHOTO: 11,
    Kind.UUID: 12,
    Kind.TEXT: 13,
}

KIND_OF_CODE = {code: kind for kind, code in _CODES.items()}


class SubjectKind(StrEnum):
    """Who a subject is to the school."""

    PUPIL = "pupil"
    STAFF = "staff"
    GUARDIAN = "guardian"
