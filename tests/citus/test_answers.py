"""A cluster's answers are those of a plain PostgreSQL: these are the tests of that, run once more."""

from tests.metrics.test_distributed import *  # noqa: F403
from tests.metrics.test_engine import *  # noqa: F403
from tests.schema.test_cookbook import *  # noqa: F403
