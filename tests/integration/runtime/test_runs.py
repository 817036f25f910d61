"""Starting and ending of runs."""

import asyncio

import pytest

import entrypoints.runtime as runtime_module
from domain.runtime.errors import EngineError
from entrypoints.runtime import RuntimeProxy
from tests.support.runtime_actors import Counter, pid_of, square
from tests.support.runtimes import eventually, run_inline, run_on


def test_run_returns_what_main_returned():
    async def main(runtime):
        return runtime.num_workers

    assert run_inline(main, num_workers=3) == 3


def test_run_can_be_repeated_in_one_process():
    async def main(runtime):
        return await runtime.submit(square, 3).result()

    assert [run_inline(main) for _ in range(2)] == [9, 9]


def test_error_of_main_is_raised():
    async def main(runtime):
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        run_inline(main)


def test_exit_code_of_main_is_kept():
    async def main(runtime):
        raise SystemExit(3)

    with pytest.raises(SystemExit) as caught:
        run_on("inline", main)
    assert caught.value.code == 3


def test_run_inside_a_running_loop_recommends_interactive():
    async def main():
        with pytest.raises(RuntimeError, match="interactive"):
            runtime_module.run(main)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("option", "error"),
    [({"engine": "fast"}, ValueError), ({"log_level": "loud"}, ValueError), ({"x": 1}, TypeError)],
)
def test_wrong_option_is_an_error(option, error):
    async def main(runtime):
        raise AssertionError

    with pytest.raises(error):
        runtime_module.run(main, **{"engine": "inline", **option})


def test_more_than_one_node_is_refused_with_a_recommendation():
    async def main(runtime):
        raise AssertionError

    with pytest.raises(EngineError, match="dask"):
        runtime_module.run(main, num_nodes=2, num_workers=1, log_level="error")


def test_current_runtime_is_none_outside_of_a_run():
    async def main(runtime):
        return runtime_module.runtime() is runtime

    assert run_inline(main)
    assert runtime_module.runtime() is None


def test_logger_works_outside_of_a_run(capsys):
    runtime_module.logger().error("text")
    assert "text" in capsys.readouterr().err


def test_init_and_stop_are_plain_calls_without_a_loop():
    runtime = runtime_module.init(num_workers=1, engine="inline", log_level="error")
    try:
        assert runtime_module.runtime() is runtime
        with pytest.raises(RuntimeError, match="already"):
            runtime_module.init()

        async def use():
            actor = await Counter.remote()
            return await actor.add(2).result()

        assert runtime.get_event_loop().run(use) == 2
    finally:
        runtime_module.stop()
    runtime_module.stop()
    assert runtime_module.runtime() is None


def test_init_and_stop_are_awaited_inside_a_loop():
    async def main():
        runtime = await runtime_module.init(num_workers=1, engine="inline", log_level="error")
        try:
            assert await runtime.submit(square, 2).result() == 4
        finally:
            await runtime_module.stop()

    asyncio.run(main())


def test_second_interactive_switch_does_nothing():
    async def main():
        options = {"num_workers": 1, "engine": "inline", "log_level": "error"}
        runtime = await runtime_module.interactive("on", **options)
        assert await runtime_module.interactive("on") is runtime
        assert runtime.mode == "interactive"
        assert await runtime_module.interactive("off") is None
        assert await runtime_module.interactive("off") is None
        assert await runtime_module.interactive("on", **options) is not runtime
        await runtime_module.interactive("off")

    asyncio.run(main())


def test_stop_of_the_head_ends_the_run():
    async def main(runtime):
        await runtime.stop()
        await asyncio.get_running_loop().create_future()

    assert run_inline(main) is None


def test_error_without_call_is_raised_in_main():
    async def main(runtime):
        head = runtime.get_head()
        await head.raise_exception(exc=(ValueError, ValueError("outside"), None))
        with pytest.raises(ValueError, match="outside"):
            await asyncio.get_running_loop().create_future()

    runtime_module.run(main, engine="inline", num_workers=1, log_level="error")


def test_workers_are_processes_of_their_own():
    async def main(runtime):
        pids = {await runtime.submit(pid_of, None, runtime=w).result() for w in runtime.workers}
        assert len(pids) == 2
        with pytest.raises(KeyError):
            runtime.get_worker("worker:0:7")
        await runtime.workers[0].log_info(buf="text", reply=True)

    run_on("embedded", main)


def test_proxies_and_lookups_of_a_runtime():
    async def main(runtime):
        worker = runtime.workers[1]
        assert runtime.get_worker("worker:0:1") is worker
        assert runtime.get_workers()[worker.uid] is worker
        assert runtime.get_node() is None
        assert runtime.get_node("node:0").uid == "node:0"
        assert runtime.get_warehouse().uid == "warehouse"
        assert runtime.get_head().uid == "head"
        assert runtime.proxy("worker", (0, 1)) == RuntimeProxy("worker", (0, 1))
        assert worker.comms is runtime.get_comms()
        assert (runtime.address, runtime.port, runtime.pubsub_port) == ("localhost", 0, 0)

    run_inline(main)


def test_worker_that_is_stopped_leaves_and_is_not_replaced():
    async def main(runtime):
        await runtime.workers[0].stop()
        await eventually(lambda: runtime.num_workers == 1)
        assert await runtime.submit(square, 2).result() == 4

    run_inline(main)


def test_usage_lists_the_members():
    async def main(runtime):
        usage = await runtime.usage()
        assert set(usage) == {"head", *(worker.uid for worker in runtime.workers)}
        with pytest.raises(EngineError, match=r"GROWS .*num_workers=3"):
            await runtime.scale(3)

    run_inline(main)


@pytest.mark.parametrize("placement", ["least-busy", "memory-aware", "data-local"])
def test_placement_that_measures_workers_spreads_actors(placement):
    async def main(runtime):
        value = await runtime.put(b"data", reply=True)
        actors = [await Counter.remote(value) for _ in range(4)]
        assert len({actor.runtime_id for actor in actors}) == 2
        assert await runtime.select_worker() in {worker.uid for worker in runtime.workers}

    run_inline(main, placement=placement)


def test_peers_create_actors_and_queue_tasks_by_the_names_of_the_original():
    async def main(runtime):
        worker = runtime.workers[0]
        names = await worker.init_tessera(cls=Counter, uid="counter-1", args=(3,), reply=True)
        assert {"n", "add"} <= set(names)
        task = {"tessera_id": "counter-1", "method": "add", "args": (2,), "kwargs": {}}
        await worker.init_task(task=task, uid="task-1", reply=True)
        with pytest.raises(KeyError):
            await worker.init_task(task={**task, "tessera_id": "no"}, uid="task-2", reply=True)
        with pytest.raises(ValueError, match="init"):
            await worker.init_tessera(
                cls=Counter, uid="counter-2", args=(1, ValueError("init")), reply=True
            )

    run_inline(main)
