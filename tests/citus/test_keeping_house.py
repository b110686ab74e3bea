"""Rollups, retention, erasure and exports on a cluster: the tests of all that, run once more."""

from tests.db.test_retention import *  # noqa: F403
from tests.db.test_rollups import *  # noqa: F403
from tests.rest.test_export_pages import *  # noqa: F403
from tests.rest.test_export_tickets import *  # noqa: F403
from tests.rest.test_exports import *  # noqa: F403
from tests.schema.test_erasure import *  # noqa: F403

# The first starts another application, on the shared database; the second looks for locks that machines have.
del test_exports_are_limited_per_account, test_a_client_that_goes_away_takes_its_statement_with_it  # noqa: F821
