//! Metrics and alerts against Prometheus' own checker.

use crate::command::{cargo, command, run};
use crate::step::{Check, Context};
use crate::toolbox;

/// The metrics of a server and the rules for alerts follow Prometheus' conventions.
pub(crate) fn metrics(context: &Context) -> Check {
    let root = &context.places.root;
    toolbox::promtool()?;
    run(command("promtool", root).args(["check", "rules", "deploy/alerts.yml"]))?;
    run(&mut cargo("test --workspace --test integration -- --ignored monitoring::", root))
}
