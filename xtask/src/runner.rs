//! Runs the steps in order.

use std::time::{Duration, Instant};

use crate::disk::Watch;
use crate::leftovers;
use crate::step::{Check, Context, Step, Trouble};

/// The result of one step.
#[derive(Debug)]
pub(crate) struct Report {
    /// The step's name.
    pub(crate) name: &'static str,
    /// Its outcome.
    pub(crate) check: Check,
    /// Its duration.
    pub(crate) time: Duration,
}

/// The steps of these names and the steps that they need, in the order of `all`. Without names: all steps.
pub(crate) fn select<'a>(all: &'a [Step], names: &[String]) -> Result<Vec<&'a Step>, String> {
    if let Some(unknown) = names.iter().find(|name| all.iter().all(|step| step.name != name.as_str())) {
        return Err(format!("there is no step `{unknown}`: `cargo xtask test --list` names them"));
    }
    let mut wanted: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut selected = Vec::new();
    // A step stands behind its needs, so one pass from the end finds the needs of needs too.
    for step in all.iter().rev() {
        if names.is_empty() || wanted.contains(&step.name) {
            wanted.extend(step.needs);
            selected.push(step);
        }
    }
    selected.reverse();
    Ok(selected)
}

/// Runs steps, each under a headline. A step whose needs were not met is skipped.
pub(crate) fn run(steps: &[&Step], context: &Context) -> Vec<Report> {
    let mut reports: Vec<Report> = Vec::new();
    for step in steps {
        println!("\n=== {}: {}", step.name, step.what);
        let start = Instant::now();
        let check = unmet_need(step, &reports).map_or_else(|| tried(step, context), Err);
        let time = start.elapsed();
        match &check {
            Ok(()) => println!("--- {}: ok, {:.1} s", step.name, time.as_secs_f64()),
            Err(Trouble::Failed(why)) => println!("--- {}: FAILED, {:.1} s: {why}", step.name, time.as_secs_f64()),
            Err(Trouble::Missing(why)) => println!("--- {}: skipped: {why}", step.name),
        }
        reports.push(Report { name: step.name, check, time });
    }
    reports
}

/// Runs one step. In CI, its leftovers are removed, and the space on the disk is told.
fn tried(step: &Step, context: &Context) -> Check {
    if !context.options.ci {
        return (step.run)(context);
    }
    let watch = Watch::begin(&context.places);
    let check = (step.run)(context).and_then(|()| leftovers::remove(step.name, &context.places));
    watch.end(&context.places.root, check)
}

fn unmet_need(step: &Step, reports: &[Report]) -> Option<Trouble> {
    let unmet = reports.iter().find(|report| step.needs.contains(&report.name) && report.check.is_err())?;
    Some(Trouble::missing(format!("it needs `{}`, which did not pass", unmet.name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use crate::steps;

    const fn step(name: &'static str, needs: &'static [&'static str], run: fn(&Context) -> Check) -> Step {
        Step { name, what: "", needs, run }
    }

    fn fails(_: &Context) -> Check {
        Err(Trouble::failed("it is broken"))
    }

    const STEPS: &[Step] = &[
        step("build", &[], |_| Ok(())),
        step("guests", &[], fails),
        step("talk", &["build"], |_| Ok(())),
        step("shout", &["talk", "guests"], |_| Ok(())),
    ];

    fn names(steps: &[&Step]) -> Vec<&'static str> {
        steps.iter().map(|step| step.name).collect()
    }

    fn select_named(names: &[&str]) -> Result<Vec<&'static Step>, String> {
        select(STEPS, &names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_step_brings_its_needs_and_their_needs() {
        assert_eq!(select_named(&["talk"]).as_deref().map(names), Ok(vec!["build", "talk"]));
        assert_eq!(select_named(&["shout"]).as_deref().map(names), Ok(vec!["build", "guests", "talk", "shout"]));
        assert_eq!(select_named(&[]).as_deref().map(names), Ok(vec!["build", "guests", "talk", "shout"]));
    }

    #[test]
    fn an_unknown_step_is_named() {
        let problem = select_named(&["talk", "sing"]).err();
        assert!(problem.is_some_and(|problem| problem.contains("`sing`")));
    }

    #[test]
    fn a_step_whose_need_failed_is_skipped() {
        let options = Options::parse(["test".to_owned()].into_iter(), false).expect("`test` is a task");
        let reports = run(&STEPS.iter().collect::<Vec<_>>(), &Context::new(options));
        let checks: Vec<_> = reports.into_iter().map(|report| report.check).collect();
        assert_eq!(checks[1], Err(Trouble::failed("it is broken")));
        assert_eq!(checks[2], Ok(()));
        assert_eq!(checks[3], Err(Trouble::missing("it needs `guests`, which did not pass")));
    }

    #[test]
    fn a_step_stands_behind_its_needs() {
        for (index, step) in steps::ALL.iter().enumerate() {
            for need in step.needs {
                assert!(steps::ALL[..index].iter().any(|other| other.name == *need), "{} needs {need}", step.name);
            }
        }
    }
}
