"""Reading a file that somebody else has put there.

A room of its own because `content` and `provenance` both read strangers' folders and neither knows the other.
"""

import os
import stat
from pathlib import Path

# A link could show any file of the machine, a pipe would keep the reader waiting.
_OPEN_FLAGS = (os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
               | getattr(os, "O_BINARY", 0))


def plain_bytes(path: Path, most: int) -> bytes | None:
    """The bytes of a plain file: at most `most`, and one more where there are more.

    None where it is no plain file, and for a link. Opens nothing that would wait. Raises OSError.
    """
    if path.is_symlink():  # where the system has no O_NOFOLLOW, this is all
        return None
    handle = os.open(path, _OPEN_FLAGS)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        with open(handle, "rb", closefd=False) as file:
            return file.read(most + 1)
    finally:
        os.close(handle)
