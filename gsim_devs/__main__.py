"""`python -m gsim_devs` is `gsim-devs`."""

from __future__ import annotations

import sys

from gsim_devs.cli import main

if __name__ == "__main__":
    sys.exit(main())
