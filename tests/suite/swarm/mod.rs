//! A swarm of random plans: every family of faults on every protocol and every link.
//!
//! Of each run is asked that it does not panic, that a second run is the same, that every message is accounted for, that
//! vector clocks of its trace agree with its causes, and that every promise holds that covers the plan. What a failure prints
//! is the whole scenario: it can be run as it is.

mod account;
mod causality;
mod plan;
mod promise;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use scenarios::format::{Entry, Overrides, Severity, Sources, human, read};
use scenarios::protocols::shipped;
use scenarios::run::{Options, Run, Status};
use sim_core::sim::Ended;

use plan::{Family, Plan};

/// What a plan has shown.
struct Shown {
    /// Promises that were asked and found something to judge.
    exercised: Vec<&'static str>,
    /// It had so many events that it ended before all that went wrong had long been over.
    cut_short: bool,
    /// Its vector clocks were compared with its causes.
    traced: bool,
}

/// All that goes wrong has begun long before, and nearly all of it is over: protocols that never rest are judged here too.
const LONG_NS: u64 = 20_000_000_000;

/// Runs a plan.
///
/// # Errors
/// What is wrong, with the scenario.
fn run(plan: &Plan, entries: &[&'static dyn Entry]) -> Result<Shown, String> {
    let entry = entries
        .iter()
        .find(|entry| entry.about().name == plan.protocol)
        .expect("the plan was drawn for it");
    let asked = promise::asked(plan, *entry);
    let expect: Vec<String> = asked.iter().map(|(_, sentence)| sentence.clone()).collect();
    let text = plan.text(&expect);
    let fail = |why: &str| Err(format!("plan {}: {why}\n{text}", plan.number));
    let mut sources = Sources::new();
    let file = sources.add(format!("swarm-{}.ron", plan.number), text.as_str());
    let reading = read(&sources, file, &Overrides::default(), entries);
    let errors: Vec<String> = reading
        .problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .map(|problem| human(&sources, problem, scenarios::format::Look::Plain))
        .collect();
    let Some(scenario) = reading.scenario else {
        return fail(&errors.join("\n"));
    };
    let options = Options {
        twice: true,
        ..Options::default()
    };
    let run = shipped().run(&scenario, options);
    if let Some(panicked) = &run.panicked {
        let (event, message) = (panicked.at.event, &panicked.message);
        return fail(&format!("it panicked after event {event}: {message}"));
    }
    if let Some(difference) = &run.difference {
        return fail(&format!("two runs are different: {difference:?}"));
    }
    let traced = match account::check(&run).and_then(|()| causality::check(&run)) {
        Ok(traced) => traced,
        Err(why) => return fail(&why),
    };
    if let Some(why) = broken(&run) {
        return fail(&why);
    }
    let exercised = asked
        .iter()
        .zip(&run.findings)
        .filter(|(_, finding)| finding.status == Status::Held)
        .map(|((id, _), _)| *id)
        .collect();
    Ok(Shown {
        exercised,
        traced,
        cut_short: run.ended == Ended::Events && run.metrics.virtual_time_ns < LONG_NS,
    })
}

/// The promises that were broken, with their reasons.
fn broken(run: &Run) -> Option<String> {
    let broken = run.findings.iter().filter(|finding| finding.is_violation());
    let mut why = String::new();
    for finding in broken {
        let what = finding.violation.as_ref().map_or("", |it| it.what.as_str());
        let _ = writeln!(why, "{}: {} ({what})", finding.sentence, finding.said);
        let promised = |promise: &&promise::Promise| {
            [finding.number, finding.subject.as_str()]
                .iter()
                .any(|name| promise.of.contains(name))
        };
        if let Some(promise) = promise::TABLE.iter().find(promised) {
            let _ = writeln!(why, "    promised, because {}", promise.because);
        }
        for reason in finding.why.iter().take(30) {
            let _ = writeln!(why, "    {}", reason.text);
        }
    }
    (!why.is_empty()).then_some(why)
}

/// Runs plans, and tells what they were.
fn swarm(plans: std::ops::Range<u64>) {
    let entries = shipped().entries();
    let mut families: BTreeMap<Family, u64> = BTreeMap::new();
    let mut exercised: BTreeMap<&str, u64> = BTreeMap::new();
    let mut failures = Vec::new();
    let mut links: BTreeSet<String> = BTreeSet::new();
    let (mut cut_short, mut traced) = (0, 0);
    for number in plans.clone() {
        let plan = Plan::draw(number, entries);
        for family in &plan.families {
            *families.entry(*family).or_default() += 1;
        }
        let link = plan.links.split('(').next().unwrap_or_default();
        links.insert(link.to_owned());
        match run(&plan, entries) {
            Ok(shown) => {
                for id in shown.exercised {
                    *exercised.entry(id).or_default() += 1;
                }
                cut_short += u64::from(shown.cut_short);
                traced += u64::from(shown.traced);
            }
            Err(why) => failures.push(why),
        }
    }
    let count = failures.len();
    failures.truncate(4);
    assert!(
        failures.is_empty(),
        "{count} of {plans:?} fail\n\n{}",
        failures.join("\n\n")
    );
    // A swarm that leaves something out shows nothing about it.
    let mut missing: Vec<String> = Family::ALL
        .iter()
        .filter(|family| !families.contains_key(family))
        .map(|family| format!("{family:?}"))
        .collect();
    let promised = promise::TABLE.iter().flat_map(|row| row.of);
    // Nothing here is sent a hundred times over, which is what fair loss is about.
    missing.extend(
        promised
            .filter(|id| !exercised.contains_key(*id))
            .map(|id| (*id).to_owned()),
    );
    assert!(
        missing.is_empty(),
        "not exercised: {missing:?}, {exercised:?}"
    );
    for link in [
        "Stubborn",
        "Reliable",
        "Logged",
        "Fifo",
        "Authenticated",
        "Assumed",
    ] {
        assert!(links.contains(link), "no plan over {link}: {links:?}");
    }
    let all = plans.end - plans.start;
    let always: Vec<_> = families.iter().filter(|(_, on)| **on == all).collect();
    assert!(always.is_empty(), "never off: {always:?}");
    assert!(traced * 5 > all, "{traced} of {all} plans left a trace");
    assert!(
        cut_short * 10 < all,
        "{cut_short} of {all} plans were too long"
    );
}

#[test]
fn a_thousand_plans() {
    swarm(0..1_000);
}

#[test]
#[ignore = "release suite: 20,000 plans"]
fn twenty_thousand_plans() {
    swarm(1_000..21_000);
}

/// Within the resilience of its protocol every promise holds, and each is put to the test.
#[test]
#[ignore = "release suite: 500 plans for each protocol"]
fn every_protocol_keeps_its_promises_in_500_plans() {
    let entries = shipped().entries();
    let mut wrong = Vec::new();
    for entry in entries {
        let name = entry.about().name;
        let mut exercised = BTreeSet::new();
        let mut asked = BTreeSet::new();
        for number in 0..500 {
            let plan = Plan::of(*entry, number);
            asked.extend(promise::asked(&plan, *entry).into_iter().map(|(id, _)| id));
            match run(&plan, entries) {
                Ok(shown) => exercised.extend(shown.exercised),
                Err(why) => {
                    wrong.push(format!("{name}\n{why}"));
                    break;
                }
            }
        }
        let never: Vec<_> = asked.difference(&exercised).collect();
        if !never.is_empty() {
            wrong.push(format!("{name}: never put to the test: {never:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
