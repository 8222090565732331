//! One chart of each kind, with data such as a sweep gives.

use viz::{Axis, Chart, Heat, Point, Scale, Series, Shape, Unit};

/// Every kind of chart by the name of its file.
pub fn all() -> Vec<(&'static str, Chart)> {
    vec![
        ("messages", messages()),
        ("latencies", latencies()),
        ("infection", infection()),
        ("load", load()),
        ("heat", heat()),
    ]
}

/// Lines with confidence bars, theory and fits, a zero that a log axis cannot show.
pub fn messages() -> Chart {
    let ns = [4.0, 8.0, 16.0, 32.0, 64.0, 128.0];
    let line = |name: &str, theory: &str, cost: fn(f64) -> f64, spread: f64| {
        let points = ns.iter().enumerate().map(|(index, n)| {
            let wave = if index % 2 == 0 { 1.0 } else { -1.0 };
            let y = cost(*n) * (1.0 + wave * spread / 4.0);
            let (low, high) = (y * (1.0 - spread), y * (1.0 + spread));
            Point {
                x: *n,
                y,
                low,
                high,
            }
        });
        let theory_points = ns.iter().map(|n| (*n, cost(*n))).collect();
        Series::new(name, Shape::Line, points.collect()).with_theory(theory, theory_points)
    };
    let mut lossy = line("push gossip, 20 % loss", "n·log₂ n", |n| n * 3.5, 0.2);
    lossy.theory = None;
    lossy.points.insert(0, Point::exact(2.0, 0.0));
    let eager = line("eager", "n·(n−1)", |n| n * (n - 1.0), 0.0);
    let fit = vec![(4.0, 11.6), (128.0, 16_400.0)];
    let eager = eager.with_fit("0.64·n^2.09", fit);
    let bracha = line(
        "Bracha",
        "(n−1)·(2n+1)",
        |n| (n - 1.0) * (2.0 * n + 1.0),
        0.0,
    );
    let best_effort = line("best effort", "n−1", |n| n - 1.0, 0.05);
    Chart {
        subtitle: "one multicast, no faults, 20 seeds a point; bars: 95 % confidence".to_owned(),
        ..Chart::of_series(
            "Messages against group size",
            Axis::log("nodes n").with_ticks(ns.to_vec()),
            Axis::log("messages"),
            vec![bracha, eager, lossy, best_effort],
        )
    }
}

/// Steps of two distributions.
pub fn latencies() -> Chart {
    let samples = |median: f64, tail: f64| -> Vec<f64> {
        let share = |index: u32| f64::from(index) / 60.0;
        (1..60)
            .map(|index| 1e6 * (median + tail * share(index) / (1.02 - share(index))))
            .collect()
    };
    Chart {
        subtitle: "59 deliveries each, log-normal delays".to_owned(),
        ..Chart::of_series(
            "Latency of delivery",
            Axis::linear("latency").with_unit(Unit::Nanoseconds),
            Axis::linear("deliveries at most so late")
                .with_unit(Unit::Share)
                .with_range(0.0, 1.0),
            vec![
                Series::distribution("best effort", &samples(1.0, 0.4)),
                Series::distribution("majority ack", &samples(2.5, 0.5)),
                Series::distribution("fixed sequencer", &samples(2.0, 0.8)),
            ],
        )
    }
}

/// Curves over time with bands.
pub fn infection() -> Chart {
    let curve = |name: &str, fanout: f64, spread: f64| {
        let mut infected = 1.0;
        let mut points = vec![Point::exact(0.0, 1.0)];
        for round in 1..=16 {
            infected +=
                fanout * infected * (1.0 - infected / 1000.0) / (1.0 + fanout * infected / 1000.0);
            let band = spread * infected * (1.0 - infected / 1000.0);
            points.push(Point {
                x: f64::from(round),
                y: infected,
                low: infected - band,
                high: infected + band,
            });
        }
        Series::new(name, Shape::Curve, points)
    };
    Chart {
        subtitle: "1000 nodes; bands: 95 % confidence of the mean over 50 seeds".to_owned(),
        ..Chart::of_series(
            "Spread of one rumour",
            Axis::linear("round"),
            Axis::linear("infected nodes"),
            vec![
                curve("push, fanout 1", 0.8, 0.3),
                curve("push–pull, fanout 1", 1.4, 0.2),
                curve("push, fanout 3", 2.2, 0.15),
            ],
        )
    }
}

/// Throughput against latency, joined in the order of the load, with a legend too wide for the side.
pub fn load() -> Chart {
    let line = |name: &str, most: f64, base: f64| {
        let points = (1..=9).map(|step| {
            let offered = f64::from(step) / 8.0;
            let done = most * (offered - 0.06 * offered * offered * offered);
            let wait = base / (1.12 - offered.min(1.0)) + 40.0 * (offered - 1.0).max(0.0);
            Point {
                x: done,
                y: 1e6 * wait,
                low: 0.93e6 * wait,
                high: 1.07e6 * wait,
            }
        });
        Series::new(name, Shape::Line, points.collect())
    };
    Chart::of_series(
        "A server that is asked for more than it can do",
        Axis::linear("throughput").with_unit(Unit::Named("calls/s".to_owned())),
        Axis::linear("99th percentile of call latency").with_unit(Unit::Nanoseconds),
        vec![
            line(
                "one server, retries after 50 ms, unbounded queue",
                12_000.0,
                2.0,
            ),
            line(
                "one server, retries with back-off, queue of 64",
                14_500.0,
                2.5,
            ),
            line("two servers behind a balancer, back-off", 27_000.0, 3.0),
        ],
    )
}

/// Two parameters and the share of nodes that were reached.
pub fn heat() -> Chart {
    let losses = [0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5];
    let fanouts = [1.0, 2.0, 3.0, 4.0, 6.0, 8.0];
    let reached = |fanout: f64, loss: f64| {
        let mut share = 0.9;
        for _ in 0..30 {
            let missed = fanout * (1.0 - loss) * share;
            share = 1.0 - 1.0 / (1.0 + missed * (1.0 + missed / 2.0 * (1.0 + missed / 3.0)));
        }
        share
    };
    let mut values: Vec<Vec<Option<f64>>> = fanouts
        .iter()
        .map(|fanout| {
            losses
                .iter()
                .map(|loss| Some(reached(*fanout, *loss)))
                .collect()
        })
        .collect();
    values[5][6] = None;
    let value = Axis {
        scale: Scale::Linear,
        ..Axis::linear("nodes reached").with_unit(Unit::Share)
    };
    let heat = Heat {
        columns: losses.iter().map(|loss| format!("{loss}")).collect(),
        rows: fanouts.iter().map(|fanout| format!("{fanout}")).collect(),
        values,
        value,
    };
    Chart {
        subtitle: "push gossip, 1000 nodes, mean of 20 seeds".to_owned(),
        ..Chart::of_heat(
            "How many nodes a rumour reaches",
            Axis::linear("loss"),
            Axis::linear("fanout"),
            heat,
        )
    }
}
