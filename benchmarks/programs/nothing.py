"""Takes part in a simulation and does nothing."""

import os

if os.environ["COUPLING_LIBRARY"] == "muscle3":
    from libmuscle import Instance
else:
    from entrypoints.instance import Instance

instance = Instance()
while instance.reuse_instance():
    pass
