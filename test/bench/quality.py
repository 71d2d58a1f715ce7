#!/usr/bin/python3
"""quality.py [--seeds N] [--swap] [--fail] [PART…]: how true the model is to its data, against bars.

Runs the parts (all modules quality_PART.py with a `run`; quality_data.py says what a part is), prints
their table and writes build/bench/quality.md. --swap trains on the other survey cycle of NHANES: that
is where tuning belongs, so that the people who are reported on are never looked at. --fail makes a
missed bar an exit code of 1.
"""

import argparse
import glob
import importlib
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from quality_data import OUT, Bench, Database  # noqa: E402


def parts():
    here = os.path.dirname(os.path.abspath(__file__))
    names = sorted(os.path.basename(p)[len("quality_"):-len(".py")] for p in glob.glob(os.path.join(here, "quality_*.py")))
    modules = {n: importlib.import_module("quality_" + n) for n in names if n != "data"}
    return {n: m for n, m in modules.items() if hasattr(m, "run")}


def main():
    found = parts()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="*", help="of " + ", ".join(found) + "; all when none is named")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--swap", action="store_true")
    parser.add_argument("--fail", action="store_true")
    options = parser.parse_args()
    for name in options.part:
        if name not in found:
            parser.error(f"no part {name}: there are {', '.join(found)}")
    bench = Bench(Database(), range(options.seeds), options.swap)
    for name in options.part or found:
        start = time.time()
        print(f"{name} …", file=sys.stderr, flush=True)
        found[name].run(bench)
        print(f"{name}: {time.time() - start:.0f} s", file=sys.stderr, flush=True)
    table = bench.markdown()
    print(table)
    os.makedirs(OUT, exist_ok=True)
    with open(os.path.join(OUT, "quality.md"), "w") as f:
        f.write(f"{options.seeds} seeds{', cycles of NHANES swapped' if options.swap else ''}.\n\n{table}")
    sys.exit(bool(options.fail and bench.failures()))


if __name__ == "__main__":
    main()
