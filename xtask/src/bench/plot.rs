//! Line plots with logarithmic axes, as SVG.

use std::fmt::Write as _;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 150.0;
const TOP: f64 = 36.0;
const BOTTOM: f64 = 48.0;
/// Colours that colour-blind readers can tell apart (Okabe and Ito).
const COLOURS: [&str; 9] = ["#d55e00", "#0072b2", "#56b4e9", "#009e73", "#cc79a7", "#e69f00", "#555555", "#000000", "#b0b0b0"];

/// A plot.
#[derive(Debug)]
pub(super) struct Plot<'a> {
    pub(super) title: &'a str,
    pub(super) x: &'a str,
    pub(super) y: &'a str,
    /// Names and points, in the order of colours. A line without points is left out but keeps its colour.
    pub(super) lines: Vec<(&'a str, Vec<(f64, f64)>)>,
}

/// A logarithmic axis from one power of ten to another.
struct Axis {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Axis {
    fn around(figures: impl Iterator<Item = f64> + Clone, from: f64, to: f64) -> Self {
        let low = figures.clone().fold(f64::INFINITY, f64::min).max(1e-3).log10().floor();
        let high = figures.fold(0.0, f64::max).max(1e-3).log10().ceil();
        Self { low, high: high.max(low + 1.0), from, to }
    }

    fn place(&self, figure: f64) -> f64 {
        self.from + (figure.max(1e-3).log10() - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    fn powers(&self) -> impl Iterator<Item = f64> {
        (self.low as i32..=self.high as i32).map(|power| 10_f64.powi(power))
    }
}

impl Plot<'_> {
    /// The plot as the text of an SVG file.
    pub(super) fn svg(&self) -> String {
        let points = self.lines.iter().flat_map(|(_, points)| points);
        let x = Axis::around(points.clone().map(|point| point.0), LEFT, WIDTH - RIGHT);
        let y = Axis::around(points.map(|point| point.1), HEIGHT - BOTTOM, TOP);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
             <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n"
        );
        let mut add = |text: String| svg += &(text + "\n");
        add(format!("<text x=\"{LEFT}\" y=\"20\" font-size=\"15\">{}</text>", self.title));
        add(format!("<text x=\"{LEFT}\" y=\"{}\">{}</text>", HEIGHT - 10.0, self.x));
        add(format!("<text transform=\"translate(16 {}) rotate(-90)\">{}</text>", HEIGHT - BOTTOM, self.y));
        for power in x.powers() {
            let place = x.place(power);
            add(line((place, TOP), (place, HEIGHT - BOTTOM)));
            add(format!("<text x=\"{place:.0}\" y=\"{}\" text-anchor=\"middle\">{power}</text>", HEIGHT - BOTTOM + 16.0));
        }
        for power in y.powers() {
            let place = y.place(power);
            add(line((LEFT, place), (WIDTH - RIGHT, place)));
            add(format!("<text x=\"{}\" y=\"{:.0}\" text-anchor=\"end\">{power}</text>", LEFT - 6.0, place + 4.0));
        }
        let mut row = TOP + 8.0;
        for ((name, points), colour) in
            self.lines.iter().zip(COLOURS.iter().cycle()).filter(|((_, points), _)| !points.is_empty())
        {
            add(curve(points, colour, &x, &y));
            add(format!("<text x=\"{}\" y=\"{row}\" fill=\"{colour}\">{name}</text>", WIDTH - RIGHT + 10.0));
            row += 18.0;
        }
        svg + "</svg>\n"
    }
}

fn line(from: (f64, f64), to: (f64, f64)) -> String {
    format!("<line x1=\"{:.0}\" y1=\"{:.0}\" x2=\"{:.0}\" y2=\"{:.0}\" stroke=\"#dddddd\"/>", from.0, from.1, to.0, to.1)
}

fn curve(points: &[(f64, f64)], colour: &str, x: &Axis, y: &Axis) -> String {
    let (mut path, mut dots) = (String::new(), String::new());
    for (across, up) in points {
        let (across, up) = (x.place(*across), y.place(*up));
        // Writing to a `String` cannot fail.
        let _ = write!(path, "{across:.1},{up:.1} ");
        let _ = write!(dots, "<circle cx=\"{across:.1}\" cy=\"{up:.1}\" r=\"3\" fill=\"{colour}\"/>");
    }
    format!("<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>{dots}", path.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_drawn_within_the_frame_and_named() {
        let lines = vec![("a", vec![(10.0, 1.0), (1000.0, 100.0)]), ("b", vec![])];
        let svg = Plot { title: "cost", x: "clients", y: "us", lines }.svg();
        assert!(svg.contains(&format!("points=\"64.0,{:.1} 570.0,{TOP:.1}\"", HEIGHT - BOTTOM)), "{svg}");
        assert!(svg.contains(">a</text>") && !svg.contains(">b</text>"), "{svg}");
    }
}
