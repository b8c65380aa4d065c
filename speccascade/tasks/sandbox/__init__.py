"""Runs Python programs that a model wrote, where they can do no harm.

    this process ──pipe──► warden ──spawns──► a fresh interpreter, one a program
                           (once)             (program, its tests, the verdict)

- `client`: `run`, which starts the warden when it is first needed and remembers what
  came of a text; `check`, the self-test that comes before it.
- `jail`, `warden`, `runner`: scripts on the other side. They use the standard library
  alone and are never imported here.
- `probes`: what the self-test tries.

What guards what (Linux only; util-linux brings `unshare`, `mount` and `setpriv`):

    harm                        guard
    reading, deleting files     a mount namespace and chroot: the system's libraries and
                                the interpreter are there, read-only, and nothing else
    what it leaves behind       its folder is a small file system in memory, emptied
                                after each program
    network                     a network namespace without interfaces; seccomp refuses
                                every socket, also of kinds that no namespace holds
    other processes             a PID namespace, whose first process is the warden;
                                after each program everything else in it is killed
    root                        user `nobody`, no capabilities, no way to gain any;
                                where we are not root, our own user in a user namespace,
                                without capabilities
    endless loops               CPU seconds (kernel) and wall seconds (warden)
    fork, threads               no further process or thread may be started
    memory, files, output       address space, size of a file, size of that file system;
                                output is a file of limited size that nobody reads

The verdict is a secret of the one run, which the runner writes into a pipe of its own
once the tests have ended. So no exit status and no output scores. What remains possible
to a program that was written against this very code, and is not guarded against: to
look for the secret in the frames around it, to replace what the tests compare with (an
object that equals everything), or to change the limits of the warden, so that it fails
later programs. Models do not do so by accident, and none of it reaches the machine.
"""

from speccascade.tasks.sandbox.client import Limits, Outcome, check, run

__all__ = ["Limits", "Outcome", "check", "run"]
