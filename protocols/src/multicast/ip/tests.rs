use super::*;
use sim_core::kernel::rig::Rig;

const EVERY: Span = Span::from_millis(100);

const NACKS: Repair = Repair::Nacks(Repairers::Caster);

const EVERYBODY: Repair = Repair::Nacks(Repairers::Everybody);

/// How long a receiver waits before it tells what nobody else has told.
const SILENT_US: u32 = 250_000;

type Layer = IpMulticast<u8, FairLoss>;

fn rig(repair: Repair, history: u32) -> Rig<Layer> {
    let mut rig = Rig::new(Layer::new(Terms {
        repair,
        every: EVERY,
        history,
    }));
    rig.choices(&[SILENT_US; 32]);
    rig
}

fn from(from: u32, msg: Frame<u8>) -> Arrival<Frame<u8>> {
    Arrival {
        from: NodeId(from),
        msg,
    }
}

fn data(seq: u32) -> Frame<u8> {
    Frame::Data { seq, payload: 7 }
}

fn sends(to: impl Into<Group>, msg: Frame<u8>) -> Effect<Layer> {
    Effect::Request(Transmit { to: to.into(), msg })
}

fn delivers(origin: u32) -> Effect<Layer> {
    Effect::Indicate(Deliver {
        origin: NodeId(origin),
        payload: 7,
    })
}

fn request(origin: u32, missing: &[u32]) -> Frame<u8> {
    Frame::Request {
        origin: NodeId(origin),
        missing: missing.to_vec(),
    }
}

fn repair(origin: u32, seq: u32) -> Frame<u8> {
    Frame::Repair {
        origin: NodeId(origin),
        seq,
        payload: 7,
    }
}

fn report(numbers: &[(u32, u32)]) -> Frame<u8> {
    let number = |(origin, casts): &(u32, u32)| Number {
        origin: NodeId(*origin),
        casts: *casts,
    };
    let numbers = numbers.iter().map(number).collect();
    Frame::Report { numbers }
}

fn nack(missing: &[u32]) -> Frame<u8> {
    let missing = missing.to_vec();
    Frame::Nack { missing }
}

fn waits_to_report() -> Effect<Layer> {
    Effect::Arm(Timer::Report, Span::from_micros(u64::from(SILENT_US)))
}

fn arms(timer: Timer) -> Effect<Layer> {
    Effect::Arm(timer, EVERY)
}

#[test]
fn the_caster_repeats_to_those_who_did_not_acknowledge() {
    let mut rig = rig(Repair::Acks, 8);
    let cast = rig.request(Cast(7)).effects();
    let sent = sends(Group::Others, data(0));
    assert_eq!(cast, [delivers(0), sent, arms(Timer::Repeat)]);

    rig.indication(from(1, Frame::Ack { seq: 0 }));
    let fresh = rig.timer(Timer::Repeat).effects();
    assert_eq!(fresh, [arms(Timer::Repeat)], "there was no full period yet");
    let again = rig.timer(Timer::Repeat).effects();
    assert_eq!(again, [sends(NodeId(2), data(0)), arms(Timer::Repeat)]);

    let acked = rig.indication(from(2, Frame::Ack { seq: 0 })).effects();
    assert_eq!(acked, [Effect::Disarm(Timer::Repeat)]);
    assert_eq!(rig.marks(), ["cast_repaired"]);
}

/// BEB2 No duplication; but an acknowledgement may have been lost, so there is another one.
#[test]
fn a_copy_is_acknowledged_and_not_delivered() {
    let mut rig = rig(Repair::Acks, 8);
    let ack = || sends(NodeId(1), Frame::Ack { seq: 0 });
    let first = rig.indication(from(1, data(0))).effects();
    assert_eq!(first, [ack(), delivers(1)]);
    assert_eq!(rig.indication(from(1, data(0))).effects(), [ack()]);
}

#[test]
fn a_receiver_asks_for_what_a_number_has_jumped_over() {
    let mut rig = rig(NACKS, 8);
    assert_eq!(rig.indication(from(1, data(0))).effects(), [delivers(1)]);
    let gap = rig.indication(from(1, data(3))).effects();
    assert_eq!(gap, [delivers(1), arms(Timer::Ask)]);
    let late = rig.indication(from(1, data(2))).effects();
    assert_eq!(late, [delivers(1)], "it was only overtaken");
    let missing = [1].into();
    let asked = rig.timer(Timer::Ask).effects();
    assert_eq!(
        asked,
        [sends(NodeId(1), Frame::Nack { missing }), arms(Timer::Ask)]
    );
    assert_eq!(rig.indication(from(1, data(1))).effects(), [delivers(1)]);
    assert_eq!(rig.timer(Timer::Ask).effects(), [], "nothing is missing");
}

/// No number jumps over the last message: the caster has to tell that it was cast.
#[test]
fn the_loss_of_the_last_message_is_seen_by_the_number_that_the_caster_tells() {
    let mut caster = rig(NACKS, 8);
    caster.request(Cast(7)).effects();
    let told = caster.timer(Timer::Tell).effects();
    let number = Frame::Session { casts: 1 };
    assert_eq!(
        told,
        [sends(Group::Others, number.clone()), arms(Timer::Tell)]
    );

    let mut receiver = rig(NACKS, 8);
    let heard = receiver.indication(from(1, number)).effects();
    assert_eq!(heard, [arms(Timer::Ask)]);

    let missing = [0, 5].into();
    let repaired = caster
        .indication(from(2, Frame::Nack { missing }))
        .effects();
    assert_eq!(repaired, [sends(NodeId(2), data(0))]);
}

/// Memory is bounded: what is older than the history is forgotten by the caster, and given up by a receiver.
#[test]
fn what_is_older_than_the_history_is_lost() {
    let mut caster = rig(NACKS, 2);
    for _ in 0..3 {
        caster.request(Cast(7));
    }
    caster.effects();
    let missing = [0, 1].into();
    let repaired = caster
        .indication(from(2, Frame::Nack { missing }))
        .effects();
    assert_eq!(repaired, [sends(NodeId(2), data(1))]);
    assert_eq!(caster.marks(), ["cast_too_old", "cast_repaired"]);

    let mut receiver = rig(NACKS, 2);
    receiver.indication(from(1, data(2)));
    assert_eq!(receiver.marks(), ["gap_given_up"]);
    receiver.effects();
    assert_eq!(receiver.indication(from(1, data(0))).effects(), []);
    assert_eq!(
        receiver.indication(from(1, data(1))).effects(),
        [delivers(1)]
    );

    let mut caster = rig(Repair::Acks, 2);
    for _ in 0..3 {
        caster.request(Cast(7));
    }
    assert_eq!(caster.marks(), ["cast_too_old"]);
    assert_eq!(caster.layer.kept.len(), 2);
}

/// Numbers come from the network, and no number may stop the program or fill the memory.
#[test]
fn the_highest_numbers_do_no_harm() {
    for terms in [Repair::Acks, NACKS, EVERYBODY] {
        let mut rig = rig(terms, 4);
        rig.indication(from(1, data(u32::MAX)))
            .indication(from(1, data(u32::MAX - 1)))
            .indication(from(1, Frame::Session { casts: u32::MAX }))
            .indication(from(1, Frame::Ack { seq: u32::MAX }));
        rig.indication(from(1, nack(&[u32::MAX])))
            .indication(from(2, request(1, &[u32::MAX])))
            .indication(from(2, repair(1, u32::MAX)))
            .indication(from(2, report(&[(1, u32::MAX)])));
        rig.timer(Timer::Ask).timer(Timer::Ask);
        let heard = &rig.layer.heard[&NodeId(1)];
        assert!(heard.missing().count() <= 4 && heard.above.len() <= 4);
        assert!(heard.kept.len() <= 4);
    }
}

/// SRM: any member that holds the message answers.
#[test]
fn a_receiver_answers_for_the_caster() {
    let mut holds = rig(EVERYBODY, 8);
    let came = holds.indication(from(1, data(0))).effects();
    assert_eq!(came, [delivers(1), waits_to_report()]);
    let answer = holds.indication(from(2, request(1, &[0, 5]))).effects();
    assert_eq!(answer, [sends(NodeId(2), repair(1, 0))]);
    assert_eq!(holds.marks(), ["peer_repaired"]);
    let of_another = holds.indication(from(1, request(2, &[0]))).effects();
    assert_eq!(of_another, [], "nothing came from process 2");

    let mut keeps_nothing = rig(NACKS, 8);
    keeps_nothing.indication(from(1, data(0))).effects();
    let answer = keeps_nothing.indication(from(2, request(1, &[0])));
    assert_eq!(answer.effects(), []);
}

/// BEB2 No duplication: answers may come from several, and from the caster itself. And who was helped helps.
#[test]
fn a_repair_is_delivered_once_and_kept() {
    let mut rig = rig(EVERYBODY, 8);
    let came = rig.indication(from(2, repair(1, 0))).effects();
    assert_eq!(came, [delivers(1), waits_to_report()]);
    assert_eq!(rig.indication(from(2, repair(1, 0))).effects(), []);
    assert_eq!(rig.indication(from(1, data(0))).effects(), []);
    let answer = rig.indication(from(2, request(1, &[0]))).effects();
    assert_eq!(answer, [sends(NodeId(2), repair(1, 0))]);
}

/// One request a period, to the caster first. Who has helped is asked again, who has not is not.
#[test]
fn asks_the_caster_first_and_then_the_others_in_turn() {
    let mut rig = rig(EVERYBODY, 8);
    rig.as_node(NodeId(1), 5);
    let told = rig.indication(from(3, Frame::Session { casts: 2 }));
    assert_eq!(told.effects(), [arms(Timer::Ask), waits_to_report()]);

    let ask = |rig: &mut Rig<Layer>| rig.timer(Timer::Ask).effects();
    let asks = |node, frame| [sends(NodeId(node), frame), arms(Timer::Ask)];
    assert_eq!(ask(&mut rig), asks(3, nack(&[0, 1])));
    assert_eq!(ask(&mut rig), asks(2, request(3, &[0, 1])));
    assert_eq!(ask(&mut rig), asks(4, request(3, &[0, 1])));
    rig.indication(from(4, repair(3, 0))).effects();
    assert_eq!(ask(&mut rig), asks(4, request(3, &[1])));
    assert_eq!(ask(&mut rig), asks(0, request(3, &[1])));
    assert_eq!(ask(&mut rig), asks(3, nack(&[1])), "and from the beginning");
    assert_eq!(ask(&mut rig), asks(2, request(3, &[1])));
    rig.indication(from(2, repair(3, 1))).effects();
    assert_eq!(ask(&mut rig), [], "nothing is missing");

    rig.indication(from(0, report(&[(3, 3)]))).effects();
    assert_eq!(ask(&mut rig), asks(3, nack(&[2])), "another gap");
}

/// Whoever asks: a process is never asked for its own messages by name, and nobody asks itself.
#[test]
fn every_other_process_has_its_turn() {
    for nodes in 2..7 {
        for (me, caster) in (0..nodes).flat_map(|me| (0..nodes).map(move |caster| (me, caster))) {
            if me == caster {
                continue;
            }
            let turns = (0..nodes - 1).map(|turn| in_turn(turn, NodeId(caster), NodeId(me), nodes));
            let asked: BTreeSet<NodeId> = turns.collect();
            let others: BTreeSet<NodeId> =
                (0..nodes).filter(|node| *node != me).map(NodeId).collect();
            assert_eq!(asked, others, "{me} of {nodes} about {caster}");
        }
    }
}

/// A caster that has crashed tells no number, and who has missed its last message would never know.
#[test]
fn the_number_of_a_silent_caster_is_told_by_others() {
    let mut rig = rig(EVERYBODY, 8);
    rig.indication(from(1, data(0))).effects();
    let heard_of = rig.timer(Timer::Report).effects();
    assert_eq!(heard_of, [waits_to_report()], "it spoke since the start");
    let silent = rig.timer(Timer::Report).effects();
    let tells = [sends(Group::Others, report(&[(1, 1)])), waits_to_report()];
    assert_eq!(silent, tells);

    rig.indication(from(2, report(&[(1, 1)]))).effects();
    let told = rig.timer(Timer::Report).effects();
    assert_eq!(told, [waits_to_report()], "somebody else did");

    rig.indication(from(1, data(1))).timer(Timer::Report);
    rig.indication(from(2, report(&[(1, 1)]))).effects();
    let more = rig.timer(Timer::Report).effects();
    let tells = [sends(Group::Others, report(&[(1, 2)])), waits_to_report()];
    assert_eq!(more, tells, "who told lacks something");

    let lacks = rig.indication(from(2, report(&[(1, 3)]))).effects();
    assert_eq!(lacks, [arms(Timer::Ask)]);
    rig.indication(from(1, Frame::Session { casts: 3 }));
    assert_eq!(rig.timer(Timer::Report).effects(), [waits_to_report()]);
}

/// Reports are of what one can repair: else all would be told of messages, and ask for them, which nobody has.
#[test]
fn a_number_that_was_only_told_is_not_told_on() {
    let mut rig = rig(EVERYBODY, 8);
    rig.indication(from(1, Frame::Session { casts: 2 }));
    rig.timer(Timer::Report).effects();
    assert_eq!(rig.timer(Timer::Report).effects(), [waits_to_report()]);
}

/// Many casters do not fit into one datagram.
#[test]
fn a_long_report_is_sent_in_parts() {
    let mut rig = rig(EVERYBODY, 8);
    rig.as_node(NodeId(0), 100);
    for caster in 1..=65 {
        rig.indication(from(caster, data(0)));
    }
    rig.timer(Timer::Report).effects();
    let silent = rig.timer(Timer::Report).effects();
    let numbers: Vec<(u32, u32)> = (1..=65).map(|caster| (caster, 1)).collect();
    let parts = numbers
        .chunks(64)
        .map(|part| sends(Group::Others, report(part)));
    let expected: Vec<_> = parts.chain([waits_to_report()]).collect();
    assert_eq!(silent, expected);
}

/// Memory is bounded, and what is older than the history is lost for everybody.
#[test]
fn a_receiver_keeps_the_last_messages_of_each_caster() {
    let mut rig = rig(EVERYBODY, 4);
    for seq in 0..100 {
        rig.indication(from(1, data(seq)))
            .indication(from(2, repair(1, seq)))
            .indication(from(2, data(seq)));
    }
    rig.effects();
    for heard in rig.layer.heard.values() {
        let kept: Vec<u32> = heard.kept.keys().copied().collect();
        assert_eq!(kept, [96, 97, 98, 99]);
    }
    let answer = rig.indication(from(2, request(1, &[95, 96]))).effects();
    assert_eq!(answer, [sends(NodeId(2), repair(1, 96))]);
    assert_eq!(rig.indication(from(2, repair(1, 95))).effects(), []);

    rig.indication(from(2, report(&[(1, 110)]))).effects();
    assert_eq!(rig.layer.heard[&NodeId(1)].kept.len(), 0);
    assert_eq!(rig.marks(), ["peer_repaired", "gap_given_up"]);
}

/// What others say of one's own messages, or of processes that there are not, is no news.
#[test]
fn own_and_unknown_names_are_ignored() {
    let mut rig = rig(EVERYBODY, 8);
    rig.indication(from(1, report(&[(0, 5), (3, 5)])))
        .indication(from(1, repair(0, 5)))
        .indication(from(1, repair(3, 5)))
        .indication(from(1, request(0, &[5])));
    assert_eq!(rig.effects(), []);
    assert!(rig.layer.heard.is_empty());
}

/// While casters tell their numbers and nothing is missing, receivers say nothing at all.
#[test]
fn nothing_is_sent_for_what_nobody_lacks() {
    let mut rig = rig(EVERYBODY, 8);
    rig.indication(from(1, data(0))).effects();
    for _ in 0..8 {
        rig.indication(from(1, Frame::Session { casts: 1 }));
        rig.timer(Timer::Report);
        assert_eq!(rig.effects(), [waits_to_report()]);
    }
    assert!(!rig.layer.asking);
}

/// A group whose process 0 has crashed. Messages take no time, and none is lost.
struct Survivors {
    rigs: BTreeMap<u32, Rig<Layer>>,
    delivered: BTreeMap<u32, u32>,
}

impl Survivors {
    /// Process 0 has cast three messages: process 1 has all of them, process 2 the last, process 3 the first, process 4 none.
    fn new(repair: Repair, history: u32) -> Self {
        let rigs = (1..5).map(|me| {
            let mut rig = rig(repair, history);
            rig.as_node(NodeId(me), 5);
            (me, rig)
        });
        let mut survivors = Survivors {
            rigs: rigs.collect(),
            delivered: (1..5).map(|node| (node, 0)).collect(),
        };
        for (to, seq) in [(1, 0), (1, 1), (1, 2), (2, 2), (3, 0)] {
            survivors.on(to, Event::Indication(from(0, data(seq))));
        }
        survivors
    }

    /// One event, and all that follows from it without a timer.
    fn on(&mut self, at: u32, event: Event<Layer>) {
        let Some(rig) = self.rigs.get_mut(&at) else {
            return;
        };
        for effect in rig.on(event).effects() {
            match effect {
                Effect::Indicate(_) => *self.delivered.entry(at).or_default() += 1,
                Effect::Request(Transmit { to, msg }) => {
                    let to = match to {
                        Group::One(to) => to.0..to.0 + 1,
                        _ => 0..5,
                    };
                    for to in to.filter(|to| *to != at) {
                        self.on(to, Event::Indication(from(at, msg.clone())));
                    }
                }
                _ => (),
            }
        }
    }

    /// Lets all timers run out that are armed, at one process after another.
    fn timers(&mut self) {
        for at in 1..5 {
            if self.rigs[&at].layer.reporting {
                self.on(at, Event::Timer(Timer::Report));
            }
            if self.rigs[&at].layer.asking {
                self.on(at, Event::Timer(Timer::Ask));
            }
        }
    }

    fn delivered(mut self) -> Vec<u32> {
        for _ in 0..8 {
            self.timers();
        }
        self.delivered.into_values().collect()
    }
}

/// RB4 Agreement, as long as what is missing is among the last messages.
#[test]
fn what_one_survivor_has_all_get() {
    assert_eq!(Survivors::new(EVERYBODY, 3).delivered(), [3, 3, 3, 3]);
    assert_eq!(Survivors::new(NACKS, 3).delivered(), [3, 1, 1, 0]);
    let lost = Survivors::new(EVERYBODY, 2).delivered();
    assert_eq!(lost, [3, 2, 3, 2], "the first message is too old");
}
