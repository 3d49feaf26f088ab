//! Prometheus' text format, version 0.0.4.

use std::fmt::{Display, Write};
use std::time::Duration;

use crate::shard::{BOUNDS_US, Times};

/// The media type of the text.
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A text that grows family by family.
#[derive(Debug, Default)]
pub(super) struct Text(String);

/// A family of metrics: samples of one name.
#[derive(Debug)]
pub(super) struct Family<'a> {
    text: &'a mut String,
    name: &'static str,
}

/// A label: its name and its value.
pub(super) type Label<'a> = (&'a str, &'a dyn Display);

impl Text {
    /// The whole text.
    pub(super) fn finish(self) -> String {
        self.0
    }

    /// A number that only grows.
    pub(super) fn counter(&mut self, name: &'static str, help: &str) -> Family<'_> {
        self.family(name, "counter", help)
    }

    /// A number that goes up and down.
    pub(super) fn gauge(&mut self, name: &'static str, help: &str) -> Family<'_> {
        self.family(name, "gauge", help)
    }

    /// Times in classes.
    pub(super) fn histogram(&mut self, name: &'static str, help: &str) -> Family<'_> {
        self.family(name, "histogram", help)
    }

    fn family(&mut self, name: &'static str, kind: &str, help: &str) -> Family<'_> {
        let text = &mut self.0;
        add(text, format_args!("# HELP {name} {}\n# TYPE {name} {kind}\n", help.replace('\\', "\\\\").replace('\n', "\\n")));
        Family { text, name }
    }
}

impl Family<'_> {
    /// A sample without labels.
    pub(super) fn value(&mut self, value: impl Display) {
        self.labelled(&[], value);
    }

    /// A sample with labels.
    pub(super) fn labelled(&mut self, labels: &[Label<'_>], value: impl Display) {
        self.sample("", labels, value);
    }

    /// A sample for each name, with the name as the value of a label.
    pub(super) fn by_name<const N: usize>(&mut self, label: &str, names: [&str; N], values: [impl Display; N]) {
        for (name, value) in names.iter().zip(values) {
            self.labelled(&[(label, name)], value);
        }
    }

    /// The samples of a histogram with one label.
    pub(super) fn times(&mut self, label: Label<'_>, times: &Times) {
        let mut below = 0;
        for (bound, class) in BOUNDS_US.iter().zip(times.classes) {
            below += class;
            let bound = Duration::from_micros(*bound).as_secs_f64();
            self.sample("_bucket", &[label, ("le", &bound)], below);
        }
        self.sample("_bucket", &[label, ("le", &"+Inf")], times.count());
        self.sample("_sum", &[label], times.sum.as_secs_f64());
        self.sample("_count", &[label], times.count());
    }

    fn sample(&mut self, suffix: &str, labels: &[Label<'_>], value: impl Display) {
        add(self.text, format_args!("{}{suffix}", self.name));
        for (place, (label, value)) in labels.iter().enumerate() {
            let before = if place == 0 { '{' } else { ',' };
            let value = value.to_string().replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            add(self.text, format_args!("{before}{label}=\"{value}\""));
        }
        let end = if labels.is_empty() { "" } else { "}" };
        add(self.text, format_args!("{end} {value}\n"));
    }
}

fn add(text: &mut String, more: std::fmt::Arguments<'_>) {
    text.write_fmt(more).expect("a string takes all text");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_has_its_help_its_type_and_its_samples() {
        let mut text = Text::default();
        text.counter("a_total", "One\\two\nthree.").by_name("kind", ["x", "y"], [1, 2]);
        text.gauge("b_seconds", "B.").labelled(&[("a", &"q\"\\\n"), ("b", &7)], 0.5);
        let expected = "# HELP a_total One\\\\two\\nthree.\n# TYPE a_total counter\na_total{kind=\"x\"} 1\na_total{kind=\"y\"} 2\n\
                        # HELP b_seconds B.\n# TYPE b_seconds gauge\nb_seconds{a=\"q\\\"\\\\\\n\",b=\"7\"} 0.5\n";
        assert_eq!(text.finish(), expected);
    }

    #[test]
    fn the_classes_of_a_histogram_include_those_below() {
        let mut text = Text::default();
        let mut times = Times { sum: Duration::from_millis(20), ..Times::default() };
        (times.classes[0], times.classes[7], times.classes[12]) = (2, 1, 1);
        text.histogram("c_seconds", "C.").times(("shard", &0), &times);
        let text = text.finish();
        for line in [
            "c_seconds_bucket{shard=\"0\",le=\"0.00001\"} 2",
            "c_seconds_bucket{shard=\"0\",le=\"0.01\"} 2",
            "c_seconds_bucket{shard=\"0\",le=\"0.05\"} 3",
            "c_seconds_bucket{shard=\"0\",le=\"5\"} 3",
            "c_seconds_bucket{shard=\"0\",le=\"+Inf\"} 4",
            "c_seconds_sum{shard=\"0\"} 0.02",
            "c_seconds_count{shard=\"0\"} 4",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
    }
}
