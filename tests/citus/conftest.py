"""On a real Citus cluster: collected only where CITUS_URL names a database of one that has the extension."""

import os

collect_ignore_glob = [] if os.environ.get("CITUS_URL") else ["test_*.py"]
