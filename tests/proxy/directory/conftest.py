"""Fixtures of the directory's tests."""

import pytest
from directory_people import TestSealer

from proxy.store.memory import MemoryStore


@pytest.fixture
def sealer() -> TestSealer:
    return TestSealer()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()
