"""The keys that ymmsl does not know."""

from pathlib import Path

import pytest
import yaml

from adapters.ymmsl_files.reading.own_keys import OwnKeys, read_own_keys
from adapters.ymmsl_files.yaml_limits import composed
from domain.errors import ConfigurationError
from domain.model.containers import Container, ContainerRunner

HERE = Path("/models")


def read(text: str) -> tuple[object, OwnKeys]:
    """Return the data that ymmsl will see, and the values of the other keys."""
    tree = composed(text, "model.ymmsl")
    assert tree is not None
    rest, own = read_own_keys(text, tree, "model.ymmsl", HERE)
    assert rest.count("\n") == text.count("\n")
    return yaml.safe_load(rest), own


@pytest.mark.parametrize(
    "text",
    [
        "resources:\n  m.a:\n    threads: 2\n    gpus: 3\n  m.b: {threads: 1}\n",
        "resources:\n  m.a:\n    gpus: 3\n    threads: 2\n  m.b: {threads: 1}\n",
        "resources:\n  m.a: {threads: 2, gpus: 3}\n  m.b: {threads: 1}\n",
        "resources:\n  m.a: {gpus: 3, threads: 2}\n  m.b: {threads: 1}\n",
        "resources:\n  m.a: {\n    'gpus': 3, # é, gpus: 4\n    threads: 2}\n  m.b: {threads: 1}\n",
        "resources: {m.a: {threads: 2, gpus: 3}, m.b: {threads: 1}} # gpus: 4\n",
    ],
)
def test_numbers_of_gpus_are_taken_out_of_the_text(text):
    rest, own = read(text)
    assert rest == {"resources": {"m.a": {"threads": 2}, "m.b": {"threads": 1}}}
    assert own == OwnKeys(gpus={"m.a": 3})


@pytest.mark.parametrize(
    "text", ["resources:\n  m.a: {gpus: 1}\n", "resources:\n  m.a:\n    gpus: 1\n"]
)
def test_request_for_gpus_only_has_one_thread(text):
    rest, own = read(text)
    assert rest == {"resources": {"m.a": {"threads": 1}}}
    assert own.gpus == {"m.a": 1}


def test_requests_may_be_aliases():
    rest, own = read("resources:\n  m.a: &gpu {gpus: 1}\n  m.b: *gpu\n")
    assert rest == {"resources": {"m.a": {"threads": 1}, "m.b": {"threads": 1}}}
    assert own.gpus == {"m.a": 1, "m.b": 1}


@pytest.mark.parametrize("value", ["-1", "many", "1.5", "[1]", "''"])
def test_invalid_number_of_gpus_is_rejected_with_its_line(value):
    with pytest.raises(ConfigurationError) as caught:
        read(f"resources:\n  m.a:\n    gpus: {value}\n")
    assert str(caught.value) == (
        "model.ymmsl, line 3: 'resources.m.a.gpus' is not a whole number of 0 or more."
    )


@pytest.mark.parametrize("section", ["programs", "implementations"])
@pytest.mark.parametrize(
    ("written", "container"),
    [
        ("image.sif", Container("/models/image.sif")),
        ("/images/a b.sif", Container("/images/a b.sif")),
        ("$IMAGES/a.sif", Container("$IMAGES/a.sif")),
        ("~/a.sif", Container("~/a.sif")),
        ("docker://python:3.12", Container("docker://python:3.12")),
        ("{image: sandbox}", Container("/models/sandbox")),
        ("{image: 'a:1', runner: podman}", Container("a:1", ContainerRunner.PODMAN)),
        (
            "{image: a, runner: docker, options: [-v, '/data:/data', 1]}",
            Container("a", ContainerRunner.DOCKER, ("-v", "/data:/data", "1")),
        ),
        (
            "\n      image: a.sif\n      options:\n      - --nv\n",
            Container("/models/a.sif", options=("--nv",)),
        ),
    ],
)
def test_containers_are_taken_out_of_the_text(section, written, container):
    text = (
        f"{section}:\n  p:\n    container: {written}\n    executable: x\n  q: {{executable: y}}\n"
    )
    rest, own = read(text)
    assert rest == {section: {"p": {"executable": "x"}, "q": {"executable": "y"}}}
    assert own == OwnKeys(containers={"p": container})


def test_container_in_a_list_of_programs_is_found_by_name():
    text = "programs:\n- container: a.sif\n  name: p\n  executable: x\n"
    rest, own = read(text)
    assert rest == {"programs": [{"name": "p", "executable": "x"}]}
    assert own.containers == {"p": Container("/models/a.sif")}


def test_containers_may_be_aliases():
    text = (
        "programs:\n  p:\n    container: &image {image: a.sif}\n    executable: x\n"
        "  q: {container: *image, executable: y}\n"
    )
    rest, own = read(text)
    assert rest == {"programs": {"p": {"executable": "x"}, "q": {"executable": "y"}}}
    assert set(own.containers) == {"p", "q"}


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("python:3.12", "write '{image: \"python:3.12\", runner: podman}'"),
        ("{runner: podman}", "has no image"),
        ("[]", "has no image"),
        ("{image: a, runner: dokcer}", "unknown runner 'dokcer'. Did you mean 'docker'?"),
        ("{image: a, options: --nv}", "has 'options' that are not a list of words"),
        ("{image: a, options: [[]]}", "has 'options' that are not a list of words"),
    ],
)
def test_invalid_container_is_rejected_with_its_line(written, problem):
    with pytest.raises(ConfigurationError) as caught:
        read(f"programs:\n  p:\n    container: {written}\n")
    assert str(caught.value).startswith("model.ymmsl, line 3: 'programs.p.container' ")
    assert problem in str(caught.value)


def test_text_without_own_keys_stays_as_it_is():
    text = "settings: {container: a, gpus: 2}\nprograms: {p: {env: {container: b}}}\n"
    tree = composed(text, "model.ymmsl")
    assert tree is not None
    assert read_own_keys(text, tree, "model.ymmsl", HERE) == (text, OwnKeys())
