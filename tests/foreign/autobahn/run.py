"""Runs the Autobahn suite against the echo component.

The report stays in the folder that --report names: index.html to read, index.json for the verdict, suite.log.
"""

import argparse
import asyncio
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "python"))

from host import Host
from verdict import bad_cases, by_section, case_count

# Long messages (9) and permessage-deflate (12, 13) take minutes.
SLOW = ("9", "12", "13")

# Each series of the compression sections repeats one exchange with more and larger messages. A pattern selects every case
# that begins with it, so `12.1.1` also selects 12.1.10 to 12.1.18.
SERIES = [f"12.{series}" for series in range(1, 6)] + [f"13.{series}" for series in range(1, 8)]
SIZES = ("2", "4", "11")

# For each choice: the selected cases, the excluded ones, and the number of cases that must have run.
CHOICES = {
    "quick": (["*"], [f"{section}.*" for section in SLOW], 247),
    "medium": (
        [f"{section}.*" for section in (1, 2, 3, 4, 5, 6, 7, 9, 10)] + [f"{series}.{size}" for series in SERIES for size in SIZES],
        [],
        337,
    ),
    "full": (["*"], [], 517),
}


async def main():
    options = parse()
    cases, left_out, expected = CHOICES[options.cases]
    # Section 9 sends up to 16 MiB in one message.
    async with Host("echo", "--max-message", "16MiB", "--outbox-hard", "32MiB") as host:
        await run_suite(options, host.url, cases, left_out)
    report = json.loads((options.report / "index.json").read_text())
    for section, behaviors in by_section(report).items():
        print(f"{section:3}  " + ", ".join(f"{count} {behavior}" for behavior, count in sorted(behaviors.items())))
    bad = bad_cases(report)
    for _, case, behavior, closing in bad:
        print(f"not good: {case}: {behavior}, closing: {closing}")
    ran = case_count(report)
    print(f"{ran} cases of {expected}, {len(bad)} not OK or INFORMATIONAL")
    return 1 if bad or ran != expected else 0


async def run_suite(options, url, cases, left_out):
    """Runs wstest to its end. Its output goes to suite.log."""
    configuration = {
        "outdir": str(options.report),
        "servers": [{"agent": "ws-host", "url": url}],
        "cases": cases,
        "exclude-cases": left_out,
        "exclude-agent-cases": {},
    }
    file = options.report / "suite.json"
    file.write_text(json.dumps(configuration, indent=1))
    with open(options.report / "suite.log", "wb") as log:
        suite = await asyncio.create_subprocess_exec(
            options.suite, "-m", "fuzzingclient", "-s", file, cwd=options.report, stdout=log, stderr=log
        )
        try:
            code = await suite.wait()
        finally:
            if suite.returncode is None:
                suite.kill()
                await suite.wait()
    if code != 0:
        sys.exit(f"the suite ended with {code}: see {options.report / 'suite.log'}")


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suite", required=True, type=pathlib.Path, help="the wstest script of an Autobahn installation")
    parser.add_argument("--report", required=True, type=pathlib.Path, help="an empty folder for the report")
    parser.add_argument("--cases", choices=CHOICES, default="quick")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
