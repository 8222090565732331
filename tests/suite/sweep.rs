//! The law of sweeps: merged shards are the unsharded sweep, byte for byte, for any number of shards, any order, any kill.

use std::collections::BTreeSet;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use proptest::prelude::*;
use scenarios::format::{Overrides, Sources};
use scenarios::protocols::shipped;
use scenarios::sweep::{self, Conflict, Merged, Part, Plan, Row, Shard};
use tempfile::TempDir;

/// Cheap, with a bit of everything: two axes, a condition, chance, a figure that is asked for, a goal.
const SCENARIO: &str = r#"Scenario(
    name: "cheap",
    seed: 7,
    params: { "n": 4, "loss": 0.0 },
    nodes: "n",
    network: (latency: Uniform("1ms", "5ms"), loss: "loss"),
    protocol: BestEffortMulticast,
    links: Weaker(FairLoss),
    workload: [(at: "1ms", node: 0, do: Multicast("hello"))],
    expect: ["always no_duplication"],
    sweep: (
        vary: { "n": [3, 4, 5], "loss": [0.0, 0.5] },
        where: "n < 5 or loss > 0",
        seeds: 3,
        expect: ["exponent(messages, n) in 1 .. 2", "p05(messages) <= n - 1", "mean(p99(delivery_latency)) <= 5ms where loss == 0"],
    ),
    variants: { "slow": (network: (latency: Fixed("1s"))) },
)"#;

struct Bench {
    sources: Sources,
    plan: Plan,
}

impl Bench {
    fn of(text: &str, axes: &[&str], variants: &[Option<String>]) -> Bench {
        let mut sources = Sources::new();
        let file = sources.add("cheap.ron", text);
        let axes = axes.iter().map(|axis| sources.add("-s", *axis)).collect();
        let overrides = Overrides {
            axes,
            ..Overrides::default()
        };
        let plan = sweep::plan(
            &mut sources,
            file,
            &overrides,
            variants,
            shipped().entries(),
        );
        let plan = plan.unwrap_or_else(|problems| panic!("{problems:?}"));
        Bench { sources, plan }
    }

    fn both() -> Bench {
        Bench::of(SCENARIO, &[], &[None, Some("slow".to_owned())])
    }

    /// Does what is left of a shard, and ends after so many runs.
    fn run(&self, path: &Path, shard: Shard, jobs: usize, most: usize) {
        let (mut part, done) = Part::open(path, &self.plan).expect("a part of this sweep");
        let runs = self.plan.runs.iter().enumerate();
        let todo: Vec<usize> = runs
            .filter(|(place, run)| shard.has(*place) && !done.contains(&run.id))
            .map(|(place, _)| place)
            .collect();
        let mut left = most;
        let mut take = |row: Row| {
            if left == 0 {
                return ControlFlow::Break(());
            }
            left -= 1;
            part.append(&row).expect("written");
            ControlFlow::Continue(())
        };
        sweep::execute(&self.sources, &self.plan, shipped(), &todo, jobs, &mut take)
            .expect("all can be read");
    }

    fn merged(&self, paths: &[impl AsRef<Path>]) -> Result<Merged, Conflict> {
        let parts: Vec<(String, Vec<u8>)> = paths
            .iter()
            .map(|path| {
                (
                    path.as_ref().display().to_string(),
                    fs::read(path).expect("there"),
                )
            })
            .collect();
        sweep::merge(&parts).map(|merged| merged.expect("there are parts"))
    }
}

/// The bytes of the files of a finished sweep.
fn files(folder: &Path, merged: &Merged) -> Vec<Vec<u8>> {
    assert_eq!(merged.missing, Vec::<String>::new());
    sweep::finish(folder, &merged.description, &merged.rows).expect("written");
    let read = |name: &&str| fs::read(folder.join(name)).expect("there");
    ["runs.jsonl", "runs.csv", "points.csv", "sweep.json"]
        .iter()
        .map(read)
        .collect()
}

fn unsharded(bench: &Bench) -> Vec<Vec<u8>> {
    let folder = TempDir::new().expect("a folder");
    let part = folder.path().join("part-1-of-1.jsonl");
    bench.run(&part, Shard::default(), 2, usize::MAX);
    files(folder.path(), &bench.merged(&[part]).expect("sound"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn merged_shards_are_the_unsharded_sweep(
        count in 1_u32..8,
        deaths in prop::collection::vec(death(), 8),
        order in Just((1..=8_u32).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let bench = Bench::both();
        let expected = unsharded(&bench);
        let folder = TempDir::new().expect("a folder");
        let mut paths = Vec::new();
        for (index, death) in order.into_iter().zip(deaths).filter(|(index, _)| *index <= count) {
            let shard = Shard::new(index, count).expect("one of them");
            let path = folder.path().join(format!("part-{index}-of-{count}.jsonl"));
            die_and_go_on(&bench, &path, shard, death);
            paths.push(path);
        }
        let merged = bench.merged(&paths).expect("sound");
        let names = ["runs.jsonl", "runs.csv", "points.csv", "sweep.json"];
        let found = files(folder.path(), &merged);
        for ((name, found), expected) in names.iter().zip(&found).zip(&expected) {
            prop_assert!(found == expected, "{} differs", name);
        }
    }
}

/// How a shard dies: after so many runs, with so many jobs, and so many thousandths of its file are left.
#[derive(Clone, Copy, Debug)]
struct Death {
    runs: usize,
    jobs: usize,
    left: usize,
}

fn death() -> impl Strategy<Value = Death> {
    let parts = (0_usize..6, 1_usize..4, 0_usize..=1000);
    parts.prop_map(|(runs, jobs, left)| Death { runs, jobs, left })
}

/// A part that went on is the same part.
fn die_and_go_on(bench: &Bench, path: &Path, shard: Shard, death: Death) {
    bench.run(path, shard, death.jobs, death.runs);
    let whole = fs::read(path).expect("there");
    fs::write(path, &whole[..whole.len() * death.left / 1000]).expect("written");
    bench.run(path, shard, 1, usize::MAX);
    let resumed = fs::read(path).expect("there");
    assert!(
        resumed.starts_with(&whole),
        "{shard} has other bytes: {death:?}"
    );
}

#[test]
fn a_sweep_is_what_its_file_says() {
    let bench = Bench::both();
    let about = &bench.plan.description;
    // n = 5 without loss is not meant.
    assert_eq!((about.points, about.runs), (5, 5 * 2 * 3));
    assert_eq!(about.variants, ["", "slow"]);
    let theory = &about.theory["messages"];
    assert_eq!(
        (theory.formula.as_str(), theory.source.as_str()),
        ("n-1", "")
    );
    let folder = TempDir::new().expect("a folder");
    let part = folder.path().join("part.jsonl");
    bench.run(&part, Shard::default(), 1, usize::MAX);
    let merged = bench.merged(&[part]).expect("sound");
    let finished =
        sweep::finish(folder.path(), &merged.description, &merged.rows).expect("written");
    let said: Vec<(&str, &str)> = finished
        .judged
        .iter()
        .map(|one| (one.standing.word(), one.text.as_str()))
        .collect();
    assert_eq!(
        said,
        [
            ("held", "exponent(messages, n) in 1 .. 2"),
            ("held", "p05(messages) <= n - 1"),
            ("held", "mean(p99(delivery_latency)) <= 5ms where loss == 0"),
        ],
        "{:?}",
        finished.judged
    );
    let csv = fs::read_to_string(folder.path().join("runs.csv")).expect("there");
    assert_eq!(csv.lines().count(), 31);
    assert!(
        csv.starts_with(
            "run,point,replicate,seed,variant,protocol,n,loss,verdict,unreached,messages,"
        ),
        "{csv}"
    );
    assert!(
        csv.lines()
            .next()
            .expect("a head")
            .contains(",delivery_latency_ns_p99,")
    );
}

/// What the file says is published stands in the rows, by formula or by table, and is part of what a sweep is.
#[test]
fn theory_of_the_file_stands_beside_what_is_measured() {
    let with = |theory: &str| {
        let more =
            format!(r#"seeds: 1, measure: ["residue"], source: "A 1987", theory: {theory},"#);
        Bench::of(
            &SCENARIO.replace("seeds: 3,", &more),
            &["loss=0.0,0.001"],
            &[None],
        )
    };
    let bench = with(r#"{ "bytes": "10*n", "residue": [(3, 0.5), (5, 0.25)] }"#);
    let folder = TempDir::new().expect("a folder");
    let part = folder.path().join("part.jsonl");
    bench.run(&part, Shard::default(), 1, usize::MAX);
    let merged = bench.merged(&[part]).expect("sound");
    let column = |name: &str| -> Vec<Option<f64>> {
        merged.rows.iter().map(|row| row.number(name)).collect()
    };
    // n = 3, 3, 4, 4, 5: five without loss is not meant.
    let five = |numbers: [f64; 5]| numbers.map(Some).to_vec();
    assert_eq!(column("theory_bytes"), five([30.0, 30.0, 40.0, 40.0, 50.0]));
    let (half, quarter) = (Some(0.5), Some(0.25));
    assert_eq!(column("theory_residue"), [half, half, None, None, quarter]);
    assert_eq!(column("theory_messages"), five([2.0, 2.0, 3.0, 3.0, 4.0]));
    // It is measured, though no sentence asks for it.
    assert_eq!(column("residue"), five([0.0; 5]));
    let about = &merged.description.theory["residue"];
    assert_eq!(
        (about.formula.as_str(), about.source.as_str()),
        ("", "A 1987")
    );
    let other = with(r#"{ "bytes": "11*n", "residue": [(3, 0.5), (5, 0.25)] }"#);
    assert_ne!(
        other.plan.description.scenario_hash,
        bench.plan.description.scenario_hash
    );
}

#[test]
fn the_seed_of_a_run_follows_from_its_point_and_repetition_alone() {
    type Seeded = (Vec<(String, String)>, u32, u64);
    let seeds = |bench: &Bench, variant: usize| -> Vec<Seeded> {
        let runs = bench.plan.runs.iter().filter(|run| run.variant == variant);
        runs.map(|run| {
            (
                bench.plan.points[run.point].clone(),
                run.replicate,
                run.seed,
            )
        })
        .collect()
    };
    let both = Bench::both();
    assert_eq!(
        seeds(&both, 0),
        seeds(&both, 1),
        "variants are compared on the same draws"
    );
    let distinct: BTreeSet<u64> = seeds(&both, 0).iter().map(|(.., seed)| *seed).collect();
    assert_eq!(distinct.len(), 15);
    assert!(
        distinct.iter().all(|seed| *seed < 1 << 53),
        "every reader can hold them"
    );

    // Other values on the same axes change neither seeds nor ids of the points that stay.
    let other = Bench::of(SCENARIO, &["n=9,5,3,7"], &[None]);
    let ids = |bench: &Bench| -> BTreeSet<String> { bench.plan.ids().into_iter().collect() };
    let stay = seeds(&both, 0)
        .into_iter()
        .filter(|(point, ..)| point[0].1 != "4")
        .count();
    let common: Vec<_> = seeds(&other, 0)
        .into_iter()
        .filter(|one| seeds(&both, 0).contains(one))
        .collect();
    assert_eq!(common.len(), stay);
    assert_eq!(ids(&both).intersection(&ids(&other)).count(), stay);

    let given = Bench::of(
        &SCENARIO.replace("seeds: 3", "seeds: 100..=102"),
        &[],
        &[None],
    );
    assert!(
        given
            .plan
            .runs
            .iter()
            .all(|run| run.seed == 100 + u64::from(run.replicate))
    );
}

#[test]
fn what_is_set_is_not_varied() {
    let points = |params: &[&str], sets: &[&str]| {
        let mut sources = Sources::new();
        let file = sources.add("cheap.ron", SCENARIO);
        let overrides = Overrides {
            params: params.iter().map(|text| sources.add("-p", *text)).collect(),
            sets: sets
                .iter()
                .map(|text| sources.add("--set", *text))
                .collect(),
            ..Overrides::default()
        };
        let plan = sweep::plan(&mut sources, file, &overrides, &[None], shipped().entries());
        plan.map(|plan| plan.points)
            .map_err(|problems| problems[0].title.clone())
    };
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let one = |value: &str| vec![pair("loss", value)];
    assert_eq!(points(&["n=4"], &[]), Ok(vec![one("0"), one("0.5")]));
    let refused = Err("`n` is varied, and set to one value, too".to_owned());
    assert_eq!(points(&[], &["params.n=4"]), refused);
}

#[test]
fn axes_that_go_together_do() {
    let text = SCENARIO.replace("where: \"n < 5 or loss > 0\"", "zip: [\"n\", \"loss\"]");
    let bench = Bench::of(&text, &["loss=Lin(0.0, 0.5, 3)"], &[None]);
    let points: Vec<Vec<&str>> = bench
        .plan
        .points
        .iter()
        .map(|point| point.iter().map(|(_, value)| value.as_str()).collect())
        .collect();
    assert_eq!(points, [["3", "0"], ["4", "0.25"], ["5", "0.5"]]);
}

#[test]
fn parts_that_do_not_go_together_are_refused() {
    let bench = Bench::of(SCENARIO, &[], &[None]);
    let folder = TempDir::new().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    bench.run(
        &path("a"),
        Shard::new(1, 2).expect("a shard"),
        1,
        usize::MAX,
    );
    bench.run(&path("b"), Shard::default(), 1, 4);
    let text = fs::read_to_string(path("a")).expect("there");

    // What is there twice is the same; what is not there is told, in order.
    let merged = bench.merged(&[path("a"), path("b")]).expect("sound");
    let missing: Vec<String> = bench
        .plan
        .ids()
        .into_iter()
        .enumerate()
        .filter(|(place, _)| place % 2 == 1 && *place >= 4)
        .map(|(_, id)| id)
        .collect();
    assert_eq!(merged.missing, missing);

    fs::write(
        path("c"),
        text.replacen("\"messages\":2", "\"messages\":1", 1),
    )
    .expect("written");
    let conflict = bench
        .merged(&[path("a"), path("c")])
        .expect_err("they differ");
    assert!(
        matches!(&conflict, Conflict::Contradiction(text) if text.contains("different results")),
        "{conflict:?}"
    );

    fs::write(
        path("d"),
        text.replacen("\"model_version\":", "\"model_version\":9", 1),
    )
    .expect("written");
    let conflict = bench
        .merged(&[path("a"), path("d")])
        .expect_err("they differ");
    assert!(
        matches!(&conflict, Conflict::Foreign(text) if text.contains("model versions")),
        "{conflict:?}"
    );

    let other = Bench::of(&SCENARIO.replace("seed: 7", "seed: 8"), &[], &[None]);
    other.run(&path("e"), Shard::default(), 1, 1);
    let conflict = bench
        .merged(&[path("a"), path("e")])
        .expect_err("they differ");
    assert!(
        matches!(&conflict, Conflict::Foreign(text) if text.contains("do not go together")),
        "{conflict:?}"
    );
    let opened = Part::open(&path("e"), &bench.plan).expect_err("of another sweep");
    assert!(matches!(opened, Conflict::Foreign(_)), "{opened:?}");

    fs::write(path("f"), "{\"a\": 1}\n").expect("written");
    assert!(matches!(
        bench.merged(&[path("f")]),
        Err(Conflict::Foreign(_))
    ));
    fs::write(path("g"), format!("{text}{{\"run\":\"0\"}}\n")).expect("written");
    assert!(matches!(
        bench.merged(&[path("g")]),
        Err(Conflict::Foreign(_))
    ));
}

/// `sometimes` and expected violations are asked of each point, not of each run.
#[test]
fn a_point_needs_its_goals_in_one_of_its_runs() {
    let text = SCENARIO
        .replace(
            "expect: [\"always no_duplication\"]",
            "expect: [\"eventually validity within 1s\"], expect_violation: [\"validity\"]",
        )
        .replace("p05(messages) <= n - 1", "mean(messages) <= n - 1");
    let bench = Bench::of(&text, &["loss=0.3,0.0"], &[None]);
    let folder = TempDir::new().expect("a folder");
    let part = folder.path().join("part.jsonl");
    bench.run(&part, Shard::default(), 1, usize::MAX);
    let merged = bench.merged(&[part]).expect("sound");
    assert!(
        merged
            .rows
            .iter()
            .all(|row| row.get("verdict").as_deref() == Some("pass")),
        "{:?}",
        merged.rows
    );
    let judged = sweep::judge(&merged.description, &merged.rows);
    let first = (judged[0].text.as_str(), judged[0].standing.word());
    assert_eq!(
        first,
        ("expected violation of validity", "violated"),
        "{judged:?}"
    );
    assert!(judged[0].said.contains("n=3 loss=0"), "{judged:?}");
}
