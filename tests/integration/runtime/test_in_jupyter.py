"""The task runtime in a real Jupyter kernel."""

import pytest

from tests.support.kernel import run_cells

pytestmark = pytest.mark.slow

DEFINITIONS = """
import entrypoints.runtime as tasks

@tasks.tessera
class Counter:
    def __init__(self):
        self.n = 0

    def add(self, k):
        self.n += k
        return self.n

    def greet(self):
        print("hello from a worker")

async def square(x):
    return x * x
"""
ON = 'runtime = await tasks.interactive("on", num_workers=2, log_level="error")'
OFF = 'await tasks.interactive("off")'


def test_runtime_can_be_switched_on_off_and_on_again(tmp_path):
    use = "counter = await Counter.remote()\nprint(await counter.add(2).result())"
    loop = """
@runtime.async_for(range(3))
async def loop(worker, i):
    return await runtime.submit(square, i).result()
print(await loop)
"""
    cells = run_cells(
        [
            DEFINITIONS,
            ON,
            use,
            f"print(await tasks.interactive('on') is runtime)\n{loop}",
            f"{OFF}\nprint(tasks.runtime())",
            OFF,
            ON,
            use,
            OFF,
        ],
        tmp_path,
    )
    assert [cell.error for cell in cells] == [""] * len(cells), cells
    texts = [cell.text for cell in cells]
    assert texts == ["", "", "2\n", "True\n[0, 1, 4]\n", "None\n", "", "", "2\n", ""]


def test_print_of_a_worker_appears_in_the_cell(tmp_path):
    use = """
import asyncio, sys
written, write = [], sys.stdout.write
sys.stdout.write = lambda text: (written.append(text), write(text))[1]
counter = await Counter.remote()
await counter.greet()
while "hello" not in "".join(written):
    await asyncio.sleep(0.01)
"""
    cells = run_cells([DEFINITIONS, ON, use, OFF], tmp_path)
    assert cells[2].text == "hello from a worker\n", cells


def test_run_in_a_cell_recommends_interactive(tmp_path):
    use = """
async def main(runtime):
    pass
tasks.run(main)
"""
    cells = run_cells([DEFINITIONS, use], tmp_path)
    assert cells[1].error == "RuntimeError"
    assert 'await interactive("on")' in cells[1].message


def test_error_of_a_task_is_raised_in_the_cell(tmp_path):
    use = "await (await Counter.remote()).add('x')"
    again = "print(await (await Counter.remote()).add(1).result())"
    cells = run_cells([DEFINITIONS, ON, use, again, OFF], tmp_path)
    assert [cell.error for cell in cells] == ["", "", "TypeError", "", ""], cells
    assert cells[3].text == "1\n"
