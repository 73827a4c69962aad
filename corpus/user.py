"""Who runs this process, for the logs."""

from __future__ import annotations

import getpass
import os


def user_name() -> str:
    """The login name; "user 1001" where the user has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user
        return f"user {os.getuid()}"
