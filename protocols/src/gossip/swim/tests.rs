use super::*;
use sim_core::kernel::rig::Rig;

const MS: fn(u64) -> Span = Span::from_millis;

fn settings() -> Settings {
    Settings {
        period: MS(100),
        timeout: MS(30),
        proxies: 1,
        order: Order::Random,
        suspicion: MS(500),
        refuting: Refuting::On,
        lambda: 3,
        carried: 8,
        reconnect: Span::ZERO,
    }
}

const fn record(refutations: u32, standing: Standing) -> Record {
    Record {
        incarnation: Incarnation {
            life: 0,
            refutations,
        },
        standing,
    }
}

const fn word(member: u32, refutations: u32, standing: Standing) -> Update {
    Update {
        member: NodeId(member),
        record: record(refutations, standing),
    }
}

fn carrying(updates: &[Update]) -> Piggyback {
    Piggyback {
        incarnation: Incarnation::default(),
        updates: updates.to_vec(),
    }
}

const fn probe(by: u32, number: u32) -> Probe {
    Probe {
        by: NodeId(by),
        life: 0,
        number,
    }
}

fn sends(to: u32, msg: Message) -> Effect<Swim> {
    Effect::Request(Transmit {
        to: NodeId(to).into(),
        msg,
    })
}

fn hears(from: u32, msg: Message) -> Arrival<Message> {
    Arrival {
        from: NodeId(from),
        msg,
    }
}

/// Node 0 of 4, which has pinged node 2.
fn rig(settings: Settings) -> Rig<Swim> {
    let mut rig = Rig::new(Swim::new(settings));
    let effects = rig.as_node(NodeId(0), 4).choices(&[1]).boot().effects();
    let ping = sends(2, Message::Ping(probe(0, 1), carrying(&[])));
    let timers = [
        Effect::Arm(Timer::Timeout, MS(30)),
        Effect::Arm(Timer::Period, MS(100)),
    ];
    assert_eq!(effects[0], ping);
    assert_eq!(effects[1..], timers);
    rig
}

#[test]
fn asks_proxies_when_the_ack_is_overdue_and_is_content_with_theirs() {
    let mut rig = rig(settings());
    // The second of nodes 1 and 3.
    let asked = rig.choices(&[1]).timer(Timer::Timeout).effects();
    assert_eq!(
        asked,
        [sends(
            3,
            Message::PingRequest(probe(0, 1), NodeId(2), carrying(&[]))
        )]
    );
    rig.indication(hears(3, Message::Ack(probe(0, 1), carrying(&[]))));
    assert_eq!(rig.layer.unanswered, None);
    assert_eq!(rig.choices(&[0]).timer(Timer::Period).marks(), [""; 0]);
}

#[test]
fn a_proxy_asks_and_passes_the_answer_on() {
    let mut rig = rig(settings());
    let asked = rig
        .indication(hears(
            1,
            Message::PingRequest(probe(1, 7), NodeId(3), carrying(&[])),
        ))
        .effects();
    assert_eq!(asked, [sends(3, Message::Ping(probe(1, 7), carrying(&[])))]);
    let passed = rig
        .indication(hears(3, Message::Ack(probe(1, 7), carrying(&[]))))
        .effects();
    assert_eq!(passed, [sends(1, Message::Ack(probe(1, 7), carrying(&[])))]);
}

/// EPFD1: first suspected, then confirmed. Only the latter is said above.
#[test]
fn who_does_not_answer_is_suspected_and_who_does_not_contradict_has_failed() {
    let mut rig = rig(settings());
    rig.choices(&[0, 0]).timer(Timer::Timeout).effects();
    let suspected = rig.timer(Timer::Period).effects();
    assert_eq!(
        suspected[0],
        Effect::Arm(Timer::Suspicion(NodeId(2)), MS(500))
    );
    let news = carrying(&[word(2, 0, Standing::Suspect)]);
    assert_eq!(
        suspected[1],
        sends(1, Message::Ping(probe(0, 2), news)),
        "the others hear of it"
    );
    assert_eq!(rig.marks(), ["probe_failed", "member_suspected"]);
    let confirmed = rig.timer(Timer::Suspicion(NodeId(2))).effects();
    let says = Effect::Indicate(Opinion::Suspect(NodeId(2)));
    assert_eq!(
        confirmed,
        [Effect::Disarm(Timer::Suspicion(NodeId(2))), says]
    );
}

/// EPFD2: a newer incarnation clears a member, be it suspected or confirmed.
#[test]
fn a_contradiction_lifts_a_suspicion_and_a_confirmation() {
    let mut rig = rig(settings());
    let says = |updates: &[Update]| hears(1, Message::Ack(probe(0, 9), carrying(updates)));
    rig.indication(says(&[word(3, 0, Standing::Suspect)]))
        .effects();
    let lifted = rig
        .indication(says(&[word(3, 1, Standing::Alive)]))
        .effects();
    assert_eq!(lifted, [Effect::Disarm(Timer::Suspicion(NodeId(3)))]);
    let failed = rig
        .indication(says(&[word(3, 1, Standing::Confirm)]))
        .effects();
    assert_eq!(failed, [Effect::Indicate(Opinion::Suspect(NodeId(3)))]);
    let back = rig
        .indication(says(&[word(3, 2, Standing::Alive)]))
        .effects();
    assert_eq!(back, [Effect::Indicate(Opinion::Restore(NodeId(3)))]);
}

#[test]
fn contradicts_what_is_said_of_itself() {
    let mut rig = rig(settings());
    let lie = carrying(&[word(0, 0, Standing::Suspect)]);
    let answer = rig
        .indication(hears(1, Message::Ping(probe(1, 1), lie.clone())))
        .effects();
    let ack = |updates: &[Update]| {
        let incarnation = Incarnation {
            life: 0,
            refutations: 1,
        };
        let updates = updates.to_vec();
        sends(
            1,
            Message::Ack(
                probe(1, 1),
                Piggyback {
                    incarnation,
                    updates,
                },
            ),
        )
    };
    assert_eq!(answer, [ack(&[word(0, 1, Standing::Alive)])]);
    assert_eq!(rig.marks(), ["suspicion_refuted"]);
    rig.indication(hears(1, Message::Ping(probe(1, 1), lie)))
        .effects();
    assert_eq!(rig.layer.incarnation.refutations, 1, "that is an old story");
}

/// Whoever is wronged must hear of it, however long ago that was news.
#[test]
fn a_suspect_is_told_so_with_every_message() {
    let mut quiet = settings();
    quiet.lambda = 0;
    let mut rig = rig(quiet);
    let suspect = word(3, 0, Standing::Suspect);
    rig.indication(hears(1, Message::Ack(probe(0, 9), carrying(&[suspect]))))
        .effects();
    for _ in 0..100 {
        let answer = rig
            .indication(hears(3, Message::Ping(probe(3, 1), carrying(&[]))))
            .effects();
        assert_eq!(
            answer,
            [sends(3, Message::Ack(probe(3, 1), carrying(&[suspect])))]
        );
    }
}

/// Numbers come from the network, and no number may stop the program.
#[test]
fn nonsense_is_dropped() {
    let mut rig = rig(settings());
    let far = NodeId(99);
    for msg in [
        Message::PingRequest(probe(1, 1), far, carrying(&[])),
        Message::Ack(probe(99, 1), carrying(&[])),
        Message::Ack(probe(0, 1_000), carrying(&[word(99, 0, Standing::Confirm)])),
    ] {
        assert_eq!(rig.indication(hears(1, msg)).effects(), []);
        assert_eq!(rig.marks(), ["swim_message_dropped"]);
    }
}
