"""The worker refuses to start on a mitmproxy that nobody tested."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
from mitmproxy import version

from addons import mends
from proxy.errors import InputError


def test_an_untested_version_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version, "VERSION", "99.0.0")
    with pytest.raises(InputError, match=r"99\.0\.0.*12\.2\.3.*tests/addons/mends"):
        mends.apply_all()


def test_every_mend_is_applied_and_documented() -> None:
    names = {m.name for m in pkgutil.iter_modules(mends.__path__)} - {"patching"}
    modules = [importlib.import_module(f"addons.mends.{name}") for name in sorted(names)]
    assert {m.__name__ for m in mends._MENDS} == {m.__name__ for m in modules}
    for module in modules:
        assert module.__doc__ is not None
        for word in ("Defect:", "Mend:", "Tested on 12.2.3", "Delete"):
            assert word in module.__doc__, (module.__name__, word)
