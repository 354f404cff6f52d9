"""The suite's asserts speak as plainly as those of a test module."""

import pytest

pytest.register_assert_rewrite("tests.venues.conformance")
