//! The judge of linearizability against one that has nothing in common with it: all orders of all calls, tried one by one.

use protocols::rpc::property::{Fate, Linearizability, Operation, Verdict, judge};
use protocols::rpc::{
    Counter, CounterReply, CounterRequest, Key as Name, KeyValue, KeyValueReply, KeyValueRequest,
    Outcome, Progress, Service,
};
use sim_core::kernel::either::Either;
use sim_core::kernel::id::NodeId;
use sim_core::kernel::property::{End, Fact, Finding, Moment, Property};
use sim_core::kernel::random::{Draws, Key, Purpose};
use sim_core::kernel::time::{LocalTime, SimTime, Span};

const STEPS: u64 = 2_000_000;

fn draws(history: u64, call: u64) -> Draws {
    Key::new(7, Purpose::Workload).at(history, call)
}

/// What a generated history is made of.
trait Generated: Service {
    /// One of a few requests.
    fn request(draws: Draws) -> Self::Request;
    /// One of a few replies that might be given to it, or might not.
    fn reply(request: &Self::Request, draws: Draws) -> Self::Reply;
}

impl Generated for Counter {
    fn request(draws: Draws) -> CounterRequest {
        match draws.below(0, 3) {
            0 => CounterRequest::Read,
            _ => CounterRequest::Add(1 + i64::try_from(draws.below(1, 2)).expect("it is small")),
        }
    }

    fn reply(_: &CounterRequest, draws: Draws) -> CounterReply {
        CounterReply::Is(i64::try_from(draws.below(2, 6)).expect("it is small"))
    }
}

impl Generated for KeyValue {
    fn request(draws: Draws) -> KeyValueRequest {
        let value = ["a", "b"][usize::from(draws.below(1, 2) == 1)].into();
        match draws.below(0, 4) {
            0 | 1 => KeyValueRequest::Get("k".into()),
            2 => KeyValueRequest::Put("k".into(), value),
            _ => KeyValueRequest::CompareAndSet {
                key: "k".into(),
                version: draws.below(3, 3),
                value,
            },
        }
    }

    fn reply(request: &KeyValueRequest, draws: Draws) -> KeyValueReply {
        let version = draws.below(2, 4);
        match request {
            KeyValueRequest::Get(_) if version == 0 => KeyValueReply::Absent,
            KeyValueRequest::Get(_) => KeyValueReply::Is("a".into(), version),
            _ if draws.below(4, 2) == 0 => KeyValueReply::Stale(version),
            _ => KeyValueReply::Stored(version),
        }
    }
}

/// A history of one to `most` calls that overlap at random: answered as an atomic object would, and then some of it changed.
fn history<S: Generated>(number: u64, most: u64) -> Vec<Operation<S>> {
    let of_all = draws(number, 0);
    let count = 1 + of_all.below(0, most);
    let mut events: Vec<u64> = (0..2 * count).collect();
    for place in (1..events.len()).rev() {
        let other = of_all.below(u32::try_from(place).expect("it is small"), place as u64 + 1);
        events.swap(place, usize::try_from(other).expect("it is small"));
    }
    let mut spans: Vec<(u64, u64)> = events
        .chunks(2)
        .map(|pair| (pair[0].min(pair[1]), pair[0].max(pair[1])))
        .collect();
    spans.sort();
    let requests: Vec<_> = (1..=count)
        .map(|call| S::request(draws(number, call)))
        .collect();
    // Each takes effect at some instant between its beginning and its end.
    let mut order: Vec<(u64, usize)> = spans
        .iter()
        .enumerate()
        .map(|(place, (begun, ended))| {
            let into = draws(number, place as u64).below(9, ended - begun);
            (begun + into, place)
        })
        .collect();
    order.sort();
    let (mut state, mut replies) = (S::State::default(), vec![None; requests.len()]);
    for (_, place) in order {
        let of_call = draws(number, 100 + place as u64);
        let happens = of_call.below(0, 12) > 0;
        let reply = happens.then(|| S::apply(&mut state, &requests[place], LocalTime::default()));
        replies[place] = match of_call.below(1, 8) {
            0 => None,
            1 => Some(S::reply(&requests[place], of_call)),
            _ => reply,
        };
    }
    let operation = |((request, (begun, ended)), reply): ((S::Request, (u64, u64)), Option<_>)| {
        let never = draws(number, begun).below(20, 4) == 0;
        Operation {
            request,
            begun,
            fate: match reply {
                Some(reply) => Fate::Answered(ended, reply),
                None if never => Fate::Never,
                None => Fate::Perhaps,
            },
            guess: draws(number, begun).below(21, 2 * count),
        }
    };
    requests
        .into_iter()
        .zip(spans)
        .zip(replies)
        .map(operation)
        .collect()
}

/// Does some order of all the answered calls, and of some of those that may have happened, explain the answers? Tries them all.
fn some_order_explains<S: Service>(history: &[Operation<S>]) -> bool {
    let may = |fate: &Fate<_>| !matches!(fate, Fate::Never);
    let calls: Vec<&Operation<S>> = history.iter().filter(|call| may(&call.fate)).collect();
    extend(&calls, &mut Vec::new())
}

/// All orders that begin like this, without one that contradicts real time.
fn extend<S: Service>(calls: &[&Operation<S>], order: &mut Vec<usize>) -> bool {
    let is_missing = |place: &usize| matches!(calls[*place].fate, Fate::Answered(..));
    let left: Vec<usize> = (0..calls.len())
        .filter(|place| !order.contains(place))
        .collect();
    if !left.iter().any(is_missing) && replies_fit(calls, order) {
        return true;
    }
    left.iter().any(|next| {
        let begun = calls[*next].begun;
        let before = |place: &usize| match calls[*place].fate {
            Fate::Answered(ended, _) => ended < begun,
            Fate::Perhaps | Fate::Never => false,
        };
        if left.iter().any(before) {
            return false;
        }
        order.push(*next);
        let found = extend(calls, order);
        order.pop();
        found
    })
}

fn replies_fit<S: Service>(calls: &[&Operation<S>], order: &[usize]) -> bool {
    let mut state = S::State::default();
    order.iter().all(|place| {
        let reply = S::apply(&mut state, &calls[*place].request, LocalTime::default());
        match &calls[*place].fate {
            Fate::Answered(_, answered) => reply == *answered,
            Fate::Perhaps | Fate::Never => true,
        }
    })
}

/// The history as it was known at a time.
fn known_at<S: Service>(history: &[Operation<S>], until: u64) -> Vec<Operation<S>> {
    let mut known: Vec<_> = history
        .iter()
        .filter(|call| call.begun <= until)
        .cloned()
        .collect();
    for call in &mut known {
        if matches!(call.fate, Fate::Answered(ended, _) if ended > until) {
            call.fate = Fate::Perhaps;
        }
    }
    known
}

fn ended<S: Service>(call: &Operation<S>) -> u64 {
    match call.fate {
        Fate::Answered(ended, _) => ended,
        Fate::Perhaps | Fate::Never => panic!("it was not answered"),
    }
}

/// The call that is named is the first that cannot be explained, and what is proposed instead can be.
fn is_named_rightly<S: Service>(history: &[Operation<S>], place: usize, instead: &[S::Reply]) {
    let until = ended(&history[place]);
    assert!(some_order_explains(&known_at(history, until - 1)));
    let mut known = known_at(history, until);
    assert!(!some_order_explains(&known));
    let begun = history[place].begun;
    let place = known
        .iter()
        .position(|call| call.begun == begun)
        .expect("it was known");
    for reply in instead {
        known[place].fate = Fate::Answered(until, reply.clone());
        assert!(some_order_explains(&known), "{reply} instead");
    }
}

/// How many of so many histories are linearizable, once both judges agree on each.
fn agree<S: Generated>(histories: u64) -> u64 {
    let mut linearizable = 0;
    for number in 0..histories {
        let history = history::<S>(number, 7);
        let expected = some_order_explains(&history);
        linearizable += u64::from(expected);
        match judge(&history, STEPS) {
            Verdict::Linearizable => assert!(expected, "{number}: {history:#?}"),
            Verdict::Undecided => panic!("{number}: seven calls are few"),
            Verdict::Unexplained(unexplained) => {
                assert!(!expected, "{number}: {history:#?}");
                is_named_rightly(&history, unexplained.place, &unexplained.instead);
            }
        }
    }
    linearizable
}

#[test]
fn agrees_with_all_orders_on_counters() {
    let linearizable = agree::<Counter>(2_000);
    assert!((600..1_400).contains(&linearizable), "{linearizable}");
}

#[test]
fn agrees_with_all_orders_on_registers() {
    let linearizable = agree::<KeyValue>(2_000);
    assert!((600..1_400).contains(&linearizable), "{linearizable}");
}

/// So many calls to an atomic object, some `overlap` of them at a time; if some are lost, one in twenty is not answered. The
/// guesses are right, if there are any.
fn long_history<S: Generated>(
    number: u64,
    count: u64,
    overlap: u64,
    lossy: bool,
    guesses: bool,
) -> Vec<Operation<S>> {
    let (mut calls, mut order) = (Vec::new(), Vec::new());
    for place in 0..count {
        let draws = draws(number, place);
        let (begun, takes) = (
            place * 100 + draws.below(10, 100),
            1 + draws.below(11, 200 * overlap),
        );
        let happens = begun + draws.below(12, takes);
        // No two events at one time.
        let at = |time, event| (time * count + place) * 3 + event;
        let request = S::request(draws);
        calls.push((at(begun, 0), at(begun + takes, 2), at(happens, 1), request));
    }
    calls.sort();
    for (place, (_, _, happens, _)) in calls.iter().enumerate() {
        order.push((*happens, place));
    }
    order.sort();
    let (mut state, mut replies) = (S::State::default(), vec![None; calls.len()]);
    let mut guess = vec![Operation::<S>::NO_GUESS; calls.len()];
    for (_, place) in order {
        let draws = draws(number, 10_000 + place as u64);
        let lost = lossy && draws.below(0, 20) == 0;
        if !lost || draws.below(1, 2) == 0 {
            let reply = S::apply(&mut state, &calls[place].3, LocalTime::default());
            replies[place] = Some(reply).filter(|_| !lost);
            if guesses {
                guess[place] = calls[place].2;
            }
        }
    }
    let operation = |(((begun, ended, _, request), reply), guess)| Operation {
        request,
        begun,
        fate: match reply {
            Some(reply) => Fate::Answered(ended, reply),
            None => Fate::Perhaps,
        },
        guess,
    };
    calls
        .into_iter()
        .zip(replies)
        .zip(guess)
        .map(operation)
        .collect()
}

/// Ten steps a call: nothing is gone through again and again.
#[test]
fn a_thousand_calls_are_explained_in_few_steps() {
    fn is_easy<S: Generated>(number: u64, overlap: u64, lossy: bool, guesses: bool) {
        let history = long_history::<S>(number, 1_000, overlap, lossy, guesses);
        let verdict = judge(&history, 10_000);
        assert_eq!(
            verdict,
            Verdict::Linearizable,
            "{number}, {overlap} at a time"
        );
    }
    for number in 0..10 {
        for overlap in [1, 4] {
            is_easy::<Counter>(number, overlap, false, false);
            is_easy::<KeyValue>(number, overlap, false, false);
        }
        for overlap in [1, 4, 16, 64] {
            is_easy::<Counter>(number, overlap, true, true);
            is_easy::<KeyValue>(number, overlap, true, true);
        }
    }
}

/// Some fifty of the calls may have happened or not, and none of them explains what was changed.
#[test]
fn one_wrong_answer_of_a_thousand_is_found_and_named() {
    for number in 0..5 {
        let mut history = long_history::<Counter>(number, 1_000, 2, true, true);
        let is_answered = |call: &Operation<_>| matches!(call.fate, Fate::Answered(..));
        let wrong = (500..)
            .find(|place| is_answered(&history[*place]))
            .expect("most are answered");
        if let Fate::Answered(_, CounterReply::Is(sum)) = &mut history[wrong].fate {
            *sum -= 50;
        }
        let Verdict::Unexplained(unexplained) = judge(&history, STEPS) else {
            panic!("{number}: it cannot be explained");
        };
        assert_eq!(unexplained.place, wrong, "{number}");
        assert!(!unexplained.instead.is_empty());
    }
}

/// What the checker says of the history, which it sees as it happens, each call at a client of its own: whose answer it
/// cannot explain, if it is one's.
fn checked<S: Service>(history: &[Operation<S>]) -> Result<(), usize> {
    let mut events = Vec::new();
    for (place, call) in history.iter().enumerate() {
        let client = NodeId(u32::try_from(place).expect("it is small"));
        let key = Name {
            client,
            incarnation: 0,
            number: 1,
            part: 0,
        };
        let request = call.request.clone();
        let begun = Progress::Begun {
            key,
            request,
            deadline: None,
        };
        events.push((call.begun, client, Some(begun)));
        let ended = |outcome| Progress::Ended {
            key,
            outcome,
            attempts: 1,
        };
        match &call.fate {
            Fate::Answered(at, reply) => {
                events.push((*at, client, Some(ended(Outcome::Success(reply.clone())))));
            }
            Fate::Perhaps if place % 2 == 0 => events.push((call.begun, client, None)),
            Fate::Perhaps => events.push((call.begun, client, Some(ended(Outcome::Unknown)))),
            Fate::Never => events.push((call.begun, client, Some(ended(Outcome::Refused)))),
        }
    }
    events.sort_by_key(|(at, ..)| *at);
    let mut checker = Linearizability::<S>::new();
    for (event, (_, client, said)) in (1..).zip(events) {
        let moment = Moment {
            at: SimTime::ZERO,
            event,
        };
        let said = said.map(Either::Left);
        let fact = said
            .as_ref()
            .map_or(Fact::Crashed(client), |said| Fact::Indicated(client, said));
        let seen = checker.see(moment, &fact);
        seen.map_err(|violation| violation.nodes[0].index())?;
    }
    let end = End {
        at: SimTime::ZERO,
        complete: true,
        quiet_since: None,
        within: Span::ZERO,
        last_repair: SimTime::ZERO,
    };
    match checker.finish(&end) {
        Finding::Violated(violation) => Err(violation.nodes[0].index()),
        Finding::Held(_) => Ok(()),
        other => panic!("{other:?}"),
    }
}

/// It forgets whatever it can, and still finds what a judge finds who knows it all.
fn forgets_nothing_of_importance<S: Generated>() {
    let mut linearizable = 0;
    for number in 0..1_000 {
        let mut history = long_history::<S>(number, 40, 1, true, false);
        for (place, call) in history.iter_mut().enumerate() {
            let draws = draws(number, 20_000 + place as u64);
            match &mut call.fate {
                Fate::Answered(_, reply) if draws.below(0, 50) == 0 => {
                    *reply = S::reply(&call.request, draws);
                }
                Fate::Perhaps if draws.below(0, 4) == 0 => call.fate = Fate::Never,
                _ => (),
            }
        }
        let expected = match judge(&history, STEPS) {
            Verdict::Linearizable => Ok(()),
            Verdict::Unexplained(unexplained) => Err(unexplained.place),
            Verdict::Undecided => panic!("{number}: forty calls are few"),
        };
        assert_eq!(checked(&history), expected, "{number}: {history:#?}");
        linearizable += u32::from(expected.is_ok());
    }
    assert!((300..700).contains(&linearizable), "{linearizable}");
}

#[test]
fn the_checker_forgets_nothing_of_importance_of_counters() {
    forgets_nothing_of_importance::<Counter>();
}

#[test]
fn the_checker_forgets_nothing_of_importance_of_registers() {
    forgets_nothing_of_importance::<KeyValue>();
}
