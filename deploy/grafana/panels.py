"""A small typed builder of Grafana dashboards: just the panels that ours need.

Why not Grafana's own SDK: 4 dashboards of 3 kinds of panel take these hundred lines, and no
dependency that has to follow Grafana's releases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_WIDTH = 24
_DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}


@dataclass(frozen=True, slots=True)
class Text:
    """The same in French and in English, shown one after the other."""

    fr: str
    en: str

    @property
    def both(self) -> str:
        """French first: most of those who look are French."""
        return f"{self.fr} · {self.en}"

    @property
    def paragraphs(self) -> str:
        """For descriptions."""
        return f"{self.fr}\n\n{self.en}"


@dataclass(frozen=True, slots=True)
class Query:
    """One expression and how its lines are called."""

    expr: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel. ``kind`` is Grafana's name: ``stat`` (one number) or ``timeseries``."""

    title: Text
    about: Text
    queries: Sequence[Query]
    kind: str = "timeseries"
    unit: str = "short"
    width: int = 8
    height: int = 7
    bad_above: float | None = None
    bad_below: float | None = None
    words: Mapping[str, Text] = field(default_factory=dict)
    """What values are called, for yes and no."""

    def document(self, number: int, x: int, y: int) -> dict[str, Any]:
        """As Grafana stores it."""
        return {
            "id": number,
            "type": self.kind,
            "title": self.title.both,
            "description": self.about.paragraphs,
            "datasource": _DATASOURCE,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
            "targets": [
                {
                    "refId": chr(ord("A") + place),
                    "datasource": _DATASOURCE,
                    "expr": query.expr,
                    "legendFormat": query.legend or "__auto",
                    "range": self.kind == "timeseries",
                    "instant": self.kind != "timeseries",
                }
                for place, query in enumerate(self.queries)
            ],
            "fieldConfig": {"defaults": self._defaults(), "overrides": []},
            "options": _OPTIONS[self.kind],
        }

    def _defaults(self) -> dict[str, Any]:
        defaults: dict[str, Any] = {"unit": self.unit, "min": 0, "thresholds": self._thresholds()}
        if self.kind == "timeseries":
            defaults["custom"] = {"fillOpacity": 10, "showPoints": "never"}
        if self.words:
            options = {value: {"text": text.both} for value, text in self.words.items()}
            defaults["mappings"] = [{"type": "value", "options": options}]
        return defaults

    def _thresholds(self) -> dict[str, Any]:
        low, high = ("green", "red") if self.bad_below is None else ("red", "green")
        border = self.bad_above if self.bad_below is None else self.bad_below
        steps: list[dict[str, Any]] = [{"color": low, "value": None}]
        if border is not None:
            steps.append({"color": high, "value": border})
        return {"mode": "absolute", "steps": steps}


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Panels in reading order; rows fill by themselves."""

    uid: str
    title: Text
    about: Text
    panels: Sequence[Panel]

    def document(self) -> dict[str, Any]:
        """As Grafana imports it. A rule's evaluation never depends on it."""
        return {
            "uid": self.uid,
            "title": f"Préau: {self.title.both}",
            "description": self.about.paragraphs,
            "tags": ["preau"],
            "schemaVersion": 39,
            "version": 1,
            "editable": False,
            "refresh": "30s",
            "time": {"from": "now-6h", "to": "now"},
            "timezone": "browser",
            "templating": {"list": _VARIABLES},
            "links": [
                {
                    "type": "dashboards", "tags": ["preau"], "title": "Préau", "asDropdown": False,
                    "keepTime": True, "includeVars": True,
                }
            ],
            "panels": self._placed(),
        }  # fmt: skip

    def _placed(self) -> list[dict[str, Any]]:
        documents, x, y, tallest = [], 0, 0, 0
        for number, panel in enumerate(self.panels, 1):
            if x + panel.width > _WIDTH:
                x, y, tallest = 0, y + tallest, 0
            documents.append(panel.document(number, x, y))
            x, tallest = x + panel.width, max(tallest, panel.height)
        return documents


_OPTIONS: dict[str, dict[str, Any]] = {
    "stat": {"colorMode": "background", "reduceOptions": {"calcs": ["lastNotNull"]}},
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom"},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
}
_VARIABLES = [
    {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus"},
    {
        "name": "instance", "type": "query", "label": "Passerelle · Gateway",
        "datasource": _DATASOURCE, "query": "label_values(preau_build_info, instance)",
        "refresh": 2, "multi": True, "includeAll": True, "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    },
]  # fmt: skip
