"""Set up a child and become its program: PARENT DEATH_SIGNAL UID|- GID|- PROGRAM ARGUMENTS...

Run as a script by db.child, with nothing but the standard library, so that it starts in 30 ms.
Everything is imported before the user changes: the interpreter may lie where the new user cannot read.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
"""linux/prctl.h"""


def become(arguments: list[str]) -> None:
    """Change user, tie this process to its parent, and become the program; does not return."""
    parent, death_signal, uid, gid, *command = arguments
    if uid != "-":
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    if sys.platform == "linux":  # after setuid, which clears it
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0) != 0:
            sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != int(parent):  # it died before the kernel knew our wish
        sys.exit(0)
    try:
        os.execv(command[0], command)  # noqa: S606 - becoming the program is the purpose
    except OSError as problem:
        sys.stderr.write(f"{command[0]}: {problem.strerror}\n")
        sys.exit(127)


if __name__ == "__main__":
    become(sys.argv[1:])
