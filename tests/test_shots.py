"""The pictures of the documentation are of pages that are there."""

from __future__ import annotations

import pytest
from django.urls import resolve
from docs.shots.__main__ import SHOTS


@pytest.mark.parametrize("shot", SHOTS, ids=lambda shot: shot.name)
def test_a_shot_is_of_a_page(shot):
    assert resolve(shot.path.partition("?")[0])
