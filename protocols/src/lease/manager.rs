//! Leases from one manager, held by the clock.
//!
//! Source: Gray and Cheriton 1989 (SOSP), with a queue. Needs perfect links, offers a lease. One process grants the lease to
//! one process at a time, for a term on its own monotonic clock. A holder counts its term from when it *sent* the request,
//! on its own monotonic clock, and stops a margin before the end; no message has to arrive for that. Whoever waited in the
//! queue is called when its turn comes and asks anew, for its first request may be older than a term.
//! Cost: 2 messages a lease, 4 if the asker had to wait, 1 to release; two message delays, or two after the turn has come.
//! Model: crash-recovery, with a correct manager for liveness; after its own crash the manager grants nothing for a term.
//! Where it fails: two hold at once if a holder's clock is slow, or the manager's fast, by more than the margin over a
//! term, and if a holder is paused: it does not look at its clock before it acts. No token fences off what a former holder
//! still does. Who waits is forgotten if the manager crashes.

use alloc::collections::VecDeque;
use core::fmt;
use core::marker::PhantomData;

use serde::{Deserialize, Serialize};
use sim_core::kernel::prelude::*;

use super::port::{Demand, Lease, Notice};

/// The terms of the lease, the same at all processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Terms {
    /// Who grants it.
    pub manager: NodeId,
    /// How long it is granted for, on the manager's clock.
    pub term: Span,
    /// How long before its end a holder gives it up, on the holder's clock; shorter than the term.
    pub margin: Span,
    /// How many may wait for their turn; who finds the queue full asks again after a term.
    pub queue_max: u32,
}

/// Which request a message is about. Of two tickets of one process the larger one is the later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ticket {
    /// The life of the process that asks: it counts anew after a crash.
    pub incarnation: u32,
    /// Its requests in this life, from 1.
    pub number: u32,
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.incarnation, self.number)
    }
}

/// What the layer puts on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Message {
    /// To the manager: may I have it?
    Ask(Ticket),
    /// To the manager: I hold it or wait for it no longer.
    GiveUp(Ticket),
    /// From the manager: it is yours.
    Grant(Ticket),
    /// From the manager: it is your turn, ask again.
    Turn(Ticket),
    /// From the manager: there are too many before you.
    Full(Ticket),
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Ask(ticket) => write!(f, "Ask {ticket}"),
            Message::GiveUp(ticket) => write!(f, "GiveUp {ticket}"),
            Message::Grant(ticket) => write!(f, "Grant {ticket}"),
            Message::Turn(ticket) => write!(f, "Turn {ticket}"),
            Message::Full(ticket) => write!(f, "Full {ticket}"),
        }
    }
}

/// The timers of the layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    /// A holder: the lease is over.
    End,
    /// Who found the queue full: ask again.
    Again,
    /// The manager: what it has granted is over.
    Term,
}

impl fmt::Display for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Timer::End => "end of lease",
            Timer::Again => "ask again",
            Timer::Term => "end of term",
        })
    }
}

/// One process: a client, and the manager too if the terms say so.
///
/// A client marks `grant_came_too_late`. The manager marks `lease_ran_out` when a term ends that nobody gave up before,
/// `lease_queue_full`, and `manager_waits` when it has crashed and lets a term pass. Both mark `lease_message_refused`
/// for what is not for them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LeaseManager<Q> {
    terms: Terms,
    ticket: Ticket,
    wish: Wish,
    office: Office,
    link: PhantomData<fn() -> Q>,
}

/// How a client stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Wish {
    None,
    /// It has asked, at this reading of its clock in nanoseconds.
    Waits {
        asked_ns: i64,
    },
    Holds,
}

/// What the manager knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Office {
    lease: State,
    /// Who waits, each once.
    queue: VecDeque<(NodeId, Ticket)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum State {
    Free,
    /// Kept for a process whose turn it is.
    Offered(NodeId, Ticket),
    Granted(NodeId, Ticket),
    /// The manager has crashed and does not know.
    Unknown,
}

impl<Q> LeaseManager<Q> {
    /// A process that knows of no lease.
    ///
    /// # Panics
    /// If the margin is not shorter than the term.
    #[must_use]
    pub fn new(terms: Terms) -> Self {
        assert!(
            terms.margin < terms.term,
            "a margin of {} leaves nothing of a term of {}",
            terms.margin,
            terms.term
        );
        LeaseManager {
            terms,
            ticket: Ticket {
                incarnation: 0,
                number: 0,
            },
            wish: Wish::None,
            office: Office {
                lease: State::Free,
                queue: VecDeque::new(),
            },
            link: PhantomData,
        }
    }
}

impl<Q: AtLeast<Perfect>> Protocol for LeaseManager<Q> {
    type Offers = Lease;
    type Needs = Link<Message, Q>;
    type Timer = Timer;
    type Disk = ();

    fn on(&mut self, event: Event<Self>, fx: &mut impl Effects<Self>) {
        match event {
            Event::Boot(boot) => self.on_boot(boot, fx),
            Event::Request(Demand::Acquire) => self.on_acquire(fx),
            Event::Request(Demand::Release) => self.on_release(fx),
            Event::Indication(Arrival { from, msg }) => match msg {
                Message::Ask(ticket) if fx.me() == self.terms.manager => {
                    self.on_ask(from, ticket, fx)
                }
                Message::GiveUp(ticket) if fx.me() == self.terms.manager => {
                    self.on_give_up(from, ticket, fx)
                }
                Message::Grant(ticket) if from == self.terms.manager => self.on_grant(ticket, fx),
                Message::Turn(ticket) if from == self.terms.manager => self.on_turn(ticket, fx),
                Message::Full(ticket) if from == self.terms.manager => self.on_full(ticket, fx),
                _ => fx.mark("lease_message_refused"),
            },
            Event::Timer(Timer::End) => self.on_end(fx),
            Event::Timer(Timer::Again) => self.ask(fx),
            Event::Timer(Timer::Term) => self.on_term(fx),
        }
    }
}

/// The client.
impl<Q: AtLeast<Perfect>> LeaseManager<Q> {
    fn on_boot(&mut self, boot: Boot<()>, fx: &mut impl Effects<Self>) {
        self.ticket.incarnation = boot.incarnation;
        if boot.is_recovery() && fx.me() == self.terms.manager {
            // What it granted before the crash may still be held.
            self.office.lease = State::Unknown;
            fx.mark("manager_waits");
            fx.arm(Timer::Term, self.terms.term);
        }
    }

    fn on_acquire(&mut self, fx: &mut impl Effects<Self>) {
        if self.wish == Wish::None {
            self.ticket.number += 1;
            self.ask(fx);
        }
    }

    /// From now on the client counts.
    fn ask(&mut self, fx: &mut impl Effects<Self>) {
        let asked_ns = fx.monotonic().as_nanos();
        self.wish = Wish::Waits { asked_ns };
        fx.send(self.terms.manager, Message::Ask(self.ticket));
    }

    fn on_release(&mut self, fx: &mut impl Effects<Self>) {
        match self.wish {
            Wish::None => return,
            Wish::Waits { .. } => fx.disarm(Timer::Again),
            Wish::Holds => fx.disarm(Timer::End),
        }
        self.wish = Wish::None;
        // It says so before the manager can know.
        fx.indicate(Notice::Released);
        fx.send(self.terms.manager, Message::GiveUp(self.ticket));
    }

    fn on_grant(&mut self, ticket: Ticket, fx: &mut impl Effects<Self>) {
        let asked_ns = match self.wish {
            Wish::Waits { asked_ns } if ticket == self.ticket => asked_ns,
            Wish::Holds if ticket == self.ticket => return,
            _ => return fx.send(self.terms.manager, Message::GiveUp(ticket)),
        };
        let Terms { term, margin, .. } = self.terms;
        let mine = Span::from_nanos(term.as_nanos() - margin.as_nanos());
        let end = LocalTime::from_nanos(asked_ns).after(mine);
        let left = end.since(fx.monotonic());
        if left > Span::ZERO {
            self.wish = Wish::Holds;
            fx.arm(Timer::End, left);
            fx.indicate(Notice::Acquired);
        } else {
            fx.mark("grant_came_too_late");
            fx.send(self.terms.manager, Message::GiveUp(ticket));
            self.ticket.number += 1;
            self.ask(fx);
        }
    }

    fn on_turn(&mut self, ticket: Ticket, fx: &mut impl Effects<Self>) {
        match self.wish {
            Wish::Waits { .. } if ticket == self.ticket => self.ask(fx),
            // It gave up, but the manager heard of the request only afterwards.
            _ => fx.send(self.terms.manager, Message::GiveUp(ticket)),
        }
    }

    fn on_full(&mut self, ticket: Ticket, fx: &mut impl Effects<Self>) {
        if ticket == self.ticket && matches!(self.wish, Wish::Waits { .. }) {
            fx.arm(Timer::Again, self.terms.term);
        }
    }

    fn on_end(&mut self, fx: &mut impl Effects<Self>) {
        // The manager's clock tells it as much: no message.
        self.wish = Wish::None;
        fx.indicate(Notice::Expired);
    }
}

/// The manager.
impl<Q: AtLeast<Perfect>> LeaseManager<Q> {
    fn on_ask(&mut self, from: NodeId, ticket: Ticket, fx: &mut impl Effects<Self>) {
        match self.office.lease {
            State::Offered(to, known) if to == from && known == ticket => {
                return self.grant(from, ticket, fx);
            }
            State::Offered(to, known) | State::Granted(to, known) if to == from => {
                if ticket <= known {
                    return;
                }
                // Who asks anew has let go of what it had; that message is on its way, or was never sent.
                self.free(fx);
            }
            _ => (),
        }
        if self.office.lease == State::Free && self.office.queue.is_empty() {
            return self.grant(from, ticket, fx);
        }
        self.enqueue(from, ticket, fx);
        self.call_next(fx);
    }

    fn on_give_up(&mut self, from: NodeId, ticket: Ticket, fx: &mut impl Effects<Self>) {
        let is_given_up = |to: NodeId, known: Ticket| to == from && known <= ticket;
        self.office
            .queue
            .retain(|(to, known)| !is_given_up(*to, *known));
        match self.office.lease {
            State::Offered(to, known) | State::Granted(to, known) if is_given_up(to, known) => {
                self.free(fx);
                self.call_next(fx);
            }
            _ => (),
        }
    }

    fn on_term(&mut self, fx: &mut impl Effects<Self>) {
        if matches!(self.office.lease, State::Granted(..)) {
            fx.mark("lease_ran_out");
        }
        self.office.lease = State::Free;
        self.call_next(fx);
    }

    fn grant(&mut self, to: NodeId, ticket: Ticket, fx: &mut impl Effects<Self>) {
        self.office.lease = State::Granted(to, ticket);
        fx.arm(Timer::Term, self.terms.term);
        fx.send(to, Message::Grant(ticket));
    }

    fn free(&mut self, fx: &mut impl Effects<Self>) {
        self.office.lease = State::Free;
        fx.disarm(Timer::Term);
    }

    fn enqueue(&mut self, from: NodeId, ticket: Ticket, fx: &mut impl Effects<Self>) {
        let queue = &mut self.office.queue;
        if let Some((_, known)) = queue.iter_mut().find(|(to, _)| *to == from) {
            *known = ticket.max(*known);
        } else if queue.len() < self.terms.queue_max as usize {
            queue.push_back((from, ticket));
        } else {
            fx.mark("lease_queue_full");
            fx.send(from, Message::Full(ticket));
        }
    }

    /// If the lease is free, it is kept for the first in the queue, but for no longer than a term.
    fn call_next(&mut self, fx: &mut impl Effects<Self>) {
        if self.office.lease != State::Free {
            return;
        }
        if let Some((to, ticket)) = self.office.queue.pop_front() {
            self.office.lease = State::Offered(to, ticket);
            fx.arm(Timer::Term, self.terms.term);
            fx.send(to, Message::Turn(ticket));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use sim_core::kernel::rig::Rig;

    type Process = LeaseManager<Perfect>;
    type Fx = Effect<Process>;

    const TERM: Span = Span::from_millis(10);

    /// Process `me` of 3; process 0 is the manager, the term 10 ms and the margin 2 ms.
    fn rig(me: u32) -> Rig<Process> {
        let mut rig = Rig::new(LeaseManager::new(Terms {
            manager: NodeId(0),
            term: TERM,
            margin: Span::from_millis(2),
            queue_max: 1,
        }));
        rig.as_node(NodeId(me), 3).boot();
        rig
    }

    fn ticket(number: u32) -> Ticket {
        Ticket {
            incarnation: 0,
            number,
        }
    }

    fn send(to: u32, msg: Message) -> Fx {
        let to = Group::One(NodeId(to));
        Effect::Request(Transmit { to, msg })
    }

    fn hear(rig: &mut Rig<Process>, from: u32, msg: Message) -> Vec<Fx> {
        let from = NodeId(from);
        rig.indication(Arrival { from, msg }).effects()
    }

    fn term() -> Fx {
        Effect::Arm(Timer::Term, TERM)
    }

    use Demand::{Acquire, Release};
    use Message::{Ask, Full, GiveUp, Grant, Turn};

    /// The holder's 8 ms began with the request, so 5 are left.
    #[test]
    fn a_holder_counts_from_its_request() {
        let mut client = rig(1);
        let asked = client.request(Acquire).effects();
        assert_eq!(asked, [send(0, Ask(ticket(1)))]);
        assert_eq!(client.request(Acquire).effects(), [], "it has asked");
        client.wait(Span::from_millis(3));
        assert_eq!(
            hear(&mut client, 0, Grant(ticket(1))),
            [
                Effect::Arm(Timer::End, Span::from_millis(5)),
                Effect::Indicate(Notice::Acquired)
            ]
        );
        assert_eq!(client.request(Acquire).effects(), [], "it holds");
        let end = client.timer(Timer::End).effects();
        assert_eq!(end, [Effect::Indicate(Notice::Expired)]);
        let asked = client.request(Acquire).effects();
        assert_eq!(asked, [send(0, Ask(ticket(2)))]);
    }

    #[test]
    fn a_grant_that_comes_too_late_is_worth_nothing() {
        let mut client = rig(1);
        client.request(Acquire).wait(Span::from_millis(8)).effects();
        let again = [send(0, GiveUp(ticket(1))), send(0, Ask(ticket(2)))];
        assert_eq!(hear(&mut client, 0, Grant(ticket(1))), again);
        assert_eq!(client.marks(), ["grant_came_too_late"]);
        client.wait(Span::from_millis(7));
        let held = hear(&mut client, 0, Grant(ticket(2)));
        assert_eq!(held[1], Effect::Indicate(Notice::Acquired));
    }

    #[test]
    fn what_is_no_longer_wanted_is_given_back() {
        let mut client = rig(1);
        assert_eq!(client.request(Release).effects(), [], "nothing to release");
        client.request(Acquire).effects();
        let released = [
            Effect::Disarm(Timer::Again),
            Effect::Indicate(Notice::Released),
            send(0, GiveUp(ticket(1))),
        ];
        assert_eq!(client.request(Release).effects(), released);
        let back = [send(0, GiveUp(ticket(1)))];
        assert_eq!(hear(&mut client, 0, Grant(ticket(1))), back);
        assert_eq!(hear(&mut client, 0, Turn(ticket(1))), back);
        assert_eq!(hear(&mut client, 2, Grant(ticket(1))), []);
        assert_eq!(client.marks(), ["lease_message_refused"]);
    }

    #[test]
    fn the_manager_grants_to_one_at_a_time() {
        let mut manager = rig(0);
        let granted = [term(), send(1, Grant(ticket(1)))];
        assert_eq!(hear(&mut manager, 1, Ask(ticket(1))), granted);
        assert_eq!(hear(&mut manager, 2, Ask(ticket(1))), []);
        let full = [send(0, Full(ticket(1)))];
        assert_eq!(hear(&mut manager, 0, Ask(ticket(1))), full);
        assert_eq!(manager.marks(), ["lease_queue_full"]);
        let turn = [term(), send(2, Turn(ticket(1)))];
        assert_eq!(manager.timer(Timer::Term).effects(), turn);
        assert_eq!(manager.marks(), ["lease_ran_out"]);
        let granted = [term(), send(2, Grant(ticket(1)))];
        assert_eq!(hear(&mut manager, 2, Ask(ticket(1))), granted);
        let freed = [Effect::Disarm(Timer::Term)];
        assert_eq!(hear(&mut manager, 2, GiveUp(ticket(1))), freed);
        assert_eq!(hear(&mut manager, 2, GiveUp(ticket(1))), []);
    }

    /// Messages may overtake each other: what was given up stays given up.
    #[test]
    fn who_asks_anew_has_let_go() {
        let mut manager = rig(0);
        hear(&mut manager, 1, Ask(ticket(1)));
        hear(&mut manager, 2, Ask(ticket(1)));
        let turn = [
            Effect::Disarm(Timer::Term),
            term(),
            send(2, Turn(ticket(1))),
        ];
        // The queue has room for process 2 alone.
        let mut others = hear(&mut manager, 1, Ask(ticket(2)));
        assert_eq!(others.remove(1), send(1, Full(ticket(2))));
        assert_eq!(others, turn);
        assert_eq!(hear(&mut manager, 1, GiveUp(ticket(1))), []);
        let granted = [term(), send(2, Grant(ticket(1)))];
        assert_eq!(hear(&mut manager, 2, Ask(ticket(1))), granted);
    }

    #[test]
    fn a_manager_that_has_crashed_lets_a_term_pass() {
        let mut manager = rig(0);
        let boot = Boot {
            disk: (),
            incarnation: 1,
        };
        assert_eq!(manager.boot_with(boot).effects(), [term()]);
        assert_eq!(hear(&mut manager, 1, Ask(ticket(1))), []);
        let turn = [term(), send(1, Turn(ticket(1)))];
        assert_eq!(manager.timer(Timer::Term).effects(), turn);
        assert_eq!(manager.marks(), ["manager_waits"]);
    }
}
