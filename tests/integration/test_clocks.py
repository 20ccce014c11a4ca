"""Clocks explained over HTTP, and provisional deadlines counted again by the operator's command."""

from __future__ import annotations

import pytest

from tests.integration.edge import Edge

from tests.world import ADMIN, WORKER, officer_of
