//! Ctrl-C: the first one lets the run in progress finish, the second ends the program.

use std::process::exit;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::exit::Exit;
use crate::out::{Colour, Out};

static ASKED: AtomicBool = AtomicBool::new(false);

/// From now on the first Ctrl-C is only remembered.
pub fn listen() {
    // If there can be no handler, Ctrl-C ends the program at once, as it always did.
    let _ = ctrlc::set_handler(|| {
        if ASKED.swap(true, Ordering::Relaxed) {
            exit(Exit::Interrupted.code());
        }
        Out::new(Colour::Never, false)
            .complain("interrupted: finishing this run; Ctrl-C again ends it");
    });
}

/// True once somebody has pressed Ctrl-C.
pub fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}
