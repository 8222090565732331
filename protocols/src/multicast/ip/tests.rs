use super::*;
use sim_core::kernel::rig::Rig;

const EVERY: Span = Span::from_millis(100);

type Layer = IpMulticast<u8, FairLoss>;

fn rig(repair: Repair, history: u32) -> Rig<Layer> {
    Rig::new(Layer::new(Terms {
        repair,
        every: EVERY,
        history,
    }))
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
    let mut rig = rig(Repair::Nacks, 8);
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
    let mut caster = rig(Repair::Nacks, 8);
    caster.request(Cast(7)).effects();
    let told = caster.timer(Timer::Tell).effects();
    let number = Frame::Session { casts: 1 };
    assert_eq!(
        told,
        [sends(Group::Others, number.clone()), arms(Timer::Tell)]
    );

    let mut receiver = rig(Repair::Nacks, 8);
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
    let mut caster = rig(Repair::Nacks, 2);
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

    let mut receiver = rig(Repair::Nacks, 2);
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
    for repair in [Repair::Acks, Repair::Nacks] {
        let mut rig = rig(repair, 4);
        rig.indication(from(1, data(u32::MAX)))
            .indication(from(1, data(u32::MAX - 1)))
            .indication(from(1, Frame::Session { casts: u32::MAX }))
            .indication(from(1, Frame::Ack { seq: u32::MAX }));
        let missing = [u32::MAX].into();
        rig.indication(from(1, Frame::Nack { missing }));
        rig.timer(Timer::Ask);
        let heard = &rig.layer.heard[&NodeId(1)];
        assert!(heard.missing().count() <= 4 && heard.above.len() <= 4);
    }
}
