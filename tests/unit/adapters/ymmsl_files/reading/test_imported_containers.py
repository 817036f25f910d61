"""Containers of programs in imported modules."""

from pathlib import Path

import pytest

from domain.identity import Reference
from domain.model.containers import Container, ContainerRunner
from tests.unit.adapters.ymmsl_files.models import load, problem_of, warnings_of, whole

CONTAINED = "programs:\n  p: {description: x, executable: /bin/true, container: a.sif}\n"


def importing(module: str, *, name: str = "p") -> str:
    return f"imports:\n- from {module} import implementation {name}\n"


def model(implementation: str = "p") -> str:
    return f"""
models:
  m:
    description: x
    components:
      macro: {{description: x, ports: {{}}, implementation: {implementation}}}
"""


@pytest.fixture
def library(tmp_path, monkeypatch) -> Path:
    """A directory in which modules are found."""
    monkeypatch.setenv("YMMSL_PATH", str(tmp_path))
    (tmp_path / "lib").mkdir()
    return tmp_path / "lib"


def container_of(text: str, name: str = "lib.codes.p") -> Container | None:
    """Return the container of a program of the flat configuration."""
    return load(text).programs[Reference(name)].container


def test_container_of_an_imported_program_is_read(library):
    (library / "codes.ymmsl").write_text(whole(CONTAINED))
    assert container_of(whole(importing("lib.codes"), model())) == Container(f"{library}/a.sif")


def test_container_of_a_program_in_an_imported_model_is_read(library):
    inner = model().replace("  m:\n", "  inner:\n")
    (library / "codes.ymmsl").write_text(whole(CONTAINED, inner))
    text = whole(importing("lib.codes", name="inner"), model("inner"))
    assert container_of(text) == Container(f"{library}/a.sif")


def test_container_of_a_transitively_imported_program_is_read(library):
    image = "container: {image: img, runner: podman, options: [--memory=1g]}"
    (library / "more.ymmsl").write_text(whole(CONTAINED.replace("container: a.sif", image)))
    inner = model().replace("  m:\n", "  inner:\n")
    (library / "codes.ymmsl").write_text(whole(importing("lib.more"), inner))
    text = whole(importing("lib.codes", name="inner"), model("inner"))
    expected = Container("img", ContainerRunner.PODMAN, ("--memory=1g",))
    assert container_of(text, "lib.more.p") == expected


def test_module_that_two_others_import_is_loaded_before_both(library):
    (library / "leaf.ymmsl").write_text(whole(CONTAINED))
    for name in ("one", "two"):
        inner = model().replace("  m:\n", f"  {name}:\n")
        (library / f"{name}.ymmsl").write_text(whole(importing("lib.leaf"), inner))
    both = model("one") + "      micro: {description: x, ports: {}, implementation: two}\n"
    imports = importing("lib.one", name="one") + importing("lib.two", name="two").partition("\n")[2]
    assert container_of(whole(imports, both), "lib.leaf.p") == Container(f"{library}/a.sif")


def test_resources_with_gpus_of_an_imported_module_are_a_warning(library):
    resources = "resources:\n  m.macro: {threads: 1, gpus: 2}\n"
    (library / "codes.ymmsl").write_text(whole(CONTAINED, resources))
    (warning,) = warnings_of(whole(importing("lib.codes"), model()))
    assert "its 'resources' is not used" in warning


def test_invalid_container_of_an_imported_program_is_rejected_with_its_file(library):
    file = library / "codes.ymmsl"
    file.write_text(whole(CONTAINED.replace("a.sif", "{image: a, runner: charliecloud}")))
    problem = problem_of(whole(importing("lib.codes"), model()))
    assert problem.startswith(f"{file}, line ")
    assert "has the unknown runner 'charliecloud'" in problem


def test_modules_with_containers_that_import_each_other_are_rejected(library):
    for name, other in (("one", "two"), ("two", "one")):
        text = whole(importing(f"lib.{other}", name="q"), CONTAINED)
        (library / f"{name}.ymmsl").write_text(text)
    assert "the imports form a cycle" in problem_of(whole(importing("lib.one"), model()))


def test_mistake_beside_a_container_is_reported_with_its_file(library):
    file = library / "codes.ymmsl"
    file.write_text(whole(CONTAINED.replace("executable", "exeutable")))
    assert str(file) in problem_of(whole(importing("lib.codes"), model()))
