"""Storing events on a cluster: the tests of that, run once more."""

from tests.db.test_citus_inserts import *  # noqa: F403
from tests.db.test_event_writer import *  # noqa: F403

# They count statements, of which a cluster needs more (db/queries/citus_inserts.py).
del test_requests_that_come_together_share_a_commit, test_a_usual_group_is_stored_by_one_statement  # noqa: F821
del test_what_waits_is_stored_at_once, test_a_group_is_bounded  # noqa: F821
del test_keys_that_are_required_and_there_cost_no_second_statement  # noqa: F821
# A person's row cannot be locked alone there, as it does to hold one group up.
del test_where_plenty_waits_a_second_group_does_not_wait_for_the_first  # noqa: F821
