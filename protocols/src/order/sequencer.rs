//! Total-order broadcast by a fixed sequencer: one process numbers the messages, and all deliver by number.
//!
//! Source: Kaashoek, Tanenbaum, Flynn Hummel, Bal 1989 (BB, there PB and BB); Défago, Schiper, Urbán 2004, sec. 3.1 (UB, BB,
//! UUB). Needs perfect links beside a multicast, offers total order (TOB1 to TOB5) as long as the sequencer is up.
//! Cost over best-effort, if another process casts than the sequencer: UB N messages, 2 steps; BB 2(N−1), 2 steps;
//! UUB N+1, 3 steps. Model: no crash. If the sequencer crashes nothing is delivered any more; in UUB whoever crashes
//! with a number that it has not used holds up everybody. Agreement is that of the multicast below.

use alloc::collections::{BTreeMap, VecDeque};
use core::fmt;
use core::marker::PhantomData;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use crate::multicast::{BestEffort, Cast, Deliver, Multicast, TotalOrder};
use crate::seen::Seen;

/// How a message gets its number (Défago, Schiper, Urbán 2004).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// Unicast, broadcast: the caster sends its message to the sequencer, which casts it with a number.
    Ub,
    /// Broadcast, broadcast: the caster casts its message, the sequencer the number of it.
    Bb,
    /// Unicast, unicast, broadcast: the caster asks the sequencer for a number, and casts its message with that.
    Uub,
}

/// What a process and the sequencer tell each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Request<P> {
    /// To the sequencer: cast this with a number (UB).
    Submit(P),
    /// To the sequencer: a number, please (UUB).
    Ask,
    /// From the sequencer: here it is (UUB).
    Grant(u32),
}

impl<P: fmt::Display> fmt::Display for Request<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Request::Submit(payload) => write!(f, "Submit{{{payload}}}"),
            Request::Ask => write!(f, "Ask"),
            Request::Grant(number) => write!(f, "Grant{{#{number}}}"),
        }
    }
}

/// What is told to everybody.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Numbering<P> {
    /// A message with its number.
    Ordered {
        /// Its place in the order, from 0.
        number: u32,
        /// Who cast it.
        origin: NodeId,
        /// What was cast.
        payload: P,
    },
    /// A message without a number (BB).
    Data {
        /// Which message it is.
        id: MsgId,
        /// What was cast.
        payload: P,
    },
    /// The number of a message (BB).
    Order {
        /// Its place in the order, from 0.
        number: u32,
        /// Which message has it.
        id: MsgId,
    },
}

impl<P: fmt::Display> fmt::Display for Numbering<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Numbering::Ordered {
                number,
                origin,
                payload,
            } => write!(f, "Ordered{{#{number} {payload} of {origin}}}"),
            Numbering::Data { id, payload } => write!(f, "Data{{{id} {payload}}}"),
            Numbering::Order { number, id } => write!(f, "Order{{#{number} {id}}}"),
        }
    }
}

/// One node, over a link and a multicast of the guarantee `G`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FixedSequencer<P, G> {
    form: Form,
    sequencer: NodeId,
    /// The sequencer's next number.
    next_number: u32,
    /// The number of the next delivery.
    next_delivery: u32,
    /// What has a number that is not yet due.
    ordered: BTreeMap<u32, Place<P>>,
    /// What was cast here and waits for a number (UUB), in the order of the casts.
    asking: VecDeque<P>,
    /// How many messages it has cast (BB).
    cast: u32,
    /// What has come without a number, not yet delivered (BB).
    data: BTreeMap<MsgId, P>,
    seen: Seen,
    guarantee: PhantomData<fn() -> G>,
}

/// What stands at one place of the order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Place<P> {
    /// The message itself.
    Message { origin: NodeId, payload: P },
    /// The message of this name.
    Named(MsgId),
}

impl<P, G> FixedSequencer<P, G> {
    /// A node that has cast and seen nothing.
    #[must_use]
    pub const fn new(form: Form, sequencer: NodeId) -> Self {
        FixedSequencer {
            form,
            sequencer,
            next_number: 0,
            next_delivery: 0,
            ordered: BTreeMap::new(),
            asking: VecDeque::new(),
            cast: 0,
            data: BTreeMap::new(),
            seen: Seen::new(),
            guarantee: PhantomData,
        }
    }
}

impl<P: Payload, G: AtLeast<BestEffort>> Protocol for FixedSequencer<P, G> {
    type Offers = Multicast<P, TotalOrder>;
    type Needs = EitherPort<Link<Request<P>, Perfect>, Multicast<Numbering<P>, G>>;
    type Timer = Never;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(_) => (),
            Event::Request(Cast(payload)) => self.on_cast(payload, fx),
            Event::Indication(Either::Left(Arrival { from, msg })) => {
                self.on_request(from, msg, fx)
            }
            Event::Indication(Either::Right(Deliver { origin, payload })) => {
                self.on_numbering(origin, payload, fx);
            }
            Event::Timer(never) => match never {},
        }
    }
}

impl<P: Payload, G: AtLeast<BestEffort>> FixedSequencer<P, G> {
    fn on_cast(&mut self, payload: P, fx: &mut impl Effects<Self>) {
        let sequencer = self.sequencer;
        match self.form {
            Form::Ub => tell(sequencer, Request::Submit(payload), fx),
            Form::Uub => {
                self.asking.push_back(payload);
                tell(sequencer, Request::Ask, fx);
            }
            Form::Bb => {
                let id = MsgId {
                    origin: fx.me(),
                    seq: self.cast,
                };
                self.cast += 1;
                fx.request(Either::Right(Cast(Numbering::Data { id, payload })));
            }
        }
    }

    fn on_request(&mut self, from: NodeId, request: Request<P>, fx: &mut impl Effects<Self>) {
        let is_sequencer = fx.me() == self.sequencer;
        match (request, self.form) {
            (Request::Submit(payload), Form::Ub) if is_sequencer => {
                let number = self.number();
                fx.request(Either::Right(Cast(Numbering::Ordered {
                    number,
                    origin: from,
                    payload,
                })));
            }
            (Request::Ask, Form::Uub) if is_sequencer => {
                let number = self.number();
                tell(from, Request::Grant(number), fx);
            }
            (Request::Grant(number), Form::Uub)
                if from == self.sequencer && !self.asking.is_empty() =>
            {
                let payload = self.asking.pop_front().expect("it has asked");
                let origin = fx.me();
                fx.request(Either::Right(Cast(Numbering::Ordered {
                    number,
                    origin,
                    payload,
                })));
            }
            _ => fx.mark("sequencer_refused"),
        }
    }

    fn on_numbering(&mut self, from: NodeId, said: Numbering<P>, fx: &mut impl Effects<Self>) {
        let by_sequencer = from == self.sequencer;
        match (said, self.form) {
            (
                Numbering::Ordered {
                    number,
                    origin,
                    payload,
                },
                form,
            ) if form == Form::Ub && by_sequencer || form == Form::Uub && origin == from => {
                self.place(number, Place::Message { origin, payload }, fx);
            }
            (Numbering::Data { id, payload }, Form::Bb) if id.origin == from => {
                if !self.seen.insert(id) {
                    return;
                }
                self.data.insert(id, payload);
                if fx.me() == self.sequencer {
                    let number = self.number();
                    fx.request(Either::Right(Cast(Numbering::Order { number, id })));
                }
                self.deliver(fx);
            }
            (Numbering::Order { number, id }, Form::Bb) if by_sequencer => {
                self.place(number, Place::Named(id), fx);
            }
            _ => fx.mark("sequencer_refused"),
        }
    }

    /// The sequencer's next number.
    fn number(&mut self) -> u32 {
        let number = self.next_number;
        self.next_number += 1;
        number
    }

    fn place(&mut self, number: u32, place: Place<P>, fx: &mut impl Effects<Self>) {
        // Nobody counts as far as the last number: after it there is none to wait for.
        if number < self.next_delivery || number == u32::MAX {
            return fx.mark("sequencer_refused");
        }
        self.ordered.entry(number).or_insert(place);
        self.deliver(fx);
        if !self.ordered.is_empty() {
            fx.mark("sequencer_waited");
        }
    }

    /// Delivers whatever is due, by number.
    fn deliver(&mut self, fx: &mut impl Effects<Self>) {
        while let Some(place) = self.ordered.remove(&self.next_delivery) {
            let (origin, payload) = match place {
                Place::Message { origin, payload } => (origin, payload),
                Place::Named(id) => match self.data.remove(&id) {
                    Some(payload) => (id.origin, payload),
                    None => {
                        self.ordered.insert(self.next_delivery, place);
                        return;
                    }
                },
            };
            self.next_delivery += 1;
            fx.indicate(Deliver { origin, payload });
        }
    }
}

/// Sends a request over the link.
fn tell<P, G>(to: NodeId, request: Request<P>, fx: &mut impl Effects<FixedSequencer<P, G>>)
where
    P: Payload,
    G: AtLeast<BestEffort>,
{
    fx.request(Either::Left(Transmit {
        to: to.into(),
        msg: request,
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::kernel::rig::Rig;

    type Layer = FixedSequencer<char, BestEffort>;

    fn rig(form: Form, me: u32) -> Rig<Layer> {
        let mut rig = Rig::new(Layer::new(form, NodeId(0)));
        rig.as_node(NodeId(me), 3).boot();
        rig
    }

    fn told(from: u32, msg: Request<char>) -> Ind<<Layer as Protocol>::Needs> {
        let from = NodeId(from);
        Either::Left(Arrival { from, msg })
    }

    fn said(from: u32, payload: Numbering<char>) -> Ind<<Layer as Protocol>::Needs> {
        let origin = NodeId(from);
        Either::Right(Deliver { origin, payload })
    }

    fn tells(to: u32, msg: Request<char>) -> Effect<Layer> {
        let to = NodeId(to).into();
        Effect::Request(Either::Left(Transmit { to, msg }))
    }

    fn says(payload: Numbering<char>) -> Effect<Layer> {
        Effect::Request(Either::Right(Cast(payload)))
    }

    fn delivered(origin: u32, payload: char) -> Effect<Layer> {
        let origin = NodeId(origin);
        Effect::Indicate(Deliver { origin, payload })
    }

    fn ordered(number: u32, origin: u32, payload: char) -> Numbering<char> {
        Numbering::Ordered {
            number,
            origin: NodeId(origin),
            payload,
        }
    }

    const ID: MsgId = MsgId {
        origin: NodeId(1),
        seq: 0,
    };

    #[test]
    fn the_sequencer_casts_what_is_sent_to_it() {
        let sent = rig(Form::Ub, 1).request(Cast('x')).effects();
        assert_eq!(sent, [tells(0, Request::Submit('x'))]);
        let mut sequencer = rig(Form::Ub, 0);
        for (number, from) in [(0, 1), (1, 2)] {
            let cast = sequencer
                .indication(told(from, Request::Submit('x')))
                .effects();
            assert_eq!(cast, [says(ordered(number, from, 'x'))]);
        }
    }

    /// TOB5: the numbers decide, not the order of arrival.
    #[test]
    fn delivers_by_number() {
        let mut rig = rig(Form::Ub, 1);
        assert_eq!(rig.indication(said(0, ordered(1, 2, 'b'))).effects(), []);
        assert_eq!(rig.marks(), ["sequencer_waited"]);
        assert_eq!(
            rig.indication(said(0, ordered(0, 1, 'a'))).effects(),
            [delivered(1, 'a'), delivered(2, 'b')]
        );
    }

    /// Data and number come apart, in any order.
    #[test]
    fn the_sequencer_casts_numbers_for_what_is_cast() {
        let data = Numbering::Data {
            id: ID,
            payload: 'x',
        };
        let order = Numbering::Order { number: 0, id: ID };
        let cast = rig(Form::Bb, 1).request(Cast('x')).effects();
        assert_eq!(cast, [says(data.clone())]);
        let numbered = rig(Form::Bb, 0).indication(said(1, data.clone())).effects();
        assert_eq!(numbered, [says(order.clone())]);

        let mut late = rig(Form::Bb, 2);
        assert_eq!(late.indication(said(0, order.clone())).effects(), []);
        assert_eq!(
            late.indication(said(1, data.clone())).effects(),
            [delivered(1, 'x')]
        );
        let mut early = rig(Form::Bb, 2);
        assert_eq!(early.indication(said(1, data)).effects(), []);
        assert_eq!(
            early.indication(said(0, order)).effects(),
            [delivered(1, 'x')]
        );
    }

    #[test]
    fn a_caster_may_ask_for_a_number_first() {
        let mut caster = rig(Form::Uub, 1);
        let asked = caster.request(Cast('x')).effects();
        assert_eq!(asked, [tells(0, Request::Ask)]);
        let granted = rig(Form::Uub, 0)
            .indication(told(1, Request::Ask))
            .effects();
        assert_eq!(granted, [tells(1, Request::Grant(0))]);
        let cast = caster.indication(told(0, Request::Grant(0))).effects();
        assert_eq!(cast, [says(ordered(0, 1, 'x'))]);
    }

    #[test]
    fn only_the_sequencer_numbers() {
        let order = Numbering::Order { number: 0, id: ID };
        let refused = [
            (Form::Ub, said(2, ordered(0, 2, 'x'))),
            (Form::Ub, said(0, ordered(u32::MAX, 2, 'x'))),
            (Form::Ub, told(2, Request::Submit('x'))),
            (Form::Bb, said(2, order)),
            (Form::Uub, told(0, Request::Grant(0))),
            (Form::Uub, said(2, ordered(0, 1, 'x'))),
        ];
        for (form, event) in refused {
            let mut rig = rig(form, 1);
            assert_eq!(rig.indication(event).effects(), [], "{form:?}");
            assert_eq!(rig.marks(), ["sequencer_refused"], "{form:?}");
        }
    }
}
