//! Axes and expectations of sweeps: what they mean, and what is said of those that mean nothing.

use super::*;

/// A scenario with two parameters, and this `sweep`.
fn sweeping(sweep: &str) -> String {
    with(&format!(
        "params: {{ \"n\": 5, \"k\": 2, \"mode\": \"ring\" }}, sweep: ({sweep}),"
    ))
}

fn values(axis: &str) -> Vec<String> {
    let scenario = Attempt::of(&sweeping(&format!("vary: {{ \"n\": {axis} }}"))).scenario();
    let axis = &scenario.sweep.axes[0];
    assert_eq!(axis.name, "n");
    axis.values.iter().map(ToString::to_string).collect()
}

#[test]
fn an_axis_is_a_list_a_pattern_or_so_many_values_between_two() {
    for (axis, expected) in [
        ("[4, 8, 16..=64]", "4 8 16 32 64"),
        ("[4, 8, 16..=100]", "4 8 16 32 64"),
        ("[4, 7, 10..=16]", "4 7 10 13 16"),
        ("[1, 2, 3..=5, 100]", "1 2 3 4 5 100"),
        ("[64, 32, 16..=4]", "64 32 16 8 4"),
        ("[10, 8, 6..=1]", "10 8 6 4 2"),
        ("0..=3", "0 1 2 3"),
        ("[0..=2, 7]", "0 1 2 7"),
        ("7", "7"),
        ("[0.0, 0.05, 0.1]", "0 0.05 0.1"),
        ("Lin(0.0, 0.2, 5)", "0 0.05 0.1 0.15 0.2"),
        ("Lin(3, 1, 3)", "3 2 1"),
        ("Log(1, 1000, 7)", "1 3 10 32 100 316 1000"),
        ("Log(1, 4, 10)", "1 2 3 4"),
        ("Log(0.01, 1.0, 3)", "0.01 0.1 1"),
        ("[\"ring\", \"star\"]", "ring star"),
        ("[true, false]", "true false"),
        ("[1_000, 2_000]", "1000 2000"),
    ] {
        assert_eq!(values(axis).join(" "), expected, "{axis}");
    }
}

#[test]
fn the_command_line_needs_no_brackets_and_has_the_last_word() {
    let file = sweeping("vary: { \"n\": [1, 2], \"k\": 0..=1 }, seeds: 3");
    let axes = |arguments: &[&str]| -> Vec<String> {
        let mut attempt = Attempt::of(&file);
        for argument in arguments {
            let source = attempt.sources.add("-s", *argument);
            attempt.overrides.axes.push(source);
        }
        let shown = |axis: &Axis| {
            let values: Vec<String> = axis.values.iter().map(ToString::to_string).collect();
            format!("{}={}", axis.name, values.join(","))
        };
        attempt.scenario().sweep.axes.iter().map(shown).collect()
    };
    assert_eq!(axes(&[]), ["n=1,2", "k=0,1"]);
    assert_eq!(axes(&["n=4, 8,16..=64"]), ["n=4,8,16,32,64", "k=0,1"]);
    assert_eq!(
        axes(&["mode=ring,star", "k=[5]"]),
        ["n=1,2", "k=5", "mode=ring,star"]
    );
    assert_eq!(
        axes(&["k=Lin(0.0, 1.0, 3)", "k=0..=2"]),
        ["n=1,2", "k=0,1,2"]
    );
    let attempt = Attempt::of(&file)
        .set("sweep.seeds=100..=119")
        .set("sweep.vary.n=[9]");
    let sweep = attempt.scenario().sweep;
    assert_eq!(
        (sweep.seeds.clone(), sweep.seeds.count()),
        (Seeds::Given(100..=119), 20)
    );
    assert_eq!(sweep.axes[0].values, [Value::Number(9.0)]);
}

#[test]
fn mistakes_in_a_sweep_are_shown_where_they_are() {
    for (sweep, expected) in [
        (
            "vary: { \"n\": [4, 8, 16..=1] }",
            "S140]: this range holds nothing",
        ),
        (
            "vary: { \"n\": [4, 8..=16] }",
            "S140]: a pattern needs three terms",
        ),
        (
            "vary: { \"n\": [1, 2, 5..=9] }",
            "S140]: this pattern does not say how to go on (list the values one by one)",
        ),
        (
            "vary: { \"n\": [3, 3, 3..=9] }",
            "S140]: this pattern does not say how to go on (list the values one by one)",
        ),
        (
            "vary: { \"n\": 4..16 }",
            "S140]: a sweep axis has its last value in it (write `4..=15`)",
        ),
        (
            "vary: { \"n\": [\"a\", 1..=3] }",
            "S140]: a pattern goes on with numbers",
        ),
        (
            "vary: { \"n\": 0..=20000 }",
            "S140]: an axis takes at most 10000 values",
        ),
        ("vary: { \"n\": [] }", "S140]: an axis needs values"),
        (
            "vary: { \"n\": Lin(0, 1) }",
            "S140]: write `Lin(from, to, count)`",
        ),
        (
            "vary: { \"n\": Lin(0, 1, 1) }",
            "S140]: the count of an axis is a whole number from 2 to 10000",
        ),
        (
            "vary: { \"n\": Log(0, 1, 3) }",
            "S140]: a logarithmic axis has no zero",
        ),
        (
            "vary: { \"n\": Exp(0, 1, 3) }",
            "S140]: `n` has no values to take",
        ),
        (
            "vary: { \"n\": [[1]] }",
            "S140]: `n` cannot take this value",
        ),
        (
            "vary: { \"n\": [1, 2, 1] }",
            "S106]: `n` takes the value 1 twice",
        ),
        (
            "vary: { \"modes\": [1] }",
            "S102]: there is no parameter `modes` (did you mean `mode`?)",
        ),
        (
            "vary: [1]",
            "S104]: `vary` has to be a map, `{ \"n\": [4, 8, 16..=64] }`",
        ),
        (
            "vary: { \"n\": [1, 2], \"k\": [1] }, zip: [\"n\", \"k\"]",
            "S140]: axes that go together have equally many values",
        ),
        (
            "vary: { \"n\": [1, 2] }, zip: [\"n\", \"k\"]",
            "S102]: there is no axis `k`",
        ),
        (
            "where: \"k + n\"",
            "S112]: `where` asks for something true or false",
        ),
        (
            "where: \"k < m\"",
            "S112]: `m` is neither a parameter nor a function",
        ),
        (
            "measure: [\"mesages\"]",
            "S130]: `mesages` is no metric (did you mean `messages`?)",
        ),
        (
            "theory: { \"mesages\": \"n\" }",
            "S130]: `mesages` is no metric (did you mean `messages`?)",
        ),
        (
            "theory: { \"messages\": \"n < 3\" }",
            "S140]: this is nothing that theory could say",
        ),
        (
            "theory: { \"messages\": [(3, 2), 4] }",
            "S140]: this is nothing that theory could say",
        ),
        (
            "theory: { \"delivery_latency\": \"n\" }",
            "S130]: `theory` is about figures of which a run has one, not `delivery_latency`",
        ),
        (
            "theory: [1]",
            "S104]: `theory` has to be a map, `{ \"messages\": \"n*(n-1)\" }`",
        ),
        ("seeds: 0", "S105]: `seeds` is out of range"),
        ("seeds: 5..=3", "S140]: these are no seeds"),
        (
            "sneeds: 5",
            "S101]: `sweep` has no field `sneeds` (did you mean `seeds`?)",
        ),
        (
            "expect: [\"messages <= 3\"]",
            "S141]: this is not an expectation of a sweep",
        ),
        (
            "expect: [\"mean(messages)\"]",
            "S141]: this is not an expectation of a sweep",
        ),
        (
            "expect: [\"mean(messages) <= 5ms\"]",
            "S141]: this is not an expectation of a sweep",
        ),
        (
            "expect: [\"mean(delivery_latency) <= 5ms\"]",
            "S141]: this is not an expectation of a sweep",
        ),
        (
            "expect: [\"mean(p99(delivery_latency)) <= 5\"]",
            "S141]: this is not an expectation of a sweep",
        ),
        (
            "expect: [\"mean(p98(delivery_latency)) <= 5ms\"]",
            "S141]: this is not an expectation of a sweep",
        ),
        (
            "expect: [\"mean(p99(messages)) <= 5\"]",
            "S141]: this is not an expectation of a sweep",
        ),
        (
            "expect: [\"mean(mesages) <= 5\"]",
            "S130]: `mesages` is no metric (did you mean `messages`?)",
        ),
        (
            "expect: [\"mean(messages) <= m\"]",
            "S112]: `m` is neither a parameter nor a function",
        ),
        (
            "expect: [\"mean(messages) <= n where k\"]",
            "S112]: `where` asks for something true or false",
        ),
        (
            "expect: [\"exponent(messages) in 1 .. 2\"]",
            "S141]: this is not an expectation of a sweep",
        ),
        (
            "expect: [\"exponent(messages, m) in 1 .. 2\"]",
            "S102]: there is no parameter `m`",
        ),
        (
            "expect: [\"exponent(messages, n) in 1\"]",
            "S141]: this is not an expectation of a sweep",
        ),
        (
            "expect: [\"exponent(messages, n) < 1\"]",
            "S141]: this is not an expectation of a sweep",
        ),
    ] {
        let problems = Attempt::of(&sweeping(sweep)).short();
        let [problem] = &problems[..] else {
            panic!("{sweep}: {problems:?}");
        };
        let said = problem.split_once("error[").map_or("", |(_, said)| said);
        assert_eq!(said, expected, "{sweep}");
    }
}

#[test]
fn the_place_of_a_mistake_is_exact() {
    let text = sweeping("expect: [\"exponent(messages, m) in 1 .. 2\"]");
    let human = Attempt::of(&text).human();
    assert!(
        human.contains("                                   ^ unknown parameter")
            || human.contains("^ unknown parameter"),
        "{human}"
    );
    let column = text
        .lines()
        .nth(2)
        .and_then(|line| line.find(", m)"))
        .expect("there")
        + 3;
    assert!(human.contains(&format!("test.ron:3:{column}")), "{human}");
}

/// A sweep is nothing to a single run: neither its scenario nor its resolved text knows of it.
#[test]
fn a_single_run_takes_no_notice() {
    let plain =
        Attempt::of(&with("params: { \"n\": 5, \"k\": 2, \"mode\": \"ring\" },")).scenario();
    let sweeping = Attempt::of(&sweeping(
        "vary: { \"n\": [1, 2] }, seeds: 3, expect: [\"mean(messages) <= n\"]",
    ));
    let scenario = sweeping.scenario();
    assert_eq!(scenario.resolved, plain.resolved);
    assert_eq!(facts(&scenario), facts(&plain));
    assert_eq!(scenario.sweep.expect[0].text, "mean(messages) <= n");
}

#[test]
fn points_that_are_not_meant_are_known_before_they_are_read() {
    let attempt = Attempt::of(&sweeping("vary: { \"n\": [1, 2] }"));
    let meant = |attempt: &Attempt, condition: &str| {
        is_meant(
            &attempt.sources,
            attempt.file,
            &attempt.overrides,
            condition,
        )
    };
    assert_eq!(meant(&attempt, "k < n"), Ok(true));
    let attempt = attempt.param("n=2");
    assert_eq!(meant(&attempt, "k < n"), Ok(false));
    let problems = meant(&attempt, "k / (n - 2) > 1").expect_err("divides by zero");
    assert_eq!(problems[0].code, Code::S112);
}

/// Whatever becomes of a sound sweep, reading it ends with a scenario or with problems.
#[test]
fn no_damage_to_a_sweep_is_a_panic() {
    let sound = "vary: { \"n\": [4, 8, 16..=64], \"k\": Log(1, 9, 3), \"mode\": [\"ring\"] }, zip: [\"n\"], where: \"k < n\", seeds: 1..=3, \
                 expect: [\"exponent(messages, n) in 1.9 .. 2.1 where k > 1\", \"p05(p99(delivery_latency)) <= 5ms\"]";
    assert_eq!(Attempt::of(&sweeping(sound)).short(), Vec::<String>::new());
    let tried = |sweep: &str| {
        let reading = Attempt::of(&sweeping(sweep)).read();
        assert!(
            reading.scenario.is_some() || !reading.problems.is_empty(),
            "{sweep}"
        );
    };
    for at in 0..sound.len() {
        tried(&sound[..at]);
        for other in [
            "", "(", "]", "\"", ".", "..", "-", "9", "e", ",", "é", " where ",
        ] {
            tried(&format!("{}{other}{}", &sound[..at], &sound[at + 1..]));
        }
    }
}
