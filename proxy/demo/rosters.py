"""The cast as roster files: OneRoster CSV 1.1 and 1.2, and our own simple CSV.

Every reference in a OneRoster folder resolves inside it (users → orgs, enrollments → classes →
courses, sessions), as the standard asks of a bulk export. INE go to ``identifier``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from proxy.demo.people import LEVELS, SCHOOL_YEAR, Person
from proxy.kinds import SubjectKind

Version = Literal["1.1", "1.2"]
Row = Mapping[str, str]

SIMPLE_HEADER = (
    "id,kind,given_name,family_name,email,login,national_id,student_number,phone,"
    "birth_date,school,class"
).split(",")

SESSION = f"year-{SCHOOL_YEAR}"
ROLES = {
    SubjectKind.PUPIL: "student",
    SubjectKind.STAFF: "teacher",
    SubjectKind.GUARDIAN: "guardian",
}
GRADES = {level: grade for level, _, grade in LEVELS}

_COMMON = "sourcedId,status,dateLastModified,"  # the last two stay empty in a bulk export
_HEADERS = {
    "academicSessions": "title,type,startDate,endDate,parentSourcedId,schoolYear",
    "orgs": "name,type,identifier,parentSourcedId",
    "courses": "schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes",
    "classes": "title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,"
    "termSourcedIds,subjects,subjectCodes,periods",
    "enrollments": "classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate",
    "demographics": "birthDate,sex,americanIndianOrAlaskaNative,asian,blackOrAfricanAmerican,"
    "nativeHawaiianOrOtherPacificIslander,white,demographicRaceTwoOrMoreRaces,"
    "hispanicOrLatinoEthnicity,countryOfBirthCode,stateOfBirthAbbreviation,cityOfBirth,"
    "publicSchoolResidenceStatus",
    "roles": "userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId",
}
_USERS = {
    "1.1": "enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,"
    "identifier,email,sms,phone,agentSourcedIds,grades,password",
    "1.2": "enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,"
    "phone,agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,"
    "preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns",
}
_ABSENT = {
    "1.1": "categories classResources courseResources lineItems resources results",
    "1.2": "categories classResources courseResources lineItemLearningObjectiveIds "
    "lineItemScoreScales lineItems resources resultLearningObjectiveIds resultScoreScales "
    "results scoreScales userProfiles userResources",
}


def write_simple_csv(people: Iterable[Person], path: Path) -> None:
    """One line a person, the columns of our own documented format."""
    rows = (
        {
            "id": person.uuid,
            "kind": person.kind.value,
            "given_name": person.given_name,
            "family_name": person.family_name,
            "email": person.email,
            "login": person.login,
            "national_id": person.national_id,
            "student_number": person.student_number,
            "phone": person.phone,
            "birth_date": person.birth_date,
            "school": person.school,
            "class": person.class_name,
        }
        for person in people
    )
    _write(path, SIMPLE_HEADER, rows)


def write_oneroster(people: Sequence[Person], folder: Path, version: Version = "1.2") -> None:
    """A complete bulk export of these people, one file a table, into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    tables: dict[str, Iterable[Row]] = {
        "academicSessions": (_session(),),
        "orgs": _orgs(people),
        "courses": _courses(people),
        "classes": _classes(people),
        "enrollments": _enrollments(people),
        "demographics": _demographics(people),
    }
    if version == "1.2":
        tables["roles"] = _roles(people)
    for name, rows in tables.items():
        _write(folder / f"{name}.csv", f"{_COMMON}{_HEADERS[name]}".split(","), rows)
    _write(folder / "users.csv", f"{_COMMON}{_USERS[version]}".split(","), _users(people))
    _write(
        folder / "manifest.csv", ("propertyName", "value"), _manifest(version, (*tables, "users"))
    )


def _write(path: Path, header: Sequence[str], rows: Iterable[Row]) -> None:
    """RFC 4180 in UTF-8; keys that this version of a table does not have are left out."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header, restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def _manifest(version: Version, present: Sequence[str]) -> Iterator[Row]:
    yield {"propertyName": "manifest.version", "value": "1.0"}
    yield {"propertyName": "oneroster.version", "value": version}
    files = dict.fromkeys(_ABSENT[version].split(), "absent") | dict.fromkeys(present, "bulk")
    for name in sorted(files):
        yield {"propertyName": f"file.{name}", "value": files[name]}
    yield {"propertyName": "source.systemName", "value": "Préau demonstration"}
    yield {"propertyName": "source.systemCode", "value": "preau-demo"}


def _session() -> Row:
    return {
        "sourcedId": SESSION,
        "title": f"{SCHOOL_YEAR}-{SCHOOL_YEAR + 1}",
        "type": "schoolYear",
        "startDate": f"{SCHOOL_YEAR}-09-01",
        "endDate": f"{SCHOOL_YEAR + 1}-07-04",
        "schoolYear": str(SCHOOL_YEAR + 1),
    }


def _orgs(people: Sequence[Person]) -> Iterator[Row]:
    for school in sorted({person.school for person in people}):
        yield {
            "sourcedId": school,
            "name": f"Établissement {school}",
            "type": "school",
            "identifier": school,
        }


def _rooms(people: Sequence[Person]) -> list[tuple[str, str]]:
    """Each (school, class) that somebody belongs to."""
    return sorted({(person.school, person.class_name) for person in people if person.class_name})


def _level(class_name: str) -> str:
    return next((level for level in GRADES if class_name.startswith(level)), "")


def _courses(people: Sequence[Person]) -> Iterator[Row]:
    for school, level in sorted({(school, _level(name)) for school, name in _rooms(people)}):
        yield {
            "sourcedId": f"{school}-{level}",
            "schoolYearSourcedId": SESSION,
            "title": f"Vie de classe {level}",
            "courseCode": level,
            "grades": GRADES.get(level, ""),
            "orgSourcedId": school,
        }


def _class_id(school: str, class_name: str) -> str:
    return f"{school}-class-{class_name}"


def _classes(people: Sequence[Person]) -> Iterator[Row]:
    for school, name in _rooms(people):
        yield {
            "sourcedId": _class_id(school, name),
            "title": name,
            "grades": GRADES.get(_level(name), ""),
            "courseSourcedId": f"{school}-{_level(name)}",
            "classCode": name,
            "classType": "homeroom",
            "schoolSourcedId": school,
            "termSourcedIds": SESSION,
        }


def _enrollments(people: Sequence[Person]) -> Iterator[Row]:
    for person in people:
        if person.class_name:
            is_teacher = person.kind is SubjectKind.STAFF
            yield {
                "sourcedId": f"enrollment-{person.uuid}",
                "classSourcedId": _class_id(person.school, person.class_name),
                "schoolSourcedId": person.school,
                "userSourcedId": person.uuid,
                "role": ROLES[person.kind],
                "primary": "true" if is_teacher else "false",
            }


def _users(people: Sequence[Person]) -> Iterator[Row]:
    """Both versions' columns at once; the header of the version picks."""
    here = {person.uuid for person in people}
    guardians: dict[str, list[str]] = {}
    for person in people:
        if person.ward in here:
            guardians.setdefault(person.ward, []).append(person.uuid)
    for person in people:
        number = person.student_number
        yield {
            "sourcedId": person.uuid,
            "enabledUser": "true",
            "orgSourcedIds": person.school,
            "primaryOrgSourcedId": person.school,
            "role": ROLES[person.kind],
            "username": person.login,
            "userIds": f"{{studentNumber:{number}}}" if number else "",
            "givenName": person.given_name,
            "familyName": person.family_name,
            "identifier": person.national_id,
            "email": person.email,
            "sms": person.phone if person.phone.startswith(("06", "07")) else "",
            "phone": person.phone,
            "agentSourcedIds": ",".join(guardians.get(person.uuid, ())),
            "grades": GRADES.get(_level(person.class_name), "")
            if person.kind is SubjectKind.PUPIL
            else "",
        }


def _roles(people: Sequence[Person]) -> Iterator[Row]:
    for person in people:
        yield {
            "sourcedId": f"role-{person.uuid}",
            "userSourcedId": person.uuid,
            "roleType": "primary",
            "role": ROLES[person.kind],
            "orgSourcedId": person.school,
        }


def _demographics(people: Sequence[Person]) -> Iterator[Row]:
    for person in people:
        if person.birth_date:
            yield {"sourcedId": person.uuid, "birthDate": person.birth_date}
