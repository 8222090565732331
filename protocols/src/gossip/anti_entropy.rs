//! Anti-entropy, a simple epidemic: every round, everybody compares what it knows with a random other, and differences are
//! resolved.
//!
//! Source: Demers et al. 1987, 1.3. Needs fair-loss links, offers probabilistic broadcast (PB1 to PB3). Cost: with whole
//! states one contact a round for each process that knows something (for every process, if it pulls), with all it knows in
//! every contact; with digests a digest a contact, and copies of what is missing only: n−1 of an update by pulling, some
//! more by pushing, for two may bring the same in one round. Rounds until everybody knows an update: about log₂ n + ln n by
//! pushing, log₂ n + log₂ ln n by pulling, log₃ n + log₂ ln n by both.
//! Model: rounds on true clocks, delays below a third of a round; loss and crashes make it slower.
//! Never stops by itself, and so never misses anybody; told to be patient for so many rounds only, it may. It keeps all that
//! it has heard: that is the state to be compared. A caster that recovers counts anew, so that what it casts then is
//! taken for what it cast before. An update that is deleted comes back (no death certificates here).

use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use super::data::Data;
use super::rounds::{Beat, Contact, Rounds};
use super::targets::another;
use crate::multicast::{Cast, Multicast, Probabilistic};

/// What is sent to find out what differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exchange {
    /// All that is known.
    State,
    /// The names of all that is known, and then what is missing.
    Digest,
}

/// How states are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Comparing {
    /// Whose differences are resolved.
    pub contact: Contact,
    /// What is sent for it.
    pub exchange: Exchange,
    /// A process makes no more contacts when it has heard nothing new for so many rounds; for ever if it does not say.
    pub patience: Option<u32>,
}

/// What processes say to each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Difference<P> {
    /// An update.
    Data(Data<P>),
    /// The names of all that the sender knows, in order. With whole states it names nothing, and all is sent back.
    Digest(Vec<MsgId>),
    /// Asks for updates by their names.
    Request(Vec<MsgId>),
}

impl<P: fmt::Display> fmt::Display for Difference<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Difference::Data(data) => data.fmt(f),
            Difference::Digest(ids) => write!(f, "Digest{{{}}}", ids.len()),
            Difference::Request(ids) => write!(f, "Request{{{}}}", ids.len()),
        }
    }
}

/// An update that is known, and the round in which it was heard.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Known<P> {
    data: Data<P>,
    since: u64,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AntiEntropy<P> {
    rounds: Rounds,
    comparing: Comparing,
    next: u32,
    /// The first round in which it makes no contact, if nothing new comes.
    until: u64,
    /// By their names.
    known: Vec<Known<P>>,
}

impl<P> AntiEntropy<P> {
    /// A node that knows nothing.
    #[must_use]
    pub const fn new(comparing: Comparing, rounds: Rounds) -> Self {
        AntiEntropy {
            rounds,
            comparing,
            next: 0,
            until: 0,
            known: Vec::new(),
        }
    }

    /// The same node with a state that it knows from the beginning; it delivers nothing of it.
    #[must_use]
    pub fn knowing(mut self, data: Data<P>) -> Self {
        if let Err(place) = self.place(data.id) {
            self.known.insert(place, Known { data, since: 0 });
        }
        self
    }

    fn place(&self, id: MsgId) -> Result<usize, usize> {
        self.known.binary_search_by_key(&id, |known| known.data.id)
    }
}

impl<P: Payload> Protocol for AntiEntropy<P> {
    type Offers = Multicast<P, Probabilistic>;
    type Needs = Link<Difference<P>, FairLoss>;
    type Timer = Beat;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => self.take_heart(fx),
            Event::Request(Cast(payload)) => {
                let id = MsgId {
                    origin: fx.me(),
                    seq: self.next,
                };
                self.next += 1;
                self.hear(Data { id, payload }, fx);
            }
            Event::Indication(Arrival { from, msg }) => match msg {
                Difference::Data(data) => self.hear(data, fx),
                Difference::Digest(theirs) => self.on_digest(from, &theirs, fx),
                Difference::Request(wanted) => {
                    self.send_known(from, fx, |id| wanted.binary_search(&id).is_ok());
                }
            },
            Event::Timer(Beat::Round) => {
                self.rounds.begun();
                self.go_on(fx);
                if self.is_busy(fx) && self.rounds.contact_now(fx) {
                    self.contact(fx);
                }
            }
            Event::Timer(Beat::Contact) => self.contact(fx),
        }
    }
}

impl<P: Payload> AntiEntropy<P> {
    /// Whoever pulls never knows whether there is something to hear.
    fn is_busy(&self, fx: &mut impl Effects<Self>) -> bool {
        let patient = self.comparing.patience.is_none() || self.rounds.current(fx) < self.until;
        patient && (self.comparing.contact.pulls() || !self.known.is_empty())
    }

    fn go_on(&mut self, fx: &mut impl Effects<Self>) {
        if self.is_busy(fx) {
            self.rounds.wake(fx);
        }
    }

    /// Something new: its patience begins anew, with the next round.
    fn take_heart(&mut self, fx: &mut impl Effects<Self>) {
        let patience = u64::from(self.comparing.patience.unwrap_or(0));
        self.until = self.rounds.current(fx) + 1 + patience;
        self.go_on(fx);
    }

    fn contact(&mut self, fx: &mut impl Effects<Self>) {
        let now = self.rounds.current(fx);
        let Comparing {
            contact, exchange, ..
        } = self.comparing;
        let has_something = self
            .known
            .iter()
            .any(|known| self.rounds.knows(known.since, now));
        if !contact.pulls() && !has_something {
            return;
        }
        let Some(other) = another(fx) else { return };
        match exchange {
            Exchange::Digest => {
                let ids = self.names(now);
                fx.send(other, Difference::Digest(ids));
            }
            Exchange::State => {
                if contact.pushes() {
                    self.send_known(other, fx, |_| true);
                }
                if contact.pulls() {
                    fx.send(other, Difference::Digest(Vec::new()));
                }
            }
        }
    }

    /// The names of all that counts as known in this round.
    fn names(&self, now: u64) -> Vec<MsgId> {
        let known = self.known.iter();
        let known = known.filter(|known| self.rounds.knows(known.since, now));
        known.map(|known| known.data.id).collect()
    }

    fn send_known(
        &self,
        to: NodeId,
        fx: &mut impl Effects<Self>,
        is_wanted: impl Fn(MsgId) -> bool,
    ) {
        let now = self.rounds.current(fx);
        for Known { data, since } in &self.known {
            if self.rounds.knows(*since, now) && is_wanted(data.id) {
                fx.send(to, Difference::Data(data.clone()));
            }
        }
    }

    fn on_digest(&mut self, from: NodeId, theirs: &[MsgId], fx: &mut impl Effects<Self>) {
        let Comparing {
            contact, exchange, ..
        } = self.comparing;
        if contact.pulls() {
            self.send_known(from, fx, |id| theirs.binary_search(&id).is_err());
        }
        if contact.pushes() && exchange == Exchange::Digest {
            let missing = theirs.iter().filter(|id| self.place(**id).is_err());
            let missing: Vec<MsgId> = missing.copied().collect();
            if !missing.is_empty() {
                fx.send(from, Difference::Request(missing));
            }
        }
    }

    fn hear(&mut self, data: Data<P>, fx: &mut impl Effects<Self>) {
        let Err(place) = self.place(data.id) else {
            return;
        };
        fx.indicate(data.deliver());
        let since = self.rounds.current(fx);
        self.known.insert(place, Known { data, since });
        self.take_heart(fx);
    }
}

#[cfg(test)]
mod tests {
    use super::super::rounds::Decisions;
    use super::*;
    use alloc::vec;
    use sim_core::kernel::env::Choices;
    use sim_core::kernel::random::{Key, Purpose};
    use sim_core::kernel::rig::Rig;

    const SECOND: Span = Span::from_secs(1);

    fn id(origin: u32) -> MsgId {
        MsgId {
            origin: NodeId(origin),
            seq: 0,
        }
    }

    fn data(origin: u32) -> Data<u8> {
        Data {
            id: id(origin),
            payload: 7,
        }
    }

    /// A node that knows the updates of processes 1 and 2, in its first round.
    fn bench(contact: Contact, exchange: Exchange, patience: Option<u32>) -> Rig<AntiEntropy<u8>> {
        let comparing = Comparing {
            contact,
            exchange,
            patience,
        };
        let layer = AntiEntropy::new(comparing, Rounds::every(SECOND, Decisions::Snapshot));
        let mut rig = Rig::new(layer.knowing(data(2)).knowing(data(1)));
        rig.as_node(NodeId(0), 9).boot().wait(SECOND).effects();
        rig
    }

    fn sent(rig: &mut Rig<AntiEntropy<u8>>) -> Vec<(u32, Difference<u8>)> {
        let sent = |effect| match effect {
            Effect::Request(Transmit {
                to: Group::One(to),
                msg,
            }) => Some((to.0, msg)),
            _ => None,
        };
        rig.effects().into_iter().filter_map(sent).collect()
    }

    fn contact(rig: &mut Rig<AntiEntropy<u8>>) -> Vec<(u32, Difference<u8>)> {
        sent(rig.choices(&[3]).timer(Beat::Round))
    }

    fn answer(rig: &mut Rig<AntiEntropy<u8>>, msg: Difference<u8>) -> Vec<(u32, Difference<u8>)> {
        let from = NodeId(5);
        sent(rig.indication(Arrival { from, msg }))
    }

    #[test]
    fn whole_states_go_both_ways() {
        use Difference::{Data, Digest};
        let both = |to| vec![(to, Data(data(1))), (to, Data(data(2)))];
        let mut push = bench(Contact::Push, Exchange::State, None);
        assert_eq!(contact(&mut push), both(4));
        let mut pull = bench(Contact::Pull, Exchange::State, None);
        assert_eq!(contact(&mut pull), [(4, Digest(vec![]))]);
        assert_eq!(answer(&mut pull, Digest(vec![])), both(5));
    }

    #[test]
    fn digests_find_what_is_missing_on_either_side() {
        use Difference::{Data, Digest, Request};
        let mut rig = bench(Contact::PushPull, Exchange::Digest, None);
        assert_eq!(contact(&mut rig), [(4, Digest(vec![id(1), id(2)]))]);
        let answers = answer(&mut rig, Digest(vec![id(2), id(3)]));
        assert_eq!(answers, [(5, Data(data(1))), (5, Request(vec![id(3)]))]);
        let given = answer(&mut rig, Request(vec![id(2), id(8)]));
        assert_eq!(given, [(5, Data(data(2)))], "and not what it does not know");
    }

    /// Snapshot: what is learnt in a round is told from the next.
    #[test]
    fn what_is_new_counts_from_the_next_round_on() {
        let mut rig = bench(Contact::Pull, Exchange::Digest, None);
        assert_eq!(answer(&mut rig, Difference::Data(data(3))), []);
        let all = Difference::Digest(vec![id(1), id(2)]);
        assert_eq!(answer(&mut rig, all.clone()), []);
        rig.wait(SECOND);
        assert_eq!(answer(&mut rig, all), [(5, Difference::Data(data(3)))]);
    }

    /// Without common rounds the pauses are exponential: a share of 1/e is longer than their mean. What is new is told at
    /// once, and patience counts contacts.
    #[test]
    fn each_goes_by_itself_if_there_are_no_common_rounds() {
        let comparing = Comparing {
            contact: Contact::Push,
            exchange: Exchange::State,
            patience: Some(20_000),
        };
        let rounds = Rounds::every(SECOND, Decisions::Asynchronous);
        let mut rig = Rig::new(AntiEntropy::new(comparing, rounds).knowing(data(1)));
        rig.as_node(NodeId(0), 9).env().choices = Choices::Keyed {
            key: Key::new(1, Purpose::Choice),
            made: 0,
        };
        let (mut pauses, mut told) = (Vec::new(), 0);
        let mut effects = rig.boot().effects();
        while let Some(pause) = effects.iter().find_map(|effect| match effect {
            Effect::Arm(Beat::Round, pause) => Some(*pause),
            _ => None,
        }) {
            pauses.push(pause);
            effects = rig.wait(pause).timer(Beat::Round).effects();
            let sends = |effect: &&Effect<_>| matches!(effect, Effect::Request(_));
            told += effects.iter().filter(sends).count();
        }
        assert_eq!((pauses.len(), told), (20_001, 20_000));
        let count = pauses.len() as f64;
        let seconds = |pause: &Span| pause.as_nanos() as f64 / 1e9;
        let mean = pauses.iter().map(seconds).sum::<f64>() / count;
        let long = pauses.iter().filter(|pause| **pause > SECOND).count() as f64 / count;
        // Five standard deviations.
        assert!((mean - 1.0).abs() < 0.035, "mean {mean}");
        assert!((long - 0.3679).abs() < 0.017, "longer than that {long}");
        // It hears something new, and tells it before its round is over.
        let msg = Difference::Data(data(3));
        let from = NodeId(5);
        rig.indication(Arrival { from, msg }).effects();
        assert_eq!(sent(rig.timer(Beat::Round)).len(), 2);
    }

    #[test]
    fn patience_ends_and_begins_anew() {
        let mut rig = bench(Contact::Push, Exchange::State, Some(2));
        let mut is_told = |news: bool| {
            if news {
                answer(&mut rig, Difference::Data(data(3)));
            }
            let told = !contact(&mut rig).is_empty();
            rig.wait(SECOND);
            told
        };
        assert_eq!([false; 4].map(&mut is_told), [true, true, false, false]);
        // In the round itself, for the test lets its timer run out then too, and in two more.
        assert_eq!(
            [true, false, false, false].map(is_told),
            [true, true, true, false]
        );
    }
}
