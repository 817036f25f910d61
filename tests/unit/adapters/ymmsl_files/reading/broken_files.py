"""Broken yMMSL files: what is replaced in a valid file, and where the error is, with the advice."""

# ruff: noqa: E501 - one row for each error is easier to read
# fmt: off

from __future__ import annotations

from typing import Final, TypeAlias

Row: TypeAlias = tuple[str, str, int, str, str]
"""What to replace, with what; the line and key in the message, and its advice."""

VALID_V02: Final = """\
ymmsl_version: v0.2
description: A model
imports:
- from lib import implementation other
models:
  m:
    description: Two models
    supported_settings:
      dt: float Time step
    components:
      macro:
        description: Large
        ports:
          o_i: out
          s: in
        implementation: macro
      micro:
        description: Small
        ports:
          f_init: init
          o_f: final
        implementation: micro
        multiplicity: 10
        optional: true
    conduits:
      macro.out: micro.init
      micro.final: macro.in
    matching_timelines:
      macro: other
custom_implementations:
  m.micro: micro
settings:
  macro.dt: 0.1
programs:
  macro:
    description: Large
    ports:
      o_i: out
      s: in
    supported_settings:
      dt: float Time step
    base_env: manager
    modules: gcc
    virtual_env: /venv
    env:
      N: 1
    execution_model: direct
    executable: python
    args: macro.py
    can_share_resources: true
    keeps_state_for_next_use: helpful
  micro:
    script: |
      #!/bin/sh
resources:
  m.macro:
    threads: 4
  m.micro:
    mpi_processes: 4
    threads_per_mpi_process: 1
checkpoints:
  at_end: true
  wallclock_time:
  - every: 10
    start: 0
    stop: 100
  simulation_time:
  - at: [1, 2]
resume:
  macro: /snapshot.pack
"""

VALID_V01: Final = """\
ymmsl_version: v0.1
description: A model
model:
  name: m
  components:
    macro:
      implementation: macro
      ports:
        o_i: out
        s: in
    micro:
      implementation: micro
      multiplicity: 10
      ports:
        f_init: init
        o_f: final
  conduits:
    macro.out: micro.init
    micro.final: macro.in
settings:
  macro.dt: 0.1
implementations:
  macro:
    base_env: manager
    modules: gcc
    virtual_env: /venv
    env:
      N: 1
    execution_model: direct
    executable: python
    args: macro.py
    can_share_resources: true
    keeps_state_for_next_use: helpful
  micro:
    script: |
      #!/bin/sh
resources:
  macro:
    threads: 4
checkpoints:
  at_end: true
  simulation_time:
  - every: 10
resume:
  macro: /snapshot.pack
"""

BROKEN_V02: Final[tuple[Row, ...]] = (
    ("description: A model", "description: [a]", 2, "description", "Write 'description: what it simulates'."),
    ("description: A model", "description: 3", 2, "description", "Write it in quotes: '3'."),
    ("description: A model", "description: {a: 1}", 2, "description", "Write 'description: what it simulates'."),
    ("imports:\n- from lib import implementation other", "imports: lib", 3, "imports", "Write, for example, 'imports: [from module import implementation name]'."),
    ("- from lib import implementation other", "- lib", 4, "imports[0]", "Write, for example, 'from module import implementation name'."),
    ("- from lib import implementation other", "- from lib import other", 4, "imports[0]", "Write 'from lib import implementation other'."),
    ("- from lib import implementation other", "- from lib import program other", 4, "imports[0]", "Write 'from lib import implementation other'."),
    ("- from lib import implementation other", "- import lib", 4, "imports[0]", "Write, for example, 'from module import implementation name'."),
    ("- from lib import implementation other", "- from lib/codes.ymmsl import implementation other", 4, "imports[0]", "Write the module without '.ymmsl' and with dots instead of slashes, as in 'from module import implementation name'."),
    ("- from lib import implementation other", "- 3", 4, "imports[0]", "Write, for example, 'from module import implementation name'."),
    ("- from lib import implementation other", "- {from: lib}", 4, "imports[0]", "Write, for example, 'from module import implementation name'."),
    ("description: Two models", "description: [Two]", 7, "models.m.description", "Write 'description: what it simulates'."),
    ("      dt: float Time step\n    components", "      dt: flaot Time step\n    components", 9, "models.m.supported_settings.dt", "Did you mean 'float' or '[float]'?"),
    ("      dt: float Time step\n    components", "      dt: [a, b]\n    components", 9, "models.m.supported_settings.dt", "Write one of str, int, float, bool, [int], [float], [[float]], and a description if you like."),
    ("      dt: float Time step\n    components", "      dt: 3\n    components", 9, "models.m.supported_settings.dt", "Write one of str, int, float, bool, [int], [float], [[float]], and a description if you like."),
    ("    supported_settings:\n      dt: float Time step\n    components", "    supported_settings: dt\n    components", 8, "models.m.supported_settings", "Write, for example, 'supported_settings: {dt: float}'."),
    ("        description: Large\n", "        description: 3\n", 12, "models.m.components.macro.description", "Write it in quotes: '3'."),
    ("        description: Large\n", "        description:\n", 12, "models.m.components.macro.description", "Write 'description: what it does'."),
    ("        description: Large\n", "", 11, "models.m.components.macro", "Add, for example, 'description: what it does'."),
    ("        ports:\n          o_i: out\n          s: in\n", "", 11, "models.m.components.macro", "Add, for example, 'ports: {o_i: out, s: in}'."),
    ("        ports:\n          o_i: out\n          s: in\n", "        ports: out\n", 13, "models.m.components.macro.ports", "Write, for example, 'ports: {o_i: out, s: in}'."),
    ("        ports:\n          o_i: out\n          s: in\n", "        ports: [out, in]\n", 13, "models.m.components.macro.ports", "Write, for example, 'ports: {o_i: out, s: in}'."),
    ("          o_i: out\n", "          o_i: 3\n", 14, "models.m.components.macro.ports.o_i", "Write, for example, 'o_i: [a, b]'."),
    ("          o_i: out\n", "          o_i: {a: b}\n", 14, "models.m.components.macro.ports.o_i", "Write, for example, 'o_i: [a, b]'."),
    ("          o_i: out\n", "          o_i: out[]\n", 14, "models.m.components.macro.ports.o_i", "Write 'out'; the port becomes a vector port by the 'multiplicity' of the component that it is connected to."),
    ("          o_i: out\n", "          o_i: out, out2\n", 14, "models.m.components.macro.ports.o_i", "Write 'out out2'."),
    ("          o_i: out\n", "          o_i: [out, 3]\n", 14, "models.m.components.macro.ports.o_i[1]", "Write, for example, 'o_i: [a, b]'."),
    ("          o_i: out\n", "          o_i: [out, a-b]\n", 14, "models.m.components.macro.ports.o_i[1]", "Write, for example, 'a_b'."),
    ("          o_i: out\n", "          o_i: a-b\n", 14, "models.m.components.macro.ports.o_i", "Write, for example, 'a_b'."),
    ("          o_i: out\n", "          oi: out\n", 14, "models.m.components.macro.ports", "Did you mean 'o_i'?"),
    ("          o_i: out\n", "          O_I: out\n", 14, "models.m.components.macro.ports", "Did you mean 'o_i' or 'o_f'?"),
    ("          o_i: out\n", "          send: out\n", 14, "models.m.components.macro.ports", "Write f_init, o_i, s or o_f, then the names."),
    ("          o_i: out\n", "          o_i: in\n", 15, "models.m.components.macro.ports", "Rename one of them."),
    ("          o_i: out\n", "          fast: {o_i: out}\n", 14, "models.m.components.macro.ports", "For a timeline, write 'timeline fast'."),
    ("          o_i: out\n", "          timeline fast: out\n", 14, "models.m.components.macro.ports.timeline fast", "Write, for example, '{o_i: out, s: in}'."),
    ("          o_i: out\n", "          timeline fast: {o_f: out}\n", 14, "models.m.components.macro.ports.timeline fast", "Did you mean 'o_i'?"),
    ("          o_i: out\n", "          timeline fast: {o_i: 3}\n", 14, "models.m.components.macro.ports.timeline fast.o_i", "Write, for example, 'o_i: [a, b]'."),
    ("        implementation: macro", "        implementation: 3", 16, "models.m.components.macro.implementation", "Write, for example, 'implementation: my_program'."),
    ("        implementation: macro", "        implementation: [macro]", 16, "models.m.components.macro.implementation", "Write, for example, 'implementation: my_program'."),
    ("        implementation: macro", "        implementation: my-macro", 16, "models.m.components.macro.implementation", "Write, for example, 'my_macro'."),
    ("        implementation: macro", "        implementation: macro v2", 16, "models.m.components.macro.implementation", "Write, for example, 'macro_v2'."),
    ("multiplicity: 10", "multiplicity: ten", 23, "models.m.components.micro.multiplicity", "Write, for example, 'multiplicity: 10'."),
    ("multiplicity: 10", "multiplicity: 1e1", 23, "models.m.components.micro.multiplicity", "Write 10."),
    ("multiplicity: 10", "multiplicity: '10'", 23, "models.m.components.micro.multiplicity", "Write 10."),
    ("multiplicity: 10", "multiplicity: [2, x]", 23, "models.m.components.micro.multiplicity[1]", "Write, for example, 'multiplicity: 10'."),
    ("multiplicity: 10", "multiplicity: {x: 2}", 23, "models.m.components.micro.multiplicity", "Write, for example, 'multiplicity: 10'."),
    ("multiplicity: 10", "multiplicity: 2.5", 23, "models.m.components.micro.multiplicity", "Write, for example, 'multiplicity: 10'."),
    ("multiplicity: 10", "multiplicity: true", 23, "models.m.components.micro.multiplicity", "Write, for example, 'multiplicity: 10'."),
    ("optional: true", "optional: yes", 24, "models.m.components.micro.optional", "Write true."),
    ("optional: true", "optional: 1", 24, "models.m.components.micro.optional", "Write true."),
    ("optional: true", "optional: 'true'", 24, "models.m.components.micro.optional", "Write true."),
    ("optional: true", "optional: maybe", 24, "models.m.components.micro.optional", "Write 'optional: true'."),
    ("      macro:\n        description: Large", "      my-macro:\n        description: Large", 11, "models.m.components.my-macro", "Write, for example, 'my_macro'."),
    ("      macro:\n        description: Large", "      3:\n        description: Large", 11, "models.m.components.3", "Write, for example, '_3'."),
    ("    components:\n      macro:\n", "    components:\n      other: 3\n      macro:\n", 11, "models.m.components.other", "Write, for example, '{description: …, ports: {…}, implementation: my_program}'."),
    ("    components:\n      macro:\n", "    components:\n      other: other\n      macro:\n", 11, "models.m.components.other", "Write, for example, '{description: …, ports: {…}, implementation: my_program}'."),
    ("    components:\n      macro:\n", "    components:\n      other:\n      macro:\n", 11, "models.m.components.other", "Write, for example, '{description: …, ports: {…}, implementation: my_program}'."),
    ("      macro.out: micro.init", "      macro.out: 3", 26, "models.m.conduits.macro.out", "Write, for example, 'macro.out: micro.in'."),
    ("      macro.out: micro.init", "      macro.out:", 26, "models.m.conduits.macro.out", "Write, for example, 'macro.out: micro.in'."),
    ("      macro.out: micro.init", "      macro.out: micro.init[]", 26, "models.m.conduits.macro.out", "Write 'micro.init': each instance is connected by itself."),
    ("      macro.out: micro.init", "      macro.out[]: micro.init", 26, "models.m.conduits.macro.out[]", "Write 'macro.out': each instance is connected by itself."),
    ("      macro.out: micro.init", "      macro.out: micro,init", 26, "models.m.conduits.macro.out", "Write 'micro.init', or a list of ports."),
    ("      macro.out: micro.init", "      macro.out: [micro.init, 3]", 26, "models.m.conduits.macro.out[1]", "Write, for example, 'macro.out: micro.in'."),
    ("      macro.out: micro.init", "      macro.out: lsat micro.init", 26, "models.m.conduits.macro.out", "Did you mean 'last'?"),
    ("      macro.out: micro.init", "      macro.out: micro-init", 26, "models.m.conduits.macro.out", "Write 'component.port'."),
    ("      macro.out: micro.init", "      macro.out: {micro: init}", 26, "models.m.conduits.macro.out", "Write, for example, 'macro.out: micro.in'."),
    ("    conduits:\n      macro.out: micro.init\n      micro.final: macro.in\n", "    conduits:\n    - macro.out micro.init\n", 25, "models.m.conduits", "Write, for example, 'conduits: {macro.out: micro.in}'."),
    ("      macro: other\n", "      macro: 3\n", 29, "models.m.matching_timelines.macro", "Write it in quotes: '3'."),
    ("    matching_timelines:\n      macro: other\n", "    matching_timelines: 3\n", 28, "models.m.matching_timelines", "Write, for example, 'matching_timelines: {macro: micro}'."),
    ("  m.micro: micro\n", "  m.micro: 3\n", 31, "custom_implementations.m.micro", "Write, for example, 'my_program'."),
    ("  m.micro: micro\n", "  m.micro: [micro]\n", 31, "custom_implementations.m.micro", "Write, for example, 'my_program'."),
    ("custom_implementations:\n  m.micro: micro", "custom_implementations: micro", 30, "custom_implementations", "Write, for example, 'custom_implementations: {my_model.micro: my_program}'."),
    ("  macro.dt: 0.1", "  macro.dt:", 33, "settings.macro.dt", "Write one, such as 'macro.dt: 0', or remove it."),
    ("  macro.dt: 0.1", "  macro.dt: 4.0.0", 33, "settings.macro.dt", "For text, write '4.0.0'."),
    ("  macro.dt: 0.1", "  macro.dt: 2026-11-20", 33, "settings.macro.dt", "For text, write '2026-11-20'."),
    ("  macro.dt: 0.1", "  macro: {dt: 0.1}", 33, "settings.macro", "Write 'macro.dt: 0.1'."),
    ("  macro.dt: 0.1", "  macro:\n    dt: 0.1\n    steps: 3", 34, "settings.macro", "Write 'macro.dt: 0.1', and so on."),
    ("  macro.dt: 0.1", "  macro.dt: [1, 2.5]", 33, "settings.macro.dt", "Write [1.0, 2.5], all as floats."),
    ("  macro.dt: 0.1", "  macro.dt: [a, b]", 33, "settings.macro.dt", "Write text in one string, such as 'macro.dt: a b', and split it in the program."),
    ("  macro.dt: 0.1", "  macro.dt: []", 33, "settings.macro.dt", "Remove 'macro.dt', and let the program use a default."),
    ("  macro.dt: 0.1", "  macro.dt: [[1, 2]]", 33, "settings.macro.dt", "Write [[1.0, 2.0]]."),
    ("  macro.dt: 0.1", "  macro.dt: [['1']]", 33, "settings.macro.dt", "Write [[1.0, 2.0]]."),
    ("  macro.dt: 0.1", "  macro.dt: 99999999999999999999", 33, "settings.macro.dt", "Write 1e+20 for a float, or '99999999999999999999' for text."),
    ("  macro.dt: 0.1", "  macro.dt: =", 33, "settings.macro.dt", "For text, write '='."),
    ("settings:\n  macro.dt: 0.1", "settings: macro", 32, "settings", "Write, for example, 'settings: {macro.dt: 0.1}'."),
    ("settings:\n  macro.dt: 0.1", "settings:\n- macro.dt: 0.1", 32, "settings", "Write, for example, 'settings: {macro.dt: 0.1}'."),
    ("  macro.dt: 0.1", "  macro-dt: 0.1", 33, "settings.macro-dt", "Write, for example, 'macro_dt'."),
    ("base_env: manager", "base_env: mangaer", 42, "programs.macro.base_env", "Did you mean 'manager'?"),
    ("base_env: manager", "base_env: 3", 42, "programs.macro.base_env", "Write 'manager', for example."),
    ("base_env: manager", "base_env: [manager]", 42, "programs.macro.base_env", "Write 'manager', for example."),
    ("modules: gcc", "modules: 3", 43, "programs.macro.modules", "Write it in quotes: '3'."),
    ("modules: gcc", "modules: [gcc, 13.2]", 43, "programs.macro.modules[1]", "Write it in quotes: '13.2'."),
    ("modules: gcc", "modules: {gcc: 13}", 43, "programs.macro.modules", "Write, for example, 'modules: [gcc]'."),
    ("virtual_env: /venv", "virtual_env: 3", 44, "programs.macro.virtual_env", "Write it in quotes: '3'."),
    ("virtual_env: /venv", "virtual_env: [/venv]", 44, "programs.macro.virtual_env", "Write 'virtual_env: /home/me/venv'."),
    ("    env:\n      N: 1", "    env: N=1", 45, "programs.macro.env", "Write, for example, 'env: {OMP_NUM_THREADS: 4}'."),
    ("    env:\n      N: 1", "    env: [N=1]", 45, "programs.macro.env", "Write, for example, 'env: {OMP_NUM_THREADS: 4}'."),
    ("      N: 1", "      N: [1]", 46, "programs.macro.env.N", "Write, for example, 'env: {OMP_NUM_THREADS: 4}'."),
    ("      N: 1", "      N:", 46, "programs.macro.env.N", "Write, for example, 'env: {OMP_NUM_THREADS: 4}'."),
    ("      N: 1", "      N: {a: b}", 46, "programs.macro.env.N", "Write, for example, 'env: {OMP_NUM_THREADS: 4}'."),
    ("execution_model: direct", "execution_model: mpi", 47, "programs.macro.execution_model", "Did you mean 'srunmpi' or 'openmpi'?"),
    ("execution_model: direct", "execution_model: driect", 47, "programs.macro.execution_model", "Did you mean 'direct'?"),
    ("execution_model: direct", "execution_model: 3", 47, "programs.macro.execution_model", "Write 'direct', for example."),
    ("executable: python", "executable: 3", 48, "programs.macro.executable", "Write it in quotes: '3'."),
    ("executable: python", "executable: [python]", 48, "programs.macro.executable", "Write 'executable: python'."),
    ("    executable: python\n", "", 35, "programs.macro", "Add, for example, 'executable: python' and 'args: $YMMSL_DIR/model.py'."),
    ("executable: python", "executable:", 48, "programs.macro.executable", "Write 'executable: python'."),
    ("args: macro.py", "args: 3", 49, "programs.macro.args", "Write it in quotes: '3'."),
    ("args: macro.py", "args: [-n, 4]", 49, "programs.macro.args[1]", "Write it in quotes: '4'."),
    ("args: macro.py", "args: {n: 4}", 49, "programs.macro.args", "Write, for example, 'args: [-x, '4']'."),
    ("args: macro.py", "args: [-x, 1.5]", 49, "programs.macro.args[1]", "Write it in quotes: '1.5'."),
    ("args: macro.py", "args: [-v, true]", 49, "programs.macro.args[1]", "Write it in quotes: 'true'."),
    ("can_share_resources: true", "can_share_resources: yes", 50, "programs.macro.can_share_resources", "Write true."),
    ("can_share_resources: true", "can_share_resources: 0", 50, "programs.macro.can_share_resources", "Write false."),
    ("keeps_state_for_next_use: helpful", "keeps_state_for_next_use: yes", 51, "programs.macro.keeps_state_for_next_use", "Write 'necessary', for example."),
    ("keeps_state_for_next_use: helpful", "keeps_state_for_next_use: helpfull", 51, "programs.macro.keeps_state_for_next_use", "Did you mean 'helpful'?"),
    ("    args: macro.py", "    args: macro.py\n    script: echo", 35, "programs.macro", "Put what they do into the script, or remove the script."),
    ("    script: |\n      #!/bin/sh\n", "    script: [echo, 3]\n", 53, "programs.micro.script[1]", "Write it in quotes: '3'."),
    ("    script: |\n      #!/bin/sh\n", "    script: {a: b}\n", 53, "programs.micro.script", "Write, for example, 'script: |'."),
    ("  micro:\n    script: |\n      #!/bin/sh\n", "  micro: micro.sh\n", 52, "programs.micro", "Write, for example, 'my_program: {executable: python, args: $YMMSL_DIR/model.py}'."),
    ("  micro:\n    script: |", "  my-micro:\n    script: |", 52, "programs.my-micro", "Write, for example, 'my_micro'."),
    ("    threads: 4", "    threads: four", 57, "resources.m.macro.threads", "Write, for example, 'threads: 4'."),
    ("    threads: 4", "    threads: 1e1", 57, "resources.m.macro.threads", "Write 10."),
    ("    threads: 4", "    threads: '4'", 57, "resources.m.macro.threads", "Write 4."),
    ("    threads: 4", "    threads: [4]", 57, "resources.m.macro.threads", "Write, for example, 'threads: 4'."),
    ("    threads: 4", "    threads:", 57, "resources.m.macro.threads", "Write, for example, 'threads: 4'."),
    ("    threads: 4", "    threads: 2.5", 57, "resources.m.macro.threads", "Write, for example, 'threads: 4'."),
    ("  m.macro:\n    threads: 4\n", "  m.macro: 4\n", 56, "resources.m.macro", "Write '{threads: 4}'."),
    ("  m.macro:\n    threads: 4\n", "  m.macro: {}\n", 56, "resources.m.macro", "Write 'threads: 4' or 'mpi_processes: 4'."),
    ("    threads: 4\n", "    threads: 4\n    mpi_processes: 4\n", 56, "resources.m.macro", "Remove one of them: 'mpi_processes' is for programs with MPI."),
    ("    mpi_processes: 4\n", "    mpi_processes: many\n", 59, "resources.m.micro.mpi_processes", "Write, for example, 'mpi_processes: 4'."),
    ("    mpi_processes: 4\n", "    nodes: 2\n", 58, "resources.m.micro", "Add, for example, 'mpi_processes_per_node: 4'."),
    ("    mpi_processes: 4\n", "", 58, "resources.m.micro", "Write 'threads: 4' or 'mpi_processes: 4'."),
    ("threads_per_mpi_process: 1", "threads_per_mpi_process: one", 60, "resources.m.micro.threads_per_mpi_process", "Write, for example, 'threads_per_mpi_process: 4'."),
    ("  m.macro:\n    threads", "  m-macro:\n    threads", 56, "resources.m-macro", "Write, for example, 'm_macro'."),
    ("at_end: true", "at_end: yes", 62, "checkpoints.at_end", "Write true."),
    ("at_end: true", "at_end: 1", 62, "checkpoints.at_end", "Write true."),
    ("  - every: 10\n", "  - every: ten\n", 64, "checkpoints.wallclock_time[0].every", "Write, for example, 'every: 10'."),
    ("  - every: 10\n", "  - every: '10'\n", 64, "checkpoints.wallclock_time[0].every", "Write 10."),
    ("  - every: 10\n", "  - every: [10]\n", 64, "checkpoints.wallclock_time[0].every", "Write, for example, 'every: 10'."),
    ("    start: 0", "    start: x", 65, "checkpoints.wallclock_time[0].start", "Write, for example, 'start: 0'."),
    ("    stop: 100", "    stop: x", 66, "checkpoints.wallclock_time[0].stop", "Write, for example, 'stop: 100'."),
    ("  - at: [1, 2]", "  - at: [1, x]", 68, "checkpoints.simulation_time[0].at[1]", "Write, for example, 'at: [10, 20]'."),
    ("  - at: [1, 2]", "  - at: x", 68, "checkpoints.simulation_time[0].at", "Write, for example, 'at: [10, 20]'."),
    ("  - at: [1, 2]", "  - 10", 68, "checkpoints.simulation_time[0]", "Write '{every: 10}' or '{at: [10, 20]}'."),
    ("  - at: [1, 2]", "  - at: [1, 2]\n    every: 3", 68, "checkpoints.simulation_time[0]", "Write them as two rules in the list."),
    ("  - every: 10\n    start: 0", "  - start: 0", 64, "checkpoints.wallclock_time[0]", "Write '{every: 10}' or '{at: [10]}'."),
    ("  simulation_time:\n  - at: [1, 2]", "  simulation_time: 10", 67, "checkpoints.simulation_time", "Write, for example, '[{every: 10}, {at: [5]}]'."),
    ("  simulation_time:\n  - at: [1, 2]", "  simulation_time: {every: 10}", 67, "checkpoints.simulation_time", "Write, for example, '[{every: 10}, {at: [5]}]'."),
    ("  macro: /snapshot.pack", "  macro: 3", 70, "resume.macro", "Write it in quotes: '3'."),
    ("resume:\n  macro: /snapshot.pack", "resume: /snapshot.ymmsl", 69, "resume", "Write, for example, 'resume: {macro: /path/to/snapshot.pack}'."),
    ("    threads: 4\n", "", 56, "resources.m.macro", "Write '{threads: 4}'."),
    ("description: A model", "descripton: A model", 2, "descripton", "Did you mean 'description'?"),
    ("imports:", "import:", 3, "import", "Did you mean 'imports'?"),
    ("models:", "modles:", 5, "modles", "Did you mean 'models'?"),
    ("supported_settings:\n      dt: float Time step\n    comp", "suported_settings:\n      dt: float Time step\n    comp", 8, "models.m.suported_settings", "Did you mean 'supported_settings'?"),
    ("    components:", "    component:", 10, "models.m.component", "Did you mean 'components'?"),
    ("        ports:\n          o_i", "        prots:\n          o_i", 13, "models.m.components.macro.prots", "Did you mean 'ports'?"),
    ("        implementation: macro", "        implmentation: macro", 16, "models.m.components.macro.implmentation", "Did you mean 'implementation'?"),
    ("multiplicity: 10", "multiplicty: 10", 23, "models.m.components.micro.multiplicty", "Did you mean 'multiplicity'?"),
    ("optional: true", "optinal: true", 24, "models.m.components.micro.optinal", "Did you mean 'optional'?"),
    ("    conduits:", "    conduit:", 25, "models.m.conduit", "Did you mean 'conduits'?"),
    ("    matching_timelines:", "    matching_timeline:", 28, "models.m.matching_timeline", "Did you mean 'matching_timelines'?"),
    ("custom_implementations:", "custom_implementation:", 30, "custom_implementation", "Did you mean 'custom_implementations'?"),
    ("settings:\n  macro", "setting:\n  macro", 32, "setting", "Did you mean 'settings'?"),
    ("programs:", "program:", 34, "program", "Did you mean 'programs'?"),
    ("base_env:", "baseenv:", 42, "programs.macro.baseenv", "Did you mean 'base_env' or 'env'?"),
    ("modules:", "module:", 43, "programs.macro.module", "Did you mean 'modules'?"),
    ("virtual_env:", "virtualenv:", 44, "programs.macro.virtualenv", "Did you mean 'virtual_env'?"),
    ("    env:", "    environ:", 45, "programs.macro.environ", "Did you mean 'env'?"),
    ("execution_model:", "execution_modle:", 47, "programs.macro.execution_modle", "Did you mean 'execution_model' or 'executable'?"),
    ("executable:", "exectuable:", 48, "programs.macro.exectuable", "Did you mean 'executable'?"),
    ("args:", "arg:", 49, "programs.macro.arg", "Did you mean 'args'?"),
    ("can_share_resources:", "can_share_resource:", 50, "programs.macro.can_share_resource", "Did you mean 'can_share_resources'?"),
    ("keeps_state_for_next_use:", "keeps_state_for_nextuse:", 51, "programs.macro.keeps_state_for_nextuse", "Did you mean 'keeps_state_for_next_use'?"),
    ("    script:", "    scirpt:", 53, "programs.micro.scirpt", "Did you mean 'script'?"),
    ("resources:\n", "resource:\n", 55, "resource", "Did you mean 'resources'?"),
    ("    threads: 4", "    thread: 4", 57, "resources.m.macro.thread", "Did you mean 'threads'?"),
    ("mpi_processes: 4", "mpi_procs: 4", 59, "resources.m.micro.mpi_procs", "Did you mean 'mpi_processes'?"),
    ("threads_per_mpi_process", "threads_per_process", 60, "resources.m.micro.threads_per_process", "Did you mean 'threads_per_mpi_process'?"),
    ("checkpoints:", "checkpoint:", 61, "checkpoint", "Did you mean 'checkpoints'?"),
    ("at_end:", "atend:", 62, "checkpoints.atend", "Did you mean 'at_end'?"),
    ("wallclock_time:", "wall_clock_time:", 63, "checkpoints.wall_clock_time", "Did you mean 'wallclock_time'?"),
    ("simulation_time:", "simulationtime:", 67, "checkpoints.simulationtime", "Did you mean 'simulation_time'?"),
    ("  - every: 10", "  - evry: 10", 64, "checkpoints.wallclock_time[0].evry", "Did you mean 'every'?"),
    ("    stop: 100", "    end: 100", 66, "checkpoints.wallclock_time[0].end", "Valid names: at, every, start, stop."),
    ("resume:", "resum:", 69, "resum", "Did you mean 'resume'?"),
    ("description: A model\n", "description: A model\ncomponents: {}\n", 3, "components", "It belongs below 'models.MODEL'."),
    ("description: A model\n", "description: A model\nconduits: {}\n", 3, "conduits", "It belongs below 'models.MODEL'."),
    ("description: A model\n", "description: A model\nexecutable: python\n", 3, "executable", "It belongs below 'programs.PROGRAM'."),
    ("description: A model\n", "description: A model\nthreads: 4\n", 3, "threads", "It belongs below 'resources.COMPONENT'."),
    ("description: A model\n", "description: A model\nat_end: true\n", 3, "at_end", "It belongs below 'checkpoints'."),
    ("description: A model\n", "description: A model\nmodel: x\n", 3, "model", "In this version of yMMSL, write 'models'."),
    ("description: A model\n", "description: A model\nimplementations: {}\n", 3, "implementations", "In this version of yMMSL, write 'programs'."),
    ("    description: Two models\n", "    description: Two models\n    settings: {}\n", 8, "models.m.settings", "It belongs at the top of the file, without indentation."),
    ("    description: Two models\n", "    description: Two models\n    programs: {}\n", 8, "models.m.programs", "It belongs at the top of the file, without indentation."),
    ("        implementation: macro", "        implementation: macro\n        executable: python", 17, "models.m.components.macro.executable", "It belongs below 'programs.PROGRAM'."),
    ("        implementation: macro", "        implementation: macro\n        threads: 4", 17, "models.m.components.macro.threads", "It belongs below 'resources.COMPONENT'."),
    ("        implementation: macro", "        implementation: macro\n        conduits: {}", 17, "models.m.components.macro.conduits", "It belongs below 'models.MODEL'."),
    ("    args: macro.py", "    args: macro.py\n    threads: 4", 50, "programs.macro.threads", "It belongs below 'resources.COMPONENT'."),
    ("    args: macro.py", "    args: macro.py\n    multiplicity: 4", 50, "programs.macro.multiplicity", "It belongs below 'models.MODEL.components.COMPONENT'."),
    ("    threads: 4", "    threads: 4\n    executable: x", 58, "resources.m.macro.executable", "It belongs below 'programs.PROGRAM'."),
    ("  at_end: true", "  at_end: true\n  every: 10", 63, "checkpoints.every", "It belongs below 'checkpoints.wallclock_time.RULE' or below 'checkpoints.simulation_time.RULE'."),
    ("    args: macro.py", "    args: macro.py\n    settings: {dt: 1}", 50, "programs.macro.settings", "It belongs at the top of the file, without indentation."),
)

BROKEN_V01: Final[tuple[Row, ...]] = (
    ("description: A model", "description: [a]", 2, "description", "Write 'description: what it simulates'."),
    ("  name: m\n", "  name: 3\n", 4, "model.name", "Write, for example, 'name: my_model'."),
    ("  name: m\n", "  name: my-model\n", 4, "model.name", "Write, for example, 'my_model'."),
    ("  name: m\n", "", 3, "model", "Add, for example, 'name: my_model'."),
    ("      implementation: macro", "      implementation: 3", 7, "model.components.macro.implementation", "Write, for example, 'implementation: my_program'."),
    ("      implementation: macro", "      implementation: my-macro", 7, "model.components.macro.implementation", "Write, for example, 'my_macro'."),
    ("      implementation: macro", "      implementation: [macro]", 7, "model.components.macro.implementation", "Write, for example, 'implementation: my_program'."),
    ("        o_i: out", "        o_i: 3", 9, "model.components.macro.ports.o_i", "Write, for example, 'o_i: [a, b]'."),
    ("        o_i: out", "        o_i: out[]", 9, "model.components.macro.ports.o_i", "Write 'out'; the port becomes a vector port by the 'multiplicity' of the component that it is connected to."),
    ("        o_i: out", "        o_x: out", 9, "model.components.macro.ports.o_x", "Did you mean 'o_i' or 'o_f'?"),
    ("        o_i: out", "        o_i: a-b", 9, "model.components.macro.ports.o_i", "Write, for example, 'a_b'."),
    ("      ports:\n        o_i: out\n        s: in", "      ports: out", 8, "model.components.macro.ports", "Write, for example, 'ports: {o_i: out, s: in}'."),
    ("multiplicity: 10", "multiplicity: ten", 13, "model.components.micro.multiplicity", "Write, for example, 'multiplicity: 10'."),
    ("multiplicity: 10", "multiplicity: 1e1", 13, "model.components.micro.multiplicity", "Write 10."),
    ("multiplicity: 10", "multiplicity: [2, x]", 13, "model.components.micro.multiplicity[1]", "Write, for example, 'multiplicity: 10'."),
    ("    macro:\n      implementation: macro\n      ports:\n        o_i: out\n        s: in\n", "    macro: 3\n", 6, "model.components.macro", "Write, for example, 'macro: my_program'."),
    ("    macro.out: micro.init", "    macro.out: 3", 18, "model.conduits.macro.out", "Write, for example, 'macro.out: micro.in'."),
    ("    macro.out: micro.init", "    macro: micro.init", 18, "model.conduits.macro", "Write 'component.port'."),
    ("    macro.out: micro.init", "    macro.out: micro.init[]", 18, "model.conduits.macro.out", "Write 'micro.init': each instance is connected by itself."),
    ("    macro.out: micro.init", "    macro.out: micro,init", 18, "model.conduits.macro.out", "Write 'micro.init', or a list of ports."),
    ("  macro.dt: 0.1", "  macro.dt: 4.0.0", 21, "settings.macro.dt", "For text, write '4.0.0'."),
    ("  macro.dt: 0.1", "  macro: {dt: 0.1}", 21, "settings.macro", "Write 'macro.dt: 0.1'."),
    ("  macro.dt: 0.1", "  macro.dt:", 21, "settings.macro.dt", "Write one, such as 'macro.dt: 0', or remove it."),
    ("  macro.dt: 0.1", "  macro.dt: [1, a]", 21, "settings.macro.dt", "Write text in one string, such as 'macro.dt: 1 a', and split it in the program."),
    ("base_env: manager", "base_env: mangaer", 24, "implementations.macro.base_env", "Did you mean 'manager'?"),
    ("modules: gcc", "modules: 3", 25, "implementations.macro.modules", "Write it in quotes: '3'."),
    ("virtual_env: /venv", "virtual_env: 3", 26, "implementations.macro.virtual_env", "Write it in quotes: '3'."),
    ("    env:\n      N: 1", "    env: N=1", 27, "implementations.macro.env", "Write, for example, 'env: {OMP_NUM_THREADS: 4}'."),
    ("execution_model: direct", "execution_model: mpi", 29, "implementations.macro.execution_model", "Did you mean 'srunmpi' or 'openmpi'?"),
    ("executable: python", "executable: 3", 30, "implementations.macro.executable", "Write it in quotes: '3'."),
    ("    executable: python\n", "", 23, "implementations.macro", "Add, for example, 'executable: python' and 'args: $YMMSL_DIR/model.py'."),
    ("args: macro.py", "args: [-n, 4]", 31, "implementations.macro.args[1]", "Write it in quotes: '4'."),
    ("can_share_resources: true", "can_share_resources: yes", 32, "implementations.macro.can_share_resources", "Write true."),
    ("keeps_state_for_next_use: helpful", "keeps_state_for_next_use: yes", 33, "implementations.macro.keeps_state_for_next_use", "Write 'necessary', for example."),
    ("    args: macro.py", "    args: macro.py\n    script: echo", 23, "implementations.macro", "Put what they do into the script, or remove the script."),
    ("    threads: 4", "    threads: four", 39, "resources.macro.threads", "Write, for example, 'threads: 4'."),
    ("    threads: 4", "    threads: 1e1", 39, "resources.macro.threads", "Write 10."),
    ("  macro:\n    threads: 4\n", "  macro: 4\n", 38, "resources.macro", "Write '{threads: 4}'."),
    ("at_end: true", "at_end: yes", 41, "checkpoints.at_end", "Write true."),
    ("  - every: 10", "  - every: ten", 43, "checkpoints.simulation_time[0].every", "Write, for example, 'every: 10'."),
    ("  - every: 10", "  - 10", 43, "checkpoints.simulation_time[0]", "Write '{every: 10}' or '{at: [10, 20]}'."),
    ("  macro: /snapshot.pack", "  macro: 3", 45, "resume.macro", "Write it in quotes: '3'."),
    ("model:\n", "modle:\n", 3, "modle", "Did you mean 'model'?"),
    ("  components:", "  component:", 5, "model.component", "Did you mean 'components'?"),
    ("  conduits:", "  conduit:", 17, "model.conduit", "Did you mean 'conduits'?"),
    ("      ports:\n        o_i", "      prots:\n        o_i", 8, "model.components.macro.prots", "Did you mean 'ports'?"),
    ("      implementation: macro", "      implmentation: macro", 7, "model.components.macro.implmentation", "Did you mean 'implementation'?"),
    ("multiplicity:", "multiplicty:", 13, "model.components.micro.multiplicty", "Did you mean 'multiplicity'?"),
    ("settings:", "setting:", 20, "setting", "Did you mean 'settings'?"),
    ("implementations:", "implementation:", 22, "implementation", "Did you mean 'implementations'?"),
    ("executable:", "exectuable:", 30, "implementations.macro.exectuable", "Did you mean 'executable'?"),
    ("resources:\n", "resource:\n", 37, "resource", "Did you mean 'resources'?"),
    ("threads:", "thread:", 39, "resources.macro.thread", "Did you mean 'threads'?"),
    ("checkpoints:", "checkpoint:", 40, "checkpoint", "Did you mean 'checkpoints'?"),
    ("resume:", "resum:", 44, "resum", "Did you mean 'resume'?"),
    ("        f_init:", "        finit:", 15, "model.components.micro.ports.finit", "Did you mean 'f_init'?"),
    ("description: A model\n", "description: A model\nmodels: {}\n", 3, "models", "In this version of yMMSL, write 'model'."),
    ("description: A model\n", "description: A model\nprograms: {}\n", 3, "programs", "In this version of yMMSL, write 'implementations'."),
    ("description: A model\n", "description: A model\ncomponents: {}\n", 3, "components", "It belongs below 'model'."),
    ("description: A model\n", "description: A model\nimports: []\n", 3, "imports", "Only yMMSL v0.2 has it: change 'ymmsl_version', or remove it."),
    ("      implementation: macro", "      implementation: macro\n      description: Large", 8, "model.components.macro.description", "It belongs at the top of the file, without indentation."),
    ("      implementation: macro", "      implementation: macro\n      threads: 4", 8, "model.components.macro.threads", "It belongs below 'resources.COMPONENT'."),
    ("    args: macro.py", "    args: macro.py\n    ports: {}", 32, "implementations.macro.ports", "It belongs below 'model.components.COMPONENT'."),
    ("  name: m\n", "  name: m\n  settings: {}\n", 5, "model.settings", "It belongs at the top of the file, without indentation."),
)
