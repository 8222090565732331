//! Every kind of chart as a golden picture, and what holds of all pictures.

#[path = "../examples/gallery/charts.rs"]
mod charts;

use viz::report::{Section, page};
use viz::{Axis, Chart, Heat, Point, Series, Shape, Theme, Unit};

/// A picture that changes is looked at: `cargo run -p stormglass-viz --example gallery`.
#[test]
fn golden_pictures() {
    for (name, chart) in charts::all() {
        insta::assert_snapshot!(name, chart.svg(Theme::Light));
    }
}

#[test]
fn the_same_chart_has_the_same_bytes() {
    for (_, chart) in charts::all() {
        for theme in [Theme::Light, Theme::Dark] {
            assert_eq!(chart.svg(theme), chart.svg(theme));
            assert_eq!(chart.png(theme, 1), chart.png(theme, 1));
        }
    }
}

/// If a font or a function of the host were asked, these sums would be others on another host.
#[test]
fn golden_pixels() {
    let mut sums = String::new();
    for (name, chart) in charts::all() {
        let (_, _, pixels) = decode(&chart.png(Theme::Light, 1));
        // FNV-1a.
        let sum = pixels.iter().fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
            (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        sums += &format!("{name} {sum:016x}\n");
    }
    insta::assert_snapshot!(sums);
}

/// Width, height and the bytes of all pixels.
fn decode(png: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png))
        .read_info()
        .expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("it fits into memory")];
    let info = reader.next_frame(&mut pixels).expect("all rows");
    (info.width, info.height, pixels)
}

#[test]
fn a_png_has_the_size_of_the_chart_times_the_scale() {
    let chart = charts::infection();
    for scale in [1, 2, 3] {
        let (width, height, pixels) = decode(&chart.png(Theme::Light, scale));
        assert_eq!((width, height), (760 * scale, 460 * scale));
        assert_eq!(&pixels[..3], [255, 255, 255], "the margin is paper");
        assert!(
            pixels.chunks(3).any(|pixel| pixel == [0x00, 0x72, 0xb2]),
            "the first series is blue"
        );
    }
}

#[test]
fn what_a_log_axis_cannot_show_is_said() {
    let points = vec![
        Point::exact(1.0, 0.0),
        Point::exact(2.0, f64::NAN),
        Point {
            x: 4.0,
            y: 3.0,
            low: -1.0,
            high: 7.0,
        },
    ];
    let series = vec![Series::new("a", Shape::Line, points)];
    let chart = Chart::of_series("t", Axis::log("n"), Axis::log("m"), series);
    let svg = chart.svg(Theme::Light);
    assert!(svg.contains("1 point is left out: a log axis has no place for zero."));
    assert!(svg.contains("1 point is left out: no finite number."));
    assert!(svg.contains("1 interval reaches zero and is cut at the lower edge"));
    assert!(!svg.contains("NaN") && !svg.contains("inf"));
}

/// No axis of shares goes beyond 100 % because an interval does.
#[test]
fn a_share_is_at_most_all() {
    let points = vec![
        Point::exact(1.0, 0.9),
        Point {
            x: 2.0,
            y: 0.999,
            low: 0.99,
            high: 1.008,
        },
    ];
    let y = Axis::linear("reached").with_unit(Unit::Share);
    let series = vec![Series::new("", Shape::Line, points)];
    let svg = Chart::of_series("", Axis::linear("n"), y, series).svg(Theme::Light);
    assert!(
        svg.contains(">100\u{202f}%<") && !svg.contains(">102\u{202f}%<"),
        "{svg}"
    );
}

/// Ragged and empty input is a poor picture, not a panic.
#[test]
fn odd_charts_are_drawn_too() {
    let heat = |columns: usize, rows: usize, values: Vec<Vec<Option<f64>>>| Heat {
        columns: vec!["c".to_owned(); columns],
        rows: vec!["r".to_owned(); rows],
        values,
        value: Axis::log("v"),
    };
    let heats = [
        heat(0, 0, vec![]),
        heat(
            2,
            1,
            vec![vec![Some(0.0), None, Some(3.0)], vec![Some(1.0)]],
        ),
        heat(300, 300, vec![vec![Some(1.0); 300]; 300]),
    ];
    for heat in heats {
        let chart = Chart::of_heat("", Axis::linear("x"), Axis::linear("y"), heat);
        assert!(chart.svg(Theme::Dark).ends_with("</svg>\n"));
    }
    for shape in [Shape::Line, Shape::Points, Shape::Steps, Shape::Curve] {
        for values in [
            vec![],
            vec![(0.0, 0.0)],
            vec![(1e300, -1e300), (5.0, f64::INFINITY)],
        ] {
            let points = values.iter().map(|(x, y)| Point::exact(*x, *y)).collect();
            let series = vec![Series::new("<&>", shape, points)];
            let tiny = Chart {
                size: (0, 0),
                ..Chart::of_series("", Axis::linear(""), Axis::log(""), series)
            };
            let svg = tiny.svg(Theme::Light);
            assert!(roxmltree::Document::parse(&svg).is_ok(), "{svg}");
            assert!(!tiny.png(Theme::Dark, 0).is_empty());
        }
    }
}

#[test]
fn the_numbers_of_a_chart_are_a_table() {
    let csv = charts::messages().table().csv();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], "series,nodes n,messages,low,high,theory");
    assert_eq!(lines[1], "Bracha,4,27,27,27,27");
    assert!(lines.contains(&"\"push gossip, 20 % loss\",2,0,0,0,"));
    let load = charts::load().table();
    let units = [
        "throughput (calls/s)",
        "99th percentile of call latency (ns)",
    ];
    assert_eq!(load.head[1..3], units);
    let heat = charts::heat().table();
    assert_eq!((heat.head.len(), heat.rows.len()), (3, 42));
    assert_eq!(
        heat.rows[41],
        ["0.5", "8", ""],
        "what was not measured is empty"
    );
}

/// A report is one file: nothing is fetched, nothing runs, and names from files stay texts.
#[test]
fn a_report_needs_nothing_else() {
    let mut sections: Vec<Section> = charts::all()
        .into_iter()
        .map(|(name, chart)| Section {
            chart,
            words: format!("the picture called {name}"),
        })
        .collect();
    sections[0].chart.title = "</svg><script>alert(1)</script>".to_owned();
    let html = page("A report & more", "<b>introduction</b>", &sections);
    for word in ["<script", "http://", "https://", "url(", "<b>", "src="] {
        assert!(!html.contains(word), "{word}");
    }
    assert_eq!(html.matches("<svg").count(), 5);
    assert_eq!(html.matches("<table>").count(), 5);
    assert!(html.contains("prefers-color-scheme:dark"));
    // Every colour that is asked for is defined.
    for piece in html.split("var(--").skip(1) {
        let name = piece.split(')').next().expect("closed");
        assert_eq!(
            html.matches(&format!("--{name}:")).count(),
            2,
            "{name} in both themes"
        );
    }
    assert_eq!(
        html,
        page("A report & more", "<b>introduction</b>", &sections)
    );
}
