//! Rumour mongering, a complex epidemic: a rumour is hot until too many had heard it already, and then it is told no more.
//!
//! Source: Demers et al. 1987, 1.4. Needs fair-loss links, offers probabilistic broadcast (PB1 to PB3). Cost: one contact
//! a round for each process that has a hot rumour (for every process, if it pulls); a rumour costs about m n copies, where
//! somebody is left out with probability e^(-m): the more is told, the fewer are missed. Model: rounds on true clocks,
//! delays below a third of a round; crashes and losses do no more than leave more out.
//! Not atomic: with any finite k some processes never hear. Who recovers has forgotten what it heard.
//!
//! A rumour is judged once a round, by the contacts of that round. With feedback a contact is *useless* if the other knew
//! the rumour; a round counts against it if there were useless contacts and no useful one. Without (blind) every round
//! with a contact counts. What counts either makes it cold with probability 1/k, or adds to a counter that makes it cold
//! at k, and that may begin anew after a useful contact. Who recovers counts its casts anew: they are taken for those of before.

use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use super::data::Data;
use super::rounds::{Beat, Contact, Rounds};
use super::targets::another;
use crate::multicast::{Cast, Multicast, Probabilistic};
use crate::seen::Seen;

/// What counts against a rumour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Judging {
    /// Every contact.
    Blind,
    /// A contact with somebody who knew it; the other says so.
    Feedback,
}

/// How a process loses interest in a rumour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Interest {
    /// With probability 1/k each time that something counts against it.
    Coin,
    /// When k rounds count against it in all.
    Accumulate,
    /// When k rounds in a row count against it.
    Reset,
}

/// How rumours are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mongering {
    /// Who tells whom.
    pub contact: Contact,
    /// What counts against a rumour.
    pub judging: Judging,
    /// How a process loses interest.
    pub interest: Interest,
    /// The k of the books, at least 1.
    pub k: u32,
}

/// What processes say to each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Gossip<P> {
    /// A rumour.
    Data(Data<P>),
    /// Whether it was known already.
    Feedback {
        /// Which.
        id: MsgId,
        /// Was it?
        knew: bool,
    },
    /// Asks for rumours.
    Request,
}

impl<P: fmt::Display> fmt::Display for Gossip<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Gossip::Data(data) => data.fmt(f),
            Gossip::Feedback { id, knew: true } => write!(f, "Feedback{{{id} known}}"),
            Gossip::Feedback { id, knew: false } => write!(f, "Feedback{{{id} new}}"),
            Gossip::Request => f.write_str("Request"),
        }
    }
}

/// A rumour that is told.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Hot<P> {
    data: Data<P>,
    /// The round in which it was heard.
    since: u64,
    /// How much counts against it.
    counter: u32,
    /// Was there, in this round, a contact with somebody who needed it; with somebody who did not?
    useful: bool,
    useless: bool,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RumorMongering<P> {
    rounds: Rounds,
    mongering: Mongering,
    next: u32,
    seen: Seen,
    hot: Vec<Hot<P>>,
}

impl<P> RumorMongering<P> {
    /// A node that has heard nothing.
    #[must_use]
    pub const fn new(mongering: Mongering, rounds: Rounds) -> Self {
        RumorMongering {
            rounds,
            mongering,
            next: 0,
            seen: Seen::new(),
            hot: Vec::new(),
        }
    }
}

impl<P: Payload> Protocol for RumorMongering<P> {
    type Offers = Multicast<P, Probabilistic>;
    type Needs = Link<Gossip<P>, FairLoss>;
    type Timer = Beat;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => self.go_on(fx),
            Event::Request(Cast(payload)) => {
                let id = MsgId {
                    origin: fx.me(),
                    seq: self.next,
                };
                self.next += 1;
                self.hear(Data { id, payload }, fx);
            }
            Event::Indication(Arrival { from, msg }) => match msg {
                Gossip::Data(data) => self.on_data(from, data, fx),
                Gossip::Feedback { id, knew } => self.on_feedback(id, knew),
                Gossip::Request => self.tell(from, fx),
            },
            Event::Timer(Beat::Round) => self.on_round(fx),
            Event::Timer(Beat::Contact) => self.contact(fx),
        }
    }
}

impl<P: Payload> RumorMongering<P> {
    fn on_round(&mut self, fx: &mut impl Effects<Self>) {
        self.rounds.begun();
        self.judge(fx);
        self.go_on(fx);
        if self.is_busy() && self.rounds.contact_now(fx) {
            self.contact(fx);
        }
    }

    /// Whoever pulls never knows whether there is something to hear.
    fn is_busy(&self) -> bool {
        self.mongering.contact.pulls() || !self.hot.is_empty()
    }

    fn go_on(&mut self, fx: &mut impl Effects<Self>) {
        if self.is_busy() {
            self.rounds.wake(fx);
        }
    }

    fn contact(&mut self, fx: &mut impl Effects<Self>) {
        let now = self.rounds.current(fx);
        let Mongering { contact, .. } = self.mongering;
        let tells =
            contact.pushes() && self.hot.iter().any(|hot| self.rounds.tells(hot.since, now));
        if !tells && !contact.pulls() {
            return;
        }
        let Some(other) = another(fx) else { return };
        if contact.pushes() {
            self.tell(other, fx);
        }
        if contact.pulls() {
            fx.send(other, Gossip::Request);
        }
    }

    /// Tells all hot rumours; who has heard one in a common round tells it from the next.
    fn tell(&mut self, to: NodeId, fx: &mut impl Effects<Self>) {
        let now = self.rounds.current(fx);
        let rounds = &self.rounds;
        let told = |hot: &&mut Hot<P>| rounds.tells(hot.since, now);
        for hot in self.hot.iter_mut().filter(told) {
            if self.mongering.judging == Judging::Blind {
                hot.useless = true;
            }
            fx.send(to, Gossip::Data(hot.data.clone()));
        }
    }

    fn on_data(&mut self, from: NodeId, data: Data<P>, fx: &mut impl Effects<Self>) {
        let id = data.id;
        let now = self.rounds.current(fx);
        // What is no longer hot was heard in an earlier round.
        let heard = |hot: &Hot<P>| hot.data.id == id && !self.rounds.knows(hot.since, now);
        let in_this_round = self.hot.iter().any(heard);
        let is_new = self.hear(data, fx);
        if self.mongering.judging == Judging::Feedback {
            let knew = !is_new && !in_this_round;
            fx.send(from, Gossip::Feedback { id, knew });
        }
    }

    /// True if it is new.
    fn hear(&mut self, data: Data<P>, fx: &mut impl Effects<Self>) -> bool {
        if !self.seen.insert(data.id) {
            return false;
        }
        fx.indicate(data.deliver());
        self.hot.push(Hot {
            data,
            since: self.rounds.current(fx),
            counter: 0,
            useful: false,
            useless: false,
        });
        self.go_on(fx);
        true
    }

    fn on_feedback(&mut self, id: MsgId, knew: bool) {
        if let Some(hot) = self.hot.iter_mut().find(|hot| hot.data.id == id) {
            hot.useful |= !knew;
            hot.useless |= knew;
        }
    }

    /// Judges every rumour by the contacts of the round that is over.
    fn judge(&mut self, fx: &mut impl Effects<Self>) {
        let Mongering { interest, k, .. } = self.mongering;
        self.hot.retain_mut(|hot| {
            let (useful, useless) = (hot.useful, hot.useless);
            (hot.useful, hot.useless) = (false, false);
            if useful && interest == Interest::Reset {
                hot.counter = 0;
            }
            if useful || !useless {
                return true;
            }
            match interest {
                Interest::Coin => fx.pick("lose_interest", k) != 0,
                Interest::Accumulate | Interest::Reset => {
                    hot.counter += 1;
                    hot.counter < k
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::rounds::Decisions;
    use super::*;
    use alloc::vec;
    use sim_core::kernel::rig::Rig;

    const SECOND: Span = Span::from_secs(1);

    fn data(origin: u32) -> Data<u8> {
        Data {
            id: MsgId {
                origin: NodeId(origin),
                seq: 0,
            },
            payload: 7,
        }
    }

    fn bench(
        contact: Contact,
        judging: Judging,
        interest: Interest,
        k: u32,
        decisions: Decisions,
    ) -> Rig<RumorMongering<u8>> {
        let mongering = Mongering {
            contact,
            judging,
            interest,
            k,
        };
        let mut rig = Rig::new(RumorMongering::new(
            mongering,
            Rounds::every(SECOND, decisions),
        ));
        rig.boot();
        rig
    }

    fn push(interest: Interest, k: u32) -> Rig<RumorMongering<u8>> {
        bench(
            Contact::Push,
            Judging::Feedback,
            interest,
            k,
            Decisions::Snapshot,
        )
    }

    fn sent(effects: Vec<Effect<RumorMongering<u8>>>) -> Vec<(NodeId, Gossip<u8>)> {
        let sent = |effect| match effect {
            Effect::Request(Transmit {
                to: Group::One(to),
                msg,
            }) => Some((to, msg)),
            _ => None,
        };
        effects.into_iter().filter_map(sent).collect()
    }

    fn hear(rig: &mut Rig<RumorMongering<u8>>, from: u32) -> Vec<(NodeId, Gossip<u8>)> {
        let msg = Gossip::Data(data(1));
        let from = NodeId(from);
        sent(rig.indication(Arrival { from, msg }).effects())
    }

    /// A round in which the one that is told knew the rumour, or did not; true if it was told at all.
    fn round(rig: &mut Rig<RumorMongering<u8>>, knew: bool) -> bool {
        let told = sent(rig.wait(SECOND).choices(&[0]).timer(Beat::Round).effects());
        let id = data(0).id;
        let from = NodeId(1);
        let msg = Gossip::Feedback { id, knew };
        rig.indication(Arrival { from, msg }).effects();
        !told.is_empty()
    }

    #[test]
    fn a_rumour_is_told_from_the_next_round_on() {
        let mut rig = push(Interest::Reset, 1);
        rig.wait(Span::from_millis(300));
        let effects = rig.request(Cast(7)).effects();
        assert_eq!(
            effects[1..],
            [Effect::Arm(Beat::Round, Span::from_millis(700))]
        );
        let effects = rig
            .wait(Span::from_millis(700))
            .choices(&[1])
            .timer(Beat::Round)
            .effects();
        assert_eq!(sent(effects), [(NodeId(2), Gossip::Data(data(0)))]);
    }

    /// The answer says what was known when the round began; or, with immediate decisions, when the rumour came.
    #[test]
    fn feedback_tells_what_was_known() {
        let id = data(1).id;
        let answer = |to, knew| vec![(NodeId(to), Gossip::Feedback { id, knew })];
        for (decisions, again) in [(Decisions::Snapshot, false), (Decisions::Immediate, true)] {
            let mut rig = bench(
                Contact::Push,
                Judging::Feedback,
                Interest::Coin,
                1,
                decisions,
            );
            assert_eq!(hear(&mut rig, 1), answer(1, false));
            assert_eq!(hear(&mut rig, 2), answer(2, again));
            rig.wait(SECOND);
            assert_eq!(hear(&mut rig, 2), answer(2, true));
        }
    }

    #[test]
    fn a_counter_resets_or_accumulates() {
        let fate = |interest| {
            let mut rig = push(interest, 2);
            rig.request(Cast(7)).effects();
            [true, false, true, true, true].map(|knew| round(&mut rig, knew))
        };
        assert_eq!(fate(Interest::Accumulate), [true, true, true, false, false]);
        assert_eq!(fate(Interest::Reset), [true, true, true, true, false]);
    }

    #[test]
    fn a_coin_is_thrown_for_every_useless_round() {
        let mut rig = push(Interest::Coin, 5);
        rig.request(Cast(7)).effects();
        assert!(round(&mut rig, false) && round(&mut rig, true));
        // Its interest survives the first throw, and not the second.
        rig.wait(SECOND).choices(&[3, 0]).timer(Beat::Round);
        let (id, from) = (data(0).id, NodeId(1));
        let msg = Gossip::Feedback { id, knew: true };
        rig.effects();
        rig.indication(Arrival { from, msg });
        assert_eq!(
            rig.wait(SECOND).choices(&[0]).timer(Beat::Round).effects(),
            []
        );
    }

    /// Blind: nobody is asked, and every round with a contact counts.
    #[test]
    fn without_feedback_a_rumour_is_told_k_times() {
        let mut rig = bench(
            Contact::Push,
            Judging::Blind,
            Interest::Accumulate,
            2,
            Decisions::Snapshot,
        );
        assert_eq!(hear(&mut rig, 1), []);
        let mut told =
            || !sent(rig.wait(SECOND).choices(&[0]).timer(Beat::Round).effects()).is_empty();
        assert_eq!([told(), told(), told()], [true, true, false]);
    }

    #[test]
    fn who_is_pulled_tells_what_is_hot_and_hears_whether_it_was_needed() {
        let mut rig = bench(
            Contact::Pull,
            Judging::Feedback,
            Interest::Reset,
            1,
            Decisions::Snapshot,
        );
        let request = |from| Arrival {
            from: NodeId(from),
            msg: Gossip::Request,
        };
        rig.request(Cast(7)).effects();
        assert_eq!(
            rig.indication(request(1)).effects(),
            [],
            "heard in this round"
        );
        let asked = sent(rig.wait(SECOND).choices(&[1]).timer(Beat::Round).effects());
        assert_eq!(asked, [(NodeId(2), Gossip::Request)]);
        let told = sent(rig.indication(request(1)).effects());
        assert_eq!(told, [(NodeId(1), Gossip::Data(data(0)))]);
    }
}
