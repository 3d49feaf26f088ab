"""The verdict on a report of the Autobahn suite."""

import collections

# NON-STRICT is a failure here, because clients may rely on the order of events.
GOOD = ("OK", "INFORMATIONAL")


def bad_cases(report):
    """The failed cases: (agent, case, behavior, behaviorClose).

    `report` is the suite's index.json: agent -> case -> result.
    """
    return [
        (agent, case, result["behavior"], result["behaviorClose"])
        for agent, results in report.items()
        for case, result in sorted(results.items(), key=lambda item: number(item[0]))
        if result["behavior"] not in GOOD or result["behaviorClose"] not in GOOD
    ]


def case_count(report):
    """The number of cases that ran."""
    return sum(len(results) for results in report.values())


def by_section(report):
    """The behaviours of each section's cases: section -> behavior -> count."""
    sections = collections.defaultdict(collections.Counter)
    for results in report.values():
        for case, result in results.items():
            sections[number(case)[0]][result["behavior"]] += 1
    return dict(sorted(sections.items()))


def number(case):
    """Sorts `9.10.1` behind `9.2.1`."""
    return tuple(int(part) for part in case.split("."))
