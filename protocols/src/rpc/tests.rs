//! Clients and servers on the bench.

use alloc::vec;
use alloc::vec::Vec;

use sim_core::kernel::prelude::*;
use sim_core::kernel::rig::Rig;

use super::*;

type Caller = Client<Counter, FairLoss>;
type Callee = Server<Counter, FairLoss>;
type Wire = Message<CounterRequest, CounterReply>;

const TIMEOUT: Span = Span::from_millis(50);
const ADD: CounterRequest = CounterRequest::Add(1);

fn policy(retries: u32) -> Policy {
    Policy {
        backoff: Backoff {
            jitter: Jitter::None,
            ..Backoff::exponential(Span::from_millis(10), Span::from_millis(30))
        },
        ..Policy::retrying(TIMEOUT, retries)
    }
}

/// Process 2 of 3, which asks processes 0 and 1.
fn client(policy: Policy) -> Rig<Caller> {
    let mut rig = Rig::new(Client::new(policy, vec![NodeId(0), NodeId(1)]));
    rig.as_node(NodeId(2), 3).boot();
    rig
}

fn key(number: u32) -> Key {
    Key {
        client: NodeId(2),
        incarnation: 0,
        number,
        part: 0,
    }
}

fn ticket(number: u32) -> Ticket {
    Ticket {
        incarnation: 0,
        number,
    }
}

fn request(number: u32, attempt: u32) -> Wire {
    Message::Request {
        ticket: ticket(number),
        attempt,
        key: key(number),
        done_below: number,
        left: None,
        request: ADD,
    }
}

fn reply(number: u32, attempt: u32, answer: Answer<CounterReply>) -> Wire {
    Message::Reply {
        ticket: ticket(number),
        attempt,
        key: key(number),
        answer,
    }
}

fn done(value: i64) -> Answer<CounterReply> {
    Answer::Done(CounterReply::Is(value))
}

fn send<P>(to: u32, msg: Wire) -> Effect<P>
where
    P: Protocol<Needs = Link<Wire, FairLoss>>,
{
    let to = Group::One(NodeId(to));
    Effect::Request(Transmit { to, msg })
}

fn call(rig: &mut Rig<Caller>) -> Vec<Effect<Caller>> {
    rig.request(Call(ADD)).effects()
}

fn hear<P>(rig: &mut Rig<P>, from: u32, msg: Wire) -> Vec<Effect<P>>
where
    P: Protocol<Needs = Link<Wire, FairLoss>>,
{
    let from = NodeId(from);
    rig.indication(Arrival { from, msg }).effects()
}

fn ended(number: u32, outcome: Outcome<CounterReply>, attempts: u32) -> Effect<Caller> {
    Effect::Indicate(Progress::Ended {
        key: key(number),
        outcome,
        attempts,
    })
}

fn attempt_runs(number: u32, after: Span) -> Effect<Caller> {
    Effect::Arm(Timer::Attempt(number), after)
}

fn is_sent_to(effects: &[Effect<Caller>], to: u32) -> bool {
    let to = Group::One(NodeId(to));
    let is_it = |effect: &Effect<Caller>| matches!(effect, Effect::Request(sent) if sent.to == to);
    effects.iter().any(is_it)
}

#[test]
fn a_call_is_sent_and_answered() {
    let mut client = client(policy(3));
    let begun = Effect::Indicate(Progress::Begun {
        key: key(1),
        request: ADD,
        deadline: None,
    });
    let sent = send(0, request(1, 1));
    assert_eq!(call(&mut client), [begun, sent, attempt_runs(1, TIMEOUT)]);
    assert_eq!(
        hear(&mut client, 0, reply(1, 1, done(1))),
        [
            Effect::Disarm(Timer::Attempt(1)),
            ended(1, Outcome::Success(CounterReply::Is(1)), 1)
        ]
    );
    assert_eq!(client.layer.under_way(), 0);
    assert_eq!(hear(&mut client, 0, reply(1, 1, done(1))), [], "a copy");
}

#[test]
fn an_attempt_that_times_out_is_followed_by_another_and_in_the_end_nothing_is_known() {
    let mut client = client(policy(1));
    call(&mut client);
    let backs_off = client.wait(TIMEOUT).timer(Timer::Attempt(1)).effects();
    assert_eq!(backs_off, [attempt_runs(1, Span::from_millis(10))]);
    assert_eq!(client.marks(), ["timed_out"]);
    let again = client.timer(Timer::Attempt(1)).effects();
    assert_eq!(again, [send(0, request(1, 2)), attempt_runs(1, TIMEOUT)]);
    let end = client.wait(TIMEOUT).timer(Timer::Attempt(1)).effects();
    assert_eq!(end[1], ended(1, Outcome::Unknown, 2));
}

#[test]
fn an_answer_to_an_earlier_attempt_counts_while_the_caller_backs_off() {
    let mut client = client(policy(1));
    call(&mut client);
    client.wait(TIMEOUT).timer(Timer::Attempt(1)).effects();
    let end = hear(&mut client, 0, reply(1, 1, done(1)));
    assert_eq!(end[1], ended(1, Outcome::Success(CounterReply::Is(1)), 1));
    assert_eq!(client.timer(Timer::Attempt(1)).effects(), []);
}

#[test]
fn refused_is_said_only_if_no_attempt_can_have_been_carried_out() {
    let mut refused = client(policy(1));
    call(&mut refused);
    hear(&mut refused, 0, reply(1, 1, Answer::Refused));
    refused.timer(Timer::Attempt(1)).effects();
    let end = hear(&mut refused, 0, reply(1, 2, Answer::Refused));
    assert_eq!(end[1], ended(1, Outcome::Refused, 2));

    let mut doubtful = client(policy(1));
    call(&mut doubtful);
    doubtful.wait(TIMEOUT).timer(Timer::Attempt(1)).effects();
    doubtful.timer(Timer::Attempt(1)).effects();
    let end = hear(&mut doubtful, 0, reply(1, 2, Answer::Refused));
    assert_eq!(end[1], ended(1, Outcome::Unknown, 2));
}

#[test]
fn a_deadline_is_kept_over_all_attempts_and_goes_along() {
    let deadline = Span::from_millis(70);
    let mut client = client(Policy {
        deadline: Some(deadline),
        ..policy(9)
    });
    let sent = call(&mut client);
    assert!(
        matches!(&sent[1], Effect::Request(sent) if matches!(sent.msg, Message::Request { left: Some(left), .. } if left == deadline))
    );
    client.wait(TIMEOUT).timer(Timer::Attempt(1)).effects();
    let again = client
        .wait(Span::from_millis(10))
        .timer(Timer::Attempt(1))
        .effects();
    let left = Span::from_millis(10);
    assert!(
        matches!(&again[0], Effect::Request(sent) if matches!(sent.msg, Message::Request { left: Some(said), .. } if said == left))
    );
    assert_eq!(again[1], attempt_runs(1, left));
    let end = client.wait(left).timer(Timer::Attempt(1)).effects();
    assert_eq!(end[1], ended(1, Outcome::Unknown, 2));
    assert_eq!(
        client.marks(),
        ["timed_out", "timed_out", "deadline_passed"]
    );
}

#[test]
fn a_hedge_asks_another_and_the_slower_one_is_told_to_stop() {
    let hedge = Hedge {
        after: Span::from_millis(5),
        cancels: true,
    };
    let mut client = client(Policy {
        hedge: Some(hedge),
        ..policy(0)
    });
    let sent = call(&mut client);
    assert_eq!(sent[3], Effect::Arm(Timer::Hedge(1), hedge.after));
    let hedged = client.timer(Timer::Hedge(1)).effects();
    assert_eq!(hedged, [send(1, request(1, 2))]);
    let end = hear(&mut client, 1, reply(1, 2, done(1)));
    let (ticket, key) = (ticket(1), key(1));
    assert!(end.contains(&send(0, Message::Cancel { ticket, key })));
    assert!(end.contains(&ended(1, Outcome::Success(CounterReply::Is(1)), 2)));
}

#[test]
fn an_open_breaker_fails_calls_without_sending_them() {
    let terms = BreakerTerms {
        failures: 2,
        within: Span::from_secs(1),
        reset: Span::from_millis(100),
        probes: 1,
    };
    let mut client = client(Policy {
        breaker: Some(terms),
        ..policy(0)
    });
    for number in 1..=2 {
        call(&mut client);
        client.wait(TIMEOUT).timer(Timer::Attempt(number)).effects();
    }
    assert_eq!(client.marks(), ["timed_out", "timed_out", "breaker_opened"]);
    let failed = call(&mut client);
    assert!(!is_sent_to(&failed, 0));
    let outcome = Outcome::Failed(Cause::BreakerOpen);
    assert!(failed.contains(&ended(3, outcome, 0)));
    let probe = { client.wait(Span::from_millis(100)) };
    let probe = call(probe);
    assert!(is_sent_to(&probe, 0), "half-open");
    hear(&mut client, 0, reply(4, 1, done(1)));
    assert!(client.marks().contains(&"breaker_closed"));
}

#[test]
fn bulkheads_and_budgets_say_no() {
    let mut client = client(Policy {
        in_flight: Some(1),
        budget: Some(BudgetTerms {
            permille: 0,
            burst: 1,
        }),
        ..policy(5)
    });
    call(&mut client);
    let outcome = Outcome::Failed(Cause::TooMany);
    assert!(call(&mut client).contains(&ended(2, outcome, 0)));
    client.wait(TIMEOUT).timer(Timer::Attempt(1)).effects();
    client.timer(Timer::Attempt(1)).effects();
    let end = client.wait(TIMEOUT).timer(Timer::Attempt(1)).effects();
    assert_eq!(end[1], ended(1, Outcome::Unknown, 2), "one retry, no more");
    let said = [
        "too_many_calls",
        "timed_out",
        "timed_out",
        "retry_budget_empty",
    ];
    assert_eq!(client.marks(), said);
}

#[test]
fn calls_of_an_earlier_life_are_forgotten_and_their_names_not_used_again() {
    let mut client = client(policy(0));
    call(&mut client);
    client.layer = Client::new(policy(0), vec![NodeId(0)]);
    let boot = Boot {
        disk: (),
        incarnation: 1,
    };
    client.boot_with(boot).effects();
    call(&mut client);
    assert_eq!(
        hear(&mut client, 0, reply(1, 1, done(1))),
        [],
        "of another life"
    );
    assert_eq!(client.layer.under_way(), 1);
}

/// Process 0 of 3.
fn server(keys: Option<Keys>, storage: Storage, terms: Terms) -> Rig<Callee> {
    let mut rig = Rig::new(Server::new(terms, keys, storage));
    rig.as_node(NodeId(0), 3).boot();
    rig
}

fn keys() -> Option<Keys> {
    Some(Keys {
        ttl: Span::from_secs(5),
        most: 2,
        then: Then::Expire,
    })
}

fn at_once() -> Terms {
    Terms {
        threads: None,
        cores: 1,
        queue: 10,
        cpu: None,
        io: None,
    }
}

fn executed(number: u32, value: i64, effect: u64) -> Effect<Callee> {
    Effect::Indicate(Executed {
        key: key(number),
        request: ADD,
        reply: CounterReply::Is(value),
        effect: Some(effect),
    })
}

fn has_written(effects: &[Effect<Callee>]) -> Option<bool> {
    effects.iter().find_map(|effect| match effect {
        Effect::Persist(commit) => Some(commit.remember),
        _ => None,
    })
}

#[test]
fn state_and_reply_are_one_write_before_anybody_hears_of_it() {
    let mut server = server(keys(), Storage::Durable, at_once());
    let effects = hear(&mut server, 2, request(1, 1));
    assert!(matches!(effects[0], Effect::Persist(_)));
    assert_eq!(
        effects[1..],
        [executed(1, 1, 1), send(2, reply(1, 1, done(1)))]
    );
    let again = hear(&mut server, 2, request(1, 2));
    assert_eq!(again, [send(2, reply(1, 2, done(1)))]);
    assert_eq!(server.marks(), ["duplicate_suppressed"]);
}

#[test]
fn without_keys_every_copy_is_carried_out() {
    let mut server = server(None, Storage::Durable, at_once());
    hear(&mut server, 2, request(1, 1));
    assert_eq!(hear(&mut server, 2, request(1, 2))[1], executed(1, 2, 2));
}

/// What was written is what the next life boots with.
fn restarted(rig: &mut Rig<Callee>, effects: &[Effect<Callee>], storage: Storage) {
    let mut disk = Ledger::<Counter>::default();
    for effect in effects {
        if let Effect::Persist(commit) = effect {
            disk.apply(commit.clone());
        }
    }
    rig.layer = Server::new(at_once(), keys(), storage);
    let incarnation = 1;
    rig.boot_with(Boot { disk, incarnation });
}

#[test]
fn after_a_crash_the_table_on_the_disk_still_knows_the_call() {
    let mut durable = server(keys(), Storage::Durable, at_once());
    let effects = hear(&mut durable, 2, request(1, 1));
    assert_eq!(has_written(&effects), Some(true));
    restarted(&mut durable, &effects, Storage::Durable);
    assert_eq!(durable.effects(), [executed(1, 1, 1)], "said once more");
    let again = hear(&mut durable, 2, request(1, 2));
    assert_eq!(again, [send(2, reply(1, 2, done(1)))]);

    let mut volatile = server(keys(), Storage::VolatileTable, at_once());
    let effects = hear(&mut volatile, 2, request(1, 1));
    assert_eq!(has_written(&effects), Some(false));
    restarted(&mut volatile, &effects, Storage::VolatileTable);
    volatile.effects();
    assert_eq!(hear(&mut volatile, 2, request(1, 2))[1], executed(1, 2, 2));
}

#[test]
fn what_is_no_longer_remembered_has_expired_unless_the_server_forgets_that_too() {
    let late = Span::from_secs(6);
    let mut expiring = server(keys(), Storage::Durable, at_once());
    hear(&mut expiring, 2, request(1, 1));
    expiring.wait(late);
    let expired = [send(2, reply(1, 2, Answer::Expired))];
    assert_eq!(hear(&mut expiring, 2, request(1, 2)), expired);
    assert_eq!(expiring.marks(), ["key_expired"]);

    let forgetting = keys().map(|keys| Keys {
        then: Then::Forget,
        ..keys
    });
    let mut forgetful = server(forgetting, Storage::Durable, at_once());
    hear(&mut forgetful, 2, request(1, 1));
    forgetful.wait(late);
    assert_eq!(hear(&mut forgetful, 2, request(1, 2))[1], executed(1, 2, 2));
}

/// The client has an answer to all but the first of its calls, so its watermark stays where it is.
#[test]
fn the_table_is_bounded_and_a_watermark_empties_it() {
    let mut server = server(keys(), Storage::Durable, at_once());
    let early = |number| match request(number, 1) {
        Message::Request {
            ticket,
            attempt,
            key,
            left,
            request,
            ..
        } => Message::Request {
            ticket,
            attempt,
            key,
            done_below: 1,
            left,
            request,
        },
        other => other,
    };
    hear(&mut server, 2, early(2));
    hear(&mut server, 2, early(3));
    let refused = [send(2, reply(4, 1, Answer::Refused))];
    assert_eq!(hear(&mut server, 2, early(4)), refused, "there is no room");
    assert_eq!(server.layer.remembered(), 2);
    hear(&mut server, 2, request(4, 2));
    assert_eq!(server.layer.remembered(), 1, "all below 4 are done with");
    let late = [send(2, reply(1, 1, Answer::Expired))];
    assert_eq!(hear(&mut server, 2, request(1, 1)), late);
}

#[test]
fn a_later_life_of_a_client_ends_what_was_known_of_the_earlier_one() {
    let mut server = server(keys(), Storage::Durable, at_once());
    hear(&mut server, 2, request(1, 1));
    let later = Message::Request {
        ticket: Ticket {
            incarnation: 1,
            number: 1,
        },
        attempt: 1,
        key: Key {
            incarnation: 1,
            ..key(1)
        },
        done_below: 1,
        left: None,
        request: ADD,
    };
    let effects = hear(&mut server, 2, later);
    assert_eq!(has_written(&effects), Some(true), "another call");
    let expired = [send(2, reply(1, 2, Answer::Expired))];
    assert_eq!(hear(&mut server, 2, request(1, 2)), expired);
}

#[test]
fn a_full_server_refuses_and_what_waits_can_be_cancelled() {
    let terms = Terms {
        threads: Some(1),
        queue: 1,
        cpu: Some(sampler()),
        ..at_once()
    };
    let roomy = keys().map(|keys| Keys { most: 10, ..keys });
    let mut server = server(roomy, Storage::Durable, terms);
    server.choices(&[7, 7, 7]);
    assert!(matches!(
        hear(&mut server, 2, request(1, 1))[..],
        [Effect::Arm(Timer::Core(1), _)]
    ));
    assert_eq!(hear(&mut server, 2, request(2, 1)), [], "it waits");
    let refused = [send(2, reply(3, 1, Answer::Refused))];
    assert_eq!(hear(&mut server, 2, request(3, 1)), refused);
    let next = server.timer(Timer::Core(1)).effects();
    assert!(matches!(
        next[..],
        [Effect::Persist(_), _, _, Effect::Arm(Timer::Core(2), _)]
    ));
    assert_eq!(
        hear(&mut server, 2, request(3, 2)),
        [],
        "another attempt may wait"
    );
    assert_eq!(server.marks(), ["load_shed"]);
    let (ticket, key) = (ticket(3), key(3));
    assert_eq!(hear(&mut server, 2, Message::Cancel { ticket, key }), []);
    assert_eq!(server.marks(), ["call_cancelled"]);
    assert_eq!(server.layer.under_way(), 1);
}

fn sampler() -> sim_core::kernel::random::Sampler {
    let law = sim_core::kernel::random::Delay::Fixed(Span::from_millis(7));
    law.sampler().expect("a law")
}

#[test]
fn nobody_works_for_a_caller_that_has_gone() {
    let terms = Terms {
        threads: Some(1),
        cpu: Some(sampler()),
        ..at_once()
    };
    let mut server = server(keys(), Storage::Durable, terms);
    server.choices(&[7, 7]);
    hear(&mut server, 2, request(1, 1));
    let short = Message::Request {
        ticket: ticket(2),
        attempt: 1,
        key: key(2),
        done_below: 1,
        left: Some(Span::from_millis(5)),
        request: ADD,
    };
    hear(&mut server, 2, short);
    let effects = server
        .wait(Span::from_millis(7))
        .timer(Timer::Core(1))
        .effects();
    assert_eq!(effects.len(), 3, "it does not begin the second");
    assert_eq!(server.marks(), ["work_too_late"]);
}

/// An event loop has begun all that it has; what has had no core yet can be taken back, and is not computed if it is late.
#[test]
fn an_event_loop_drops_what_nobody_waits_for() {
    let terms = Terms {
        cpu: Some(sampler()),
        ..at_once()
    };
    let roomy = keys().map(|keys| Keys { most: 10, ..keys });
    let mut server = server(roomy, Storage::Durable, terms);
    server.choices(&[7, 7, 7]);
    hear(&mut server, 2, request(1, 1));
    hear(&mut server, 2, request(2, 1));
    let short = Message::Request {
        ticket: ticket(3),
        attempt: 1,
        key: key(3),
        done_below: 1,
        left: Some(Span::from_millis(5)),
        request: ADD,
    };
    hear(&mut server, 2, short);
    let cancel = Message::Cancel {
        ticket: ticket(2),
        key: key(2),
    };
    hear(&mut server, 2, cancel);
    let effects = server
        .wait(Span::from_millis(7))
        .timer(Timer::Core(1))
        .effects();
    assert_eq!(effects.len(), 3, "a write, a word and a reply");
    assert_eq!(server.marks(), ["call_cancelled", "work_too_late"]);
    assert_eq!(server.layer.under_way(), 0);
}

#[test]
fn nobody_speaks_for_another_but_a_server_in_front() {
    let mut direct = server(keys(), Storage::Durable, at_once());
    assert_eq!(hear(&mut direct, 1, request(1, 1)), []);
    assert_eq!(direct.marks(), ["rpc_message_refused"]);
    let behind = Server::new(at_once(), keys(), Storage::Durable).behind(vec![NodeId(1)]);
    let mut behind: Rig<Callee> = Rig::new(behind);
    behind.as_node(NodeId(0), 3).boot();
    assert_eq!(hear(&mut behind, 1, request(1, 1)).len(), 3);
    assert_eq!(hear(&mut behind, 2, request(2, 1)), []);
    assert_eq!(behind.marks(), ["rpc_message_refused"]);
}

/// A queue of calls that all end as soon as they begin.
#[test]
fn a_long_queue_is_no_deep_stack() {
    let terms = Terms {
        threads: Some(1),
        queue: u32::MAX,
        cpu: Some(sampler()),
        ..at_once()
    };
    let mut server = server(None, Storage::Durable, terms);
    server.choices(&[7]);
    hear(&mut server, 2, request(1, 1));
    for number in 2..=200_000 {
        let late = Message::Request {
            ticket: ticket(number),
            attempt: 1,
            key: key(number),
            done_below: 1,
            left: Some(Span::from_millis(1)),
            request: ADD,
        };
        hear(&mut server, 2, late);
    }
    let end = server.wait(Span::from_millis(7)).timer(Timer::Core(1));
    assert_eq!(end.effects().len(), 3);
    assert_eq!(server.layer.under_way(), 0);
}

#[test]
fn two_callers_of_one_call_are_both_answered() {
    let terms = Terms {
        cpu: Some(sampler()),
        ..at_once()
    };
    let fronts = vec![NodeId(1), NodeId(2)];
    let both = Server::new(terms, keys(), Storage::Durable).behind(fronts);
    let mut both: Rig<Callee> = Rig::new(both);
    both.as_node(NodeId(0), 3).choices(&[7]).boot();
    hear(&mut both, 1, request(1, 1));
    hear(&mut both, 2, request(1, 1));
    let (ticket, key) = (ticket(1), key(1));
    let cancel = Message::Cancel { ticket, key };
    assert_eq!(hear(&mut both, 1, cancel), [], "the other still waits");
    let effects = both.timer(Timer::Core(1)).effects();
    assert_eq!(
        effects[2..],
        [send(1, reply(1, 1, done(1))), send(2, reply(1, 1, done(1)))]
    );
}

/// Process 0 stands in front of process 1.
#[test]
fn a_server_in_front_asks_in_the_name_of_the_client_and_keeps_a_thread_meanwhile() {
    let terms = Terms {
        threads: Some(1),
        queue: 0,
        ..at_once()
    };
    let front = Server::new(terms, keys(), Storage::Volatile).in_front_of(Behind {
        servers: vec![NodeId(1)],
        fan: Fan::One,
        policy: policy(0),
    });
    let mut front: Rig<Callee> = Rig::new(front);
    front.as_node(NodeId(0), 3).boot();
    let asked = hear(&mut front, 2, request(7, 1));
    let expected = Message::Request {
        ticket: ticket(1),
        attempt: 1,
        key: key(7),
        done_below: 7,
        left: None,
        request: ADD,
    };
    assert_eq!(asked[0], send(1, expected));
    let refused = [send(2, reply(8, 1, Answer::Refused))];
    assert_eq!(
        hear(&mut front, 2, request(8, 1)),
        refused,
        "no thread left"
    );
    let back = Message::Reply {
        ticket: ticket(1),
        attempt: 1,
        key: key(7),
        answer: done(3),
    };
    let answered = hear(&mut front, 1, back);
    assert_eq!(answered[1], send(2, reply(7, 1, done(3))));
    hear(&mut front, 2, request(8, 2));
    let lost = front.wait(TIMEOUT).timer(Timer::Attempt(2)).effects();
    assert_eq!(lost[1], send(2, reply(8, 2, Answer::Unknown)));
}

#[test]
fn parts_of_a_call_have_names_of_their_own_and_end_together() {
    let ask = |fan| {
        let front = Server::new(at_once(), keys(), Storage::Volatile).in_front_of(Behind {
            servers: vec![NodeId(1), NodeId(2)],
            fan,
            policy: policy(0),
        });
        let mut front: Rig<Callee> = Rig::new(front);
        front.as_node(NodeId(0), 3).boot();
        let asked = hear(&mut front, 2, request(1, 1));
        let sent = asked
            .iter()
            .filter(|effect| matches!(effect, Effect::Request(_)));
        (sent.count(), front)
    };
    let part = |number, part, answer| Message::Reply {
        ticket: ticket(number),
        attempt: 1,
        key: Key { part, ..key(1) },
        answer,
    };
    let (sent, mut parallel) = ask(Fan::Parallel);
    assert_eq!(sent, 2);
    let first = hear(&mut parallel, 2, part(2, 1, done(5)));
    assert_eq!(first.len(), 1, "only the timer is stopped");
    let last = hear(&mut parallel, 1, part(1, 0, Answer::Refused));
    let unknown = send(2, reply(1, 1, Answer::Unknown));
    assert_eq!(last[1], unknown, "one half was carried out");

    let (sent, mut sequential) = ask(Fan::Sequential);
    assert_eq!(sent, 1);
    let next = hear(&mut sequential, 1, part(1, 0, done(4)));
    assert!(matches!(&next[1], Effect::Request(sent) if sent.to == Group::One(NodeId(2))));
    let last = hear(&mut sequential, 2, part(2, 1, done(5)));
    assert_eq!(last[1], send(2, reply(1, 1, done(4))));
}

#[test]
fn jitter_stays_within_its_bounds() {
    let draw = |jitter, part: u32, n, before| {
        let backoff = Backoff {
            jitter,
            ..Backoff::exponential(Span::from_millis(10), Span::from_millis(1_000))
        };
        let mut rig = client(policy(0));
        rig.choices(&[part]);
        let mut bench = Picks(rig.env().clone());
        backoff.draw::<Caller>(n, before, &mut bench)
    };
    let ms = Span::from_millis;
    let half = 1 << 23;
    assert_eq!(draw(Jitter::None, 0, 3, None), ms(80));
    assert_eq!(draw(Jitter::Full, half, 3, None), ms(40));
    assert_eq!(draw(Jitter::Equal, half, 3, None), ms(60));
    assert_eq!(draw(Jitter::Decorrelated, half, 3, Some(ms(50))), ms(80));
    assert_eq!(draw(Jitter::Decorrelated, half, 0, None), ms(20));
    assert_eq!(
        draw(Jitter::Full, half, 40, None),
        ms(500),
        "no wait is longer than a second"
    );
}

/// An environment to draw from.
struct Picks(sim_core::kernel::env::Env);

impl Effects<Caller> for Picks {
    fn emit(&mut self, _: Effect<Caller>) {}

    fn env(&mut self) -> &mut sim_core::kernel::env::Env {
        &mut self.0
    }
}
