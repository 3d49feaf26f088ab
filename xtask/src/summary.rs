//! The report at the end.

use std::fmt::Write;

use crate::runner::Report;
use crate::step::{Step, Trouble};

/// The names of the steps with their descriptions.
pub(crate) fn list(steps: &[Step]) -> String {
    let width = steps.iter().map(|step| step.name.len()).max().unwrap_or_default();
    let mut text = String::new();
    for step in steps {
        let _ = writeln!(text, "{:width$}  {}", step.name, step.what);
    }
    text
}

/// A table of the results and durations of the steps.
pub(crate) fn table(reports: &[Report], strict: bool) -> String {
    let width = reports.iter().map(|report| report.name.len()).max().unwrap_or_default();
    let mut text = format!("\n{:width$}  result   seconds\n", "step");
    for report in reports {
        let (result, why) = match &report.check {
            Ok(()) => ("ok", ""),
            Err(Trouble::Failed(why)) => ("FAILED", why.as_str()),
            Err(Trouble::Missing(why)) => ("skipped", why.as_str()),
        };
        let why = why.lines().next().unwrap_or_default();
        let line = format!("{:width$}  {result:7}  {:7.1}  {why}", report.name, report.time.as_secs_f64());
        let _ = writeln!(text, "{}", line.trim_end());
    }
    let all: f64 = reports.iter().map(|report| report.time.as_secs_f64()).sum();
    let _ = writeln!(text, "{:width$}  {:7}  {all:7.1}", "all", "");
    let Counts { passed, failed, skipped } = Counts::of(reports);
    if strict && skipped > 0 {
        text.push_str("\nA skipped step counts as a failure here.\n");
    }
    let _ = writeln!(text, "\n{passed} passed, {failed} failed, {skipped} skipped");
    text
}

/// Whether no step failed. With `strict`, a skipped step counts as a failed one.
pub(crate) fn is_good(reports: &[Report], strict: bool) -> bool {
    let counts = Counts::of(reports);
    counts.failed == 0 && !(strict && counts.skipped > 0)
}

struct Counts {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Counts {
    fn of(reports: &[Report]) -> Self {
        let mut counts = Self { passed: 0, failed: 0, skipped: 0 };
        for report in reports {
            match report.check {
                Ok(()) => counts.passed += 1,
                Err(Trouble::Failed(_)) => counts.failed += 1,
                Err(Trouble::Missing(_)) => counts.skipped += 1,
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::step::Check;

    fn report(name: &'static str, check: Check) -> Report {
        Report { name, check, time: Duration::from_millis(1250) }
    }

    #[test]
    fn the_table_shows_results_durations_reasons_and_counts() {
        let reports = [
            report("fmt", Ok(())),
            report("clippy", Err(Trouble::failed("a warning\nand its details"))),
            report("browser", Err(Trouble::missing("no chromium"))),
        ];
        let expected = "
step     result   seconds
fmt      ok           1.2
clippy   FAILED       1.2  a warning
browser  skipped      1.2  no chromium
all                   3.8

1 passed, 1 failed, 1 skipped
";
        assert_eq!(table(&reports, false), expected);
    }

    #[test]
    fn a_skipped_step_is_a_failure_only_if_strict() {
        let reports = [report("fmt", Ok(())), report("browser", Err(Trouble::missing("no chromium")))];
        assert!(is_good(&reports, false));
        assert!(!is_good(&reports, true));
        assert!(table(&reports, true).contains("counts as a failure"));
    }

    #[test]
    fn a_failed_step_is_always_a_failure() {
        assert!(!is_good(&[report("fmt", Err(Trouble::failed("a diff")))], false));
    }
}
