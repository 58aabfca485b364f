"""`python -m odmantic`: the command `odmantic`."""

from __future__ import annotations

import sys

from odmantic.cli import main

if __name__ == "__main__":  # pragma: no branch
    sys.exit(main())
