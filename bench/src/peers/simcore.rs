//! simcore, the successor of dslab-core: a core of discrete events. f64 seconds, no network, no faults.

use std::cell::RefCell;
use std::rc::Rc;

use serde::Serialize;
use simcore::{Event, EventHandler, Id, Simulation, SimulationContext};

use crate::measure::{Sample, Told, measure};
use crate::random::{Exponential, Random};
use crate::workload::Load;

#[derive(Clone, Serialize)]
struct Message(u32);

/// What all nodes have in common.
struct World {
    random: Random,
    law: Exponential,
    ids: Vec<Id>,
    delivered: u64,
}

struct Node {
    me: u32,
    load: Load,
    seen: bool,
    context: SimulationContext,
    world: Rc<RefCell<World>>,
}

fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

impl Node {
    fn begin(&mut self) {
        self.seen = true;
        self.on_message(Message(0));
    }

    fn on_message(&mut self, Message(n): Message) {
        let world = &mut *self.world.borrow_mut();
        let nodes = self.load.nodes();
        let random = &mut world.random;
        match self.load {
            Load::PingPong { .. } => {
                let to = world.ids[1 - self.me as usize];
                self.context.emit(Message(n.wrapping_add(1)), to, 0.001);
            }
            Load::Hold { .. } => {
                let delay = seconds(world.law.ns(random));
                let to = world.ids[random.other(self.me, nodes) as usize];
                self.context.emit(Message(n.wrapping_add(1)), to, delay);
            }
            Load::Eager { .. } => {
                for to in (0..nodes).filter(|to| *to != self.me) {
                    let delay = seconds(random.uniform_ns());
                    self.context.emit(Message(n), world.ids[to as usize], delay);
                }
            }
            Load::Gossip { .. } => {
                for to in random.three_others(self.me, nodes) {
                    let delay = seconds(random.uniform_ns());
                    self.context.emit(Message(n), world.ids[to as usize], delay);
                }
            }
        }
    }
}

impl EventHandler for Node {
    fn on(&mut self, event: Event) {
        self.world.borrow_mut().delivered += 1;
        let Ok(message) = event.data.downcast::<Message>() else {
            return;
        };
        let once = matches!(self.load, Load::Eager { .. } | Load::Gossip { .. });
        if !(once && std::mem::replace(&mut self.seen, true)) {
            self.on_message(*message);
        }
    }
}

pub fn run(load: Load) -> Sample {
    let build = || {
        let mut sim = Simulation::new(1);
        let world = Rc::new(RefCell::new(World {
            random: Random::new(1),
            law: Exponential::new(),
            ids: Vec::new(),
            delivered: 0,
        }));
        let mut nodes = Vec::new();
        for me in 0..load.nodes() {
            let name = me.to_string();
            let node = Rc::new(RefCell::new(Node {
                me,
                load,
                seen: false,
                context: sim.create_context(&name),
                world: world.clone(),
            }));
            let id = sim.add_handler(&name, node.clone());
            world.borrow_mut().ids.push(id);
            nodes.push(node);
        }
        (sim, world, nodes)
    };
    measure(build, |(mut sim, world, nodes)| {
        match load {
            Load::PingPong { deliveries } => {
                nodes[0].borrow_mut().begin();
                sim.steps(deliveries);
            }
            Load::Hold {
                in_flight,
                deliveries,
                ..
            } => {
                for place in 0..in_flight as usize {
                    nodes[place % nodes.len()].borrow_mut().begin();
                }
                sim.steps(deliveries);
            }
            Load::Eager { .. } | Load::Gossip { .. } => {
                nodes[0].borrow_mut().begin();
                sim.step_until_no_events();
            }
        }
        let deliveries = world.borrow().delivered;
        Told {
            deliveries,
            ..Told::default()
        }
    })
}
