"""What a cluster answers: what a plain PostgreSQL answers. These are the tests of that, run once more."""

from tests.metrics.test_engine import *  # noqa: F403
from tests.metrics.test_spread import *  # noqa: F403
from tests.schema.test_cookbook import *  # noqa: F403
