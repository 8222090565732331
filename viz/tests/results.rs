//! From a results folder to charts.

use viz::results::{Ask, Results, ResultsError, compare};
use viz::{Body, Chart, Scale, Series, Unit};

const SWEEP: &str = r#"{
  "stormglass": "0.1.0", "format": 1, "model_version": 2, "scenario": "eager", "scenario_hash": "77c0aa",
  "protocol": "EagerMulticast", "about": "one line",
  "axes": [{"name": "n", "values": [4, 8, 16, 32, 64]}, {"name": "k", "values": [0, 1]}], "seeds": 2,
  "variants": ["", "no-relay"], "runs": 40, "theory": {"messages": {"formula": "n*(n-1)"}}, "expect": []
}"#;

/// Five sizes, two ways to crash, two seeds, two variants.
fn runs() -> String {
    let mut text = "run,point,replicate,seed,variant,protocol,n,k,verdict,messages,steps,delivery_ns_p99,theory_messages\n"
        .to_owned();
    let mut point = 0;
    for variant in ["", "no-relay"] {
        for n in [4_u64, 8, 16, 32, 64] {
            for k in 0..2 {
                for replicate in 0..2_u64 {
                    let exact = if variant.is_empty() {
                        n * (n - 1)
                    } else {
                        n - 1
                    };
                    let messages = exact - k + 2 * replicate;
                    let theory = if variant.is_empty() {
                        exact.to_string()
                    } else {
                        String::new()
                    };
                    let steps = if k == 1 {
                        String::new()
                    } else {
                        "2".to_owned()
                    };
                    let late = 1_000_000 * (n + replicate);
                    text += &format!(
                        "{point}{replicate},{point},{replicate},7,{variant},EagerMulticast,{n},{k},held,{messages},{steps},{late},{theory}\n"
                    );
                }
                point += 1;
            }
        }
    }
    text
}

fn results() -> Results {
    Results::parse(SWEEP, &runs()).expect("a sweep")
}

fn series(chart: &Chart) -> &[Series] {
    match &chart.body {
        Body::Series(all) => all,
        Body::Heat(_) => panic!("a heat map"),
    }
}

#[test]
fn runs_become_means_with_intervals() {
    let results = results();
    assert_eq!(results.runs(), 40);
    let ask = Ask {
        by: Some("variant"),
        ..Ask::new("n", "messages")
    };
    let all = results.series(&ask).expect("columns are there");
    let names: Vec<&str> = all.iter().map(|series| series.name.as_str()).collect();
    assert_eq!(names, ["no variant", "no-relay"]);
    // 12, 14, 11, 13: mean 12.5, variance 5/3, t₃ = 3.182; 3.182 · √(5/12) = 2.054.
    let point = all[0].points[0];
    assert_eq!((point.x, point.y), (4.0, 12.5));
    assert!(
        (point.high - 14.554).abs() < 1e-3 && (point.low - 10.446).abs() < 1e-3,
        "{point:?}"
    );
    let theory = all[0].theory.as_ref().expect("it has exact costs");
    assert_eq!(
        (theory.label.as_str(), theory.points[0]),
        ("n·(n−1)", (4.0, 12.0))
    );
    assert_eq!(all[1].theory, None);
}

#[test]
fn a_chart_says_what_it_averages_and_how_sure_the_fit_is() {
    let ask = Ask {
        by: Some("variant"),
        fit: true,
        ..Ask::new("n", "messages").log()
    };
    let chart = results().chart(&ask).expect("columns are there");
    assert_eq!(chart.title, "eager: messages against n");
    assert_eq!(
        chart.subtitle,
        "EagerMulticast, 2 seeds a point; bars: 95 % confidence of the mean"
    );
    assert_eq!(
        (chart.x.scale, chart.x.ticks.as_slice()),
        (Scale::Log, &[4.0, 8.0, 16.0, 32.0, 64.0][..])
    );
    let fit = series(&chart)[0].fit.as_ref().expect("it was asked for");
    assert_eq!(fit.label, "0.73·n^2.08");
    assert_eq!(
        chart.notes,
        [
            // An independent computation gives 0.72723, 2.08019 and 2.02422 to 2.13617.
            "Fit of no variant: 0.73·n^2.08, exponent 2.02 to 2.14 (95 %); the slope still moves, from 2.13 to 2.03; \
             form: n² (to 8.7 %).",
            "Fit of no-relay: 0.84·n^1.04, exponent 1.01 to 1.08 (95 %); the slope still moves, from 1.07 to 1.02; \
             form: n (to 4.7 %).",
            "Each point is a mean over all values of k, too.",
        ]
    );
}

/// The axis of a metric has its unit, and absent values are not zeros.
#[test]
fn times_have_units_and_absent_values_are_left_out() {
    let results = results();
    let chart = results
        .chart(&Ask::new("n", "delivery_ns_p99"))
        .expect("columns are there");
    assert_eq!(
        (chart.y.label.as_str(), &chart.y.unit),
        ("delivery p99", &Unit::Nanoseconds)
    );
    let by_k = Ask {
        by: Some("k"),
        ..Ask::new("n", "steps")
    };
    let all = results.series(&by_k).expect("columns are there");
    assert_eq!(all.len(), 1, "no run with k = 1 has steps");
    assert_eq!((all[0].name.as_str(), all[0].points.len()), ("k = 0", 5));
}

/// One metric against another: each point of the sweep is a place.
#[test]
fn metrics_stand_against_metrics() {
    let ask = Ask {
        by: Some("variant"),
        ..Ask::new("messages", "delivery_ns_p99")
    };
    let all = results().series(&ask).expect("columns are there");
    assert_eq!(all[0].points.len(), 10);
    assert_eq!((all[0].points[0].x, all[0].points[0].y), (13.0, 4.5e6));
}

/// Two protocols of two sweeps in one chart.
#[test]
fn sweeps_are_compared() {
    let other =
        Results::parse(&SWEEP.replace("EagerMulticast", "BestEffort"), &runs()).expect("a sweep");
    let ask = Ask {
        fit: true,
        ..Ask::new("n", "messages").log()
    };
    let chart = compare(&[results(), other], &ask).expect("columns are there");
    let names: Vec<&str> = series(&chart)
        .iter()
        .map(|series| series.name.as_str())
        .collect();
    assert_eq!(names, ["EagerMulticast", "BestEffort"]);
    assert_eq!(
        (chart.title.as_str(), chart.notes.len()),
        ("messages against n", 4)
    );
    assert_eq!(
        chart.subtitle,
        "2 seeds a point; bars: 95 % confidence of the mean"
    );
    let same = compare(
        &[results(), results()],
        &Ask {
            by: Some("k"),
            ..ask
        },
    )
    .expect("columns are there");
    assert_eq!(series(&same)[0].name, "eager (1), k = 0");
    assert!(compare(&[], &ask).is_ok_and(|chart| chart.subtitle.is_empty()));
}

#[test]
fn two_parameters_are_a_table_of_colours() {
    let chart = results()
        .heat("n", "k", "messages", Scale::Log)
        .expect("columns are there");
    let Body::Heat(heat) = &chart.body else {
        panic!("series")
    };
    assert_eq!(heat.columns, ["4", "8", "16", "32", "64"]);
    assert_eq!(heat.rows, ["0", "1"]);
    // 12, 14, 3, 5 at k = 0, over both variants.
    assert_eq!(heat.values[0][0], Some(8.5));
    assert_eq!(
        chart.notes,
        ["Each cell is a mean over all values of variant, too."]
    );
}

#[test]
fn a_distribution_counts_runs() {
    let chart = results()
        .distribution("messages", Some("variant"))
        .expect("columns are there");
    let all = series(&chart);
    assert_eq!(all[1].points.len(), 4 * 5);
    assert_eq!(all[1].points.last().map(|point| point.y), Some(1.0));
}

#[test]
fn a_missing_column_is_told_with_the_nearest() {
    let results = results();
    let ask = |x, y| {
        results
            .chart(&Ask::new(x, y))
            .expect_err("there is no such column")
            .to_string()
    };
    insta::assert_snapshot!(ask("n", "mesages"), @"the results have no column `mesages` (did you mean `messages`?); there are run, point, replicate, seed, variant, protocol, n, k, verdict, messages, steps, delivery_ns_p99, theory_messages");
    assert!(ask("n", "delivery").contains("did you mean `delivery_ns_p99`?"));
    assert!(!ask("n", "temperature").contains("did you mean"));
    assert_eq!(
        ask("n", "verdict"),
        "runs.csv:2: `verdict` is `held`, and an axis needs numbers"
    );
}

#[test]
fn what_is_no_results_folder_is_refused() {
    let empty = tempfile::tempdir().expect("a folder");
    let missing = Results::read(empty.path()).expect_err("it is empty");
    assert!(
        missing
            .to_string()
            .contains("there is no finished sweep here"),
        "{missing}"
    );
    let newer = SWEEP.replace("\"format\": 1", "\"format\": 2");
    assert_eq!(Results::parse(&newer, ""), Err(ResultsError::Format(2)));
    assert!(matches!(
        Results::parse("{", ""),
        Err(ResultsError::Sweep(_))
    ));
    let ragged = Results::parse(SWEEP, "a,b\n1\n");
    assert!(matches!(ragged, Err(ResultsError::Table(_))));
    let nothing = Results::parse(SWEEP, "n,verdict,messages\n4,held,\n").expect("a table");
    let error = nothing
        .chart(&Ask::new("n", "messages"))
        .expect_err("no values");
    assert_eq!(
        error.to_string(),
        "no run has both `n` and `messages`: there is nothing to show"
    );
}
