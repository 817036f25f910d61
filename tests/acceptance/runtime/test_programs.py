"""Programs that use the task runtime, from their start to what they leave behind."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from tests.support.runtime_programs import MARK, REPOSITORY, marked_processes, run_program


@pytest.fixture
def run(tmp_path):
    """Run a program, which must leave nothing behind."""

    def run_text(text, *, code=0, engine="embedded"):
        program = tmp_path / "program.py"
        program.write_text(textwrap.dedent(text), encoding="utf-8")
        places = tmp_path / "places"
        places.mkdir(exist_ok=True)
        ended = run_program(program, places, engine=engine)
        assert ended.code == code, ended.errors
        assert (ended.files, ended.processes) == ([], [])
        return ended

    return run_text


def test_class_of_main_is_the_same_in_arguments_and_methods(run):
    ended = run(
        """
        from conjoin.runtime import run, tessera

        class Point:
            def __init__(self, x):
                self.x = x

        @tessera
        class Checker:
            def make(self):
                return Point(1)

            def check(self, point, other):
                return isinstance(point, Point) and type(other) is Point

        async def main(runtime):
            checker = await Checker.remote()
            point = await checker.make().result()
            print(type(point) is Point, await checker.check(point, checker.make()).result())

        run(main, num_workers=1, log_level="error")
        """
    )
    assert ended.output == "True True\n"


def test_modules_beside_the_program_are_found_by_workers(run, tmp_path):
    (tmp_path / "beside.py").write_text("def double(x):\n    return 2 * x\n", encoding="utf-8")
    ended = run(
        """
        from beside import double
        from conjoin.runtime import run

        async def main(runtime):
            print(await runtime.submit(double, 4).result())

        run(main, num_workers=1, log_level="error")
        """
    )
    assert ended.output == "8\n"


def test_program_that_exits_right_after_starting_leaves_nothing(run):
    run(
        """
        from conjoin.runtime import init

        init(num_workers=1, log_level="error")
        """
    )


def test_exit_code_of_main_is_that_of_the_program(run):
    run(
        """
        import sys
        from conjoin.runtime import run

        async def main(runtime):
            sys.exit(7)

        run(main, num_workers=1, log_level="error")
        """,
        code=7,
    )


def test_prints_of_workers_appear_on_the_output_of_the_head(run):
    ended = run(
        """
        import sys
        from conjoin.runtime import run

        def say():
            print("from a worker")
            print("an error", file=sys.stderr)

        async def main(runtime):
            await runtime.submit(say)

        run(main, num_workers=1, log_level="error")
        """
    )
    assert ended.output == "from a worker\n"
    assert ended.errors == "an error\n"


def test_more_workers_than_cores_are_started(run):
    ended = run(
        """
        import os
        from conjoin.runtime import run

        async def main(runtime):
            print(runtime.num_workers == os.cpu_count() + 1)

        run(main, num_workers=os.cpu_count() + 1, log_level="error")
        """
    )
    assert ended.output == "True\n"


FOR_EVER = """
import asyncio
from conjoin.runtime import run, tessera

@tessera
class Sleeper:
    async def sleep(self):
        await asyncio.sleep(1000)

async def main(runtime):
    sleeper = await Sleeper.remote()
    task = sleeper.sleep()
    print("ready", flush=True)
    await task

run(main, num_workers=1, log_level="error")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_program_that_is_ended_by_a_signal_leaves_nothing(number, tmp_path):
    places = tmp_path / "places"
    places.mkdir()
    environment = {
        **os.environ,
        "PYTHONPATH": str(REPOSITORY),
        "TMPDIR": str(places),
        "XDG_RUNTIME_DIR": str(places),
        MARK: str(places),
    }
    with subprocess.Popen(
        [sys.executable, "-c", FOR_EVER],
        env=environment,
        cwd=places,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
        program.send_signal(number)
        assert program.wait(60) != 0
    assert marked_processes(places) == []
    assert [str(path) for path in places.rglob("*")] == []


def test_two_runs_in_one_directory_do_not_disturb_each_other(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        textwrap.dedent(
            """
            from conjoin.runtime import run

            async def main(runtime):
                tasks = [runtime.submit(abs, -n) for n in range(50)]
                print(sum([await task.result() for task in tasks]))

            run(main, num_workers=1, log_level="error", run_directory="run")
            """
        ),
        encoding="utf-8",
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    runs = [
        subprocess.Popen(
            [sys.executable, str(program)],
            env=environment,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    assert [run.communicate(timeout=100)[0] for run in runs] == ["1225\n", "1225\n"]
    assert [run.returncode for run in runs] == [0, 0]
