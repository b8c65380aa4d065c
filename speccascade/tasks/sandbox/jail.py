"""Builds the folders that programs see, gives up all rights, becomes the warden.

Run as a script by `unshare`, as root of new namespaces, with the standard library
alone. The tree, all of it read-only but the last:

    /usr /bin /lib …   the system's, for shared libraries and `setpriv`
    <prefix>           the interpreter's own folder, where it is not below /usr
    /warden.py, /runner.py
    /scratch           a file system in memory, owned by the user of the programs
"""

import os
import shutil
import subprocess
import sys

# Of `nobody` on Linux; Debian, Fedora, Arch and Alpine agree.
NOBODY = 65534
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64")
SCRATCH = "/scratch"
SEALED = "ro,nosuid,nodev"
# Of the programs. Hashes are seeded, so that the order of a set is always the same one.
ENVIRONMENT = {
    "HOME": SCRATCH,
    "LC_ALL": "C.UTF-8",
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "PYTHONHASHSEED": "0",
    "TMPDIR": SCRATCH,
}
# Without site-packages, and without the script's folder among the modules.
PYTHON_FLAGS = ("-B", "-P", "-S", "-s")


def main(root: str, python: str, prefix: str, drops_root: bool) -> None:
    """Never returns: the process goes on as the warden.

    Args:
      root: empty folder that becomes the root folder.
      python: the interpreter, no symbolic link.
      prefix: folder with the interpreter's library.
      drops_root: whether we are the system's root and not only that of a namespace.
    """
    here = os.path.dirname(os.path.abspath(__file__))
    mount("-t", "tmpfs", "-o", "mode=755,size=1m,nosuid,nodev", "tmpfs", root)
    for folder in (*SYSTEM, prefix):
        show(folder, root)
    for name in ("warden.py", "runner.py"):
        shutil.copyfile(os.path.join(here, name), os.path.join(root, name))
    scratch = root + SCRATCH
    os.mkdir(scratch)
    owner = f",uid={NOBODY},gid={NOBODY}" if drops_root else ""
    options = f"mode=700,size=64m,nr_inodes=4096,nosuid,nodev,noexec{owner}"
    mount("-t", "tmpfs", "-o", options, "tmpfs", scratch)
    mount("-o", f"remount,bind,{SEALED}", root)
    os.chroot(root)
    os.chdir(SCRATCH)
    rights = ["--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]
    if drops_root:
        rights += [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    interpreter = [python, *PYTHON_FLAGS]
    command = [*interpreter, "/warden.py", *interpreter, "/runner.py"]
    os.execvpe("setpriv", ["setpriv", *rights, *command], ENVIRONMENT)


def show(folder: str, root: str) -> None:
    """Makes a folder of the system appear below `root`, read-only."""
    if os.path.islink(folder):
        os.symlink(os.readlink(folder), root + folder)
    elif os.path.isdir(folder) and not os.path.isdir(root + folder):
        os.makedirs(root + folder)
        mount("--rbind", folder, root + folder)
        mount("-o", f"remount,bind,{SEALED}", root + folder)


def mount(*arguments: str) -> None:
    """Calls `mount`; where it fails, what it says is the last that we say."""
    if subprocess.run(["mount", *arguments]).returncode:
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4] == "1")
