"""Open MPI, if it is installed on this machine."""

import shutil
import subprocess

AS_ROOT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
"""Variables with which Open MPI lets root start programs."""


def has_open_mpi() -> bool:
    """Return whether `mpirun` is that of Open MPI."""
    mpirun = shutil.which("mpirun")
    if mpirun is None:
        return False
    version = subprocess.run([mpirun, "--version"], capture_output=True, text=True, check=False)
    return "Open MPI" in version.stdout
