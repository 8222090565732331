//! The rule of interpretation, as [`crate::kernel::protocol`] states it: set the environment, call the one handler, carry
//! out the effects in order. A crash may fall between any two of them, and a write to a slow disk may hold up the rest.

use std::collections::VecDeque;

use crate::kernel::canonical::digest;
use crate::kernel::env::{Adversary, Choices, Env};
use crate::kernel::id::NodeId;
use crate::kernel::property::{Fact, Moment};
use crate::kernel::protocol::{Effect, Effects, Event, Node};
use crate::kernel::time::{LocalTime, SimTime, Span};
use crate::kernel::wire;
use crate::trace::What;

use super::disk::Written;
use super::engine::{Kind, Sim};
use super::gauge::Doing;
use super::host::Trouble;
use super::live::Deed;
use super::numbers::Folded;
use super::outcome::MarkCount;
use super::queue::Entry;

/// Where a handler writes: one list, reused for every event.
pub(super) struct Buffer<P: Node> {
    pub(super) env: Env,
    pub(super) effects: Vec<Effect<P>>,
}

impl<P: Node> Effects<P> for Buffer<P> {
    #[inline]
    fn emit(&mut self, effect: Effect<P>) {
        self.effects.push(effect);
    }

    #[inline]
    fn env(&mut self) -> &mut Env {
        &mut self.env
    }
}

/// The event that a handler is working on, as the cause of what it does.
#[derive(Clone, Copy)]
pub(super) struct Cause {
    pub(super) event: u64,
    pub(super) depth: u32,
}

impl<P: Node> Sim<'_, P> {
    /// The rule of interpretation: set the environment, call the handler, carry out the effects in order.
    pub(super) fn handle(&mut self, node: NodeId, event: Event<P>, cause: Cause) {
        let host = &mut self.hosts[node.index()];
        let env = &mut self.buffer.env;
        let local = LocalTime::from_nanos(i64::try_from(self.now.as_nanos()).unwrap_or(i64::MAX));
        (env.me, env.now, env.monotonic) = (node, local, local);
        if let Choices::Keyed { made, .. } = &mut env.choices {
            *made = host.choices;
        }
        let troubled = host.trouble.has(Trouble::CLOCK.with(Trouble::TURNED));
        if troubled {
            let afflicted = &self.afflicted[&node];
            env.monotonic = afflicted.clock.monotonic(self.now);
            env.now = afflicted.clock.wall(self.now);
            env.adversary = Adversary {
                active: afflicted.active,
                struck: 0,
                key: Some(self.fate.adversary),
                made: afflicted.lies,
            };
            env.looks = Default::default();
        }
        self.gauge.set(Doing::Protocol);
        host.program.on(event, &mut self.buffer);
        self.gauge.set(Doing::Engine);
        if let Choices::Keyed { made, .. } = self.buffer.env.choices {
            host.choices = made;
        }
        if troubled {
            self.blame(node, cause);
        }
        match &self.buffer.effects[..] {
            [] => return,
            // The commonest of all handlers sends once.
            [Effect::Request(_)] => {
                if let Some(Effect::Request(transmit)) = self.buffer.effects.pop() {
                    self.transmit(node, transmit, cause);
                    self.effect_done(node, cause);
                }
                return;
            }
            _ => (),
        }
        let mut effects = std::mem::take(&mut self.buffer.effects);
        let mut rest = effects.drain(..);
        while let Some(effect) = rest.next() {
            // Most effects are sends, and those need no way back.
            if let Effect::Request(transmit) = effect {
                self.transmit(node, transmit, cause);
                self.effect_done(node, cause);
            } else if let Err((write, at)) = self.carry_out(node, effect, cause) {
                let waiting = std::iter::once(write).chain(rest.by_ref()).collect();
                self.wait_for_disk(node, waiting, cause, at);
                break;
            }
            if !self.hosts[node.index()].up {
                break; // The crash fell between two effects: what follows does not happen.
            }
        }
        drop(rest);
        self.buffer.effects = effects;
    }

    /// Carries out what a slow disk has held up: the write, which is durable by now, and what follows it.
    pub(super) fn carry_on(
        &mut self,
        node: NodeId,
        mut effects: VecDeque<Effect<P>>,
        cause: Cause,
    ) {
        if let Some(Effect::Persist(write)) = effects.pop_front() {
            self.durable(node, write, cause);
            self.effect_done(node, cause);
        }
        while self.hosts[node.index()].up {
            let Some(effect) = effects.pop_front() else {
                return;
            };
            if let Err((write, at)) = self.carry_out(node, effect, cause) {
                effects.push_front(write);
                self.wait_for_disk(node, effects, cause, at);
                return;
            }
        }
    }

    /// Carries out one effect. A write that takes time is given back, with the moment at which it will be durable.
    fn carry_out(
        &mut self,
        node: NodeId,
        effect: Effect<P>,
        cause: Cause,
    ) -> Result<(), (Effect<P>, SimTime)> {
        match effect {
            Effect::Request(transmit) => self.transmit(node, transmit, cause),
            Effect::Indicate(said) => {
                self.counters.indications += 1;
                self.counters.depth = self.counters.depth.max(cause.depth);
                let event = self.next_event(Folded::Deliver, node, digest(&said).hash);
                self.note(event, cause.event, node, |recorder| {
                    What::Deliver(recorder.summary(&said))
                });
                self.show(
                    Moment {
                        at: self.now,
                        event,
                    },
                    &Fact::Indicated(node, &said),
                );
                self.tell(|| Deed::Said(node, wire::encode(&said)));
            }
            Effect::Arm(tag, span) => self.arm(node, tag, span, cause),
            Effect::Disarm(tag) => {
                if self
                    .timers
                    .disarm(&mut self.hosts[node.index()].timers, tag)
                {
                    let event = self.next_event(Folded::Disarm, node, digest(&tag).hash);
                    self.note(event, cause.event, node, |recorder| {
                        What::Disarm(recorder.summary(&tag))
                    });
                }
            }
            Effect::Mark(name) => self.mark(node, name, cause),
            Effect::Persist(write) => match self.write(node, &write, cause) {
                Written::Durable => self.durable(node, write, cause),
                Written::At(at) => return Err((Effect::Persist(write), at)),
                Written::Never => (),
            },
        }
        self.effect_done(node, cause);
        Ok(())
    }

    /// One more effect of the process has been carried out.
    #[inline]
    fn effect_done(&mut self, node: NodeId, cause: Cause) {
        if !self.alarms.effects.is_empty() {
            self.count_effect(node, cause);
        }
    }

    #[cold]
    fn count_effect(&mut self, node: NodeId, cause: Cause) {
        if self.hosts[node.index()].up {
            let due = self.alarms.effects.count(node, |_| true);
            self.strike_all(due, cause.event);
        }
    }

    fn arm(&mut self, node: NodeId, tag: P::Timer, span: Span, cause: Cause) {
        let event = self.next_event(Folded::Arm, node, digest(&(tag, span)).hash);
        self.note(event, cause.event, node, |recorder| {
            What::Arm(recorder.summary(&tag), span)
        });
        let at = if self.hosts[node.index()].trouble.has(Trouble::CLOCK) {
            self.by_its_clock(node, span, event)
        } else {
            self.now.after(span)
        };
        let timers = &mut self.hosts[node.index()].timers;
        let row = self.timers.arm(timers, tag, event, cause.depth);
        self.push(Entry {
            at: at.as_nanos(),
            node: node.0,
            handle: Kind::Timer.handle(row),
        });
    }

    fn mark(&mut self, node: NodeId, name: &'static str, cause: Cause) {
        let event = self.next_event(Folded::Mark, node, digest(name).hash);
        self.note(event, cause.event, node, |recorder| {
            What::Mark(recorder.summary(&name))
        });
        let first = Moment {
            at: self.now,
            event,
        };
        self.marks
            .entry(name)
            .or_insert(MarkCount {
                count: 0,
                first,
                node,
            })
            .count += 1;
        if !self.alarms.marks.is_empty() {
            let due = self
                .alarms
                .marks
                .count(node, |wanted| wanted.as_deref() == Some(name));
            self.strike_all(due, event);
        }
    }
}
