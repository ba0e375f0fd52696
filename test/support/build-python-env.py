"""Makes one Python virtual environment in place: build-python-env.py FOLDER REQUIREMENTS.

The marker file is written last, under a lock that the kernel drops when builder and pip are both gone,
so a build that was killed is started over and two builds never share a folder.
"""

import fcntl
import os
import shutil
import subprocess
import sys


def main(folder, requirements):
    marker = os.path.join(folder, ".complete")
    python = os.path.join(folder, "bin", "python")
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    with open(folder + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(marker) and os.path.exists(python):
            return
        shutil.rmtree(folder, ignore_errors=True)
        # The children inherit the lock: an orphaned pip must be done before the next build clears its folder.
        subprocess.run([sys.executable, "-m", "venv", folder], check=True, pass_fds=[lock.fileno()])
        # The files name every package, so that pip has nothing to resolve.
        pip = [python, "-m", "pip", "install", "--quiet", "--no-input", "--no-deps", "-r", requirements]
        subprocess.run(pip, check=True, pass_fds=[lock.fileno()])
        with open(marker, "w") as done:
            done.write(requirements + "\n")


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2])
    except subprocess.CalledProcessError as failed:
        sys.exit(f"{' '.join(failed.cmd)} ended with {failed.returncode}")
