//! anysystem, the successor of dslab-mp: processes that send each other texts over a network of its own, and a log of
//! every event. Its delays are uniform always, in W2 too (1 to 9 ms, the same mean).

use std::cell::Cell;
use std::rc::Rc;

use anysystem::{Context, Message, Process, System};

use crate::measure::{Sample, Told, measure};
use crate::random::Random;
use crate::workload::Load;

#[derive(Clone)]
struct Node {
    me: u32,
    load: Load,
    seen: bool,
    random: Random,
    names: Rc<Vec<String>>,
    delivered: Rc<Cell<u64>>,
}

impl Node {
    fn tell(&mut self, msg: &Message, ctx: &mut Context) {
        let nodes = self.load.nodes();
        let mut send = |to: u32| ctx.send(msg.clone(), self.names[to as usize].clone());
        match self.load {
            Load::PingPong { .. } => send(1 - self.me),
            Load::Hold { .. } => send(self.random.other(self.me, nodes)),
            Load::Eager { .. } => (0..nodes).filter(|to| *to != self.me).for_each(send),
            Load::Gossip { .. } => {
                let to = self.random.three_others(self.me, nodes);
                to.into_iter().for_each(send);
            }
        }
    }
}

impl Process for Node {
    fn on_message(&mut self, msg: Message, _: String, ctx: &mut Context) -> Result<(), String> {
        self.delivered.set(self.delivered.get() + 1);
        let once = matches!(self.load, Load::Eager { .. } | Load::Gossip { .. });
        if !(once && std::mem::replace(&mut self.seen, true)) {
            self.tell(&msg, ctx);
        }
        Ok(())
    }

    fn on_local_message(&mut self, msg: Message, ctx: &mut Context) -> Result<(), String> {
        self.seen = true;
        self.tell(&msg, ctx);
        Ok(())
    }

    fn on_timer(&mut self, _: String, _: &mut Context) -> Result<(), String> {
        Ok(())
    }
}

pub fn run(load: Load) -> Sample {
    let delivered = Rc::new(Cell::new(0));
    let build = || {
        let mut system = System::new(1);
        match load {
            Load::PingPong { .. } => system.network().set_delay(0.001),
            Load::Hold { .. } => system.network().set_delays(0.001, 0.009),
            Load::Eager { .. } | Load::Gossip { .. } => {
                system.network().set_delays(0.001, 0.010);
            }
        }
        let names: Rc<Vec<String>> = Rc::new((0..load.nodes()).map(|n| n.to_string()).collect());
        for me in 0..load.nodes() {
            let name = &names[me as usize];
            system.add_node(name);
            let node = Node {
                me,
                load,
                seen: false,
                random: Random::new(u64::from(me) + 2),
                names: names.clone(),
                delivered: delivered.clone(),
            };
            system.add_process(name, Box::new(node), name);
        }
        (system, names)
    };
    measure(build, |(mut system, names)| {
        let message = || Message::new("Data", "7");
        let (starts, deliveries) = match load {
            Load::PingPong { deliveries } => (1, deliveries),
            Load::Hold {
                in_flight,
                deliveries,
                ..
            } => (in_flight as usize, deliveries),
            Load::Eager { .. } | Load::Gossip { .. } => (1, u64::MAX),
        };
        for place in 0..starts {
            system.send_local_message(&names[place % names.len()], message());
        }
        while delivered.get() < deliveries && system.step() {}
        Told {
            deliveries: delivered.get(),
            ..Told::default()
        }
    })
}
