//! SIGTERM and Ctrl-C: the first one asks for an orderly end, the second one ends at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};

use crate::exit::Exit;

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct Signals {
    /// The number of the signal; 0 for none.
    which: Arc<AtomicUsize>,
}

impl Signals {
    /// From now on the first signal is only remembered.
    pub fn listen() -> Signals {
        let signals = Signals::default();
        let asked = Arc::new(AtomicBool::new(false));
        for (signal, number) in [(SIGINT, 2), (SIGTERM, 15)] {
            let code = 128 + signal;
            // If there can be no handler, a signal ends the program at once, as it always did. In this order the second
            // signal finds that the first was there.
            let _ =
                signal_hook::flag::register_conditional_shutdown(signal, code, Arc::clone(&asked));
            let _ = signal_hook::flag::register(signal, Arc::clone(&asked));
            let _ = signal_hook::flag::register_usize(signal, Arc::clone(&signals.which), number);
        }
        signals
    }

    /// How the program is to end, if somebody wants it to.
    pub fn asked(&self) -> Option<Exit> {
        match self.which.load(Ordering::Relaxed) {
            0 => None,
            15 => Some(Exit::Terminated),
            _ => Some(Exit::Interrupted),
        }
    }
}
