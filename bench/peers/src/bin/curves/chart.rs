//! Draws lines on logarithmic axes as SVG.

use std::path::Path;

use llm_trace_peers::Error;
use plotters::prelude::*;

/// One line with its points.
pub struct Line {
    pub name: &'static str,
    pub points: Vec<(f64, f64)>,
}

impl Line {
    pub fn new(name: &'static str) -> Line {
        Line { name, points: Vec::new() }
    }
}

pub struct Chart {
    /// The name of the file, without its extension.
    pub file: &'static str,
    pub title: &'static str,
    pub x: &'static str,
    pub y: &'static str,
    /// Where the names of the lines hide none of them.
    pub legend: SeriesLabelPosition,
    /// Floors are dashed: they come first.
    pub floors: Vec<Line>,
    pub lines: Vec<Line>,
}

/// Distinguishable by people who are colour-blind.
const COLOURS: [RGBColor; 4] =
    [RGBColor(0, 90, 160), RGBColor(200, 80, 0), RGBColor(0, 130, 100), RGBColor(150, 60, 130)];
const GREYS: [RGBColor; 2] = [RGBColor(90, 90, 90), RGBColor(150, 150, 150)];

/// The powers of ten around all values.
fn decades(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (least, most) = values.fold((f64::MAX, f64::MIN_POSITIVE), |(least, most), at| (least.min(at), most.max(at)));
    (10_f64.powf(least.log10().floor()), 10_f64.powf(most.log10().ceil()))
}

/// A number as a person writes it: 10k, 1M.
fn short(value: &f64) -> String {
    match *value {
        value if value >= 1e6 => format!("{}M", value / 1e6),
        value if value >= 1e3 => format!("{}k", value / 1e3),
        value => format!("{value}"),
    }
}

impl Chart {
    /// Writes the picture into a folder.
    pub fn draw(&self, folder: &Path) -> Result<(), Error> {
        let file = folder.join(self.file).with_extension("svg");
        let all = || self.floors.iter().chain(&self.lines).flat_map(|line| &line.points);
        let (x_from, x_to) = decades(all().map(|(x, _)| *x));
        let (y_from, y_to) = decades(all().map(|(_, y)| *y));
        let area = SVGBackend::new(&file, (720, 440)).into_drawing_area();
        area.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&area)
            .caption(self.title, ("sans-serif", 18))
            .margin(12)
            .x_label_area_size(42)
            .y_label_area_size(64)
            .build_cartesian_2d((x_from..x_to).log_scale(), (y_from..y_to).log_scale())?;
        chart
            .configure_mesh()
            .x_desc(self.x)
            .y_desc(self.y)
            .x_label_formatter(&short)
            .y_label_formatter(&short)
            .label_style(("sans-serif", 13))
            .bold_line_style(RGBColor(215, 215, 215))
            .light_line_style(TRANSPARENT)
            .draw()?;
        let floors = self.floors.iter().zip(GREYS.iter().cycle()).map(|(line, colour)| (line, colour, true));
        let lines = self.lines.iter().zip(COLOURS.iter().cycle()).map(|(line, colour)| (line, colour, false));
        for (line, colour, dashed) in floors.chain(lines) {
            let style = colour.stroke_width(2);
            let points = line.points.iter().copied();
            let drawn = if dashed {
                chart.draw_series(DashedLineSeries::new(points, 6, 4, style))?
            } else {
                chart.draw_series(LineSeries::new(points, style))?
            };
            drawn.label(line.name).legend(move |(x, y)| PathElement::new([(x, y), (x + 22, y)], style));
            chart.draw_series(line.points.iter().map(|point| Circle::new(*point, 3, colour.filled())))?;
        }
        chart
            .configure_series_labels()
            .position(self.legend.clone())
            .legend_area_size(28)
            .background_style(WHITE.mix(0.85))
            .border_style(RGBColor(200, 200, 200))
            .label_font(("sans-serif", 13))
            .draw()?;
        area.present()?;
        Ok(())
    }
}
