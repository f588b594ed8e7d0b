"""`python -m taskmanager`: the command line, imported without pauses of the garbage collector.

Importing makes a few hundred thousand objects that stay and hardly any garbage; looking for it a hundred times is a
fifth of the start. What is imported is then left out of every later search.
"""

import gc
import sys

gc.disable()

try:
    from taskmanager.cli import main
except KeyboardInterrupt:  # Ctrl-C, before there is anything that could answer it
    sys.exit(130)

__all__ = ["main"]

gc.freeze()
gc.enable()

if __name__ == "__main__":
    sys.exit(main())
