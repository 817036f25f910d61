"""Who is there: roles, proxies, accessors.

head True False
workers 2 ['worker:0:0', 'worker:0:1']
nodes 1
monitor monitor
worker by name worker:0:1
memory True
"""
import entrypoints.runtime as mosaic


def plain(uid):
    """A uid without the part that tells one run from another."""
    return uid.split("@")[0]


async def main(runtime):
    print("head", runtime.is_head, runtime.is_worker)
    print("workers", runtime.num_workers, sorted(plain(w.uid) for w in runtime.workers))
    print("nodes", runtime.num_nodes)
    print("monitor", plain(runtime.get_monitor().uid))
    uid = sorted(w.uid for w in runtime.workers)[1]
    print("worker by name", plain(runtime.get_worker(uid).uid))
    print("memory", runtime.memory_limit() > 0 and runtime.fits_in_memory(1))


if __name__ == "__main__":
    mosaic.run(main, num_workers=2, num_threads=1, log_level="error")
