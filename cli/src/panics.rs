//! Panics: those of a protocol are reported with its run, all others are bugs of ours.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook};

use crate::exit::Exit;
use crate::out::Out;

thread_local! {
    /// Where the last panic happened.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Where the last panic of this thread happened, `file:line`; asked once.
pub fn place() -> Option<String> {
    PLACE.with(|place| place.borrow_mut().take())
}

/// Does the work of the program. If it panics, says how to report that.
pub fn guarded(out: Out, work: impl FnOnce() -> Exit) -> Exit {
    // The default hook would print a raw report of a panic that is told in the report of a run.
    set_hook(Box::new(|panic: &PanicHookInfo<'_>| {
        let place = panic
            .location()
            .map(|place| format!("{}:{}", place.file(), place.line()));
        PLACE.with(|kept| *kept.borrow_mut() = place);
    }));
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|cause| {
        let text = cause.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text
            .or_else(|| cause.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        let place = place().unwrap_or_default();
        out.complain(format_args!("internal error: {text} ({place})"));
        out.complain(
            "This is a bug of Stormglass. Please report it with the command and the scenario file.",
        );
        Exit::Internal
    })
}
