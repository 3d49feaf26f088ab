"""The verdict on invented reports, bad ones included."""

import unittest

from verdict import bad_cases, by_section, case_count


def report(**cases):
    """A report of one agent. `_1_2_3="OK/OK"` is the behaviour of case 1.2.3 and of its closing."""
    results = {}
    for case, behaviors in cases.items():
        behavior, closing = behaviors.split("/")
        results[case.strip("_").replace("_", ".")] = {"behavior": behavior, "behaviorClose": closing}
    return {"ws-host": results}


class Verdict(unittest.TestCase):
    def test_ok_and_informational_are_good(self):
        self.assertEqual(bad_cases(report(_1_1_1="OK/OK", _7_1_6="INFORMATIONAL/INFORMATIONAL")), [])

    def test_non_strict_failed_and_unclean_are_bad(self):
        for behavior in ("NON-STRICT", "FAILED", "UNIMPLEMENTED", "UNCLEAN", "WRONG CODE", "FAILED BY CLIENT"):
            self.assertEqual(bad_cases(report(_6_4_3=f"{behavior}/OK")), [("ws-host", "6.4.3", behavior, "OK")])
            self.assertEqual(bad_cases(report(_6_4_3=f"OK/{behavior}")), [("ws-host", "6.4.3", "OK", behavior)])

    def test_bad_cases_come_in_the_order_of_their_numbers(self):
        bad = bad_cases(report(_5_10="FAILED/OK", _5_9="FAILED/OK", _10_1_1="FAILED/OK"))
        self.assertEqual([case for _, case, _, _ in bad], ["5.9", "5.10", "10.1.1"])

    def test_cases_are_counted_by_section(self):
        counted = report(_1_1_1="OK/OK", _1_1_2="OK/OK", _12_1_1="UNIMPLEMENTED/OK")
        self.assertEqual(by_section(counted), {1: {"OK": 2}, 12: {"UNIMPLEMENTED": 1}})
        self.assertEqual(case_count(counted), 3)


if __name__ == "__main__":
    unittest.main()
